"""What a CT must lose before healthy radiographs come of it: table, contrast medium, masses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import organs
from ml.simulate.organs import Labels, Mask

HU = NDArray[np.float32]
STRIP = 40
"""Levels that are worked on at once."""
REACH, REACH_MM = 12, 13.0
"""How far up and down what is done to a voxel looks: levels, and millimeters where a blur does."""
VEIN_HU = 700.0
BONE_GAIN, FINE_GAIN = 0.5, 0.6
"""How much of what a bone has over soft tissue and over its blurred self is added."""
CORTEX_HU, CARTILAGE_HU = 110.0, 110.0
TRABECULAE_HU, TRABECULAE_MM = 110.0, 0.5
"""How much and how finely cancellous bone varies."""
VESSEL_GAIN, VESSEL_HU = 0.9, 60.0
"""How much of what a vessel has over the lung around it is added, past the lung's own grain."""
MASS_RADIUS_MM = 6.0
"""A solid piece of lung into which a ball of this radius fits is a mass."""


def body_of(hu: HU) -> Mask:
    """The largest connected piece of tissue, holes filled slice by slice: without the table."""
    tissue = ndimage.binary_opening(hu > -300, iterations=2)
    pieces, count = ndimage.label(tissue)
    if count == 0:
        return np.zeros(hu.shape, bool)
    # A level at a time: of the whole, the count would first make a volume of eight bytes a voxel.
    sizes = np.zeros(count + 1, np.intp)
    for level in pieces:
        sizes += np.bincount(level.ravel(), minlength=count + 1)
    sizes[0] = 0
    body = pieces == sizes.argmax()
    for level in body:
        level[:] = ndimage.binary_fill_holes(level)
    return ndimage.binary_dilation(body, iterations=2)


def in_strips(
    change: Callable[..., HU], spacing: tuple[float, float, float], hu: HU, *others: NDArray[Any]
) -> HU:
    """What `change` makes of a volume and others like it, some levels at a time to spare memory."""
    halo = max(REACH, int(REACH_MM / spacing[0]) + 1)
    out = np.empty(hu.shape, np.float32)
    for start in range(0, len(hu), STRIP):
        end = min(start + STRIP, len(hu))
        low = max(0, start - halo)
        seen = slice(low, end + halo)
        changed = change(hu[seen], *(other[seen] for other in others))
        out[start:end] = changed[start - low : end - low]
    return out


def without_contrast(hu: HU, labels: Labels) -> HU:
    """Vessels filled with contrast medium brought back to blood; bone stays as it is.

    Nothing but bone is denser than blood in a healthy chest, so all that lies outside
    the bone labels is held back, without a threshold whose rim would stay as a streak.
    """
    bone = np.isin(labels, organs.BONES)
    near = ndimage.binary_dilation(bone, iterations=2)
    blood = np.float32(organs.BLOOD_HU)
    quiet = np.where(~near & (hu > blood), blood + (hu - blood) * np.float32(0.04), hu)
    # The vein that brought the medium runs under the clavicle: denser than bone, and its
    # neighborhood too, or white streaks stay beside it.
    vein = ndimage.binary_dilation((hu > VEIN_HU) & ~near, iterations=1)
    vein = ndimage.binary_dilation(vein, iterations=8) & (hu > 150)
    core = ndimage.binary_erosion(bone, iterations=1)
    return np.where(vein & ~core, blood, np.minimum(quiet, 1000.0)).astype(np.float32)


def without_masses(
    hu: HU, labels: Labels, spacing: tuple[float, float, float]
) -> tuple[HU, NDArray[np.float32]]:
    """Lung where a solid mass lay, so that a normal case is normal; and the largest mass.

    The filling is the surrounding lung's median with its own grain, faded in at the edge.
    The mass is what it had above that lung, in a cube of 1 mm voxels; empty if there is none.
    """
    core = mass_core(hu, labels, spacing)
    if not core.any():
        return hu, np.zeros((0, 0, 0), np.float32)
    lungs = np.isin(labels, organs.LUNGS)
    window = _window(core, spacing, 40)
    lung, here = lungs[window], hu[window]
    near = ndimage.distance_transform_edt(~core[window], sampling=spacing)
    ring = lung & (near > 14) & (near < 26) & (here < -600)
    grain = np.random.default_rng(0).standard_normal(here.shape, dtype=np.float32)
    grain = ndimage.gaussian_filter(grain, [1.2 / mm for mm in spacing])
    grain *= 0.6 * here[ring].std() / grain.std()
    filling = np.median(here[ring]) + grain
    fade = np.clip((14 - near) / 5, 0, 1).astype(np.float32) * lung
    clean = hu.copy()
    clean[window] = here * (1 - fade) + np.minimum(here, filling) * fade
    added = np.where(lung, here - clean[window], 0)
    cube = ndimage.zoom(added, spacing, order=1).astype(np.float32)
    return clean, _cropped(cube)


