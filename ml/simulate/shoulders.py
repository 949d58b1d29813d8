"""Neck, shoulders and arms of soft tissue around what a CT with raised arms leaves of a trunk.

All lies on a grid of 3 mm. What is the CT's own and what is the model's share each voxel
(`arms.kept_share`), so that the one goes over into the other without a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import arms, girdle, organs
from ml.simulate import body as bodies
from ml.simulate.anatomy import Anatomy
from ml.simulate.base import ABOVE_MM
from ml.simulate.patients import Body
from ml.simulate.projector import Block, Kind

Values = NDArray[np.float32]
Rod = tuple[NDArray[np.float64], NDArray[np.float64], float, float]
STEP = bodies.STEP
UP, ASIDE = 18, 16
"""Voxels that the grid of `Anatomy.outside` is wider by, above and to either side."""
MUSCLE = 1.05
FARTHEST_MM = 80.0
"""Of fat and breasts from the lean body."""
SEAM_MM = 9.0
"""How far within the trunk's skin its own air may be filled up."""
AIRWAY_MM = (6.8, 8.5)
"""Half the width and the depth of the trachea above the CT."""
GRAIN = 0.035
"""How much muscles and the fat between them vary, standard deviation."""


@dataclass(frozen=True)
class Flesh:
    """The soft body with lowered arms, for one kind of exposure."""

    corner: tuple[float, float, float]
    lean: Values
    """Density that muscle adds to what is kept of the CT, without fat around it."""
    near: NDArray[np.intp]
    """Which voxels may hold skin or fat (flat), and of these:"""
    outside: Values
    """their distance to the lean body, mm, negative within;"""
    skin: Values
    """how much of each is muscle;"""
    fat: Values
    """and the density that fat would add there."""


def flesh(anatomy: Anatomy, body: Body, kind: Kind) -> Block:
    """What soft tissue adds to the CT without its arms."""
    soft = _flesh(anatomy, kind)
    whole = np.clip((body.fat_mm - soft.outside) / STEP + 0.5, 0, 1)
    if body.breast_mm >= 1:
        whole = np.maximum(whole, _breasts(anatomy, body, soft.lean.shape).ravel()[soft.near])
    added = soft.lean.copy()
    added.ravel()[soft.near] += soft.fat * np.maximum(whole - soft.skin, 0)
    added *= np.float32(body.soft)
    return Block(soft.corner, added, float(STEP), slides=False)


def _breasts(anatomy: Anatomy, body: Body, shape: tuple[int, ...]) -> Values:
    """Share of each voxel that lies in the breasts or the fat behind them."""
    own = anatomy.outside()
    depth = bodies.breasts(anatomy, body.breast_mm, body.grain)
    half = own.shape[1] // 2
    back = np.arange(half, dtype=np.float32)[None, :, None]
    reach = (bodies.front_of(own)[:, None, :] - back) * STEP - body.fat_mm
    inside = np.clip((depth[:, None, :] - reach) / STEP + 0.5, 0, 1) * (depth > 0.5)[:, None, :]
    share = np.zeros(shape, np.float32)
    share[UP:, :half, ASIDE:-ASIDE] = inside
    return share


@lru_cache(maxsize=2)
def _flesh(anatomy: Anatomy, kind: Kind) -> Flesh:
    trunk, kept, density = _trunk(anatomy)
    up, aside = bodies.PADDING + UP, bodies.PADDING + ASIDE
    corner = (-float(up * STEP), -float(bodies.PADDING * STEP), -float(aside * STEP))
    outside = _united(trunk, _shape(anatomy, kind, corner, trunk.shape), 6.0)
    rest = 1 - kept
    seam = kept * (trunk > -SEAM_MM)
    skin = np.clip(0.5 - outside / STEP, 0, 1)
    muscle = rest * (MUSCLE + _grain(trunk.shape)) + np.clip(MUSCLE - density, 0, None) * seam
    fat = rest * bodies.FAT + np.clip(bodies.FAT - density, 0, None) * seam
    lean = muscle * skin - _airway(anatomy, corner, trunk.shape) * rest * MUSCLE
    near = np.flatnonzero((outside > -STEP) & (fat > 0) & (outside < FARTHEST_MM))
    return Flesh(
        corner,
        lean.astype(np.float32),
        near,
        outside.ravel()[near].astype(np.float32),
        skin.ravel()[near].astype(np.float32),
        fat.ravel()[near].astype(np.float32),
    )


