"""What an image looks like, in 128 bits: for finding near-duplicates over data sets.

A difference hash: the picture is made 9 × 8 and 8 × 9 gray values small, and each bit says whether
the next value to the right (then below) is lighter. It does not change with size, contrast or
compression; other crops and turned pictures are others.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

BITS = 128
FORMATS = ("WEBP", "PNG")
"""Of thumbnails."""


def fingerprint(picture: bytes) -> str:
    """The fingerprint of an encoded picture as 32 hexadecimal digits; OSError where it is none."""
    with Image.open(io.BytesIO(picture), formats=FORMATS) as opened:
        gray = opened.convert("L")
        across = np.asarray(gray.resize((9, 8), Image.Resampling.BOX), dtype=np.int16)
        down = np.asarray(gray.resize((8, 9), Image.Resampling.BOX), dtype=np.int16)
    bits = np.concatenate(
        [(np.diff(across, axis=1) > 0).ravel(), (np.diff(down, axis=0) > 0).ravel()]
    )
    return np.packbits(bits).tobytes().hex()


def bands_of(found: str) -> list[int]:
    """The fingerprint in four numbers of 32 bits.

    Two fingerprints that differ in three bits or fewer have one of them in common.
    """
    return [int(found[start : start + 8], 16) for start in range(0, BITS // 4, 8)]


def distance(one: str, other: str) -> int:
    """In how many of the 128 bits two fingerprints differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
