"""Distances between boxes in the words of a reading room."""

from __future__ import annotations

from collections.abc import Sequence

from cases.models import Image

NEAR = 0.1
"""A displacement below this fraction of the truth's own size goes unsaid."""


def displacement(truth: Sequence[float], mark: Sequence[float], image: Image | None) -> str:
    """Where a finding lies as seen from the learner's box, and how the sizes compare.

    Boxes are normalised ``x0 y0 x1 y1``. In centimetres where the image's pixel
    spacing is known, else in percent of the image. Left and right are the
    patient's on frontal views (patient's right is on the left of the screen).
    """
    dx = (truth[0] + truth[2] - mark[0] - mark[2]) / 2
    dy = (truth[1] + truth[3] - mark[1] - mark[3]) / 2
    parts = []
    if abs(dy) > NEAR * (truth[3] - truth[1]):
        parts.append(f"{_length(dy, image, vertical=True)} {'lower' if dy > 0 else 'higher'}")
    if abs(dx) > NEAR * (truth[2] - truth[0]):
        parts.append(f"{_length(dx, image, vertical=False)} {_direction(dx, image)}")
    size = _size(truth, mark)
    if parts:
        return "it lies " + " and ".join(parts) + (f", and {size}" if size else "")
    return size or "the centers agree, but not the outlines"


def _length(distance: float, image: Image | None, *, vertical: bool) -> str:
    spacing = image and (image.row_spacing if vertical else image.column_spacing)
    if not spacing:
        return f"{100 * abs(distance):.0f} % of the image"
    pixels = abs(distance) * (image.height if vertical else image.width)
    return f"{pixels * spacing / 10:.1f} cm"


def _direction(dx: float, image: Image | None) -> str:
    if image is not None and image.view in (Image.View.LATERAL, Image.View.OTHER):
        return "to the right on the screen" if dx > 0 else "to the left on the screen"
    return "toward the patient's left" if dx > 0 else "toward the patient's right"


def _size(truth: Sequence[float], mark: Sequence[float]) -> str:
    ratio = ((mark[2] - mark[0]) * (mark[3] - mark[1])) / (
        (truth[2] - truth[0]) * (truth[3] - truth[1])
    )
    if ratio > 2:
        return f"your box is {ratio:.1f} times its area"
    if ratio < 0.5:
        return f"your box covers {100 * ratio:.0f} % of its area"
    return ""


def size_in_words(box: Sequence[float], image: Image | None) -> str:
    """Width and height of a box: in millimeters where the spacing is known, else in percent."""
    width, height = box[2] - box[0], box[3] - box[1]
    if image is None or not image.row_spacing or not image.column_spacing:
        return f"{100 * width:.0f} % by {100 * height:.0f} % of the image"
    across = width * image.width * image.column_spacing
    down = height * image.height * image.row_spacing
    return f"{across:.0f} × {down:.0f} mm"
