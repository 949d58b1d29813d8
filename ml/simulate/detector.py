"""What a digital detector and its processing make of line integrals.

Scatter, detector blur and quantum noise; then the logarithm and a multi-scale contrast
as digital radiography systems apply (Vuylsteke & Schoeters 1994, MUSICA), 12 bits out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Picture = NDArray[np.float32]
Limits = NDArray[np.float64]
"""Two values of the processed signal."""
MAX_VALUE = 4095
FLOOR, CEILING = 40, 3960
S_SLOPE, S_MIDDLE = 1.55, 0.92
"""Of the tone curve: how steep, and below 1 the mediastinum is lighter."""
FINE_TO, FINEST = 10.0, 1.4
"""Bands finer than this have so much more gain: the detector's and the beam's blur taken back."""
WIDE = 3.5
"""Standard deviations at which smoothing ends."""
WHOLE_FROM = 16.0
"""Of `BANDS`: what is coarser has the same gain everywhere."""
DENSE = 0.55
"""By how much the finer bands are held back where the body is densest."""
STRIP = 32_768
"""Pixels of a strip of a picture that is worked on at once."""
QUANTA_BLUR = 0.8
"""Blur of the quantum noise, by that of the picture: what is absorbed near the diode is sharper."""
BANDS = (1.2, 3.0, 7.0, 16.0, 38.0, 90.0)
"""Scales of the multi-scale contrast, pixels of a picture of 1500."""


QUARTER = np.array([27, 235, 121, 1], np.float32) / np.float32(384)
"""Weights of a cubic B-spline's four nearest knots a quarter of the way from the second on."""


@dataclass(frozen=True)
class Exposure:
    """How the picture is taken and processed; all without units but `photons`."""

    photons: float = 60_000.0
    """Per detector pixel behind no patient; fewer is noisier."""
    scatter: float = 0.10
    blur: float = 0.6
    """Standard deviation of the detector's blur, in detector pixels."""
    electronics: float = 12.0
    """Standard deviation of the electronics' noise, in quanta."""
    detail: float = 2.6
    """Gain of fine structure."""
    middle: float = 1.35
    """Gain of structures of some centimeters."""
    latitude: float = 0.85
    """Gain of the coarsest structure: below 1 lungs and mediastinum show in one window."""
    gamma: float = 1.0
    """Above 1 the lungs are darker."""
    burnt: float = 0.0
    """Share of the range of grays, from the dark end, that is lost to black."""
    body_from: float = 0.3
    """Line integral from which on a pixel tells what becomes black and white."""
    motion: float = 0.0
    """How far what breathes has moved, standard deviation in pixels of a picture of 1500."""


def radiograph(
    integrals: Picture, exposure: Exposure, rng: np.random.Generator
) -> NDArray[np.uint16]:
    """12-bit stored values of line integrals, air dark."""
    if exposure.motion:
        integrals = _moved(integrals, exposure.motion * max(integrals.shape) / 1500)
    processed = process(expose(integrals, exposure, rng), exposure)
    limits = limits_of(processed, integrals > exposure.body_from)
    return to_values(processed, limits, exposure.gamma, exposure.burnt)


def without_noise(
    film: Picture, others: Iterable[Picture], exposure: Exposure
) -> Iterator[Picture]:
    """What each of `others` (line integrals at half the film's resolution) adds to the film's
    stored values, were it taken in its place: the same exposure, processed as the film is.
    """
    quiet = replace(exposure, photons=1e12, electronics=0.0, blur=exposure.blur / 2)
    rng = np.random.default_rng(0)

    def logged(integrals: Picture) -> Picture:
        if exposure.motion:
            integrals = _moved(integrals, exposure.motion * max(integrals.shape) / 1500)
        return expose(integrals, quiet, rng)

    first = logged(film)
    held = _held_back(first, max(first.shape) / 1500)
    processed = process(first, exposure, held)
    limits = limits_of(processed, film > exposure.body_from)
    values = _curved(processed, limits, exposure.gamma, exposure.burnt)
    for other in others:
        again = process(logged(other), exposure, held)
        yield _curved(again, limits, exposure.gamma, exposure.burnt) - values


