"""What makes one person's chest unlike another's: a smooth map from the person to the CT.

`Body.in_ct` tells for each point of the person which point of the CT is there, both in
millimetres (down, back, left). Nothing is resampled here; the projector asks as it goes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ml.simulate.anatomy import Landmarks

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Bump:
    """A smooth local change: a shift by `shift`, and swelling of what lies around `center`."""

    center: tuple[float, float, float]
    radius: tuple[float, float, float]
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    swell: float = 0.0
    """0.2 shows what is around the centre a quarter larger; negative values shrink it."""
    axes: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """How much of the swelling each direction takes."""


@dataclass(frozen=True)
class Body:
    """One person; lengths in mm, angles in degrees, the rest factors of the CT's own."""

    marks: Landmarks
    wide: float = 1.0
    deep: float = 1.0
    tall: float = 1.0
    turn: float = 0.0
    """Rotation about the long axis; positive turns the sternum to the person's left."""
    lean: float = 0.0
    breath: float = 0.0
    """How much lower the diaphragm stands than in the CT."""
    raised: tuple[float, float] = (0.0, 0.0)
    """How much higher the left and the right hemidiaphragm stand."""
    curve: float = 0.0
    """Sideways reach of the spine's curve; positive is convex to the person's left."""
    curve_phase: float = 0.0
    bumps: tuple[Bump, ...] = ()
    soft: float = 1.0
    bone: float = 1.0
    fat_mm: float = 0.0
    breast_mm: float = 0.0
    grain: int = field(default=0)

    def in_ct(self, points: Points) -> Points:
        """The CT's point (..., 3) for each of the person's points (..., 3)."""
        marks = self.marks
        z, y, x = (points[..., axis] for axis in range(3))
        middle = marks.middle
        z_ct = marks.apex + (z - marks.apex) / self.tall
        z_ct = z_ct + np.tan(np.deg2rad(self.lean)) * (y - middle[1])
        z_ct = z_ct - self.breath * _ramp(z, marks.apex, marks.dome)
        sides = _ramp(x, middle[2] - 45, middle[2] + 45)
        low = _ramp(z, marks.dome - 110, marks.dome + 5)
        z_ct = z_ct + low * (self.raised[0] * sides + self.raised[1] * (1 - sides))
        y_ct = middle[1] + (y - middle[1]) / self.deep
        x_ct = middle[2] + (x - middle[2]) / self.wide
        tangent = np.tan(np.deg2rad(self.turn))
        x_ct = x_ct + tangent * (y - middle[1])
        y_ct = y_ct - tangent * (x - middle[2])
        if self.curve:
            height = (z - marks.apex) / (marks.dome - marks.apex)
            bend = np.sin(np.pi * (1.25 * height + self.curve_phase))
            behind = 0.35 + 0.65 * _ramp(y, middle[1] - 30, middle[1] + 70)
            x_ct = x_ct - self.curve * bend * behind
        for bump in self.bumps:
            away = [value - c for value, c in zip((z, y, x), bump.center, strict=True)]
            near = np.exp(-sum((a / r) ** 2 for a, r in zip(away, bump.radius, strict=True)))
            shrunk = [bump.swell * axis * a * near for axis, a in zip(bump.axes, away, strict=True)]
            z_ct = z_ct - shrunk[0] - bump.shift[0] * near
            y_ct = y_ct - shrunk[1] - bump.shift[1] * near
            x_ct = x_ct - shrunk[2] - bump.shift[2] * near
        return np.stack([z_ct, y_ct, x_ct], axis=-1)

    def from_ct(self, points: Points) -> Points:
        """The inverse of `in_ct`, by fixed-point iteration to well below a tenth of a mm."""
        found = np.array(points, dtype=np.float64)
        for _ in range(40):
            found = found + 0.8 * (points - self.in_ct(found))
        return found

    def with_bumps(self, *bumps: Bump) -> Body:
        return replace(self, bumps=(*self.bumps, *bumps))


def _ramp(value: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """0 below `low`, 1 above `high`, smooth between."""
    share = np.clip((value - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)


def person(rng: np.random.Generator, marks: Landmarks, sex: str, age: int) -> Body:
    """A healthy person of that sex and age."""
    stout = float(np.clip(rng.normal(0.5, 0.25), 0, 1))
    size = (0.93 if sex == "F" else 1.0) + rng.normal(0, 0.025)
    return Body(
        marks=marks,
        wide=size * rng.uniform(0.94, 1.06) * (0.97 + 0.06 * stout),
        deep=size * rng.uniform(0.92, 1.06) * (0.95 + 0.1 * stout),
        tall=size * rng.uniform(0.97, 1.04),
        turn=float(np.clip(rng.normal(0, 1.6), -4, 4)),
        lean=float(np.clip(rng.normal(0, 1.5), -4, 4)),
        breath=float(np.clip(rng.normal(4, 5), -8, 12)),
        raised=(float(rng.uniform(-5, 6)), float(rng.uniform(-4, 5))),
        curve=float(rng.normal(0, 1.8)),
        curve_phase=float(rng.uniform(-0.1, 0.2)),
        bumps=(*_bends(rng, marks), _heart(rng.uniform(-0.15, 0.12), marks)),
        soft=float(rng.uniform(0.94, 1.03)),
        bone=float(np.clip(1.08 - max(0, age - 45) * 0.006 + rng.normal(0, 0.05), 0.7, 1.15)),
        fat_mm=4 + 22 * stout**1.5,
        breast_mm=float(rng.uniform(18, 48)) if sex == "F" else 0.0,
        grain=int(rng.integers(1 << 30)),
    )


def _bends(rng: np.random.Generator, marks: Landmarks, count: int = 9) -> tuple[Bump, ...]:
    """Small shifts of whole regions: vessels, ribs and borders run a little differently."""
    bumps = []
    for _ in range(count):
        center = (
            rng.uniform(marks.apex, marks.base),
            rng.uniform(40, 230),
            rng.uniform(60, 2 * marks.middle[2] - 60),
        )
        shift = tuple(float(mm) for mm in rng.normal(0, (6.0, 4.0, 6.0)))
        radius = float(rng.uniform(44, 75))
        bumps.append(Bump(center, (radius,) * 3, shift))  # type: ignore[arg-type]
    return tuple(bumps)


def _heart(swell: float, marks: Landmarks) -> Bump:
    z, y, x = marks.heart
    return Bump((z, y, x - 8), (66, 70, 88), swell=swell, axes=(0.6, 0.8, 1.0))


def large_heart(marks: Landmarks, swell: float) -> Bump:
    """A heart larger by about 1 / (1 - swell), the apex down and to the left."""
    z, y, x = marks.heart
    return Bump((z + 6, y, x - 12), (62, 72, 92), swell=swell, axes=(0.55, 0.8, 1.0))
