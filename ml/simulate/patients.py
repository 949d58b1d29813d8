"""What makes one person's chest unlike another's: a smooth map from the person to the CT.

`Body.in_ct` tells for each point of the person which point of the CT is there, both in
millimeters (down, back, left). Nothing is resampled here; the projector asks as it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from ml.simulate.anatomy import Landmarks
from ml.simulate.cage import STEP, Cage

Points = NDArray[np.float64]
NEAR_MM = 0.01
HEARTS, SMALLEST, LARGEST = 128, -0.7, 0.5
"""How many sizes of heart there are, between what swelling."""
SMALL_RATIO, RATIO_STEP, STRAIGHT = 0.375, 0.002, 6
"""About the smallest one's cardiothoracic ratio, how much more the next has, and how many are tried
by that before the rest is halved."""
MANY = 2000
"""Points from which on each is followed by itself."""
SQUARE_TURN = -4.0
"""Turn that sets the CT's own person, who lay a little askew, square to the beam."""
SIDE_MM = 130.0
SOFT_MM = 8.0
"""Depth within the ribs over which points go over from the wall's map to the inner one."""


@dataclass(frozen=True)
class Bump:
    """A smooth local change: a shift by `shift`, and swelling of what lies around `center`."""

    center: tuple[float, float, float]
    radius: tuple[float, float, float]
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    swell: float = 0.0
    """0.2 shows what is around the center a quarter larger; negative values shrink it."""
    axes: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """How much of the swelling each direction takes."""


@dataclass(frozen=True)
class Inside:
    """What a person's map asks of the CT beside its landmarks; see `cage.Cage`."""

    cage: Cage
    spine: NDArray[np.float64]


