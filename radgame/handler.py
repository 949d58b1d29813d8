"""Django's requests in threads that stay, with their database connections.

Django's own ASGI handler makes a thread for every request and goes between it and the event loop
several times, and what the thread knew, an open database among it, is lost. The door has read the
body already and bounds how many are inside, so one call in one thread does here.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core import signals
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import connections
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from radgame.door import Receive, Scope, Send


class SteadyHandler(ASGIHandler):
    """The ASGI application of Django's pages; views and middleware are functions, not coroutines.

    To be asked by `radgame.door.Door`, which hands over each body whole, in one message.
    """

    def __init__(self, threads: int) -> None:
        super().__init__()
        pool = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self.in_thread = sync_to_async(self._respond, thread_sensitive=False, executor=pool)

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        response = await self.in_thread(scope, message.get("body", b""))
        if not response.streaming:
            await self.send_response(response, send)
            return
        async with ThreadSensitiveContext():  # what is made while it is sent has its own thread
            try:
                await self.send_response(response, send)
            finally:
                await sync_to_async(_end)(response)

    def _respond(self, scope: Scope, body: bytes) -> HttpResponseBase:
        """The answer; one that is not streamed is complete, and closed already."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, io.BytesIO(body))
        response: Any = refusal if request is None else self.get_response(request)
        response._handler_class = self.__class__
        if response.streaming and not response.is_async:
            # A file of `static/`: short, and Django would read it at once, with a warning.
            response.streaming_content = _whole(b"".join(response.streaming_content))
        if response.streaming:
            # Another thread goes on with it.
            signals.request_finished.send(sender=self.__class__)
        else:
            response.close()
        return response


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _end(response: Any) -> None:
    response.close()
    connections.close_all()
