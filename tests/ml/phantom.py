"""A chest of simple shapes with TotalSegmentator labels: small, quick, and of nobody."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import organs
from ml.simulate.anatomy import Anatomy
from ml.simulate.base import Base, prepare

SHAPE = (112, 80, 110)
"""Voxels of 2 mm, (down, back, left)."""
SPACING = (2.0, 2.0, 2.0)
AIR, LUNG, TISSUE, BONE = -1000, -850, 40, 500
Volume = NDArray[np.float32]


def _ball(
    center: tuple[float, float, float], radius: tuple[float, float, float]
) -> NDArray[np.bool_]:
    grid = np.indices(SHAPE, dtype=np.float32)
    return sum(((g - c) / r) ** 2 for g, c, r in zip(grid, center, radius, strict=True)) <= 1


@cache
def volume() -> tuple[Volume, NDArray[np.uint8]]:
    """Hounsfield units and labels, (down, back, left)."""
    hu = np.full(SHAPE, AIR, np.float32)
    labels = np.zeros(SHAPE, np.uint8)
    across = _ball((56, 40, 55), (9_999, 36, 50))
    hu[across] = TISSUE
    for side, middle, lobes in (("right", 30, (12, 13, 14)), ("left", 80, (10, 11))):
        lung = _ball((48, 40, middle), (40, 25, 18))
        parts = np.array_split(np.arange(SHAPE[0])[8:90], len(lobes))
        for number, levels in zip(lobes, parts, strict=True):
            labels[levels] = np.where(lung[levels], number, labels[levels])
        hu[lung] = LUNG
        shell = ndimage.binary_dilation(lung, iterations=2) & ~lung & across
        outer = np.abs(np.arange(SHAPE[2]) - 55)[None, None, :] > 14
        for index, number in enumerate(organs.RIBS[side]):
            ring = np.zeros(SHAPE, bool)
            ring[10 + 6 * index : 13 + 6 * index] = True
            rib = shell & outer & ring
            labels[rib], hu[rib] = number, BONE
    for number, center, radius in (
        (organs.HEART, (62, 32, 62), (18, 15, 16)),
        (organs.LIVER, (98, 38, 34), (28, 22, 22)),
    ):
        organ = _ball(center, radius)  # type: ignore[arg-type]
        labels[organ], hu[organ] = number, TISSUE
    tubes = ((organs.TRACHEA, 44, 55, 5, AIR), (organs.AORTA, 52, 62, 6, TISSUE))
    for number, y, x, radius, value in tubes:
        tube = _ball((30, y, x), (9_999, radius, radius))
        tube[44 if number == organs.TRACHEA else 90 :] = False
        labels[tube], hu[tube] = number, value
    sternum = _ball((50, 6, 55), (26, 3, 5))
    labels[sternum], hu[sternum] = organs.STERNUM, BONE
    for index in range(12):
        bone = _ball((6 + 9 * index, 64, 55), (4, 7, 9))
        labels[bone], hu[bone] = organs.thoracic(index + 1), BONE
    grain = ndimage.gaussian_filter(np.random.default_rng(0).standard_normal(SHAPE), 1)
    return (hu + 60 * grain * (hu > AIR)).astype(np.float32), labels


@cache
def base() -> Base:
    return prepare(*_parts())


def _parts() -> tuple[Volume, tuple[float, float, float], NDArray[np.uint8]]:
    hu, labels = volume()
    return hu, SPACING, labels


@cache
def anatomy() -> Anatomy:
    return Anatomy(base())
