"""Answers that are sent piece by piece, past the door (`radgame.door`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse


def streamed(
    pieces: Iterator[str] | Iterator[bytes], kind: str, name: str
) -> StreamingHttpResponse:
    """A file of that content type and name from pieces of text or bytes, made while it is read."""
    answer = StreamingHttpResponse(_in_turn(pieces), content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Streamed"] = "yes"
    return answer


async def _in_turn(pieces: Iterator[Any]) -> AsyncIterator[Any]:
    """Each piece made in the request's thread, the next one when the last was taken."""
    take = sync_to_async(lambda: next(pieces, None))
    while (piece := await take()) is not None:
        yield piece
