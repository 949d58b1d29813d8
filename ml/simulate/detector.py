"""What a digital detector and its processing make of line integrals.

Scatter, detector blur and quantum noise; then the logarithm and a multi-scale contrast
as digital radiography systems apply (Vuylsteke & Schoeters 1994, MUSICA), 12 bits out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Picture = NDArray[np.float32]
MAX_VALUE = 4095
FLOOR, CEILING = 40, 3960
S_SLOPE, S_MIDDLE = 1.55, 0.92
"""Of the tone curve: how steep, and below 1 the mediastinum is lighter."""
BANDS = (1.2, 3.0, 7.0, 16.0, 38.0, 90.0)
"""Scales of the multi-scale contrast, pixels of a picture of 1500."""


@dataclass(frozen=True)
class Exposure:
    """How the picture is taken and processed; all without units but `photons`."""

    photons: float = 60_000.0
    """Per detector pixel behind no patient; fewer is noisier."""
    scatter: float = 0.10
    blur: float = 0.6
    """Standard deviation of the detector's blur, in detector pixels."""
    detail: float = 2.6
    """Gain of fine structure."""
    middle: float = 1.35
    """Gain of structures of some centimetres."""
    latitude: float = 0.85
    """Gain of the coarsest structure: below 1 lungs and mediastinum show in one window."""
    gamma: float = 1.0
    """Above 1 the lungs are darker."""


def radiograph(
    integrals: Picture, exposure: Exposure, rng: np.random.Generator
) -> NDArray[np.uint16]:
    """12-bit stored values of line integrals, air dark."""
    processed = process(expose(integrals, exposure, rng), exposure)
    return to_values(processed, integrals > 0.3, exposure.gamma)


def enlarged(picture: Picture, shape: tuple[int, int]) -> Picture:
    """`picture` at twice its size, by cubic interpolation; `shape` is that of the result."""
    factors = [n / m for n, m in zip(shape, picture.shape, strict=True)]
    large = ndimage.zoom(picture, factors, order=3, mode="nearest", grid_mode=True)
    return large.astype(np.float32)


def expose(integrals: Picture, exposure: Exposure, rng: np.random.Generator) -> Picture:
    """Log signal behind line integrals: primary beam, scatter, detector blur, quantum noise."""
    primary = np.exp(-integrals)
    signal = primary + exposure.scatter * smooth(primary, max(primary.shape) / 22)
    signal = ndimage.gaussian_filter(signal, exposure.blur)
    noise = rng.standard_normal(signal.shape, dtype=np.float32)
    counted = signal * exposure.photons + noise * np.sqrt(signal * exposure.photons)
    return -np.log(np.maximum(counted, 1.0) / exposure.photons).astype(np.float32)


def process(log_signal: Picture, exposure: Exposure) -> Picture:
    """Multi-scale contrast, shape kept: fine bands raised, the coarsest held back.

    Each band is a difference of Gaussians; its gain falls with its own contrast so
    that strong edges are not overdone.
    """
    scale = max(log_signal.shape) / 1500
    gains = np.linspace(exposure.detail, exposure.middle, len(BANDS))
    out = np.zeros_like(log_signal)
    finer = log_signal
    for sigma, gain in zip(BANDS, gains, strict=True):
        coarser = smooth(log_signal, sigma * scale)
        band = finer - coarser
        out += np.float32(gain) * band / (1 + np.abs(band) / np.float32(0.8))
        finer = coarser
    return out + np.float32(exposure.latitude) * finer


def smooth(picture: Picture, sigma: float) -> Picture:
    """Gaussian smoothing; wide ones on a smaller picture, which looks the same and is faster."""
    step = int(sigma // 4)
    if step < 2:
        return ndimage.gaussian_filter(picture, sigma, mode="nearest")
    rows, columns = (n // step * step for n in picture.shape)
    small = picture[:rows, :columns].reshape(rows // step, step, columns // step, step)
    small = ndimage.gaussian_filter(small.mean((1, 3)), sigma / step, mode="nearest")
    along = [_taps(n, step, m) for n, m in zip(picture.shape, small.shape, strict=True)]
    (i, j, f), (k, m, g) = along
    tall = small[i] * (1 - f)[:, None] + small[j] * f[:, None]
    return tall[:, k] * (1 - g) + tall[:, m] * g


def _taps(count: int, step: int, small: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Picture]:
    """Neighbours and weight of linear interpolation from a picture `step` times smaller."""
    place = np.clip((np.arange(count) + 0.5) / step - 0.5, 0, small - 1)
    low = np.floor(place).astype(np.intp)
    return low, np.minimum(low + 1, small - 1), (place - low).astype(np.float32)


def to_values(
    processed: Picture, inside: NDArray[np.bool_], gamma: float = 1.0
) -> NDArray[np.uint16]:
    """12-bit stored values, air dark; the range is set by what is `inside` the body."""
    sample = processed[::3, ::3][inside[::3, ::3]]
    low, high = np.percentile(sample, [0.3, 99.7])
    margin = 0.05 * (high - low)
    scaled = (processed - (low - margin)) / (high - low + 2 * margin)
    # The S of a film: contrast is spent on lungs and heart, little on the spine's white.
    light = np.clip(scaled, 0, 1) ** np.float32(S_SLOPE * gamma)
    shade = (np.float32(S_MIDDLE) * (1 - np.clip(scaled, 0, 1))) ** np.float32(S_SLOPE)
    curve = light / (light + shade + np.float32(1e-6))
    # Room at both ends, where lossy compression overshoots.
    return np.round(FLOOR + curve * (CEILING - FLOOR)).astype(np.uint16)