def _moved(integrals: Picture, sigma: float) -> Picture:
    """A picture blurred up and down, most at the diaphragm and little at the apices."""
    still = np.linspace(1, 0, integrals.shape[0], dtype=np.float32)[:, None]
    return integrals * still + ndimage.gaussian_filter1d(integrals, sigma, axis=0) * (1 - still)


def enlarged(picture: Picture, shape: tuple[int, int]) -> Picture:
    """`picture` at twice its size, by cubic interpolation; `shape` is that of the result."""
    weights = ndimage.spline_filter(picture, order=3, output=np.float32, mode="nearest")
    large = _doubled(_doubled(weights, 0), 1)
    return large[: shape[0], : shape[1]]


def _doubled(weights: Picture, axis: int) -> Picture:
    """A cubic spline along one axis, from its weights, at a quarter pixel either side of each."""
    count = weights.shape[axis]
    near = np.pad(weights, [(2, 2) if a == axis else (0, 0) for a in range(2)], mode="edge")
    shape = list(weights.shape)
    shape[axis] *= 2
    out = np.empty(shape, np.float32)

    def part(start: int) -> Picture:
        cut: Picture = near[start : start + count] if axis == 0 else near[:, start : start + count]
        return cut

    for phase, first in ((0, 0), (1, 1)):
        taps = QUARTER if phase else QUARTER[::-1]
        summed = part(first) * taps[0]
        for offset in range(1, 4):
            summed += part(first + offset) * taps[offset]
        if axis == 0:
            out[phase::2] = summed
        else:
            out[:, phase::2] = summed
    return out


def expose(integrals: Picture, exposure: Exposure, rng: np.random.Generator) -> Picture:
    """Log signal behind line integrals: primary beam, scatter, detector blur, quantum noise."""
    primary = np.exp(-integrals)
    signal = primary + exposure.scatter * smooth(primary, max(primary.shape) / 22)
    signal = ndimage.gaussian_filter(signal, exposure.blur)
    # The scintillator spreads each quantum's light: its noise is blurred, too, and
    # falls with frequency; that of the electronics does not (Samei & Flynn 2003, Med Phys 30:608).
    quanta = rng.standard_normal(signal.shape, dtype=np.float32)
    quanta = ndimage.gaussian_filter(quanta, exposure.blur * QUANTA_BLUR)
    electronics = rng.standard_normal(signal.shape, dtype=np.float32)
    for rows in _strips(signal.shape):
        mean = signal[rows] * exposure.photons
        counted = mean + quanta[rows] * np.sqrt(mean)
        counted += np.float32(exposure.electronics) * electronics[rows]
        signal[rows] = -np.log(np.maximum(counted, 1.0) / exposure.photons)
    return signal


def process(log_signal: Picture, exposure: Exposure, held: Picture | None = None) -> Picture:
    """Multi-scale contrast, shape kept: fine bands raised, the coarsest held back.

    Each band is a difference of Gaussians; its gain falls with its own contrast so
    that strong edges are not overdone. `held` is of another picture that it is to be like.
    """
    scale = max(log_signal.shape) / 1500
    gains = np.linspace(exposure.detail, exposure.middle, len(BANDS))
    out = np.zeros_like(log_signal)
    finer = log_signal
    held = _held_back(log_signal, scale) if held is None else held
    for sigma, gain in zip(BANDS, gains, strict=True):
        coarser = smooth(log_signal, sigma * scale)
        gain *= FINEST if sigma < FINE_TO else 1.0
        for rows in _strips(out.shape):
            band = finer[rows] - coarser[rows]
            least = np.abs(band)
            least /= np.float32(0.8)
            least += 1
            band *= np.float32(gain)
            band /= least
            out[rows] += band
            if sigma == WHOLE_FROM:
                out[rows] *= held[rows]
        finer = coarser
    for rows in _strips(out.shape):
        out[rows] += np.float32(exposure.latitude) * finer[rows]
    return out


