"""The CT that radiographs are projected from, made ready: isotropic, without table and contrast.

Arrays are ``(down, back, left)``: the first axis runs from the head to the feet, the
second from the front to the back, the third from the patient's right to the left, so
that a sum over the second axis is a frontal radiograph as it hangs on the wall, and a
sum over the third a left lateral one. Positions are millimeters in that order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import arms, organs
from ml.simulate.cleaning import (
    body_of,
    in_strips,
    with_sharp_bones,
    with_sharp_vessels,
    without_contrast,
    without_masses,
)
from ml.simulate.organs import Labels, Mask, within_ribs
from ml.simulate.sources import HU, NoVolume, Spacing, read
from ml.simulate.warp import Extent

SLAB_MM = 5.0
"""Thickness of the slabs whose line integrals are kept."""
MARGIN_MM = 4.0
WALL_MM = 3.5
"""How far within the ribs the chest wall still has a part in what a voxel holds."""
LEAST = 1e-3
"""Millimeters of water (or of depth) of a slab that are nothing."""
ABOVE_MM = 30.0
"""What is added above the CT."""


@dataclass(frozen=True)
class Slabs:
    """A volume summed over slabs: density times mm of bone and of what is soft.

    Each has the shape (slab, rows, columns); 1 is a millimeter of water.
    """

    soft: NDArray[np.float32]
    """Outside the rib cage's inside: walls, shoulders, spine."""
    bone: NDArray[np.float32]
    inner: NDArray[np.float32]
    """Density of what lies within the ribs and slides along them, drawn out beyond them."""
    room: NDArray[np.float32]
    """How much of each slab lies within the ribs, mm."""
    centers: NDArray[np.float32]
    """Position of each slab's middle along the beam, mm."""
    spacing: tuple[float, float]
    """Of rows and columns, mm."""

    @cached_property
    def walls(self) -> list[Extent]:
        """Where each slab holds anything that does not slide."""
        return [
            Extent((soft > LEAST) | (bone > LEAST))
            for soft, bone in zip(self.soft, self.bone, strict=True)
        ]

    @cached_property
    def whole(self) -> float:
        """How much of a slab that is altogether within the ribs lies there, mm."""
        return float(self.room.max(initial=0.0))

    @cached_property
    def filled(self) -> NDArray[np.intp]:
        """Indices of the slabs that lie within the ribs with any of theirs."""
        return np.flatnonzero(self.room.any(axis=(1, 2)))

    @cached_property
    def rooms(self) -> list[tuple[Extent, Extent]]:
        """Where each slab has any of itself within the ribs, and where not the whole."""
        least = self.whole - LEAST
        return [(Extent(room > 0), Extent(room < least)) for room in self.room]


