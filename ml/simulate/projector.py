"""From Hounsfield units to a radiograph: line integrals, then what a digital detector does.

The projection is parallel (a source far away); the detector chain adds scatter, blur
and quantum noise, takes the logarithm and applies a multi-scale contrast as digital
radiography systems do (Vuylsteke & Schoeters 1994, MUSICA).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate.base import HU

Picture = NDArray[np.float32]

WATER_PER_MM = 0.0185
"""Effective attenuation of water at chest energies (about 125 kVp), 1/mm."""
BONE_FACTOR = 1.35
BONE_FROM_HU = 180.0
MAX_VALUE = 4095


@dataclass(frozen=True)
class Exposure:
    """How the picture is taken and processed; all without units but `photons`."""

    photons: float = 60_000.0
    """Per detector pixel behind no patient; fewer is noisier."""
    scatter: float = 0.12
    blur: float = 0.7
    """Standard deviation of the detector's blur, in detector pixels."""
    detail: float = 1.7
    """Gain of fine structure."""
    latitude: float = 0.8
    """Gain of the coarsest structure: below 1 lungs and mediastinum show in one window."""


def attenuation(hu: HU) -> Picture:
    """Attenuation in 1/mm of a voxel of `hu`; bone attenuates more than its density says."""
    mu = np.clip(hu + 1000.0, 0, None) * np.float32(WATER_PER_MM / 1000)
    bone = np.clip((hu - BONE_FROM_HU) / 400.0, 0, 1) * np.float32(BONE_FACTOR - 1)
    return (mu * (1 + bone)).astype(np.float32)


def project(mu: Picture, spacing: float, view: str) -> Picture:
    """Line integrals of `mu`, shape (rows, columns), head up.

    Frontal views show the patient's right on the left of the picture; a lateral view
    (left side to the detector) shows the front on the left.
    """
    if view in ("PA", "AP"):
        return (mu.sum(axis=1, dtype=np.float32) * np.float32(spacing)).T[::-1]
    if view == "LATERAL":
        return (mu.sum(axis=0, dtype=np.float32) * np.float32(spacing)).T[::-1, ::-1]
    raise ValueError(f"view must be PA, AP or LATERAL, got {view!r}")


def enlarge(picture: Picture, size: int) -> Picture:
    """`picture` with its long side brought to `size` pixels, by cubic interpolation."""
    factor = size / max(picture.shape)
    return ndimage.zoom(picture, factor, order=3, mode="nearest").astype(np.float32)


def expose(integrals: Picture, exposure: Exposure, rng: np.random.Generator) -> Picture:
    """Log signal behind line integrals: primary beam, scatter, detector blur, quantum noise."""
    primary = np.exp(-integrals)
    wide = ndimage.gaussian_filter(primary, max(primary.shape) / 22, mode="nearest")
    signal = primary + exposure.scatter * wide
    signal = ndimage.gaussian_filter(signal, exposure.blur)
    noise = rng.standard_normal(signal.shape, dtype=np.float32)
    counted = signal * exposure.photons + noise * np.sqrt(signal * exposure.photons)
    return -np.log(np.maximum(counted, 1.0) / exposure.photons).astype(np.float32)


def process(log_signal: Picture, exposure: Exposure) -> Picture:
    """Multi-scale contrast, shape kept: fine bands raised, the coarsest held back.

    Each band is a difference of Gaussians; its gain falls with its own contrast so
    that strong edges are not overdone.
    """
    scales = [1.2, 3, 7, 16, 38, 90]
    scale = max(log_signal.shape) / 1500
    gains = np.linspace(exposure.detail, 1.5, len(scales))
    out = np.zeros_like(log_signal)
    finer = log_signal
    for sigma, gain in zip(scales, gains, strict=True):
        coarser = _smooth(log_signal, sigma * scale)
        band = finer - coarser
        out += gain * band / (1 + np.abs(band) / 0.45)
        finer = coarser
    return out + exposure.latitude * finer


def _smooth(picture: Picture, sigma: float) -> Picture:
    """Gaussian smoothing; wide ones on a smaller picture, which looks the same and is faster."""
    step = int(sigma // 4)
    if step < 2:
        return ndimage.gaussian_filter(picture, sigma, mode="nearest")
    small = picture[: picture.shape[0] // step * step, : picture.shape[1] // step * step]
    small = small.reshape(small.shape[0] // step, step, small.shape[1] // step, step).mean((1, 3))
    small = ndimage.gaussian_filter(small, sigma / step, mode="nearest")
    grid = np.meshgrid(
        (np.arange(picture.shape[0]) + 0.5) / step - 0.5,
        (np.arange(picture.shape[1]) + 0.5) / step - 0.5,
        indexing="ij",
    )
    return ndimage.map_coordinates(small, grid, order=1, mode="nearest").astype(np.float32)


def to_values(processed: Picture, inside: NDArray[np.bool_]) -> NDArray[np.uint16]:
    """12-bit stored values, air dark; the range is set by what is `inside` the body."""
    low, high = np.percentile(processed[inside], [0.5, 99.7])
    margin = 0.06 * (high - low)
    scaled = (processed - (low - margin)) / (high - low + 2 * margin)
    curve = np.clip(scaled, 0, 1) ** 1.2
    return np.round(curve * MAX_VALUE).astype(np.uint16)