def _strips(shape: tuple[int, ...]) -> Iterator[slice]:
    """Rows at a time that stay in a processor's cache while sums are done on them."""
    some = max(1, STRIP // shape[1])
    return (slice(start, start + some) for start in range(0, shape[0], some))


def _held_back(log_signal: Picture, scale: float) -> Picture:
    """Gain of fine structure, less where little light comes through: mediastinum and abdomen."""
    around = smooth(log_signal, BANDS[-2] * scale)
    low, high = map(float, np.percentile(around[::8, ::8], [45, 92]))
    dense = np.clip((around - low) / max(high - low, 1e-6), 0, 1)
    return np.float32(1) - np.float32(DENSE) * dense


def smooth(picture: Picture, sigma: float) -> Picture:
    """Gaussian smoothing; wide ones on a smaller picture, which looks the same and is faster."""
    step = int(sigma // 3)
    if step < 2:
        return ndimage.gaussian_filter(picture, sigma, mode="nearest", truncate=WIDE)
    whole = np.pad(picture, [(0, -n % step) for n in picture.shape], mode="edge")
    rows, columns = (n // step for n in whole.shape)
    small = whole.reshape(rows, step, columns, step)
    # What means over squares and lines between them smooth by themselves is taken off.
    rest = np.sqrt((sigma / step) ** 2 - (1 - step**-2) / 12 - 1 / 6)
    small = ndimage.gaussian_filter(small.mean((1, 3)), rest, mode="nearest", truncate=WIDE)
    return _stretched(_stretched(small, step, picture.shape[0]).T, step, picture.shape[1]).T


def _stretched(small: Picture, step: int, count: int) -> Picture:
    """Linear interpolation between rows to `count` rows, `step` of them for each."""
    last = len(small)
    near = np.concatenate([small[:1], small, small[-1:], small[-1:]])
    out = np.empty(((last + 1) * step, small.shape[1]), np.float32)
    for phase in range(step):
        place = (phase + 0.5) / step - 0.5
        first, share = (0, np.float32(place + 1)) if place < 0 else (1, np.float32(place))
        below = near[first : first + last + 1]
        out[phase::step] = below + (near[first + 1 : first + last + 2] - below) * share
    return out[:count]


def limits_of(processed: Picture, inside: NDArray[np.bool_]) -> Limits:
    """What becomes black and white, by what is `inside` the body."""
    sample = processed[::3, ::3][inside[::3, ::3]]
    return np.percentile(sample, [0.3, 99.7])  # type: ignore[no-any-return]


def to_values(
    processed: Picture, limits: Limits, gamma: float = 1.0, burnt: float = 0.0
) -> NDArray[np.uint16]:
    """12-bit stored values, air dark, between those limits."""
    return np.round(_curved(processed, limits, gamma, burnt)).astype(np.uint16)


def _curved(processed: Picture, limits: Limits, gamma: float, burnt: float) -> Picture:
    low, high = map(float, limits)
    margin = 0.05 * (high - low)
    out = np.empty(processed.shape, np.float32)
    for rows in _strips(processed.shape):
        scaled = (processed[rows] - (low - margin)) / (high - low + 2 * margin)
        scaled = np.clip((scaled - burnt) / (1 - burnt), 0, 1)
        # The S of a film: contrast is spent on lungs and heart, little on the spine's white.
        light = scaled ** np.float32(S_SLOPE * gamma)
        shade = (np.float32(S_MIDDLE) * (1 - scaled)) ** np.float32(S_SLOPE)
        curve = light / (light + shade + np.float32(1e-6))
        # Room at both ends, where lossy compression overshoots.
        out[rows] = FLOOR + curve * (CEILING - FLOOR)
    return out