def mass_core(hu: HU, labels: Labels, spacing: tuple[float, float, float]) -> Mask:
    """Solid pieces of lung thicker than vessels, away from the hilum: the largest one."""
    thin = tuple(max(1, round(1.5 / mm)) for mm in spacing)
    every = tuple(slice(None, None, step) for step in thin)
    coarse = [mm * step for mm, step in zip(spacing, thin, strict=True)]
    solid = (hu[every] > -300) & np.isin(labels[every], organs.LUNGS)
    depth = ndimage.distance_transform_edt(solid, sampling=coarse)
    pieces, count = ndimage.label(depth > MASS_RADIUS_MM)
    if count == 0:
        return np.zeros(hu.shape, bool)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    center = pieces == sizes.argmax()
    core = (ndimage.distance_transform_edt(~center, sampling=coarse) <= MASS_RADIUS_MM) & solid
    whole = core.repeat(thin[0], 0).repeat(thin[1], 1).repeat(thin[2], 2)
    return whole[: hu.shape[0], : hu.shape[1], : hu.shape[2]]


def _window(mask: Mask, spacing: tuple[float, float, float], margin_mm: float) -> tuple[slice, ...]:
    found = np.argwhere(mask)
    low, high = found.min(0), found.max(0)
    return tuple(
        slice(max(0, int(a - margin_mm / mm)), int(b + margin_mm / mm) + 1)
        for a, b, mm in zip(low, high, spacing, strict=True)
    )


def _cropped(cube: NDArray[np.float32]) -> NDArray[np.float32]:
    found = np.argwhere(cube > 60)
    low, high = found.min(0), found.max(0) + 1
    return cube[tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))]


def with_sharp_bones(hu: HU, labels: Labels, spacing: tuple[float, float, float]) -> HU:
    """Bone as a detector sees it, with the cortex that the CT's thick slices blurred.

    What a bone has over its own blurred self and over soft tissue is raised, and its surface gets
    a layer of cortex, so that ribs have edges and vertebrae end plates. Cartilage loses its lime:
    else everybody made of this CT would have the same spots.
    """
    return in_strips(
        partial(_sharpened, spacing=spacing), spacing, hu, labels, _trabeculae(hu.shape, spacing)
    )


def _sharpened(hu: HU, labels: Labels, grain: HU, spacing: tuple[float, float, float]) -> HU:
    soft = ndimage.binary_dilation(labels == organs.CARTILAGE, iterations=2)
    hard = np.isin(labels, organs.BONES) & (labels != organs.CARTILAGE)
    hu = np.where(soft & ~hard, np.minimum(hu, np.float32(CARTILAGE_HU)), hu)
    near = ndimage.gaussian_filter(
        hard.astype(np.float32),
        [mm / size for mm, size in zip((1.5, 0.8, 0.8), spacing, strict=True)],
    )
    blurred = ndimage.gaussian_filter(hu, [1.8 / mm for mm in spacing])
    fine = FINE_GAIN * np.clip(hu - blurred, -100, 300)
    surface = (4 * near * (1 - near)) ** 2
    added = near * (fine + BONE_GAIN * np.clip(hu - 90, 0, None)) + CORTEX_HU * surface
    added += TRABECULAE_HU * near * grain
    return np.minimum(hu + np.where(hu > -400, added, 0), 2000).astype(np.float32)


def _trabeculae(shape: tuple[int, ...], spacing: tuple[float, float, float]) -> HU:
    """The grain of cancellous bone, standard deviation 1: finer than the CT's slices hold."""
    grain = np.random.default_rng(1).standard_normal(shape, dtype=np.float32)
    ndimage.gaussian_filter(grain, [TRABECULAE_MM / mm for mm in spacing], output=grain)
    grain /= grain.std()
    return grain


def with_sharp_vessels(hu: HU, labels: Labels, spacing: tuple[float, float, float]) -> HU:
    """Lung vessels as dense as they are, where the CT's thick slices mixed them with air."""
    lung = np.isin(labels, organs.LUNGS)
    around = ndimage.gaussian_filter(hu, [3.0 / mm for mm in spacing])
    over = np.clip(hu - around - VESSEL_HU, 0, 400)
    return np.minimum(hu + lung * VESSEL_GAIN * over, np.maximum(hu, 60)).astype(np.float32)