@dataclass(frozen=True)
class Base:
    """A CT ready for projection: `hu` and `labels` of one shape, 1 mm voxels, and its slabs."""

    hu: NDArray[np.int16]
    labels: Labels
    front: Slabs
    side: Slabs
    template: NDArray[np.float32]
    """The CT's own mass: HU it had above lung, in a cube of 1 mm voxels; empty if there is none."""
    bare: Slabs | None = None
    """`front` without the raised arms (`arms.py`); None where there are none to be taken out."""

    def mask(self, labels: int | Sequence[int], every: int = 1) -> Mask:
        """Voxels of those organs, or every so manieth of them along each axis."""
        wanted = np.zeros(256, bool)
        wanted[list(labels) if isinstance(labels, Sequence) else [labels]] = True
        return wanted[self.labels[::every, ::every, ::every]]

    @cached_property
    def lungs(self) -> Mask:
        return self.mask(organs.LUNGS)

    def lung(self, side: str) -> Mask:
        return self.mask(organs.LUNG[side])

    @property
    def size_mm(self) -> tuple[int, int, int]:
        return self.hu.shape  # type: ignore[return-value]

    def save(self, folder: Path) -> None:
        """Write the parts as ``.npy`` files that many processes can share."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("hu", "labels", "template"):
            np.save(folder / f"{name}.npy", getattr(self, name))
        for view in ("front", "side"):
            slabs = getattr(self, view)
            for name in ("soft", "bone", "inner", "room", "centers", "spacing"):
                np.save(folder / f"{view}_{name}.npy", np.asarray(getattr(slabs, name)))
        if self.bare is not None:
            for name in ("soft", "bone"):
                np.save(folder / f"bare_{name}.npy", getattr(self.bare, name))


def opened(folder: Path) -> Base:
    """A base written by `Base.save`, its arrays read from disk as they are used."""

    def part(name: str) -> NDArray[np.generic]:
        return np.load(folder / f"{name}.npy", mmap_mode="r")  # type: ignore[no-any-return]

    def slabs(view: str) -> Slabs:
        rows, columns = (float(mm) for mm in part(f"{view}_spacing"))
        soft, bone, inner, room, centers = (
            np.asarray(part(f"{view}_{n}")) for n in ("soft", "bone", "inner", "room", "centers")
        )
        return Slabs(soft, bone, inner, room, centers, (rows, columns))

    front, bare = slabs("front"), None
    if (folder / "bare_soft.npy").is_file():
        soft, bone = (np.asarray(part(f"bare_{name}")) for name in ("soft", "bone"))
        bare = replace(front, soft=soft, bone=bone)
    return Base(
        np.asarray(part("hu")),
        np.asarray(part("labels")),
        front,
        slabs("side"),
        np.asarray(part("template")),
        bare,
    )


def load(ct: Path, labels: Path | None = None) -> Base:
    """The CT in `ct` made ready; see `sources.read` for what that may be."""
    hu, zooms, organ_labels = read(ct, labels)
    return prepare(hu, zooms, organ_labels)


def prepare(hu: HU, zooms: Spacing, labels: Labels) -> Base:
    """Resample, keep the body alone, bring contrast medium back to blood, take masses out."""
    # Slices are far apart: only between them is the volume made finer at first.
    fine = (min(1.0, zooms[0]), zooms[1], zooms[2])
    hu = _finer(np.clip(hu, -1000, 2000), zooms[0] / fine[0])
    labels = ndimage.zoom(labels, (zooms[0] / fine[0], 1, 1), order=0)
    body = body_of(hu)
    if not body.any():
        raise NoVolume("The volume holds no tissue: is it a CT in Hounsfield units?")
    window = _around(body, [round(MARGIN_MM / mm) for mm in fine])
    hu = np.where(body[window], hu[window], np.float32(-1000))
    labels = labels[window].copy()
    hu = in_strips(without_contrast, fine, hu, labels)
    hu, template = without_masses(hu, labels, fine)
    hu = with_sharp_bones(hu, labels, fine)
    hu = in_strips(partial(with_sharp_vessels, spacing=fine), fine, hu, labels)
    above = round(ABOVE_MM / fine[0])
    hu = np.concatenate([_shoulders(hu, above), hu])
    labels = np.pad(labels, ((above, 0), (0, 0), (0, 0)))
    even = ndimage.zoom(labels, fine, order=0)
    within = _share_within(even, labels)
    front = _slabs(hu, within, 1, fine)
    side = _slabs(hu, within, 2, fine)
    whole = ndimage.zoom(hu, fine, order=1).round().astype(np.int16)
    bare = None
    if arms.can_be_lowered(even, round(ABOVE_MM)):
        hu[arms.bones(labels)] = arms.MUSCLE_HU
        bare = _bare(front, hu, within, arms.kept_share(even, round(ABOVE_MM)), fine)
    return Base(whole, even, front, side, template, bare)


def _bare(front: Slabs, hu: HU, within: HU, share: HU, spacing: Spacing) -> Slabs:
    """The frontal slabs of what is kept without the arms, whose bones are out of `hu`."""
    step = round(SLAB_MM / spacing[1])
    kept = arms.layers(share, front.centers, front.soft.shape[1:], front.spacing)
    walls, bones = np.zeros_like(front.soft), np.zeros_like(front.bone)
    for index, plane in enumerate(kept):
        part = (slice(None), slice(index * step, (index + 1) * step))
        soft, bone = densities(hu[part])
        for total, values in ((walls, soft * (1 - within[part])), (bones, bone)):
            summed = values.sum(axis=1, dtype=np.float32) * np.float32(spacing[1])
            total[index] = summed * plane
    return replace(front, soft=walls, bone=bones)


def _share_within(even: Labels, labels: Labels) -> HU:
    """Share of each voxel of `labels` that slides within the ribs; `even` is the same at 1 mm."""
    inside = within_ribs(even).astype(np.float32)
    factors = [n / m for n, m in zip(labels.shape, inside.shape, strict=True)]
    share: HU = ndimage.zoom(inside, factors, order=1, grid_mode=True, mode="nearest")
    share[np.isin(labels, organs.BONES)] = 0
    return share


def _finer(hu: HU, factor: float) -> HU:
    """More slices by cubic interpolation, a strip at a time to spare memory."""
    strips = np.array_split(hu, 16, axis=1)
    finer = [ndimage.zoom(strip, (factor, 1, 1), order=3) for strip in strips]
    return np.clip(np.concatenate(finer, axis=1), -1000, 2000)


def _shoulders(hu: HU, count: int) -> HU:
    """Slices for above the CT, which ends at the lung's apex: its top, ever more blurred."""
    top = np.minimum(hu[:8].mean(axis=0), 260)
    blurred = [ndimage.gaussian_filter(top, 2 + index / 3) for index in range(count)]
    return np.stack(blurred[::-1])


