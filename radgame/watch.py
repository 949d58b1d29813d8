"""Around everything that comes in: a number for each request, its time, and what became of it."""

from __future__ import annotations

import logging
import secrets
import time
from typing import Any

from structlog.contextvars import bind_contextvars, clear_contextvars

from radgame import metrics
from radgame.door import Application, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
CLOSED_BY_CLIENT = 499
"""As nginx says it: whoever asked went away before there was an answer."""


class Watched:
    """The ASGI application for HTTP and WebSockets; the number is answered as `X-Request-ID`.

    A number that is sent along is not believed: the log's are its own.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        number = secrets.token_hex(8)
        clear_contextvars()
        bind_contextvars(request=number)
        if scope["type"] == "websocket":
            with metrics.SOCKETS.track_inprogress():
                await self.application(scope, receive, send)
            return
        begun = time.perf_counter()
        status = CLOSED_BY_CLIENT

        async def numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), (b"x-request-id", number.encode())]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self.application(scope, receive, numbered)
        finally:
            _note(scope, status, time.perf_counter() - begun)


def _note(scope: dict[str, Any], status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in METHODS else "other"
    page = scope.get("page", "no page")
    metrics.REQUESTS.labels(method, page, status).inc()
    metrics.REQUEST_SECONDS.labels(page).observe(seconds)
    ms = round(seconds * 1000)
    fields = {"method": method, "page": page, "status": status, "ms": ms}
    logger.info("%s %s: %s in %s ms", method, page, status, ms, extra=fields)
