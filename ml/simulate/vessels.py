"""Lung vessels finer than the CT's grid: trees that go on from those that the CT shows.

Targets spread evenly through the lung are joined one after another to the nearest vessel that lies
nearer the hilum (space filling as in Wang, Bassingthwaighte & Beard, Physiol Meas 1999; 20:1); how
wide a vessel is follows from how many ends it feeds (Murray, PNAS 1926; 12:207).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from ml.simulate import organs
from ml.simulate.anatomy import Anatomy
from ml.simulate.projector import WATER_PER_MM, Picture, View

Points = NDArray[np.float64]
Mixed = NDArray[np.floating[Any]]
ENDS = 5200
"""Of both lungs together: one in about a milliliter."""
END_RADIUS, WIDEST = 0.45, 1.6
"""Radius of a last branch, about 1 mm across, and of the widest that is added, mm."""
WIDTHS = (0.5, 0.75, 1.05)
"""Radii (mm) between which vessels are blurred alike when they are drawn."""
VESSEL_HU = -420
"""The CT's own vessels, from which the trees go on, are denser than this."""
DENSITY = 0.9
"""Of a vessel over the lung around it, water 1."""
STEP_MM = 0.4
MARGIN = 24
"""Pixels around the vessels that their blur may reach."""
SWAY = 0.12
"""How far a branch bows, by its length."""


@dataclass(frozen=True)
class Tree:
    """Branches from `start` to `end` (n, 3) over a middle, mm of the CT, and their radius, mm."""

    start: Points
    middle: Points
    end: Points
    radius: NDArray[np.float64]

    @cached_property
    def _each(self) -> tuple[Points, NDArray[np.intp]]:
        whole = np.concatenate([self.start, self.middle, self.end])
        return np.unique(whole, axis=0, return_inverse=True)

    @property
    def points(self) -> Points:
        """All of them, each once: one branch begins where another ends."""
        return self._each[0]

    @property
    def places(self) -> list[NDArray[np.intp]]:
        """Of start, middle and end the index in `points`."""
        return np.split(self._each[1].ravel(), 3)


def shadow(anatomy: Anatomy, view: View) -> Picture:
    """What small vessels add to a view's line integrals."""
    tree = tree_of(anatomy)
    out = np.zeros(view.shape, np.float32)
    if len(tree.radius) == 0:
        return out
    points = view.pixels(tree.points)
    a, b, c = (points[index] for index in tree.places)
    length = np.linalg.norm(c - a, axis=1) * view.mm
    count = np.maximum(2, (length / STEP_MM).astype(int))
    which = np.repeat(np.arange(len(count)), count)
    first = np.repeat(np.cumsum(count) - count, count)
    t = ((np.arange(len(which)) - first + 0.5) / count[which])[:, None]
    line = (1 - t) ** 2 * a[which] + 2 * t * (1 - t) * b[which] + t**2 * c[which]
    radius = tree.radius * view.body.caliber
    whole = np.linalg.norm(tree.end - tree.start, axis=1)
    mass = np.pi * radius**2 * whole / count * DENSITY * WATER_PER_MM / view.mm**2
    kinds = np.digitize(radius, np.array(WIDTHS) * view.body.caliber)
    low = np.clip(np.floor(line.min(axis=0)).astype(int) - MARGIN, 0, view.shape)
    high = np.clip(np.ceil(line.max(axis=0)).astype(int) + MARGIN, 0, view.shape)
    seen = out[low[0] : high[0], low[1] : high[1]]
    for kind in np.unique(kinds):
        of_kind = (kinds == kind)[which]
        picture = _splatted(line[of_kind] - low, mass[which[of_kind]], seen.shape)
        seen += ndimage.gaussian_filter(picture, radius[kinds == kind].mean() / 2 / view.mm)
    return out


