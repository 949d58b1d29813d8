"""The inside of the rib cage: what slides along the ribs when a person breathes.

In the CT a person lies and breathes little; for a radiograph one stands and breathes in fully.
Diaphragm, heart and lungs then go down while ribs and spine stay. A `Cage` says where the inside is
and how wide it is at each level, so that what slides stays as wide as the ribs leave room.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import organs
from ml.simulate.base import SLAB_MM, Base
from ml.simulate.organs import STEP, Mask

Points = NDArray[np.float64]
Mixed = NDArray[np.floating[Any]]
MOST_SHIFT, MOST_STRETCH = 12.0, 0.18
"""Where the walls end, what slides is not torn after them: mm, and a share."""


@dataclass(frozen=True)
class Cage:
    """The inside at every second voxel of the CT, (down, back, left)."""

    inside: NDArray[np.float32]
    """How deep each voxel lies inside, mm; 0 outside."""
    across: NDArray[np.float32]
    """Right and left end of the inside at each (level, depth): (2, down, back), mm."""
    along: NDArray[np.float32]
    """Front and back end at each (level, side position): (2, down, left), mm."""

    def depth_at(self, points: Points) -> NDArray[np.float64]:
        """How deep inside points (..., 3) of the CT lie, mm; 0 outside."""
        index = np.moveaxis(np.asarray(points) / STEP - 0.5, -1, 0)
        return ndimage.map_coordinates(self.inside, index, order=1, mode="nearest")  # type: ignore[no-any-return]

    def share_on(self, down: Mixed, back: Mixed, left: Mixed) -> NDArray[np.float32]:
        """Share of the inside on a grid of positions, mm: 0 outside, 1 from a voxel's depth."""
        places = (down, back, left)
        index = [
            np.clip((at / STEP).astype(int), 0, n - 1)
            for at, n in zip(places, self.inside.shape, strict=True)
        ]
        # Reckoned on the cage's own grid, of which each voxel is wanted many times.
        low = [int(at.min()) for at in index]
        cut = tuple(slice(a, int(at.max()) + 1) for a, at in zip(low, index, strict=True))
        share: NDArray[np.float32] = np.clip(self.inside[cut] / np.float32(STEP), 0, 1)
        for axis, (first, at) in enumerate(zip(low, index, strict=True)):
            share = share.take(at - first, axis)
        return share

    def layer(self, axis: int, depth: float) -> NDArray[np.float32]:
        """Share of the layer of `SLAB_MM` around that depth along an axis that is inside; kept."""
        if (axis, depth) not in self._layers:
            self._layers[axis, depth] = self._layer(axis, depth)
        return self._layers[axis, depth]

    @cached_property
    def _layers(self) -> dict[tuple[int, float], NDArray[np.float32]]:
        return {}

    def _layer(self, axis: int, depth: float) -> NDArray[np.float32]:
        count = self.inside.shape[axis]
        low, high = (round((depth + end * SLAB_MM / 2) / STEP) for end in (-1, 1))
        low = min(max(low, 0), count - 1)
        part = self.inside.take(range(low, min(max(high, low + 1), count)), axis=axis)
        return ndimage.gaussian_filter((part > 0).mean(axis=axis, dtype=np.float32), 0.7)

    def refitted(self, points: Points, levels: Points) -> Points:
        """Points (..., 3) moved to `levels` (mm down), as far between the walls as before."""
        z, y, x = (points[..., axis] for axis in range(3))
        moved = [levels]
        for value, table, other in ((y, self.along, x), (x, self.across, y)):
            (low, high), (new_low, new_high) = (
                _looked_up(table, level, other) for level in (z, levels)
            )
            middle, new_middle = (low + high) / 2, (new_low + new_high) / 2
            stretch = (new_high - new_low) / np.maximum(high - low, 1.0)
            shift = np.clip(new_middle - middle, -MOST_SHIFT, MOST_SHIFT)
            stretch = np.clip(stretch, 1 - MOST_STRETCH, 1 + MOST_STRETCH)
            moved.append(middle + shift + (value - middle) * stretch)
        return np.stack(moved, axis=-1)


def _looked_up(table: NDArray[np.float32], down: Points, other: Points) -> NDArray[np.float64]:
    """Both ends at places (mm), bilinear between the table's: (2, ...)."""
    found = []
    for at, count in zip((down, other), table.shape[1:], strict=True):
        place = np.clip(at / STEP - 0.5, 0, count - 1)
        low = place.astype(np.intp)
        found.append((low, np.minimum(low + 1, count - 1), place - low))
    (i, j, f), (k, m, g) = found
    width = table.shape[2]
    flat = table.reshape(len(table), -1)

    def between(row: NDArray[np.intp]) -> NDArray[np.float64]:
        at = row * width
        return flat.take(at + k, 1) * (1 - g) + flat.take(at + m, 1) * g  # type: ignore[no-any-return]

    return between(i) * (1 - f) + between(j) * f


def cage_of(base: Base) -> Cage:
    """The cage of a CT, from its organ labels."""
    inside = organs.within_ribs(base.labels)
    deep = ndimage.distance_transform_edt(inside).astype(np.float32) * STEP
    return Cage(deep, _ends(inside, 2), _ends(inside, 1))


def _ends(inside: Mask, axis: int) -> NDArray[np.float32]:
    """First and last inside along an axis, mm, smooth, with what is empty filled from near."""
    some = inside.any(axis=axis)
    first = inside.argmax(axis=axis).astype(np.float32)
    last = inside.shape[axis] - np.flip(inside, axis).argmax(axis=axis).astype(np.float32)
    known = ndimage.binary_opening(some, iterations=2)
    known = known if known.any() else some
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    ends = [ndimage.gaussian_filter(e[tuple(nearest)], 6) * STEP for e in (first, last)]
    return np.stack(ends).astype(np.float32)