@lru_cache(maxsize=1)
def _trunk(anatomy: Anatomy) -> tuple[Values, Values, Values]:
    """Distance to what is kept of the CT, how much of each voxel that is, and its density."""
    labels = anatomy.base.labels
    even = tuple(slice(0, n // 3) for n in labels.shape)
    kept = arms.kept_share(labels, round(ABOVE_MM))[even]
    bone = np.isin(labels[1::3, 1::3, 1::3][even], arms.ARMS)
    bone = ndimage.binary_dilation(bone)
    pad = bodies.PADDING
    density = anatomy.density_3mm().copy()
    inner = density[pad:-pad, pad:-pad, pad:-pad]
    inner[bone] = np.minimum(inner[bone], MUSCLE)
    kept = np.pad(kept, pad, mode="edge")
    kept[:pad] = 0
    wide = ((UP, 0), (0, 0), (ASIDE, ASIDE))
    kept, density = np.pad(kept, wide, mode="edge"), np.pad(density, wide)
    kept[:UP] = 0
    body = density * kept > 0.5
    body = ndimage.binary_closing(body, iterations=2)
    for level in body:
        level[:] = ndimage.binary_fill_holes(level)
    away = ndimage.distance_transform_edt(~body) - ndimage.distance_transform_edt(body)
    return (away * STEP).astype(np.float32), kept.astype(np.float32), density


def _axes(corner: tuple[float, float, float], shape: tuple[int, ...]) -> list[Values]:
    return [
        (c + (np.arange(n, dtype=np.float32) + 0.5) * STEP).reshape(
            [-1 if i == axis else 1 for i in range(3)]
        )
        for axis, (c, n) in enumerate(zip(corner, shape, strict=True))
    ]


def _shape(
    anatomy: Anatomy, kind: Kind, corner: tuple[float, float, float], shape: tuple[int, ...]
) -> Values:
    """Distance to neck, shoulders and arms of muscle, mm, negative within."""
    grid = _axes(corner, shape)
    total = _neck(anatomy, grid)
    for sign in (-1.0, 1.0):
        for a, b, ra, rb in _rods(anatomy, kind, sign):
            total = _united(total, -girdle.depth_in_rod(grid, a, b, ra, rb), 9.0)
    return total


def _rods(anatomy: Anatomy, kind: Kind, sign: float) -> list[Rod]:
    """The muscles of one side: from where to where (mm of the CT), and how thick at either end."""
    apex, middle = anatomy.marks.apex, girdle.middle_of(anatomy)
    pose = girdle.POSES[kind]
    down, back, out = pose.glenoid

    def at(below: float, behind: float, beside: float) -> NDArray[np.float64]:
        return np.array([apex + below, behind, middle + sign * beside])

    head = at(down + 2, back - 7, out + 19)
    along = np.array(pose.along) * (1.0, 1.0, sign)

    def on_arm(far: float, behind: float = 0.0, inward: float = 0.0) -> NDArray[np.float64]:
        return head + along * far + np.array([0.0, behind, -sign * inward])

    hump, tip = at(-10, 170, 66), at(down - 10, back + 4, out + 12)
    return [
        (at(-70, 150, 28), hump, 32, 40),  # trapezius, from the neck down
        (hump, tip, 40, 31),  # and out
        (at(8, 140, 60), at(down + 5, back - 20, out + 4), 46, 42),  # behind the clavicle
        (at(6, 182, 62), at(down + 5, back + 22, out + 6), 44, 42),  # above the scapula
        (at(36, 112, 62), at(down + 10, back - 22, out - 4), 20, 30),  # below the clavicle
        (on_arm(0, -16, -5), on_arm(54), 42, 42),  # deltoid, its front
        (on_arm(0, 18, -4), on_arm(54), 42, 42),  # and back
        (on_arm(40), on_arm(290), 41, 36),  # arm
        (at(92, 96, 92), on_arm(36, -12, 8), 26, 24),  # pectoral, before the axilla
        (at(128, 205, 116), on_arm(40, 14, 8), 30, 26),  # latissimus, behind it
        (at(62, 205, 80), at(150, 214, 100), 24, 26),  # over the scapula
        (at(44, 100, 78), on_arm(18, -14), 34, 38),  # upper pectoral
        (at(50, 196, 92), on_arm(14, 16), 34, 38),  # infraspinatus
    ]


def _neck(anatomy: Anatomy, grid: list[Values]) -> Values:
    """Distance to an oval column before and beside the cervical spine."""
    z, y, x = grid
    back, across = _spine_above(anatomy, z)
    lower = np.clip((z - anatomy.marks.apex + 70) / 75, 0, 1) ** 1.5
    wide, front, behind = 48 + 16 * lower, 58 + 16 * lower, 54 + 32 * lower
    depth = (y - back + 6) / np.where(y < back - 6, front, behind)
    rel = np.sqrt(((x - across) / wide) ** 2 + depth**2)
    radius = (rel - 1) * np.float32(52)
    below = (z - (anatomy.marks.apex + 45)).astype(np.float32)
    return np.maximum(radius, below).astype(np.float32)


def _spine_above(anatomy: Anatomy, z: Values) -> tuple[Values, float]:
    """Where the middle of the neck lies at those levels: back and left, mm."""
    labels = anatomy.base.labels[::2, ::2, ::2]
    bone = np.argwhere(labels == arms.NECK[0]) * 2.0 + 1
    down, back, left = bone.mean(axis=0)
    rise, forward = girdle.level_steps(anatomy)
    up = np.clip((down - z) / rise, -1, 6)
    return (back - 8 - forward * 4 * (1 - 0.75**up)).astype(np.float32), float(left)


def _airway(anatomy: Anatomy, corner: tuple[float, float, float], shape: tuple[int, ...]) -> Values:
    """Share of each voxel that is airway above the CT's own."""
    z, y, x = _axes(corner, shape)
    trachea = np.argwhere(anatomy.base.labels[:, ::2, ::2] == organs.TRACHEA)
    top = trachea[:, 0].min()
    upper = trachea[trachea[:, 0] < top + 12]
    back, left = upper[:, 1].mean() * 2 + 1, upper[:, 2].mean() * 2 + 1
    _, forward = girdle.level_steps(anatomy)
    above = np.clip((top - z) / 15, 0, 6)
    narrow = 1 - 0.55 * np.clip((above - 3.0) / 1.5, 0, 1)
    wide, deep = AIRWAY_MM
    rel = np.sqrt(
        ((x - left) / (wide * narrow)) ** 2 + ((y - back + 0.6 * forward * above) / deep) ** 2
    )
    return np.clip((1 - rel) * wide / STEP + 0.5, 0, 1).astype(np.float32)


def _united(one: Values, other: Values, softness: float) -> Values:
    """Distance to either of two, the groove between them filled up."""
    share = np.clip(0.5 + (other - one) / (2 * softness), 0, 1)
    return other + (one - other) * share - softness * share * (1 - share)  # type: ignore[no-any-return]


def _grain(shape: tuple[int, ...]) -> Values:
    """Muscles and the fat between them: long in the direction from above to below."""
    noise = np.random.default_rng(17).standard_normal(shape).astype(np.float32)
    long = ndimage.gaussian_filter(noise, (4.0, 1.6, 2.2))
    planes = -np.abs(long / long.std())
    return (GRAIN * (planes - planes.mean()) / planes.std()).astype(np.float32)