def _splatted(line: Points, mass: NDArray[np.float64], shape: tuple[int, ...]) -> Picture:
    """Points' masses shared out among the four pixels around each."""
    if 0 in shape:
        return np.zeros(shape, np.float32)
    out = np.zeros(shape[0] * shape[1])
    low = np.floor(line - 0.5).astype(int)
    share = line - 0.5 - low
    for down in (0, 1):
        for across in (0, 1):
            row, column = low[:, 0] + down, low[:, 1] + across
            inside = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
            weight = np.abs(1 - down - share[:, 0]) * np.abs(1 - across - share[:, 1]) * mass
            index = row[inside] * shape[1] + column[inside]
            out += np.bincount(index, weight[inside], minlength=len(out))
    return out.reshape(shape).astype(np.float32)


@lru_cache(maxsize=2)
def tree_of(anatomy: Anatomy) -> Tree:
    """The small vessels of both lungs; the same for everybody, since maps bend them."""
    rng = np.random.default_rng(0)
    parts = [_of_lung(anatomy, side, ENDS // 2, rng) for side in organs.SIDES]
    return Tree(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _of_lung(
    anatomy: Anatomy, side: str, count: int, rng: np.random.Generator
) -> tuple[Points, Points, Points, NDArray[np.float64]]:
    lung = ndimage.binary_erosion(anatomy.base.lung(side)[::2, ::2, ::2], iterations=1)
    hu = anatomy.base.hu[::2, ::2, ::2]
    free = np.argwhere(lung & (hu < VESSEL_HU - 200)) * 2.0 + 1
    seeds = np.argwhere(lung & (hu > VESSEL_HU)) * 2.0 + 1
    hilum = np.array(anatomy.marks.hilum[side])
    if len(free) == 0:
        return (np.empty((0, 3)),) * 3 + (np.empty(0),)  # type: ignore[return-value]
    seeds = seeds[rng.permutation(len(seeds))[:6000]] if len(seeds) else hilum[None]
    targets = free[rng.permutation(len(free))[:count]] + rng.uniform(
        -1, 1, (min(count, len(free)), 3)
    )
    # From the hilum outward, so that a branch goes on from one that is there already.
    targets = targets[np.argsort(np.linalg.norm(targets - hilum, axis=1))]
    nodes, parents = _grown(seeds, targets, hilum)
    flow = np.zeros(len(nodes))
    for index in range(len(nodes) - 1, len(seeds) - 1, -1):
        flow[index] += flow[index] == 0
        flow[parents[index]] += flow[index]
    new = np.arange(len(seeds), len(nodes))
    start, end = nodes[parents[new]], nodes[new]
    away = end - start
    bow = np.cross(away, rng.standard_normal(away.shape))
    middle = (start + end) / 2 + SWAY * bow / np.maximum(np.linalg.norm(bow, axis=1), 1e-9)[
        :, None
    ] * np.linalg.norm(away, axis=1)[:, None]
    radius = np.minimum(END_RADIUS * np.cbrt(flow[new]), WIDEST)
    return start, middle, end, radius


def _grown(seeds: Mixed, targets: Mixed, hilum: Points) -> tuple[Points, NDArray[np.int64]]:
    """Nodes (seeds first) and of each the index it hangs on, seeds on themselves."""
    known = cKDTree(seeds)
    nodes = [*seeds]
    parents = list(range(len(seeds)))
    added = np.empty((len(targets), 3))
    for number, target in enumerate(targets):
        distance, index = known.query(target)
        best, parent = float(distance), int(index)
        if number:
            near = np.linalg.norm(added[:number] - target, axis=1)
            # One that lies beside the way from the hilum bends least.
            inward = (target - hilum) / np.linalg.norm(target - hilum)
            ahead = (target - added[:number]) @ inward
            near = near + 2.0 * np.clip(0.5 * near - ahead, 0, None)
            closest = int(near.argmin())
            if near[closest] < best:
                parent = len(seeds) + closest
        added[number] = target
        nodes.append(target)
        parents.append(parent)
    return np.array(nodes), np.array(parents)
