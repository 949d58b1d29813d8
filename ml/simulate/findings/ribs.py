"""Places on ribs, and what a rib adds to a picture: taken away, moved, or added to exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import organs
from ml.simulate.anatomy import Anatomy
from ml.simulate.base import densities
from ml.simulate.findings.common import Part, Scene, Volume, sigmoid
from ml.simulate.projector import BONE_FACTOR, Block

Vector = NDArray[np.float64]
Beyond = Callable[[list[Volume]], Volume]
FINE_MM = 0.5
"""Voxels in which a break is cut: its line is thinner than the CT's own."""
MUSCLE = 1.04
"""Density of what takes a rib's place, water 1."""
ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
    "tenth",
)


@dataclass(frozen=True)
class Site:
    """A place on a rib behind or at the side, where its direction is followed outward."""

    scene: Scene
    side: str
    number: int
    center: Vector
    along: Vector
    """Unit vector from the spine outward."""
    reach: float
    """How far around the center the rib is looked at, mm."""

    @cached_property
    def window(self) -> tuple[slice, ...]:
        """The rib within reach with some voxels around it."""
        low = np.maximum(self.center - self.reach, 0).astype(int)
        high = np.minimum(self.center + self.reach + 1, self.scene.hu.shape).astype(int)
        label = organs.RIBS[self.side][self.number - 1]
        cut = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        found = np.argwhere(self.scene.anatomy.base.labels[cut] == label) + low
        low = np.maximum(found.min(axis=0) - 12, low)
        high = np.minimum(found.max(axis=0) + 13, high)
        return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))

    @cached_property
    def rib(self) -> NDArray[np.bool_]:
        """The rib in the window."""
        label = organs.RIBS[self.side][self.number - 1]
        return self.scene.anatomy.base.labels[self.window] == label

    @cached_property
    def excess(self) -> Volume:
        """What the rib adds over muscle in its place, water 1, in the window."""
        soft, bone = densities(self.scene.hu[self.window].astype(np.float32))
        body = self.scene.body
        over = bone * (body.bone * BONE_FACTOR) + (soft - MUSCLE) * body.soft
        grown = ndimage.binary_dilation(self.rib, iterations=2)
        return np.clip(over, 0, None) * ndimage.gaussian_filter(grown.astype(np.float32), 0.5)

    @property
    def normal(self) -> Vector:
        """The rib's direction as the frontal view shows it."""
        flat = self.along * (1, 0, 1)
        return flat / np.linalg.norm(flat)  # type: ignore[no-any-return]

    @property
    def across(self) -> Vector:
        """Square to it on that view, downward."""
        z, _, x = self.normal
        up = np.array([x, 0.0, -z])
        return up if up[0] > 0 else -up

    def away(self, spacing: float = 1.0) -> list[Volume]:
        """Places of the window's voxels from the center, mm: three arrays that broadcast."""
        lines = [
            part.start + (np.arange(round((part.stop - part.start) / spacing)) + 0.5) * spacing - c
            for part, c in zip(self.window, self.center, strict=True)
        ]
        lines = [line.astype(np.float32) for line in lines]
        return list(np.meshgrid(*lines, indexing="ij", sparse=True))

    def part(self, added: Volume, share: Volume, spacing: float = 1.0) -> Part:
        """A part of the wall, which does not slide along it."""
        z, y, x = (float(part.start) for part in self.window)
        return Part(
            Block((z, y, x), added.astype(np.float32), spacing, slides=False),
            Block((z, y, x), share.astype(np.float32), spacing, slides=False),
        )


def along_of(site: Site, away: list[Volume]) -> Volume:
    """How far voxels lie along the rib, mm."""
    return np.asarray(sum(a * np.float32(d) for a, d in zip(away, site.along, strict=True)))


def dot(away: list[Volume], direction: Vector) -> Volume:
    return np.asarray(sum(a * np.float32(d) for a, d in zip(away, direction, strict=True)))


