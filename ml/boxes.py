"""Boxes: overlap, the hit rules, one-to-one matching.

A box is ``x0, y0, x1, y1``, normalized to the image, origin top left; arrays of
boxes have shape ``(n, 4)`` and dtype float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.jsonl import finite

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Box = tuple[float, float, float, float]

AREA_LIMITS = np.array([0.01, 0.03, 0.08, 0.20])
"""Upper bounds of a truth region's area (fraction of the image) for the first four thresholds."""
THRESHOLDS = np.array([0.10, 0.15, 0.20, 0.25, 0.30])
"""IoU asked of a region whose area lies below each limit, and above the last."""
AREA_RATIO = 6.0
"""How many times larger one of two boxes that hold each other's center may be."""
EDGE = 1e-6
"""How far a box may lie outside the image by rounding, as a fraction of its side."""
POINT = 0.01
"""Half the side of the box that stands for a point, as a fraction of the image."""


def as_boxes(boxes: Sequence[Sequence[float]]) -> Floats:
    """A sequence of boxes as an ``(n, 4)`` array, also when it is empty."""
    return np.asarray(boxes, dtype=np.float64).reshape(-1, 4)


def checked_box(value: Any, name: str) -> Box:
    """`value` as a box; ValueError says what is wrong with `name`.

    A box may lie outside [0, 1] by rounding (1e-6) and is then clipped.
    """
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        raise ValueError(f"{name} must be a list of four numbers x0, y0, x1, y1")
    sides = [finite(side, f"{name}[{index}]") for index, side in enumerate(value)]
    if min(sides) < -EDGE or max(sides) > 1 + EDGE:
        raise ValueError(f"{name} lies outside the image: every side must be in [0, 1]")
    x0, y0, x1, y1 = (min(1.0, max(0.0, side)) for side in sides)
    if x0 >= x1 or y0 >= y1:
        raise ValueError(f"{name} has no area: x0 < x1 and y0 < y1 are needed")
    return (x0, y0, x1, y1)


def around(point: tuple[float, float], half: float = POINT) -> Box:
    """A small box around a point of the image, kept inside it."""
    x, y = (min(1 - half, max(half, side)) for side in point)
    return (x - half, y - half, x + half, y + half)


def center_of(box: Box) -> tuple[float, float]:
    """``x, y`` of a box's middle."""
    return ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)


def areas(boxes: Floats) -> Floats:
    """Areas, shape ``(n,)``, as fractions of the image."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def iou_matrix(first: Floats, second: Floats) -> Floats:
    """Intersection over union of every pair, shape ``(n, m)``, in [0, 1]."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    overlap = np.clip(high - low, 0, None).prod(axis=2)
    union = areas(first)[:, None] + areas(second)[None, :] - overlap
    return np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)


def thresholds_of(truth: Floats) -> Floats:
    """The IoU that rule ``standard`` asks of a mark on each truth box, shape ``(n,)``.

    Readers agree less on small boxes, so less is asked there (docs/scoring.md).
    """
    return THRESHOLDS[np.searchsorted(AREA_LIMITS, areas(truth), side="right")]


def centers_held(first: Floats, second: Floats) -> Flags:
    """Whether each box holds the other's center and areas differ at most six-fold, ``(n, m)``."""
    held = holds_centers(first, second) & holds_centers(second, first).T
    ratio = areas(first)[:, None] / areas(second)[None, :]
    return held & (ratio <= AREA_RATIO) & (ratio >= 1 / AREA_RATIO)


def holds_centers(boxes: Floats, others: Floats) -> Flags:
    """Whether each box holds each other one's center, shape ``(n, m)``."""
    centers = (others[:, :2] + others[:, 2:]) / 2
    inside = (boxes[:, None, :2] <= centers[None]) & (centers[None] <= boxes[:, None, 2:])
    held: Flags = np.logical_and.reduce(inside, axis=2)
    return held


def hits(truth: Floats, marks: Floats, iou: Floats | None = None) -> Flags:
    """Which marks hit which truth boxes by rule ``standard``, shape ``(n, m)``.

    `iou` is `iou_matrix(truth, marks)` where the caller has it already.
    """
    overlap = iou_matrix(truth, marks) if iou is None else iou
    return (overlap >= thresholds_of(truth)[:, None]) | centers_held(truth, marks)


def best_pairs(weights: Floats, allowed: Flags) -> list[tuple[int, int]]:
    """One-to-one pairs (row, column) among `allowed` with the greatest total weight.

    `weights` has shape ``(n, m)`` and lies in [0, 1]; every allowed pair counts a
    little more than no pair at all, so no two free ones that may pair stay alone, and of
    equal totals the one of more pairs wins. Linear assignment (Kuhn 1955, in the form of
    Crouse 2016 as SciPy has it).
    """
    if not allowed.any():
        return []
    from scipy.optimize import linear_sum_assignment  # slow to import: pages need none

    value = np.where(allowed, weights + 1e-9, 0.0)
    rows, columns = linear_sum_assignment(value, maximize=True)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if allowed[r, c]]


def greedy_pairs(weights: Floats, threshold: float) -> list[tuple[int, int]]:
    """Pairs taken from the greatest weight down while it is at least `threshold`."""
    order = np.argsort(-weights, axis=None, kind="stable")
    rows: set[int] = set()
    columns: set[int] = set()
    pairs = []
    for row, column in zip(*np.unravel_index(order, weights.shape), strict=True):
        if weights[row, column] < threshold:
            break
        if row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            pairs.append((int(row), int(column)))
    return pairs
