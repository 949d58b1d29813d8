"""Areas of several boxes together: the union of marks against the union of a truth."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from ml import boxes
from ml.boxes import Box

TRIED = 7
"""So many boxes are tried in every combination; of more, the best is added one by one."""
MOST = 40
"""More boxes than this on one finding are no parts of it; those that fit it best are taken."""


def clipped(box: Box, low: float, high: float) -> Box | None:
    """The part of a box between two vertical lines; None where there is none."""
    x0, x1 = max(box[0], low), min(box[2], high)
    return (x0, box[1], x1, box[3]) if x0 < x1 else None


def hull(parts: Sequence[Box]) -> Box:
    """The smallest box around some boxes."""
    array = boxes.as_boxes(parts)
    x0, y0 = array[:, :2].min(axis=0)
    x1, y1 = array[:, 2:].max(axis=0)
    return (float(x0), float(y0), float(x1), float(y1))


def best_together(truth: Sequence[Box], marks: Sequence[Box]) -> float:
    """The best IoU that some of the marks, taken together, have with the truth, in [0, 1].

    Boxes together are their union, or the box around them: parts of a thing may be marked one
    by one or all at once. To leave a mark out is allowed, so that no mark ever lowers it.
    """
    if not marks:
        return 0.0
    if len(marks) <= TRIED:
        some = (c for n in range(1, len(marks) + 1) for c in combinations(marks, n))
        return max(_overlap(truth, chosen) for chosen in some)
    ranked = sorted(marks, key=lambda mark: (-_overlap(truth, [mark]), mark))[:MOST]
    chosen: list[Box] = []
    best = 0.0
    for mark in ranked:
        found = _overlap(truth, [*chosen, mark])
        if found > best:
            best, chosen = found, [*chosen, mark]
    return best


def _overlap(truth: Sequence[Box], marks: Sequence[Box]) -> float:
    around = boxes.iou_matrix(boxes.as_boxes([hull(truth)]), boxes.as_boxes([hull(marks)]))
    return max(_iou_of_unions(truth, marks), float(around[0, 0]))


def _iou_of_unions(one: Sequence[Box], other: Sequence[Box]) -> float:
    """IoU of two unions of boxes, counted in the cells between all their edges."""
    every = boxes.as_boxes([*one, *other])
    xs, ys = np.unique(every[:, [0, 2]]), np.unique(every[:, [1, 3]])
    cells = np.outer(np.diff(ys), np.diff(xs))
    first, second = _covered(one, xs, ys), _covered(other, xs, ys)
    joined = cells[first | second].sum()
    return float(cells[first & second].sum() / joined) if joined else 0.0


def _covered(parts: Sequence[Box], xs: boxes.Floats, ys: boxes.Floats) -> boxes.Flags:
    found = np.zeros((len(ys) - 1, len(xs) - 1), dtype=bool)
    for x0, y0, x1, y1 in parts:
        columns = slice(*np.searchsorted(xs, [x0, x1]))
        found[slice(*np.searchsorted(ys, [y0, y1])), columns] = True
    return found
