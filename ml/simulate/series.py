"""The CT itself as a case: its slices as frames, its own mass as the truth, a box a frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import organs
from ml.simulate.base import HU, Spacing
from ml.simulate.cleaning import mass_core
from ml.simulate.organs import Labels, Mask

OFFSET = -1024
"""Add to a stored value to get Hounsfield units."""
BEYOND_MM = 15.0
"""Slices kept above and below the lungs."""
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Series:
    """Frames from the head down, 12 bits, and the mass's box on each frame that shows it."""

    frames: NDArray[np.uint16]
    spacing_mm: tuple[float, float]
    slice_mm: float
    boxes: dict[int, Box]
    size_mm: float
    side: str
    lobe: str


def series(hu: HU, spacing: Spacing, labels: Labels) -> Series:
    """The CT (down, back, left) as a radiologist sees it: the patient's left on the right."""
    levels = np.flatnonzero(np.isin(labels, organs.LUNGS).any(axis=(1, 2)))
    more = round(BEYOND_MM / spacing[0])
    kept = slice(max(0, levels[0] - more), levels[-1] + more + 1)
    hu, labels = hu[kept], labels[kept]
    mass = mass_of(hu, spacing, labels)
    boxes = {int(i): _box(mass[i]) for i in np.flatnonzero(mass.any(axis=(1, 2)))}
    lobe = _lobe(mass, labels)
    return Series(
        frames=np.clip(np.round(hu) - OFFSET, 0, 4095).astype(np.uint16),
        spacing_mm=(spacing[1], spacing[2]),
        slice_mm=spacing[0],
        boxes=boxes,
        size_mm=_longest(mass, spacing),
        side=lobe.split()[0] if lobe else "",
        lobe=lobe,
    )


def mass_of(hu: HU, spacing: Spacing, labels: Labels) -> Mask:
    """The mass without the vessels that run into it: its core, grown by the solid lung near it."""
    core = mass_core(hu, labels, spacing)
    if not core.any():
        return core
    solid = (hu > -350) & np.isin(labels, organs.LUNGS)
    near = ndimage.distance_transform_edt(~core, sampling=spacing) <= 3.0
    pieces, _ = ndimage.label(solid & near | core)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return pieces == sizes.argmax()


def _box(mask: Mask) -> Box:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    return (
        round(float(columns[0] / width), 5),
        round(float(rows[0] / height), 5),
        round(float((columns[-1] + 1) / width), 5),
        round(float((rows[-1] + 1) / height), 5),
    )


def _longest(mask: Mask, spacing: Spacing) -> float:
    """The longest diameter on any slice, mm."""
    longest = 0.0
    for level in mask:
        points = np.argwhere(level & ~ndimage.binary_erosion(level)) * np.array(spacing[1:])
        if len(points) > 1:
            apart = points[:, None] - points[None]
            longest = max(longest, float(np.sqrt((apart**2).sum(-1)).max()))
    return round(longest)


def _lobe(mass: Mask, labels: Labels) -> str:
    if not mass.any():
        return ""
    most = int(np.bincount(labels[mass]).argmax())
    return next((name for name, number in organs.LOBES.items() if number == most), "")
