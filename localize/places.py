"""Distances between boxes in the words of a reading room."""

from __future__ import annotations

from collections.abc import Sequence

from cases.models import Image
from ml.localize import Size

NEAR = 0.1
"""A displacement below this fraction of the truth's own size goes unsaid."""
WITHIN = 0.95
"""A box holds another when so much of the other's area lies in it."""
NEAR_FRAMES = 2
"""Frames of a stack that a mark may lie beside the truth's own."""
BEYOND_COUNTING = 10
"""A box so many times too large, or too small, is not told with a number."""


def size_of(image: Image) -> Size:
    """How large an image is: in mm where its spacing is known, else in its own widths."""
    if image.row_spacing and image.column_spacing:
        return Size(image.height * image.row_spacing, image.width * image.column_spacing)
    return Size(image.true_height / image.width, 1.0, in_mm=False)


def displacement(truth: Sequence[float], mark: Sequence[float], image: Image | None) -> str:
    """Where a finding lies as seen from the learner's box, and how the sizes compare.

    Boxes are normalized ``x0 y0 x1 y1``. In centimeters where the image's pixel
    spacing is known, else in percent of the image. Left and right are the
    patient's where the image's orientation is known, else those of the screen.
    Where one box lies in the other, their sizes are the whole difference.
    """
    ratio = _area(mark) / _area(truth)
    if _shared(truth, mark) >= WITHIN * _area(truth) and ratio > 1:
        return f"your box holds it but is {_times(ratio)} its area"
    if _shared(truth, mark) >= WITHIN * _area(mark) and ratio < 1:
        return f"your box lies within it but covers {_part(ratio)} of its area"
    size = _size(ratio)
    parts = _apart(truth, mark, image)
    if parts:
        return "it lies " + " and ".join(parts) + (f", and {size}" if size else "")
    return size or "the centers agree, but not the outlines"


def _apart(truth: Sequence[float], mark: Sequence[float], image: Image | None) -> list[str]:
    """How far the centers are apart, down and across."""
    dx = (truth[0] + truth[2] - mark[0] - mark[2]) / 2
    dy = (truth[1] + truth[3] - mark[1] - mark[3]) / 2
    parts = []
    if abs(dy) > NEAR * (truth[3] - truth[1]):
        parts.append(f"{_length(dy, image, vertical=True)} {'lower' if dy > 0 else 'higher'}")
    if abs(dx) > NEAR * (truth[2] - truth[0]):
        parts.append(f"{_length(dx, image, vertical=False)} {_direction(dx, image)}")
    return parts


def _area(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _shared(one: Sequence[float], other: Sequence[float]) -> float:
    """The area that two boxes have in common."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, across) * max(0.0, down)


def overlap_in_words(iou: float) -> str:
    """“43 % overlap”; what would round to nothing is not called nothing."""
    if iou <= 0:
        return "no overlap"
    return f"{100 * iou:.0f} % overlap" if iou >= 0.01 else "less than 1 % overlap"


def _length(distance: float, image: Image | None, *, vertical: bool) -> str:
    spacing = image and (image.row_spacing if vertical else image.column_spacing)
    if image is None or not spacing:
        return f"{100 * abs(distance):.0f} % of the image"
    pixels = abs(distance) * (image.height if vertical else image.width)
    return f"{pixels * spacing / 10:.1f} cm"


def _direction(dx: float, image: Image | None) -> str:
    side = image.side_toward(dx) if image else ""
    if side:
        return f"toward the patient's {side}"
    return "to the right on the screen" if dx > 0 else "to the left on the screen"


def _size(ratio: float) -> str:
    if ratio > 2:
        return f"your box is {_times(ratio)} its area"
    return f"your box has {_part(ratio)} of its area" if ratio < 0.5 else ""


def _times(ratio: float) -> str:
    if ratio > BEYOND_COUNTING:
        return "more than ten times"
    return f"{ratio:.1f} times"


def _part(ratio: float) -> str:
    return f"{100 * ratio:.0f} %" if ratio >= 1 / BEYOND_COUNTING else "less than a tenth"


def size_in_words(box: Sequence[float], image: Image | None) -> str:
    """Width and height of a box: in millimeters where the spacing is known, else in percent."""
    width, height = box[2] - box[0], box[3] - box[1]
    if image is None or not image.row_spacing or not image.column_spacing:
        return f"{100 * width:.0f} % by {100 * height:.0f} % of the image"
    across = width * image.width * image.column_spacing
    down = height * image.height * image.row_spacing
    return f"{across:.0f} × {down:.0f} mm"
