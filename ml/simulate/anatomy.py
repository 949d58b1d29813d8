"""Where things are in the CT: landmarks, distances and zones that findings are placed by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import organs
from ml.simulate.base import Base
from ml.simulate.cage import Cage, cage_of
from ml.simulate.organs import Mask

Point = tuple[float, float, float]
ZONES = ("upper", "middle", "lower")
BESIDE_MM = 30
"""How far around a lung its wall is looked for."""


@dataclass(frozen=True)
class Landmarks:
    """Positions in mm (down, back, left); heights alone where one number stands."""

    apex: float
    dome: float
    """Height of the higher dome of the diaphragm."""
    base: float
    """Height of the lowest lung."""
    middle: Point
    """Middle of the chest: of the lungs' extent, across at the spine."""
    heart: Point
    arch: Point
    hilum: dict[str, Point]
    carina: Point
    sides: dict[str, tuple[float, float]]
    """Of each lung: its most medial and most lateral position."""
    heights: dict[str, tuple[float, float]]
    """Of each lung: its highest and lowest position."""


class Anatomy:
    """The CT with what is measured in it once and used by many cases."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.marks = _landmarks(base)

    @cached_property
    def cage(self) -> Cage:
        """The inside of the rib cage."""
        return cage_of(self.base)

    @cached_property
    def spine(self) -> NDArray[np.float64]:
        """How far (mm) the CT's own spine lies left of its straight line at each level."""
        return _spine_off(self.base)

    @lru_cache(maxsize=16)  # noqa: B019 - one object lives as long as the process
    def lung_depth(self, side: str) -> NDArray[np.float32]:
        """Distance to the border of that lung, mm, at every second voxel."""
        lung = _smooth(self.base.mask(organs.LUNG[side], every=2))
        window = _with_margin(lung, 1)
        out = np.zeros(lung.shape, np.float32)
        out[window] = ndimage.distance_transform_edt(lung[window]) * 2
        return out

    @lru_cache(maxsize=4)  # noqa: B019
    def space(self, side: str) -> Mask:
        """That half's lung closed across fissures and vessels, at every second voxel."""
        whole = np.pad(self.base.mask(organs.LUNG[side], every=2), 8)
        window = _with_margin(whole, 8)
        lung = whole[window]
        wide = ndimage.distance_transform_edt(~lung) <= 6
        whole[window] |= ndimage.distance_transform_edt(wide) > 6
        return whole[8:-8, 8:-8, 8:-8]

    @lru_cache(maxsize=4)  # noqa: B019
    def wall_distance(self, side: str) -> NDArray[np.float32]:
        """Distance of each second voxel to the chest wall (ribs' side, not mediastinum), mm."""
        whole = self.space(side)
        window = _with_margin(whole, BESIDE_MM // 2)
        space = whole[window]
        out = np.full(whole.shape, 999, np.float32)
        wall = self._wall(side, space, window)
        distance = ndimage.distance_transform_edt(~wall) * 2
        out[window] = np.where(space, distance, 999)
        return out

    def _wall(self, side: str, space: Mask, window: tuple[slice, ...]) -> Mask:
        """Border of the lung's space that looks outward: away from mediastinum and diaphragm."""
        border = ndimage.binary_dilation(space) & ~space
        ribs = (*organs.RIBS[side], organs.CLAVICLE[side], organs.SCAPULA[side])
        near = _distance(self.base.mask(ribs, every=2)[window])
        inside = self.base.mask(
            (*organs.MEDIASTINUM, organs.LIVER, organs.STOMACH, organs.SPLEEN, *organs.VERTEBRAE),
            every=2,
        )[window]
        return border & (near < 22) & (near < _distance(inside) + 4)

    @lru_cache(maxsize=1)  # noqa: B019
    def outside(self) -> NDArray[np.float32]:
        """Distance to the body, mm, negative within it, on a grid of 3 mm padded by 15 voxels."""
        body = self.density_3mm() > 0.5
        body = ndimage.binary_closing(body, iterations=2)
        for level in body:
            level[:] = ndimage.binary_fill_holes(level)
        away = ndimage.distance_transform_edt(~body) - ndimage.distance_transform_edt(body)
        return (away * 3).astype(np.float32)

    @lru_cache(maxsize=1)  # noqa: B019
    def density_3mm(self) -> NDArray[np.float32]:
        """Density (water 1) on a grid of 3 mm padded by 15 voxels, drawn out up and down."""
        hu = self.base.hu
        even = [n // 3 * 3 for n in hu.shape]
        cut = hu[: even[0], : even[1], : even[2]].reshape(
            even[0] // 3, 3, even[1] // 3, 3, even[2] // 3, 3
        )
        density = np.pad(cut.mean(axis=(1, 3, 5), dtype=np.float32) / 1000 + 1, 15)
        density[:15], density[-15:] = density[15], density[-16]
        return np.clip(density, 0, None)

    @lru_cache(maxsize=1)  # noqa: B019
    def cartilage(self) -> tuple[Point, NDArray[np.float32]]:
        """Corner of a box around the costal cartilage, and how deep every second voxel lies, mm."""
        mask = self.base.mask(organs.CARTILAGE)
        found = np.argwhere(mask)
        low, high = (
            (found.min(axis=0) // 2 * 2, found.max(axis=0) + 3) if len(found) else ((0,) * 3,) * 2
        )
        cut = mask[tuple(slice(a, b, 2) for a, b in zip(low, high, strict=True))]
        depth = ndimage.distance_transform_edt(cut).astype(np.float32) * 2
        return (float(low[0]), float(low[1]), float(low[2])), depth

    @lru_cache(maxsize=1)  # noqa: B019
    def air_behind(self) -> NDArray[np.float32]:
        """Lung along the frontal beam, mm, shape (down, left)."""
        return self.base.lungs.sum(axis=1).astype(np.float32)

    def lobe_of(self, point: Point) -> str:
        label = int(self.base.labels[tuple(int(mm) for mm in point)])
        return next((name for name, number in organs.LOBES.items() if number == label), "")

    def zone_of(self, side: str, height: float) -> str:
        """Upper, middle or lower third of that lung's height."""
        top, bottom = self.marks.heights[side]
        bottom = min(bottom, self.marks.dome + 35)
        share = (height - top) / (bottom - top)
        return ZONES[int(np.clip(share * 3, 0, 2))]

    def rib(self, side: str, number: int) -> Mask:
        return self.base.labels == organs.RIBS[side][number - 1]


def _with_margin(mask: Mask, margin: int) -> tuple[slice, ...]:
    """The window around what is set in a mask, so many voxels wider where there are any."""
    window = []
    for axis, length in enumerate(mask.shape):
        found = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        low, high = (int(found[0]), int(found[-1]) + 1) if len(found) else (0, length)
        window.append(slice(max(0, low - margin), min(length, high + margin)))
    return tuple(window)


def _distance(mask: Mask) -> NDArray[np.float64]:
    """Distance to a mask at every second voxel, mm; 999 where it is empty."""
    if not mask.any():
        return np.full(mask.shape, 999.0)
    return ndimage.distance_transform_edt(~mask) * 2  # type: ignore[no-any-return]


def _smooth(mask: Mask) -> Mask:
    return ndimage.gaussian_filter(mask.astype(np.float32), 1.0) > 0.5


def _center(mask: Mask) -> Point:
    z, y, x = ndimage.center_of_mass(mask)
    return (float(z), float(y), float(x))


def _landmarks(base: Base) -> Landmarks:
    lungs = base.lungs
    levels = np.flatnonzero(lungs.any(axis=(1, 2)))
    depths = np.flatnonzero(lungs.any(axis=(0, 2)))
    heart = base.mask((organs.HEART,))
    z, y, x = _center(heart)
    spine = _center(base.mask((organs.thoracic(6), organs.thoracic(8))))
    sides, heights = {}, {}
    for side in organs.SIDES:
        lung = base.lung(side)
        across = np.flatnonzero(lung.any(axis=(0, 1)))
        down = np.flatnonzero(lung.any(axis=(1, 2)))
        ends = (float(across[0]), float(across[-1]))
        sides[side] = ends if side == "left" else ends[::-1]
        heights[side] = (float(down[0]), float(down[-1]))
    carina = _carina(base)
    return Landmarks(
        apex=float(levels[0]),
        dome=_dome(base),
        base=float(levels[-1]),
        middle=(float(levels.mean()), float((depths[0] + depths[-1]) / 2), spine[2]),
        heart=(z, y, x),
        arch=_arch(base),
        hilum={
            "right": (carina[0] + 28, carina[1] - 8, carina[2] - 28),
            "left": (carina[0] + 8, carina[1] - 4, carina[2] + 62),
        },
        carina=carina,
        sides=sides,
        heights=heights,
    )


def _spine_off(base: Base) -> NDArray[np.float64]:
    """The spine's sideways curve, smooth: taken out, so that a healthy person is straight."""
    levels, across = [], []
    for number in range(1, 13):
        bone = np.argwhere(base.labels[::2, ::2, ::2] == organs.thoracic(number)) * 2.0 + 1
        if len(bone):
            levels.append(bone[:, 0].mean())
            across.append(bone[:, 2].mean())
    down = np.arange(base.hu.shape[0], dtype=float)
    if len(levels) < 5:
        return np.zeros(len(down))
    line = np.interp(down, levels, across)
    line = ndimage.gaussian_filter1d(line, 14, mode="nearest")
    straight = np.polyval(np.polyfit(levels[:8], across[:8], 1), down)
    return line - straight


def _dome(base: Base) -> float:
    """Where the liver's dome pushes up into the right lung."""
    liver = np.flatnonzero(base.mask((organs.LIVER,)).any(axis=(1, 2)))
    lungs = np.flatnonzero(base.lungs.any(axis=(1, 2)))
    return float(liver[0]) if len(liver) else float(lungs[0] + 0.75 * (lungs[-1] - lungs[0]))


def _carina(base: Base) -> Point:
    trachea = base.mask((organs.TRACHEA,))
    levels = np.flatnonzero(trachea.any(axis=(1, 2)))
    if len(levels) == 0:
        z, y, x = _center(base.lungs)
        return (z - 30, y, x)
    for level in levels[len(levels) // 2 :]:
        _, count = ndimage.label(trachea[level])
        if count > 1:
            _, y, x = _center(trachea[level : level + 1])
            return (float(level), y, x)
    _, y, x = _center(trachea[levels[-8] :])
    return (float(levels[-1]), y, x)


def _arch(base: Base) -> Point:
    """The aortic knob: the leftmost aorta above the carina."""
    aorta = base.mask((organs.AORTA,))
    levels = np.flatnonzero(aorta.any(axis=(1, 2)))
    if len(levels) == 0:
        z, y, x = _center(base.lungs)
        return (z - 50, y, x + 20)
    upper = aorta[levels[0] : levels[0] + 28]
    _, y, x = np.argwhere(upper)[
        np.argwhere(upper)[:, 2] >= np.argwhere(upper)[:, 2].max() - 3
    ].mean(0)
    return (float(levels[0] + 14), float(y), float(x - 8))