@dataclass(frozen=True)
class Body:
    """One person; lengths in mm, angles in degrees, the rest factors of the CT's own.

    Ribs, spine and skin follow `wall`; what lies within the ribs follows `inner`, which slides
    along them. Without `inside` all follows `wall`.
    """

    marks: Landmarks
    inside: Inside | None = field(default=None, repr=False, compare=False)
    wide: float = 1.0
    deep: float = 1.0
    tall: float = 1.0
    turn: float = 0.0
    """Rotation about the long axis; positive turns the sternum to the person's left."""
    lean: float = 0.0
    breath: float = 0.0
    """How much lower the diaphragm stands on the ribs than in the CT."""
    follow: float = 0.8
    """How much of that the outer edge of the diaphragm goes down: less makes the domes flatter."""
    raised: tuple[float, float] = (0.0, 0.0)
    """How much higher the left and the right hemidiaphragm stand."""
    curve: float = 0.0
    """Sideways reach of the spine's curve; positive is convex to the person's left."""
    curve_phase: float = 0.0
    bumps: tuple[Bump, ...] = ()
    inner_bumps: tuple[Bump, ...] = ()
    """Those of what lies within the ribs alone."""
    droop: float = 0.0
    """How much lower than in the CT the ribs' sides hang, at 13 cm from the middle: their slope."""
    kyphosis: float = 0.0
    """How much farther back the spine bows in its middle than in the CT."""
    taper: float = 0.0
    """Share by which the chest is wider than `wide` at the apex, and narrower at the base."""
    soft: float = 1.0
    bone: float = 1.0
    lime: float = 0.0
    """How much of the costal cartilage is calcified, 0 to 1."""
    caliber: float = 1.0
    """Width of the small lung vessels."""
    fat_mm: float = 0.0
    breast_mm: float = 0.0
    grain: int = field(default=0)
    lowered: bool = False
    """Whether frontal films show the arms lowered, and neck and shoulders above the CT."""

    def wall(self, points: Points) -> Points:
        """The CT's point (..., 3) for each of the person's points (..., 3), of ribs and skin."""
        marks = self.marks
        z, y, x = (points[..., axis] for axis in range(3))
        middle = marks.middle
        z_ct = marks.apex + (z - marks.apex) / self.tall
        z_ct = z_ct + np.tan(np.deg2rad(self.lean)) * (y - middle[1])
        y_ct = middle[1] + (y - middle[1]) / self.deep
        height = np.clip((z - marks.apex) / (marks.base - marks.apex), 0, 1)
        x_ct = middle[2] + (x - middle[2]) / (self.wide * (1 + self.taper * (0.5 - height)))
        aside = ((x - middle[2]) / SIDE_MM) ** 2
        z_ct = z_ct - self.droop * aside * 2 / (1 + aside)
        y_ct = y_ct - self.kyphosis * np.sin(np.pi * height) * (
            0.35 + 0.65 * _ramp(y, middle[1] - 40, middle[1] + 80)
        )
        tangent = np.tan(np.deg2rad(self.turn))
        x_ct = x_ct + tangent * (y - middle[1])
        y_ct = y_ct - tangent * (x - middle[2])
        if self.inside is not None:
            off = self.inside.spine
            behind = 0.3 + 0.7 * _ramp(y, middle[1] - 30, middle[1] + 60)
            x_ct = x_ct + behind * np.interp(z_ct, np.arange(len(off)), off)
        if self.curve:
            height = (z - marks.apex) / (marks.dome - marks.apex)
            bend = np.sin(np.pi * (1.25 * height + self.curve_phase))
            behind = 0.35 + 0.65 * _ramp(y, middle[1] - 30, middle[1] + 70)
            x_ct = x_ct - self.curve * bend * behind
        return _bent(np.stack([z_ct, y_ct, x_ct], axis=-1), points, self._bends)

    def inner(self, points: Points) -> Points:
        """The same of what lies within the ribs: lower with the breath, as wide as they allow."""
        at = self.wall(points)
        if self.inside is None:
            return at
        marks = self.marks
        left = _ramp(at[..., 2], marks.middle[2] - 45, marks.middle[2] + 45)
        tables = [np.interp(at[..., 0], stands, down) for stands, down in self._levels]
        levels = left * tables[0] + (1 - left) * tables[1]
        return _bent(self.inside.cage.refitted(at, levels), points, self._inner_bends)

    @cached_property
    def _bends(self) -> Bends | None:
        return Bends(self.bumps) if self.bumps else None

    @cached_property
    def _inner_bends(self) -> Bends | None:
        return Bends(self.inner_bumps) if self.inner_bumps else None

    @cached_property
    def _levels(self) -> tuple[tuple[Points, Points], ...]:
        """Of the left and the right side: the ribs' levels, and the CT's that stand there."""
        marks = self.marks
        down = np.arange(-60.0, self.inside.cage.inside.shape[0] * STEP + 61)  # type: ignore[union-attr]
        base = max(marks.base, marks.dome + 20)
        edge, end = marks.dome + 0.57 * (base - marks.dome), base + 50
        carina = float(np.clip(marks.carina[0], marks.apex + 5, marks.dome - 5))
        knots = [marks.apex - 40, marks.apex, carina, marks.dome, edge, base, end]
        share = np.array([0.0, 0.0, 0.42, 1.0, self.follow, 0.75 * self.follow, 0.0])
        lift = np.array([0.0, 0.0, 0.12, 1.0, 0.25, 0.0, 0.0])
        tables = []
        for raised in self.raised:
            shift = PchipInterpolator(knots, share * self.breath - lift * raised)
            stands = down + shift(np.clip(down, knots[0], end))
            tables.append((np.maximum.accumulate(stands + 1e-6 * down), down))
        return tuple(tables)

    def in_ct(self, points: Points) -> Points:
        """The CT's point (..., 3) that is at each of the person's points (..., 3)."""
        at = self.wall(points)
        if self.inside is None:
            return at
        within = self.inside.cage.depth_at(at) > 0
        return np.where(within[..., None], self.inner(points), at)

    def from_ct(self, points: Points) -> Points:
        """Where points of the CT (n, 3) are in the person.

        Ribs and skin as `wall` has them, what lies deep within as `inner` does; in the first
        millimeters within the ribs between the two, so that a line through the pleura has no step.
        """
        points = np.asarray(points, dtype=np.float64)
        found = solved(self.wall, points)
        if self.inside is None:
            return found
        share = np.clip(self.inside.cage.depth_at(points) / SOFT_MM, 0, 1)[..., None]
        return found * (1 - share) + solved(self.inner, points) * share if share.any() else found

    def with_bumps(self, *bumps: Bump) -> Body:
        """This person with what lies within the ribs bent."""
        return replace(self, inner_bumps=(*self.inner_bumps, *bumps))


def solved(
    mapping: Callable[[Points], Points], points: Points, kept: Sequence[int] = (0, 1, 2)
) -> Points:
    """The inverse of a map near the identity by fixed-point iteration, well below a tenth of a mm.

    Only the axes `kept` are moved; the others stay those of `points`.
    """
    found = np.array(points, dtype=np.float64)
    axes = list(kept)
    if len(found) > MANY:
        return _many_solved(mapping, found, axes)
    for _ in range(18):
        step = 0.9 * (points - mapping(found))[..., axes]
        found[..., axes] += step
        if np.abs(step).max(initial=0.0) < NEAR_MM:
            break
    return found


