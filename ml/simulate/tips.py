"""Where the devices of a simulated case end, as points on a picture with the way to them."""

from __future__ import annotations

import numpy as np

from ml import taxonomy
from ml.simulate.findings.common import Part, Placed
from ml.simulate.projector import View

Path2 = list[tuple[float, float]]
Box = tuple[float, float, float, float]
BODIES = {"cardiac_lead": "heart_device", "central_line": "catheter"}
"""Label of a device with a tip → that of its body: a generator, the chamber of a port."""
STEP_MM = 5.0
"""Between two points of a path, along the device."""


def tips_of(placed: Placed, view: View) -> list[Path2]:
    """The ways of a device to its tips, normalized x, y, the tip last; empty for other findings.

    A way that leaves the picture is told from where it enters; one whose tip lies outside the
    picture is left out.
    """
    if not taxonomy.labels()[placed.label].is_point:
        return []
    ways = (_way(way, part, view) for part in placed.parts for way in part.ways)
    return [way for way in ways if way]


def _way(points: np.ndarray, part: Part, view: View) -> Path2:
    of_person = any(wire.of_person for wire in part.wires)
    step = max(1, round(STEP_MM / float(np.linalg.norm(np.diff(points, axis=0), axis=1).mean())))
    kept = points[::-1][::step][::-1]  # counted from the tip, which is kept
    at = view.seen(kept) if of_person else view.pixels(kept)
    shown = (at / view.shape)[:, ::-1]
    inside = ((shown >= 0) & (shown <= 1)).all(axis=1)
    outside = np.flatnonzero(~inside)
    first = outside[-1] + 1 if len(outside) else 0
    return [(round(float(x), 5), round(float(y), 5)) for x, y in shown[first:]]


def body_of(placed: Placed, view: View) -> Box | None:
    """The box of the plates of such a device on a picture, normalized; None where it has none."""
    outlines = [plate.outline for part in placed.parts for plate in part.plates]
    if placed.label not in BODIES or not outlines:
        return None
    at = np.clip(view.pixels(np.vstack(outlines)) / view.shape, 0, 1)
    (top, left), (bottom, right) = at.min(axis=0).round(5), at.max(axis=0).round(5)
    return (float(left), float(top), float(right), float(bottom))


def position_of(placed: Placed) -> str:
    """Whether a device lies where it should: right or wrong; empty for other findings."""
    if not taxonomy.labels()[placed.label].is_point:
        return ""
    return "wrong" if placed.severity == "malpositioned" else "right"
