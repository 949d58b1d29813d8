"""What every finding is made of: parts that add density, lines of devices, and their truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate.anatomy import Anatomy, Point
from ml.simulate.drawing import Path3, Plate, Wire
from ml.simulate.patients import Body
from ml.simulate.projector import Block, Kind

Volume = NDArray[Any]
"""Floating point, 32 or 64 bits."""
BONE = 1.1
"""Attenuation of calcium beside water of equal density."""
BONES = "bones"
"""The area of findings that are of bone alone."""
WALL_MM = 6.0
"""How far from the chest wall a voxel of the CT may hold some of it."""


@dataclass(frozen=True)
class Part:
    """One region of a finding: density added to the volume and the mask that is its truth."""

    added: Block | None = None
    mask: Block | None = None
    wires: tuple[Wire, ...] = ()
    plates: tuple[Plate, ...] = ()
    ways: tuple[Path3, ...] = ()
    """Of a device that is found by where it ends: lines, mm, each to a tip; through the CT, or the
    person where the part's wires are."""


@dataclass(frozen=True)
class Placed:
    """A finding as it lies in the CT, with what a report says of it."""

    label: str
    area: str
    """Which sentence of the report it stands in for: one of `words.AREAS`."""
    sentence: str
    """`{mm}` and `{cm}` stand for its longest visible diameter, which is measured later."""
    parts: tuple[Part, ...] = ()
    side: str = ""
    location: str = ""
    size_mm: float | None = None
    severity: str = ""
    impression: str = ""
    """What the conclusion says; empty when it is not worth a word there."""
    significance: str = ""
    focal: bool = False
    """Whether it is worth nothing unless it can be seen: its place is chosen until it is."""
    lengths: tuple[float, float] | None = None
    """Between what its longest visible diameter must be, mm, for its words to hold."""
    goal: Point | None = None
    """Of a device whose words tell by how much to withdraw it: where its tip belongs, mm of the
    CT, a point on its way."""


@dataclass(frozen=True)
class Scene:
    """What a finding is placed in."""

    anatomy: Anatomy
    rng: np.random.Generator
    body: Body
    kind: Kind = "PA"
    """Of the frontal film."""

    @property
    def hu(self) -> NDArray[np.int16]:
        return self.anatomy.base.hu

    @property
    def top(self) -> float:
        """From where on what comes from above is drawn, mm of the CT: beyond the film's edge."""
        return -45.0 if self.body.lowered else 0.0

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def pick(self, *choices: str) -> str:
        return str(choices[self.rng.integers(len(choices))])

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def side(self) -> str:
        return self.pick("left", "right")


def around(scene: Scene, center: Point, reach_mm: float) -> tuple[slice, slice, slice]:
    """The window of the volume within `reach_mm` of a point, cut at the volume's borders."""
    return tuple(  # type: ignore[return-value]
        slice(max(0, int(c - reach_mm)), min(n, int(c + reach_mm) + 1))
        for c, n in zip(center, scene.hu.shape, strict=True)
    )


def axes_of(window: tuple[slice, ...], center: Point = (0, 0, 0)) -> list[Volume]:
    """Positions of the window's voxels relative to `center`, mm: three arrays that broadcast."""
    lines = [
        np.arange(part.start, part.stop, dtype=np.float32) + np.float32(0.5 - c)
        for part, c in zip(window, center, strict=True)
    ]
    return list(np.meshgrid(*lines, indexing="ij", sparse=True))


def held(volume: Volume, margin: int = 0) -> tuple[slice, ...]:
    """The part of a volume that holds anything, and so many voxels around it where there are."""
    window = []
    for axis, length in enumerate(volume.shape):
        found = np.flatnonzero(volume.any(axis=tuple(a for a in range(3) if a != axis)))
        low, high = (int(found[0]), int(found[-1]) + 1) if len(found) else (0, 1)
        window.append(slice(max(0, low - margin), min(length, high + margin)))
    return tuple(window)


def part_of(window: tuple[slice, ...], added: Volume, share: Volume) -> Part:
    """A part from what it adds and how far (0 to 1) each voxel of the window belongs to it."""
    corner = tuple(float(piece.start) for piece in window)
    return Part(
        Block(corner, added.astype(np.float32)),  # type: ignore[arg-type]
        Block(corner, share.astype(np.float32)),  # type: ignore[arg-type]
    )


def density(scene: Scene, window: tuple[slice, ...]) -> Volume:
    return (np.clip(scene.hu[window].astype(np.float32) + 1000, 0, None)) / 1000


def sigmoid(value: Volume) -> Volume:
    return 1 / (1 + np.exp(-np.clip(value, -30, 30)))


