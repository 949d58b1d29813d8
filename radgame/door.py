"""Before Django: what may come in, how much of it, and how many at a time.

A request takes a place only once its body has arrived, and leaves it before its answer is sent,
so that slow connections hold no place. An answer that says so in its head is passed on piece by
piece instead, for exports too large to be kept: few at a time, and none to who stops reading.
Places bound threads and database connections; who finds none within a few seconds is told to come
again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import cache
from typing import Any

from django.template.loader import render_to_string

from radgame import metrics

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 3_000_000
"""Bytes of one body; Django's own limit for answers is below that."""
MAX_BODIES = 100_000_000
"""Bytes of all bodies that are under way or wait for a place."""
BODY_SECONDS = 30
WAIT_SECONDS = 10
MOST_WAITING = 300
RETRY_SECONDS = 3
STREAMED = b"x-streamed"
"""Header by which an answer asks to be passed on piece by piece; it is not sent."""
MOST_STREAMS = 2
STALLED_SECONDS = 60
"""After that somebody who takes nothing of a streamed answer gets no more."""
HASHING = ("login", "sign-up", "password", "address", "forgotten", "erase", "second-step")
"""Words in the addresses of forms that hash a password, which takes a processor for a while."""


class Refused(Exception):
    """A request that is not let in."""

    def __init__(self, status: int, title: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.title, self.sentence = status, title, sentence


def busy() -> Refused:
    return Refused(
        503, "One moment", "Many people are here at once. What you saved is safe; try again soon."
    )


class Stream:
    """An answer that is passed on as it is made."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.is_open = False

    def begins_with(self, message: Message) -> bool:
        """Whether this is the head of an answer that asks to be passed on."""
        begins = any(name == STREAMED for name, _ in message.get("headers", ()))
        self.is_open = self.is_open or begins
        return begins

    async def pass_on(self, message: Message) -> None:
        """Send a piece. Raises TimeoutError where nobody takes it: the answer ends there."""
        if "headers" in message:
            kept = [(name, value) for name, value in message["headers"] if name != STREAMED]
            message = {**message, "headers": kept}
        async with asyncio.timeout(STALLED_SECONDS):
            await self.send(message)


class Door:
    """The ASGI application around Django's; `places` requests are inside at a time."""

    def __init__(self, application: Application, places: int) -> None:
        self.application = application
        self.places = asyncio.Semaphore(places)
        self.hashing = asyncio.Semaphore(max(1, min(os.cpu_count() or 1, places - 1)))
        self.streams = asyncio.Semaphore(min(MOST_STREAMS, max(1, places - 1)))
        self.waiting = 0
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()
        try:
            if not await self._take(scope, receive, body):
                return
            answer = await self._answer(scope, receive, bytes(body), send)
        except Refused as refused:
            answer = _refusal(scope, refused)
        finally:
            self.held -= len(body)
        for message in answer:
            await send(message)

    async def _take(self, scope: Scope, receive: Receive, body: bytearray) -> bool:
        """Read the whole body; False when the client went away. Raises Refused."""
        headers = dict(scope["headers"])
        announced = headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > MAX_BODY:
            raise Refused(413, "Too large", "This is too large to be taken.")
        try:
            async with asyncio.timeout(BODY_SECONDS):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return False
                    part = message.get("body", b"")
                    body += part
                    self.held += len(part)
                    if len(body) > MAX_BODY:
                        raise Refused(413, "Too large", "This is too large to be taken.")
                    if self.held > MAX_BODIES:
                        raise busy()
                    more = message.get("more_body", False)
        except TimeoutError:
            raise Refused(408, "Too slow", "The request did not arrive in time.") from None
        return True

    async def _answer(
        self, scope: Scope, receive: Receive, body: bytes, send: Send
    ) -> list[Message]:
        """The application's whole answer, or what is left of one that was passed on by pieces.

        Raises Refused when no place gets free.
        """
        answer: list[Message] = []
        stream = Stream(send)
        coming = [{"type": "http.request", "body": body, "more_body": False}]

        async def next_message() -> Message:
            return coming.pop() if coming else await receive()

        async def keep(message: Message) -> None:
            if stream.begins_with(message):
                await inside.enter_async_context(self.streams)
            if stream.is_open:
                await stream.pass_on(message)
            else:
                answer.append(message)

        async with AsyncExitStack() as inside:
            if self.waiting >= MOST_WAITING:
                raise busy()
            self.waiting += 1
            try:
                with metrics.WAITING.track_inprogress():
                    async with asyncio.timeout(WAIT_SECONDS):
                        if _hashes(scope):
                            await inside.enter_async_context(self.hashing)
                        await inside.enter_async_context(self.places)
            except TimeoutError:
                raise busy() from None
            finally:
                self.waiting -= 1
            with metrics.INSIDE.track_inprogress():
                await self.application(scope, next_message, keep)
        return answer


def _hashes(scope: Scope) -> bool:
    return scope["method"] == "POST" and any(f"/{word}/" in scope["path"] for word in HASHING)


@cache
def _page(status: int, title: str, sentence: str, comes_again: bool) -> bytes:
    context = {"status": status, "title": title, "sentence": sentence}
    if comes_again:
        context["again_after"] = RETRY_SECONDS
    return render_to_string("problem.html", context).encode()


def _refusal(scope: Scope, refused: Refused) -> list[Message]:
    headers = dict(scope["headers"])
    kind, body = b"text/html; charset=utf-8", b""
    if headers.get(b"accept", b"").startswith(b"application/json"):
        kind, body = b"application/json", f'{{"error": "{refused.sentence}"}}'.encode()
    else:
        again = refused.status == 503 and scope["method"] == "GET"
        body = _page(refused.status, refused.title, refused.sentence, again)
    told = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'"),
        (b"cache-control", b"no-store"),
        # What is not read of a body would be taken for the next request.
        *([(b"connection", b"close")] if refused.status in (408, 413) else []),
        *([(b"retry-after", str(RETRY_SECONDS).encode())] if refused.status == 503 else []),
    ]
    return [
        {"type": "http.response.start", "status": refused.status, "headers": told},
        {"type": "http.response.body", "body": body},
    ]