def _around(mask: Mask, margin: Sequence[int]) -> tuple[slice, ...]:
    window = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        found = np.flatnonzero(mask.any(axis=others))
        low, high = int(found[0]) - margin[axis], int(found[-1]) + margin[axis] + 1
        window.append(slice(max(0, low), high))
    return tuple(window)


def densities(hu: HU) -> tuple[HU, HU]:
    """Soft tissue and bone of each voxel, water being 1: they sum to the voxel's density."""
    density = np.clip(hu + 1000.0, 0, None) / np.float32(1000.0)
    share = np.clip((hu - organs.BONE_FROM_HU) / 400.0, 0, 1).astype(np.float32)
    bone = density * share
    return density - bone, bone


def _slabs(hu: HU, within: HU, axis: int, spacing: Spacing) -> Slabs:
    step = round(SLAB_MM / spacing[axis])
    count = -(-hu.shape[axis] // step)
    kept = [spacing[other] for other in range(3) if other != axis]
    sums: tuple[list[HU], ...] = ([], [], [], [])
    for index in range(count):
        span = range(index * step, min((index + 1) * step, hu.shape[axis]))
        soft, bone = densities(hu.take(span, axis=axis))
        share = within.take(span, axis=axis)
        inner = soft * share
        for kind, part in zip(sums, (soft - inner, bone, inner, share), strict=True):
            kind.append(part.sum(axis=axis, dtype=np.float32) * np.float32(spacing[axis]))
    centers = (np.arange(count, dtype=np.float32) + 0.5) * step * spacing[axis]
    soft, bone, inner, room = (np.stack(kind) for kind in sums)
    inner = _drawn_out(inner, room, (kept[0], kept[1]))
    return Slabs(soft, bone, inner, room, centers.astype(np.float32), (kept[0], kept[1]))


def _drawn_out(inner: HU, room: HU, spacing: tuple[float, float]) -> HU:
    """The density within the ribs of each slab; at their wall and beyond, that of what is near.

    The wall's own tissue, which the first millimeters hold a part of, does not slide.
    """
    reach = tuple(2 * max(1, round(WALL_MM / mm)) + 1 for mm in spacing)
    out = np.zeros_like(inner)
    for index, part in enumerate(room):
        some = part > SLAB_MM / 4
        deep = ndimage.minimum_filter(part, reach) > 0.9 * SLAB_MM
        known = deep if deep.any() else some
        if known.any():
            density = inner[index] / np.maximum(part, 1e-3)
            near = ndimage.distance_transform_edt(
                ~known, return_distances=False, return_indices=True
            )
            out[index] = density[tuple(near)]
    return out
