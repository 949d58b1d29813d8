"""What the CT's own person did not have: fat under the skin, breasts, lime in the cartilage."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import ndimage

from ml.simulate.anatomy import Anatomy
from ml.simulate.patients import Body
from ml.simulate.projector import Block

STEP = 3
PADDING = 15
LIME = 0.9
"""Density that calcified cartilage has more, water 1."""
FAT = 0.95
"""Density of fat and glands together, water 1."""


def extra_tissue(anatomy: Anatomy, body: Body) -> Block | None:
    """Density added around the CT's body, on a grid of 3 mm; None for a lean man."""
    if body.fat_mm < 1 and body.breast_mm < 1:
        return None
    return _tissue(anatomy, body.fat_mm, body.breast_mm, body.grain)


@lru_cache(maxsize=2)
def _tissue(anatomy: Anatomy, fat_mm: float, breast_mm: float, grain: int) -> Block:
    outside = anatomy.outside()
    share = np.clip((fat_mm - outside) / STEP + 0.5, 0, 1)
    if breast_mm >= 1:
        depth = breasts(anatomy, breast_mm, grain)
        back = np.arange(outside.shape[1], dtype=np.float32)[None, :, None]
        reach = (front_of(outside)[:, None, :] - back) * STEP - fat_mm
        inside = np.clip((depth[:, None, :] - reach) / STEP + 0.5, 0, 1)
        before = (back < outside.shape[1] / 2) & (depth > 0.5)[:, None, :]
        share = np.maximum(share, inside * before)
    # The skin of the CT, half air in its voxels, is filled up too: else a dark seam stays.
    lack = np.clip(FAT - anatomy.density_3mm(), 0, None) * (outside > -3 * STEP)
    added = share * lack
    corner = -float(PADDING * STEP)
    return Block((corner, corner, corner), added.astype(np.float32), float(STEP), slides=False)


def lime(anatomy: Anatomy, body: Body) -> Block | None:
    """What age adds to the costal cartilage, 2 mm; None in the young.

    In spots: in men along its margins, in women in its middle (Navani et al. 1970, AJR 108:771).
    """
    if body.lime < 0.05 or not anatomy.cartilage()[1].any():
        return None
    return _lime(anatomy, body.lime, body.grain, within=body.breast_mm > 0)


@lru_cache(maxsize=2)
def _lime(anatomy: Anatomy, amount: float, grain_seed: int, *, within: bool) -> Block:
    corner, depth = anatomy.cartilage()
    rng = np.random.default_rng(grain_seed)
    grain = ndimage.gaussian_filter(rng.standard_normal(depth.shape), 1.3)
    grain /= max(float(grain.std()), 1e-9)
    margin = np.clip(1.6 - depth / 2, 0, 1)
    place = 1 - margin if within else margin
    spots = np.clip(grain + 1.6 * amount - 1.0, 0, 1) * place * (depth > 0)
    return Block(corner, (LIME * spots).astype(np.float32), 2.0, slides=False)


def front_of(outside: np.ndarray) -> np.ndarray:
    """Index of the first body voxel from the front, shape (down, left), smooth."""
    body = outside <= 0
    first = np.where(body.any(axis=1), body.argmax(axis=1), outside.shape[1] // 2)
    return ndimage.gaussian_filter(first.astype(np.float32), 2)


def breasts(anatomy: Anatomy, breast_mm: float, grain: int) -> np.ndarray:
    """How far they reach forward, mm, shape (down, left): full below, flat above."""
    rng = np.random.default_rng(grain)
    marks = anatomy.marks
    shape = anatomy.outside().shape
    down = (np.arange(shape[0], dtype=np.float32) - PADDING)[:, None] * STEP
    across = (np.arange(shape[2], dtype=np.float32) - PADDING)[None, :] * STEP
    depth = np.zeros((shape[0], shape[2]), np.float32)
    level = marks.dome + rng.uniform(-14, 22)
    for sign in (-1, 1):
        center = (level + rng.uniform(-5, 5), marks.middle[2] + sign * rng.uniform(80, 90))
        up = (down - center[0]) / np.where(down < center[0], 92, 46)
        beside = (across - center[1]) / 66
        reach = np.clip(1 - up**2 - beside**2, 0, None)
        depth = np.maximum(depth, breast_mm * reach**0.62)
    return ndimage.gaussian_filter(depth, 0.8)