def noise(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    scale_mm: float,
) -> Volume:
    """Smooth noise of unit variance; `scale_mm` is its Gaussian's standard deviation."""
    step = max(1, int(scale_mm // 2))
    small = tuple(-(-n // step) + 4 for n in shape)
    field = ndimage.gaussian_filter(
        rng.standard_normal(small, dtype=np.float32), scale_mm / step, mode="wrap"
    )
    field /= max(float(field.std()), 1e-9)
    return _enlarged(field, step, shape) if step > 1 else field[tuple(map(slice, shape))]


def _enlarged(field: Volume, factor: int, shape: tuple[int, ...]) -> Volume:
    """The first voxels of the field enlarged by linear interpolation, axis by axis."""
    # The last axis first, while there is little of it: rows are copied whole then.
    for axis, length in reversed(list(enumerate(shape))):
        size = field.shape[axis]
        place = np.arange(length) * ((size - 1) / (size * factor - 1))
        low = place.astype(int)
        share = (place - low).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(3)])
        first, second = field.take(low, axis), field.take(np.minimum(low + 1, size - 1), axis)
        field = first + (second - first) * share
    return field


def lung_share(scene: Scene, window: tuple[slice, ...], labels: tuple[int, ...]) -> Volume:
    """How far each voxel belongs to those lobes, with the slices' steps smoothed away."""
    mask = np.isin(scene.anatomy.base.labels[window], labels)
    return np.clip(ndimage.gaussian_filter(mask.astype(np.float32), 1.3) * 2 - 0.5, 0, 1)


def zoomed(volume: NDArray[np.generic], window: tuple[slice, ...], *, order: int = 1) -> Volume:
    """A window, in whole voxels, of a volume that is kept at every second voxel."""
    half = halved(window)
    return enlarged(volume[half], half, window, order=order)


def halved(window: tuple[slice, ...]) -> tuple[slice, ...]:
    """The window of every second voxel that holds one in whole voxels."""
    return tuple(slice(part.start // 2, -(-part.stop // 2) + 1) for part in window)


def enlarged(
    part: NDArray[np.generic],
    half: tuple[slice, ...],
    window: tuple[slice, ...],
    *,
    order: int = 1,
) -> Volume:
    """What is kept at every second voxel of the window `half`, in the whole voxels of `window`."""
    large = ndimage.zoom(part.astype(np.float32), 2, order=order, grid_mode=True, mode="nearest")
    cut = tuple(
        slice(part.start - 2 * h.start, part.start - 2 * h.start + part.stop - part.start)
        for part, h in zip(window, half, strict=True)
    )
    out = large[cut]
    missing = [part.stop - part.start - n for part, n in zip(window, out.shape, strict=True)]
    return np.pad(out, [(0, m) for m in missing], mode="edge") if any(missing) else out


def _doubled(part: Volume, half: tuple[slice, ...], window: tuple[slice, ...]) -> Volume:
    """As `enlarged` does it, a few times as fast."""
    out = part.astype(np.float32)
    for axis, (few, many) in enumerate(zip(half, window, strict=True)):
        last = out.shape[axis] - 1
        index = np.arange(many.start - 2 * few.start, many.stop - 2 * few.start)
        near, beside = index // 2, index // 2 + np.where(index % 2, 1, -1)
        near, beside = (np.clip(at, 0, last) for at in (near, beside))
        out = np.float32(0.75) * out.take(near, axis) + np.float32(0.25) * out.take(beside, axis)
    return out


def to_the_wall(
    scene: Scene, side: str, window: tuple[slice, ...]
) -> tuple[Volume, Volume, Volume]:
    """Of a window at one side's chest wall, as the projector has it up to the ribs themselves.

    How far (0 to 1) each voxel lies in that half of the chest, how far it is from the wall, mm,
    and its density: at the wall, where a voxel of the CT holds some of it, that of the lung near.
    """
    half = halved(window)
    space = scene.anatomy.space(side)[half]
    wall = np.where(space, np.minimum(scene.anatomy.wall_distance(side)[half], 90), 0)
    deep = space & (wall > WALL_MM)
    every = tuple(slice(2 * part.start, 2 * part.stop, 2) for part in half)
    calm = ndimage.gaussian_filter(density(scene, every), 1.0)
    space = space[tuple(slice(0, n) for n in calm.shape)]
    if deep.any():
        near = ndimage.distance_transform_edt(~deep, return_distances=False, return_indices=True)
        calm = calm[tuple(near)]
    grown = ndimage.binary_dilation(space, iterations=3).astype(np.float32)
    grown, away, at_wall = (_doubled(part, half, window) for part in (grown, wall, calm))
    places = [np.arange(part.start, part.stop) + 0.5 for part in window]
    inside = scene.anatomy.cage.share_on(*places) * np.clip(grown * 2 - 0.5, 0, 1)
    away = ndimage.gaussian_filter(away, 1.4)
    here = density(scene, window)
    return inside, away, np.where(away < WALL_MM, np.minimum(here, at_wall), here)


def lateral_of(scene: Scene, side: str, window: tuple[slice, ...]) -> Volume:
    """How far (0 to 1) each voxel of a window lies on the outer side of that hilum."""
    outward = 1.0 if side == "left" else -1.0
    left = axes_of(window)[2]
    return sigmoid(outward * (left - np.float32(scene.anatomy.marks.hilum[side][2])) / 3)


def levels(scene: Scene, top: float, bottom: float) -> slice:
    """The whole voxels between two heights of the CT, mm, from an even one on."""
    return slice(max(0, int(top)) // 2 * 2, min(scene.hu.shape[0], int(bottom)))


def window_of(
    scene: Scene, mask: NDArray[np.bool_], step: int, margin: int = 4
) -> tuple[slice, ...]:
    """The window, in whole voxels, around a mask kept at every `step`-th voxel."""
    window = []
    for axis in range(3):
        found = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        low, high = int(found[0]) * step - margin, (int(found[-1]) + 1) * step + margin
        window.append(slice(max(0, low) // 2 * 2, min(scene.hu.shape[axis], high)))
    return tuple(window)
