"""The radiograph with the truth and the learner's mark outlined, and the place enlarged."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ml.vlm.question import Box

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_SIDE = 896
"""Pixels; what Gemma 3 sees of an image."""
CROP_MARGIN = 0.6
"""Of the box's larger side, around it."""
SMALLEST_CROP = 0.2
"""Of the image, so that a small nodule keeps its surroundings."""
TRUTH, MARK = (255, 196, 0), (0, 200, 255)
DASH = 9


def marked_png(pixels: NDArray[Any], truth: Sequence[Box] = (), mark: Box | None = None) -> bytes:
    """The image as PNG, truth solid, the learner's mark dashed.

    `pixels` is (rows, columns), gray of 8 bits as displayed.
    """
    picture = _picture(pixels)
    _outline(picture, truth, mark)
    return _png(picture)


def crop_png(pixels: NDArray[Any], box: Box, truth: Sequence[Box] = ()) -> bytes:
    """The surroundings of a box as PNG, enlarged, with the truth outlined."""
    rows, columns = pixels.shape
    frame = _around(box)
    x0, x1 = (
        round(frame[0] * columns),
        max(round(frame[2] * columns), round(frame[0] * columns) + 1),
    )
    y0, y1 = round(frame[1] * rows), max(round(frame[3] * rows), round(frame[1] * rows) + 1)
    wide, high = frame[2] - frame[0], frame[3] - frame[1]
    moved = [
        (
            (b[0] - frame[0]) / wide,
            (b[1] - frame[1]) / high,
            (b[2] - frame[0]) / wide,
            (b[3] - frame[1]) / high,
        )
        for b in truth
    ]
    picture = _picture(pixels[y0:y1, x0:x1])
    _outline(picture, moved, None)
    return _png(picture)


def _around(box: Box) -> Box:
    x0, y0, x1, y1 = box
    side = max((x1 - x0), (y1 - y0)) * (1 + 2 * CROP_MARGIN)
    half = min(1.0, max(side, SMALLEST_CROP)) / 2
    x = min(max((x0 + x1) / 2, half), 1 - half)
    y = min(max((y0 + y1) / 2, half), 1 - half)
    return x - half, y - half, x + half, y + half


def _picture(pixels: NDArray[Any]) -> Any:
    from PIL import Image

    picture = Image.fromarray(pixels).convert("RGB")
    scale = LONGEST_SIDE / max(picture.size)
    size = tuple(max(1, round(side * scale)) for side in picture.size)
    return picture.resize(size, Image.Resampling.LANCZOS)  # type: ignore[arg-type]


def _outline(picture: Any, truth: Sequence[Box], mark: Box | None) -> None:
    from PIL import ImageDraw

    draw = ImageDraw.Draw(picture)
    width, height = picture.size

    def scaled(box: Box) -> tuple[float, float, float, float]:
        return box[0] * width, box[1] * height, box[2] * width, box[3] * height

    for box in truth:
        draw.rectangle(scaled(box), outline=TRUTH, width=3)
    if mark is not None:
        _dashed(draw, scaled(mark))


def _dashed(draw: Any, box: tuple[float, float, float, float]) -> None:
    x0, y0, x1, y1 = box
    for left in range(round(x0), round(x1), 2 * DASH):
        for level in (y0, y1):
            draw.line((left, level, min(left + DASH, x1), level), fill=MARK, width=3)
    for top in range(round(y0), round(y1), 2 * DASH):
        for side in (x0, x1):
            draw.line((side, top, side, min(top + DASH, y1)), fill=MARK, width=3)


def _png(picture: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
