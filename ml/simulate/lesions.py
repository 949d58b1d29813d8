"""Lesions placed in the lung, with the mask that is their exact truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ml.simulate.base import LOBES, Base, Mask
from ml.simulate.projector import Picture

EDGE_MM = 1.2
"""How softly a nodule ends."""
WALL_MM = 8.0
"""Least distance of a nodule's surface from the chest wall and mediastinum."""


@dataclass(frozen=True)
class Lesion:
    """A lesion as what it adds: Hounsfield units within a block of the volume."""

    label: str
    side: str
    lobe: str
    zone: str
    size_mm: float
    corner: tuple[int, int, int]
    added: Picture
    """HU added to the block of this shape that begins at `corner`."""
    mask: Mask
    """What counts as the lesion: at least half of its density."""


def nodule(base: Base, rng: np.random.Generator, *, diameter_mm: float, calcified: bool) -> Lesion:
    """A round, slightly lobulated nodule at a random place of a random lobe."""
    lobe = str(rng.choice(list(LOBES)))
    side = lobe.split()[0]
    center = _place(base, rng, LOBES[lobe], diameter_mm / 2)
    reach = int(np.ceil(diameter_mm / 2 / base.spacing + 4))
    axes = np.meshgrid(*[np.arange(-reach, reach + 1)] * 3, indexing="ij")
    bumps = ndimage.gaussian_filter(rng.standard_normal(axes[0].shape), reach / 3)
    bumps *= 0.06 * diameter_mm / max(float(np.abs(bumps).max()), 1e-9)
    stretch = rng.uniform(0.88, 1.12, 3)
    radius = np.sqrt(
        sum((axis * base.spacing / s) ** 2 for axis, s in zip(axes, stretch, strict=True))
    )
    share = 1 / (1 + np.exp((radius + bumps - diameter_mm / 2) / (EDGE_MM / 2)))
    corner = tuple(int(c) - reach for c in center)
    block = tuple(slice(c, c + 2 * reach + 1) for c in corner)
    target = 650.0 if calcified else 120.0
    added = share * np.clip(target - base.hu[block], 0, None)
    return Lesion(
        label="calcification" if calcified else "nodule_mass",
        side=side,
        lobe=lobe,
        zone=_zone(base, side, center),
        size_mm=round(diameter_mm),
        corner=(corner[0], corner[1], corner[2]),
        added=added.astype(np.float32),
        mask=share >= 0.5,
    )


def _place(base: Base, rng: np.random.Generator, lobe: int, radius_mm: float) -> tuple[int, ...]:
    """A voxel of the lobe far enough from the borders of the lung."""
    inside = ndimage.binary_erosion(base.lungs, iterations=2)
    depth = ndimage.distance_transform_edt(inside[::2, ::2, ::2]) * 2 * base.spacing
    ok = (depth >= radius_mm + WALL_MM) & (base.labels[::2, ::2, ::2] == lobe)
    # Behind the heart and the diaphragm even large nodules are lost: leave those to real data.
    ok &= ~_hidden(base)[::2, None, ::2]
    places = np.argwhere(ok)
    if len(places) == 0:
        places = np.argwhere((base.labels[::2, ::2, ::2] == lobe) & (depth >= depth.max() / 3))
    return tuple(2 * int(index) for index in places[rng.integers(len(places))])


def _hidden(base: Base) -> Mask:
    """Columns of the frontal view, shape (left, superior), that hold little lung."""
    air = base.lungs.sum(axis=1) * base.spacing
    return air < 0.7 * np.percentile(air[air > 0], 90)


def _zone(base: Base, side: str, center: tuple[int, ...]) -> str:
    """upper, middle or lower third of that lung's height."""
    heights = np.flatnonzero(base.lung(side).any(axis=(0, 1)))
    share = (center[2] - heights[0]) / (heights[-1] - heights[0])
    return "lower" if share < 1 / 3 else "middle" if share < 2 / 3 else "upper"


def integrals(lesion: Lesion, base: Base, mu_of_added: Picture) -> tuple[Picture, Mask]:
    """What a lesion adds to the frontal line integrals, and its projected mask.

    Both of the frontal picture's shape (superior, left), head up. `mu_of_added` is
    the attenuation added in the lesion's block.
    """
    shape = (base.hu.shape[0], base.hu.shape[2])
    plane = np.zeros(shape, np.float32)
    shadow = np.zeros(shape, bool)
    (x, _, z), (width, _, height) = lesion.corner, lesion.added.shape
    plane[x : x + width, z : z + height] = mu_of_added.sum(axis=1) * base.spacing
    shadow[x : x + width, z : z + height] = lesion.mask.any(axis=1)
    return plane.T[::-1], shadow.T[::-1]