@lru_cache(maxsize=24)
def _points(anatomy: Anatomy, side: str, number: int) -> Vector:
    """Every voxel of a rib (n, 3), mm; of the next one above where the CT lacks it."""
    labels, low = anatomy.base.labels, int(anatomy.marks.middle[2])
    half = labels[:, :, low:] if side == "left" else labels[:, :, :low]
    for one in (*range(number, 0, -1), *range(number + 1, 13)):
        found = np.argwhere(half == organs.RIBS[side][one - 1])
        if len(found):
            shift = np.array([0.5, 0.5, 0.5 + (low if side == "left" else 0)])
            return np.asarray(found + shift, np.float64)
    raise ValueError(f"The CT has no {side} ribs.")


def site_of(scene: Scene, side: str, number: int, share: float, reach: float) -> Site:
    """The place that share of the way from the spine to where the rib lies farthest out."""
    rib = _points(scene.anatomy, side, number)
    outward = rib[:, 2] if side == "left" else -rib[:, 2]
    near, far = outward.min(), outward.max()
    widest = rib[outward > far - 3, 1].mean()
    behind = rib[rib[:, 1] > widest - 4]
    away = np.abs((behind[:, 2] if side == "left" else -behind[:, 2]) - near - share * (far - near))
    center = behind[away <= max(3.0, away.min() + 1)].mean(axis=0)
    patch = rib[np.linalg.norm(rib - center, axis=1) < 14] - center
    along = np.linalg.svd(patch, full_matrices=False)[2][0]
    if (along[2] > 0) != (side == "left"):
        along = -along
    return Site(scene, side, number, center, along, reach)


def broken(site: Site, step: float, gap: float, tilt: float, rough: float) -> tuple[Volume, Volume]:
    """What a break changes, and the distance from it, mm: both in voxels of `FINE_MM`.

    Beyond it the fragment is `step` mm lower (or higher) and `gap` mm farther out; it comes back
    to its place at the end of the site's reach. The break's plane holds the beam, `tilt` (tangent)
    askew to the rib, and its edge is jagged by `rough` mm.
    """
    away = site.away(FINE_MM)
    normal = site.normal + tilt * site.across
    normal = normal / np.linalg.norm(normal)
    rng = site.scene.rng
    wave = ndimage.gaussian_filter1d(rng.standard_normal(400), 2.2)
    wave = (rough * wave / wave.std()).astype(np.float32)

    def beyond(places: list[Volume]) -> Volume:
        """How far behind the break's edge, mm."""
        beside = dot(places, site.across)
        index = np.clip(beside / 0.25 + 200, 0, 399).astype(np.int16)
        return dot(places, normal) - wave[index]

    # Only at the rib and where it may go: most of the window is something else.
    reached = int(np.ceil(abs(step) + abs(gap))) + 3
    near = ndimage.binary_dilation(site.rib, iterations=reached)
    near = near.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    distance = beyond(away)
    places = [a[near] for a in np.broadcast_arrays(*away)]
    changed = np.zeros(near.shape, np.float32)
    changed[near] = _moved(site, places, beyond, step * site.across + gap * site.normal)
    return changed, distance


def _moved(site: Site, places: list[Volume], beyond: Beyond, shift: Vector) -> Volume:
    """What is added where a fragment that lay beyond the break is shifted."""
    offset = [c - p.start - 0.5 for c, p in zip(site.center, site.window, strict=True)]
    distance, still = beyond(places), _at(site.excess, places, offset)
    reach = np.sqrt(sum(a * a for a in places))
    back = np.clip(1 - reach / site.reach, 0, 1) ** 0.7 * sigmoid(distance + 6)
    moved = [a - back * np.float32(s) for a, s in zip(places, shift, strict=True)]
    outer = _at(site.excess, moved, offset) * sigmoid(beyond(moved) / 0.12)
    changed = outer - still * sigmoid(distance / 0.12)
    return changed * sigmoid((site.reach - 3 - reach) / 1.5)


def _at(values: Volume, places: list[Volume], offset: list[float]) -> Volume:
    index = np.stack([a + np.float32(o) for a, o in zip(places, offset, strict=True)])
    return ndimage.map_coordinates(values, index, order=1, mode="constant")  # type: ignore[no-any-return]


def listed(side: str, numbers: list[int]) -> str:
    """The ribs in words, such as: left fifth and sixth ribs."""
    names = [ORDINALS[number - 1] for number in sorted(numbers)]
    if len(names) == 1:
        return f"{side} {names[0]} rib"
    return f"{side} {', '.join(names[:-1])} and {names[-1]} ribs"
