"""The events of a stream, as the HTML standard defines them (“Server-sent events”, 9.2.6).

Lines end with CR, LF or both and with nothing else: what Unicode calls a line end besides (such
as U+2028) may stand inside a model's answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LINE_END = re.compile(rb"\r\n|\n|\r")
LONGEST_LINE = 1_000_000
"""Bytes; an event of a chat server has some hundreds."""


@dataclass(frozen=True)
class Event:
    """One event with something in it; comments, identities and times to wait are left out."""

    data: str
    kind: str = "message"


def events(blocks: Iterable[bytes]) -> Iterator[Event]:
    """Events of a response in UTF-8, however it was cut; one without its empty line counts too.

    ValueError for other bytes and for a line without end.
    """
    kind = "message"
    data: list[str] = []
    for line in _lines(blocks):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                yield Event("\n".join(data), kind)
            kind, data = "message", []
        elif name == "data":
            data.append(value)
        elif name == "event":
            kind = value
        elif name == "error":
            # No field of the standard; llama.cpp's server tells errors so.
            kind, data = "error", [*data, value]
    if data:
        yield Event("\n".join(data), kind)


def _lines(blocks: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for block in blocks:
        rest += block
        if len(rest) > LONGEST_LINE + len(block):
            raise ValueError("a line of the stream has no end")
        # A CR at the end may be the first half of one line end.
        kept = b"\r" if rest.endswith(b"\r") else b""
        *whole, rest = LINE_END.split(rest.removesuffix(kept))
        rest += kept
        for line in whole:
            yield line.decode()
    for line in LINE_END.split(rest):
        yield line.decode()
