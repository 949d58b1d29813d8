"""The window an image is first shown through: the file's own where it can be believed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cases.imaging.pixels import Gray, Window

SAMPLE = 1_000_000
"""Pixels looked at when a window is chosen."""
LEAST_INSIDE = 1 / 10
"""The share of an image that a window must leave neither black nor white."""
LEAST_USED = 1 / 4
"""The share of its grays that a window must really use."""


def robust_window(frames: Gray, max_value: int) -> Window:
    """A window from the 0.5th to the 99.5th percentile, collimator edges and burn-out left out.

    An 8-bit image that uses at least half of its range was windowed by whoever made it
    and is shown as it is.
    """
    low, high = _robust_range(_sample_of(frames))
    if max_value == 255 and high - low >= 128:
        return Window.between(0, 255)
    return Window.between(low, high)


def is_usable(window: Window, frames: Gray) -> bool:
    """Whether a window from a file makes a picture that can be read.

    It must not leave nearly everything black or white, nor be so much wider than the values
    (as a default for all 16 bits is, on 12-bit pixels) that they drown in a few grays.
    """
    values = _sample_of(frames)
    if values.min() == values.max():
        return True
    inside = np.count_nonzero((values > window.low) & (values < window.high))
    low, high = _robust_range(values)
    return bool(
        inside >= values.size * LEAST_INSIDE
        and np.isfinite(window.width)
        and high - low >= window.width * LEAST_USED
    )


def _sample_of(frames: Gray) -> Gray:
    """About `SAMPLE` values spread evenly over all frames, flat."""
    per_frame = max(1, SAMPLE // frames.shape[0])
    step = max(1, int((frames[0].size / per_frame) ** 0.5))
    return frames[:, ::step, ::step].ravel()


def _robust_range(values: Gray) -> tuple[float, float]:
    """Percentiles of what is neither the lowest nor the highest value, if that is enough.

    By counting: stored values are few, and sorting a million takes as long as encoding them.
    """
    counts = np.bincount(values)
    used = np.flatnonzero(counts)
    low, high = used[0], used[-1]
    counts[[low, high]] = 0
    up_to = np.cumsum(counts)
    inner = int(up_to[-1])
    if not inner or inner < values.size // 20:
        return float(low), float(high)
    return _percentile(up_to, 0.005), _percentile(up_to, 0.995)


def _percentile(up_to: NDArray[np.intp], share: float) -> float:
    """Between the two values next to a rank, as `numpy.percentile` has it; `up_to[v]` values are
    at most v.
    """
    place = share * (int(up_to[-1]) - 1)
    rank = int(place)
    below, above = np.searchsorted(up_to, (rank + 1, min(rank + 2, int(up_to[-1]))))
    return float(below + (above - below) * (place - rank))