def _many_solved(mapping: Callable[[Points], Points], points: Points, axes: list[int]) -> Points:
    """The same of many points (n, 3), where those that have arrived are left alone."""
    found, going = points.copy(), np.arange(len(points))
    for _ in range(18):
        step = np.zeros((len(going), 3))
        step[:, axes] = 0.9 * (points[going] - mapping(found[going]))[:, axes]
        found[going] += step
        going = going[np.abs(step).max(axis=1) >= NEAR_MM]
        if not len(going):
            break
    return found


class Bends:
    """Bumps as arrays: what all of them do to points at once."""

    def __init__(self, bumps: Sequence[Bump]) -> None:
        center = np.array([bump.center for bump in bumps])
        self.narrow = np.array([bump.radius for bump in bumps]).T ** -2.0
        self.away = -2.0 * self.narrow * center.T
        self.offset = (self.narrow * center.T**2).sum(axis=0)
        self.grown = np.array([bump.swell * np.array(bump.axes) for bump in bumps])
        self.shift = np.array([bump.shift for bump in bumps]) - self.grown * center

    def of(self, points: Points) -> Points:
        """How far points (..., 3) are moved by them."""
        flat = points.reshape(-1, 3)
        reach = flat**2 @ self.narrow + flat @ self.away + self.offset
        # Single precision is a ten thousandth of a millimeter, and several times as fast.
        near = np.exp(-reach.astype(np.float32))
        return (flat * (near @ self.grown) + near @ self.shift).reshape(points.shape)  # type: ignore[no-any-return]


def _bent(at: Points, points: Points, bends: Bends | None) -> Points:
    """`at` with the bumps around the person's `points` taken off."""
    return at if bends is None else at - bends.of(points)


