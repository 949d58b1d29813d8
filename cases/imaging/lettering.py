"""Finding letters that are burned into pixels, by their form: a name may be among them.

Burned-in text is drawn by a machine: small marks of one gray, with sharp edges, of like height, in
a row. Neither anatomy nor a tube looks so, and a single letter for the side is no row. What the
text says is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
LONG_SIDE = 2048
"""Pixels to which larger images are thinned out first: letters remain letters."""
STROKE = 15
"""Pixels; nothing wider is the stroke of a letter that a film is labeled with."""
CONTRAST = 0.25
"""By which a letter stands out from what surrounds it, of the image's range."""
HEIGHTS = (6, 90)
"""Pixels of the lowest and the highest letter."""
FLAT = 0.06
"""Standard deviation within the core of a letter, of the image's range."""
LETTERS = 4
"""In a row from which on it is text."""
MARGIN = 0.4
"""By which a box is wider than its letters, in their height."""
MOST_MARKS = 6000
"""Of an image with more, which is noise or a grid, the largest are taken."""


@dataclass(frozen=True)
class _Mark:
    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def height(self) -> int:
        return self.y1 - self.y0


def text_boxes(values: NDArray[Any]) -> list[Box]:
    """Boxes (fractions, x0 y0 x1 y1) around rows of letters in a gray image (rows, columns)."""
    rows, columns = values.shape
    step = max(1, -(-max(rows, columns) // LONG_SIDE))
    gray = values[::step, ::step].astype(np.float32)
    low, high = float(gray.min()), float(gray.max())
    if high <= low:
        return []
    gray = (gray - low) / (high - low)
    found = []
    for picture in (gray, 1.0 - gray):  # bright letters, and dark ones
        found += [_box(row, picture.shape) for row in _rows(_marks(picture))]
    return found


def _marks(gray: NDArray[np.float32]) -> list[_Mark]:
    """What may be letters: narrow, flat, and brighter than what surrounds it."""
    from scipy import ndimage  # slow to import: only who looks for letters waits

    opened = ndimage.maximum_filter(ndimage.minimum_filter(gray, STROKE), STROKE)
    mask = gray - opened > CONTRAST
    labeled, count = ndimage.label(mask, structure=np.ones((3, 3)))
    marks = []
    places = ndimage.find_objects(labeled)
    if count > MOST_MARKS:
        sizes = np.bincount(labeled.ravel())[1:]
        kept = np.argsort(sizes)[-MOST_MARKS:]
    else:
        kept = np.arange(count)
    for index in kept:
        place = places[index]
        height = place[0].stop - place[0].start
        width = place[1].stop - place[1].start
        if not HEIGHTS[0] <= height <= HEIGHTS[1] or width > 1.6 * height:
            continue
        part = labeled[place] == index + 1
        inside = gray[place][part]
        if part.mean() > 0.95 and width > 0.5 * height:
            continue
        # The middle of a stroke: its edges may be smoothed.
        core = inside[inside >= np.median(inside)]
        if core.std() <= FLAT:
            marks.append(_Mark(place[1].start, place[0].start, place[1].stop, place[0].stop))
    return marks


def _rows(marks: Sequence[_Mark]) -> list[list[_Mark]]:
    """Marks of like height beside each other, with gaps as between letters and words."""
    rows: list[list[_Mark]] = []
    for mark in sorted(marks, key=lambda one: one.x0):
        before = [row for row in rows if _continues(row[-1], mark)]
        if before:
            min(before, key=lambda row: mark.x0 - row[-1].x1).append(mark)
        else:
            rows.append([mark])
    return [row for row in rows if len(row) >= LETTERS and _is_straight(row)]


def _continues(last: _Mark, mark: _Mark) -> bool:
    """Whether a mark stands beside another as letters of a line do."""
    near = -0.3 * last.height <= mark.x0 - last.x1 <= 1.3 * last.height
    alike = 0.6 <= mark.height / last.height <= 1.67
    shared = min(mark.y1, last.y1) - max(mark.y0, last.y0)
    return near and alike and shared >= 0.6 * min(mark.height, last.height)


def _is_straight(row: Sequence[_Mark]) -> bool:
    """Whether all stand on one line, or hang from one, and none is much higher than the others."""
    height = float(np.median([mark.height for mark in row]))
    feet = [mark.y1 for mark in row]
    heads = [mark.y0 for mark in row]
    on_line = max(
        np.mean(np.abs(np.array(ends) - np.median(ends)) <= max(1.5, 0.15 * height))
        for ends in (feet, heads)
    )
    return bool(on_line >= 0.7)


def _box(row: Sequence[_Mark], shape: tuple[int, ...]) -> Box:
    height = max(mark.height for mark in row)
    more = MARGIN * height
    x0, y0 = min(mark.x0 for mark in row) - more, min(mark.y0 for mark in row) - more
    x1, y1 = max(mark.x1 for mark in row) + more, max(mark.y1 for mark in row) + more
    return (
        max(0.0, x0 / shape[1]),
        max(0.0, y0 / shape[0]),
        min(1.0, x1 / shape[1]),
        min(1.0, y1 / shape[0]),
    )
