"""Renditions and thumbnails: bytes without any metadata."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cases.imaging import htj2k
from cases.imaging.pixels import Gray, Window

LONG_SIDE = 2048
THUMBNAIL_SIDE = 320
ZLIB_LEVEL = 3
"""The default 6 takes several times as long for radiographs only a few percent smaller."""


def scaled_size(rows: int, columns: int, long_side: int) -> tuple[int, int]:
    """Rows and columns after fitting the long side; never enlarged, never below one pixel."""
    scale = min(1.0, long_side / max(rows, columns))
    return max(1, round(rows * scale)), max(1, round(columns * scale))


def downscaled(frame: Gray, rows: int, columns: int) -> Gray:
    """A smaller frame whose values stay within those of the source.

    Hamming has the support of an area average, no ringing, and is even between pixels.
    """
    if frame.shape == (rows, columns):
        return frame
    wide = frame.dtype != np.uint8
    image = Image.fromarray(frame.astype(np.float32) if wide else frame)
    small = np.asarray(image.resize((columns, rows), Image.Resampling.HAMMING))
    if not wide:
        return small
    return np.clip(np.rint(small), 0, 65535).astype(np.uint16)


def png_bytes(frame: Gray) -> bytes:
    """A gray PNG of 8 bits for uint8, of 16 bits for uint16; the values unchanged."""
    stream = io.BytesIO()
    Image.fromarray(frame).save(stream, "PNG", compress_level=ZLIB_LEVEL)
    return stream.getvalue()


def pixels_of(content: bytes) -> Gray:
    """The stored values (rows, columns) of a rendition, HTJ2K or, of earlier releases, PNG.

    Raises:
        htj2k.Damaged: it is not as it was written.
    """
    if content.startswith(htj2k.MAGIC):
        return htj2k.decode(content)
    try:
        return np.asarray(Image.open(io.BytesIO(content), formats=["PNG"]))
    except (OSError, SyntaxError, ValueError) as error:  # Pillow's own for what is cut or damaged
        raise htj2k.Damaged(f"it cannot be decoded ({error})") from None


def windowed(frame: Gray, window: Window) -> NDArray[np.uint8]:
    """The frame as it is first shown: 8 bits through the default window."""
    shown = (frame.astype(np.float32) - window.low) * (255.0 / window.width)
    return np.clip(np.rint(shown), 0, 255).astype(np.uint8)


def shown_bytes(frame: Gray, window: Window) -> bytes:
    """The frame in its full size as it is first shown, as WebP: for pages without the viewer."""
    stream = io.BytesIO()
    Image.fromarray(windowed(frame, window)).save(stream, "WEBP", quality=90, method=1)
    return stream.getvalue()


def thumbnail_bytes(frame: Gray, window: Window) -> bytes:
    """A WebP of at most 320 pixels on the long side."""
    rows, columns = scaled_size(frame.shape[0], frame.shape[1], THUMBNAIL_SIDE)
    stream = io.BytesIO()
    Image.fromarray(windowed(downscaled(frame, rows, columns), window)).save(
        stream, "WEBP", quality=80, method=2
    )
    return stream.getvalue()
