"""A part of a file, as a `Range` header asks for it (RFC 9110, section 14)."""

from __future__ import annotations

import re

RANGE = re.compile(r"bytes=(\d*)-(\d*)")
MANY = 18
"""Digits of a number that no file is as long as."""


class NotSatisfiable(Exception):
    """The file has no such part."""


def part_of(header: str, size: int) -> slice | None:
    """The bytes asked for of a file of `size` bytes; None where all of it is to be sent.

    Several ranges at once, and other units, are answered by the whole, as the RFC allows.

    Raises:
        NotSatisfiable: it begins behind the end, is empty or runs backward.
    """
    found = RANGE.fullmatch(header.replace(" ", ""))
    if found is None or found.groups() == ("", ""):
        return None
    first, last = (int(text[:MANY]) if text else None for text in found.groups())
    if first is None:  # the last so many bytes
        first, last = max(0, size - (last or 0)), size - 1
    end = size if last is None else min(size, last + 1)
    if first >= end:
        raise NotSatisfiable
    return slice(first, end)
