"""Gray pixels as a codestream of High-Throughput JPEG 2000 (ISO/IEC 15444-15) and back.

The codestream has one tile-part for each resolution, the coarsest first (progression RPCL), and
their lengths in its main header (TLM): any part of the file from its beginning that ends with a
tile-part is a whole picture at half, a quarter … of the size. The decoders find no damage by
themselves, so a comment (COM) in the main header holds the CRC-32 of all the other bytes.
`static/src/viewer/htj2k.js` reads the same.
"""

from __future__ import annotations

import re
import zlib

import imagecodecs
import numpy as np

from cases.imaging.pixels import Gray

SUFFIX = ".jhc"
MEDIA_TYPE = "image/jphc"
MAGIC = b"\xff\x4f\xff\x51"
"""How every codestream begins: SOC, SIZ (ISO/IEC 15444-1, A.4.1, A.5.1)."""
DECOMPOSITIONS = 5
"""Halvings: the coarsest resolution of a film of 2048 pixels has 64."""
STEPS = (2.0, 1.4, 1.0, 0.7, 0.45, 0.3)
"""Quantization steps that are tried, in allowed errors: films need about 1.5."""
SOT, COM = 0xFF90, 0xFF64
LATIN = 1
CHECK = re.compile(rb"crc32 ([0-9a-f]{8})")


class Damaged(ValueError):
    """Bytes that are not as they were written."""


def encode(frame: Gray, max_error: int = 0) -> bytes:
    """The codestream of a gray frame (rows, columns) of 8 or 16 bits.

    No value comes back changed by more than `max_error` stored steps: what was encoded is decoded
    and compared. 0 is lossless, and so is what would not be smaller for the bound.

    Raises:
        ArithmeticError: the codec did not give the values back (a fault of its own).
    """
    exact = _encoded(frame, None)
    if not np.array_equal(imagecodecs.htj2k_decode(exact), frame):
        raise ArithmeticError("the HTJ2K codec changed the values of a frame")
    within = _within(frame, max_error) if max_error else exact
    return _with_check(min(exact, within or exact, key=len))


def _within(frame: Gray, max_error: int) -> bytes | None:
    """By the coarsest step that keeps the bound; None where none does."""
    for factor in STEPS:
        raw = _encoded(frame, factor * max_error / (np.iinfo(frame.dtype).max + 1))
        if np.abs(imagecodecs.htj2k_decode(raw).astype(np.int32) - frame).max() <= max_error:
            return raw
    return None


def _encoded(frame: Gray, step: float | None) -> bytes:
    """By the 9/7 wavelet with a quantization step (of the range of values), or without a loss."""
    return bytes(
        imagecodecs.htj2k_encode(
            np.ascontiguousarray(frame),
            level=step,
            reversible=step is None,
            resolutions=DECOMPOSITIONS,
            tlm=True,
            tilepart=imagecodecs.HTJ2K.TILEPART.RESOLUTIONS,
        )
    )


def _with_check(raw: bytes) -> bytes:
    """The codestream with a CRC-32 in place of its encoder's comment."""
    start, end = _comment_of(raw)
    text = f"crc32 {_check_of(raw, start, end):08x}".encode("latin-1")
    length = 4 + len(text)  # of the segment without its marker
    comment = b"".join(number.to_bytes(2, "big") for number in (COM, length, LATIN)) + text
    return raw[:start] + comment + raw[end:]


def max_error_for(of_12_bits: int, max_value: int) -> int:
    """Stored steps that values up to `max_value` may be off; `of_12_bits` counts in 1/4095."""
    return of_12_bits * max_value // 4095


def decode(content: bytes) -> Gray:
    """The frame (rows, columns) of what `encode` wrote.

    Raises:
        Damaged: it is not as it was written.
    """
    if not content.startswith(MAGIC):
        raise Damaged("it is no HTJ2K codestream")
    start, end = _comment_of(content)
    found = CHECK.fullmatch(content, start + 6, end)
    if not found or int(found[1], 16) != _check_of(content, start, end):
        raise Damaged("its bytes are not those that were written")
    pixels: Gray = imagecodecs.htj2k_decode(content)
    return pixels


def lengths(content: bytes) -> list[int]:
    """Bytes from the beginning that each resolution needs, the coarsest first."""
    needed = []
    at = _first_tile_part(content)
    while content[at : at + 2] == SOT.to_bytes(2, "big"):
        at += int.from_bytes(content[at + 6 : at + 10], "big")  # Psot (A.4.2)
        needed.append(at)
    return needed


def _check_of(content: bytes, start: int, end: int) -> int:
    """CRC-32 of all bytes but the comment's."""
    return zlib.crc32(memoryview(content)[end:], zlib.crc32(memoryview(content)[:start]))


def _comment_of(content: bytes) -> tuple[int, int]:
    """Where the comment of the main header begins and ends."""
    for marker, start, end in _segments(content):
        if marker == COM:
            return start, end
    raise Damaged("it has no check of its bytes")


def _first_tile_part(content: bytes) -> int:
    return next(start for marker, start, _ in _segments(content) if marker == SOT)


def _segments(content: bytes) -> list[tuple[int, int, int]]:
    """Marker, start and end of each segment of the main header, with the first tile-part's SOT."""
    found = []
    at = 2
    while at + 4 <= len(content):
        marker, length = (int.from_bytes(content[n : n + 2], "big") for n in (at, at + 2))
        found.append((marker, at, at + 2 + length))
        if marker == SOT:
            return found
        at += 2 + max(2, length)
    raise Damaged("its main header is cut off")
