"""The outline of a shadow on a picture, along the edges of its pixels."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ml.simulate.projector import Mask

Box = tuple[float, float, float, float]
Corner = tuple[int, int]
OUTLINED = ("nodule_mass", "cavity")
"""Labels whose truth is an outline: what has a border of its own, and is measured across."""
CORNERS = 56
"""About how many points an outline has."""


def outline_of(mask: Mask) -> list[tuple[float, float]]:
    """The outline of the largest piece of a mask, its holes filled: (x, y), normalized, in order.

    Its bounds are those of the piece. Empty for an empty mask.
    """
    pieces, count = ndimage.label(mask)
    if count == 0:
        return []
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    piece = ndimage.binary_fill_holes(pieces == sizes.argmax())
    way = way_around(np.pad(piece, 1))
    ends = np.array(way, dtype=float) - 1.0  # of the padding
    # The middles of edges: they cut the corners of pixels, and touch all four bounds.
    middles = (ends + np.roll(ends, -1, axis=0)) / 2
    low, high = middles.min(axis=0), middles.max(axis=0)
    extreme = ((middles == low) | (middles == high)).any(axis=1)
    step = max(1, len(middles) // CORNERS)
    # Of a straight run along a bound its two ends say all.
    run = extreme & np.roll(extreme, 1) & np.roll(extreme, -1)
    kept = (extreme & ~run) | (np.arange(len(middles)) % step == 0)
    rows, columns = mask.shape
    return [(round(float(x / columns), 5), round(float(y / rows), 5)) for y, x in middles[kept]]


def within(outline: list[tuple[float, float]], box: Box) -> list[tuple[float, float]]:
    """An outline held within a box."""
    x0, y0, x1, y1 = box
    return [(min(max(x, x0), x1), min(max(y, y0), y1)) for x, y in outline]


def bounds(outline: list[tuple[float, float]]) -> Box:
    """The bounds of an outline: x0 y0 x1 y1."""
    xs, ys = zip(*outline, strict=True)
    return (min(xs), min(ys), max(xs), max(ys))


def way_around(piece: Mask) -> list[Corner]:
    """Corners of pixels around one piece, the piece always on the right hand."""
    ahead: dict[Corner, list[Corner]] = {}
    for row, column in np.argwhere(piece & ~ndimage.binary_erosion(piece)).tolist():
        corners = ((row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column))
        beside = ((row - 1, column), (row, column + 1), (row + 1, column), (row, column - 1))
        for index, other in enumerate(beside):
            if not piece[other]:
                ahead.setdefault(corners[index], []).append(corners[(index + 1) % 4])
    start = min(ahead)
    way = [start]
    at = ahead[start].pop()
    while at != start:
        way.append(at)
        choices = ahead[at]
        # Where two pixels touch by a corner the turn to the right stays on the same one.
        best = max(range(len(choices)), key=lambda one: _turn(way[-2], at, choices[one]))
        at = choices.pop(best)
    return way


def _turn(before: Corner, at: Corner, after: Corner) -> int:
    """1 for a turn to the right, 0 for straight on, -1 for a turn to the left; down is positive."""
    come = (at[0] - before[0], at[1] - before[1])
    go = (after[0] - at[0], after[1] - at[1])
    return come[1] * go[0] - come[0] * go[1]
