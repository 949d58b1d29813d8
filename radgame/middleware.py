"""What holds for every request and every answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars

from radgame.logs import page_of

Respond = Callable[[HttpRequest], HttpResponse]


class NamePage:
    """Tells `radgame.watch` which page it is, and the log which attempt it is about."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.respond(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: dict[str, Any]
    ) -> None:
        scope = getattr(request, "scope", None)
        if scope is not None:
            scope["page"] = page_of(request)
        if "attempt_id" in kwargs:
            bind_contextvars(attempt=str(kwargs["attempt_id"]))


def no_store(respond: Respond) -> Respond:
    """Let no browser or proxy keep a page that does not say itself how long it may be kept.

    Pages hold names, truth and figures, and the next at the same screen is somebody else.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        response = respond(request)
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store, private"
        return response

    return answer
