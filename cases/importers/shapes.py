"""The shapes that a source may give a place: a box, a point with the way to it, an outline.

All are fractions of the image from its top left corner. A box is always kept beside the shape:
what only knows boxes works with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from cases.importers.base import EDGE, ImportedRegion, Point, checked_box
from ml import boxes

KEYS = ("box", "point", "polygon")
FEWEST_CORNERS = 3
MOST_POINTS = 5000
"""Of a path or an outline; a finer one shows no more."""
CORNERS = 32
"""Of the outline that stands for an ellipse."""


def region_of(
    entry: Mapping[str, Any], *, image: int = 0, frame: int = 0, reader: str = "",
    alternate: bool = False,
) -> ImportedRegion:  # fmt: skip
    """The region of an object with `box`, with `point` (and perhaps `path`), or with `polygon`.

    `path` leads along a device to its tip, which may or may not be its last point.

    Raises:
        ValueError: none or several of them, or one that cannot be; says which.
    """
    given = [key for key in KEYS if entry.get(key) is not None]
    if len(given) > 1:
        raise ValueError(f"has {' and '.join(given)} at once")
    shape: Literal["box", "point", "polygon"] = "box"
    points: tuple[Point, ...] = ()
    if given == ["point"]:
        shape, points = "point", _way(entry)
        box = boxes.around(points[-1])
    elif given == ["polygon"]:
        shape, points = "polygon", _points(entry["polygon"], FEWEST_CORNERS)
        xs, ys = zip(*points, strict=True)
        box = checked_box([min(xs), min(ys), max(xs), max(ys)])
    else:
        box = checked_box(entry.get("box"))
    return ImportedRegion(box, image, frame, reader, alternate, shape, points)


def ellipse(x0: float, y0: float, x1: float, y1: float) -> tuple[Point, ...]:
    """The outline of the ellipse inside a box."""
    turns = [2 * math.pi * step / CORNERS for step in range(CORNERS)]
    middle, half = ((x0 + x1) / 2, (y0 + y1) / 2), ((x1 - x0) / 2, (y1 - y0) / 2)
    return tuple(
        (middle[0] + half[0] * math.cos(turn), middle[1] + half[1] * math.sin(turn))
        for turn in turns
    )


def _way(entry: Mapping[str, Any]) -> tuple[Point, ...]:
    """The path of a device with its tip last; the tip alone where no path is known."""
    tip = _point(entry["point"])
    path = entry.get("path")
    way = _points(path, 1) if path else ()
    return way if way and way[-1] == tip else (*way, tip)


def _points(value: Any, fewest: int) -> tuple[Point, ...]:
    if not isinstance(value, Sequence) or not fewest <= len(value) <= MOST_POINTS:
        raise ValueError(f"is not {fewest} to {MOST_POINTS:,} points")
    return tuple(_point(one) for one in value)


def _point(value: Any) -> Point:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ValueError("has a point that is not two numbers")
    if any(isinstance(side, bool) or not isinstance(side, (int, float)) for side in value):
        raise ValueError("has a point that is not two numbers")
    if not all(-EDGE <= side <= 1 + EDGE for side in value):  # nor is a NaN
        raise ValueError("has a point outside the image")
    x, y = (min(1.0, max(0.0, float(side))) for side in value)
    return (x, y)