def _ramp(value: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """0 below `low`, 1 above `high`, smooth between."""
    share = np.clip((value - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)


def person(
    rng: np.random.Generator, marks: Landmarks, sex: str, age: int, inside: Inside | None = None
) -> Body:
    """A healthy person of that sex and age, standing, after a full breath."""
    woman = sex == "F"
    stout = float(np.clip(rng.normal(0.42, 0.27), 0, 1))
    size = (0.92 if woman else 1.0) + rng.normal(0, 0.03)
    slim = rng.normal(0, 0.055)
    aged = max(0.0, age - 50) / 30
    unfolded = aged * rng.uniform(0.2, 1.3)
    bowed = rng.normal(-7 + 9 * aged, 4.5)
    lime = np.clip((age - 25) / 50 * rng.uniform(0.2, 1.4), 0, 1)
    return Body(
        marks=marks,
        inside=inside,
        wide=size * (1 + slim) * (0.97 + 0.06 * stout),
        deep=size * rng.uniform(0.9, 1.08) * (0.95 + 0.1 * stout),
        tall=size * float(np.clip(1.01 - 0.8 * slim + rng.normal(0, 0.02), 0.93, 1.1)),
        turn=SQUARE_TURN + float(np.clip(rng.normal(0, 1.5), -3, 3)),
        lean=float(np.clip(rng.normal(0, 3.5), -8, 8)),
        breath=float(np.clip(rng.normal(36, 5), 27, 47)),
        raised=(float(rng.uniform(-4, 8)), float(rng.uniform(-7, 3))),
        curve=float(rng.normal(0, 1.5)),
        curve_phase=float(rng.uniform(-0.1, 0.2)),
        droop=float(np.clip(rng.normal(0, 4.5), -9, 9)),
        kyphosis=float(np.clip(bowed, -14, 14)),
        taper=float(np.clip(rng.normal(0.05, 0.045), -0.05, 0.14)),
        bumps=_bends(rng, marks, 5, (80, 120), (3.0, 3.0, 3.5)),
        inner_bumps=(
            *_bends(rng, marks, 9, (40, 70), (4.5, 3.5, 4.5)),
            *_aorta(marks, 11 * unfolded),
            _apex(marks, rng.uniform(-13, 13)),
            *_heart_shape(rng, marks),
            *_hila(rng, marks),
        ),
        soft=float(rng.uniform(0.94, 1.03)),
        bone=float(np.clip(1.08 - max(0, age - 45) * 0.006 + rng.normal(0, 0.05), 0.7, 1.15)),
        lime=float(lime),
        caliber=float(rng.uniform(0.75, 1.3)),
        fat_mm=3 + 26 * stout**1.5,
        breast_mm=float(rng.uniform(10, 48)) if woman else 0.0,
        grain=int(rng.integers(1 << 30)),
    )


def _bends(
    rng: np.random.Generator,
    marks: Landmarks,
    count: int,
    radii: tuple[float, float],
    spread: tuple[float, float, float],
) -> tuple[Bump, ...]:
    """Small shifts of whole regions: vessels, ribs and borders run a little differently."""
    bumps = []
    for _ in range(count):
        center = (
            rng.uniform(marks.apex, marks.base),
            rng.uniform(40, 230),
            rng.uniform(60, 2 * marks.middle[2] - 60),
        )
        shift = tuple(float(mm) for mm in rng.normal(0, spread))
        radius = float(rng.uniform(*radii))
        bumps.append(Bump(center, (radius,) * 3, shift))  # type: ignore[arg-type]
    return tuple(bumps)


def _aorta(marks: Landmarks, amount: float) -> tuple[Bump, ...]:
    """The arch and the descending aorta `amount` mm farther left, as with age."""
    z, y, x = marks.arch
    return (
        Bump((z, y, x), (30, 55, 26), (-0.3 * amount, 0, amount)),
        Bump((z + 70, y + 8, x + 6), (42, 45, 26), (0, 0, 0.8 * amount)),
    )


def _apex(marks: Landmarks, amount: float) -> Bump:
    """The heart's apex `amount` mm lower: an upright heart, or with negative values a level one."""
    z, y, x = marks.heart
    return Bump((z + 30, y, x + 40), (45, 60, 45), (amount, 0, -0.5 * amount))


def _heart_shape(rng: np.random.Generator, marks: Landmarks) -> tuple[Bump, ...]:
    """The right atrium's border and the heart's waist fuller or flatter, the heart turned."""
    z, y, x = marks.heart
    fuller = rng.normal(0, (3.0, 4.0))
    turned = float(rng.normal(0, 5.0))
    return (
        Bump((z + 8, y, x - 52), (42, 50, 30), (0.0, 0.0, -float(fuller[0]))),
        Bump((z - 42, y, x + 28), (30, 50, 30), (0.0, 0.0, float(fuller[1]))),
        # About the long axis: the front one way, the back the other.
        Bump((z, y - 40, x), (60, 40, 60), (0.0, 0.0, turned)),
        Bump((z, y + 40, x), (60, 40, 60), (0.0, 0.0, -turned)),
    )


def _hila(rng: np.random.Generator, marks: Landmarks) -> tuple[Bump, ...]:
    """Each hilum somewhat higher or lower, and its vessels wider or narrower."""
    return tuple(
        Bump(
            marks.hilum[side],
            (42, 50, 34),
            (float(rng.normal(0, 4.5)), 0.0, 0.0),
            swell=float(np.clip(rng.normal(0, 0.08), -0.15, 0.15)),
        )
        for side in ("left", "right")
    )


def heart_bump(marks: Landmarks, swell: float) -> Bump:
    """A heart larger by about 1 / (1 - swell), the apex down and to the left."""
    z, y, x = marks.heart
    return Bump((z + 4, y, x - 10), (62, 72, 86), swell=swell, axes=(0.5, 0.8, 1.0))


def with_heart(body: Body, marks: Landmarks, wanted: float, ratio: Callable[[Body], float]) -> Body:
    """The body with a heart of the cardiothoracic ratio `wanted`, as `ratio` measures it."""
    low, high = 0, HEARTS
    guess = (wanted - SMALL_RATIO) / RATIO_STEP
    for turn in range(HEARTS):
        if high - low <= 1:
            break
        # Straight to where the line through the last one says; if that leads nowhere, halfway.
        step = round(guess) if turn < STRAIGHT else (low + high) // 2
        step = min(max(step, low + 1), high - 1)
        now = ratio(body.with_bumps(heart_bump(marks, _swell(step))))
        low, high = (step, high) if now < wanted else (low, step)
        away = (wanted - now) / RATIO_STEP
        guess = step + (np.ceil(away) if now < wanted else np.floor(away))
    return body.with_bumps(heart_bump(marks, _swell(low + 0.5)))


def _swell(step: float) -> float:
    """Of that many `HEARTS`th parts of the way from the smallest heart to the largest."""
    return SMALLEST + (LARGEST - SMALLEST) * step / HEARTS
