"""Local power spectra of films, to tell whether simulated ones are as sharp as real ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

WIDTH = 512
"""Pixels of the short side at which films are compared: the smallest real ones have no more."""
TILE = 64
BANDS = ((16, 32), (32, 64), (64, 128), (128, 192), (192, 256))
"""Cycles by the picture's width."""
REGIONS = ((0.30, 0.55, (0.20, 0.66)), (0.45, 0.62, (0.44, 0.44)))
"""Of lungs and mediastinum: first and last row and the columns where tiles begin, normalized."""
Picture = NDArray[np.float64]


def compared(
    made: Sequence[Picture], real: Sequence[Picture]
) -> Iterator[tuple[str, float, float]]:
    """Of each band its name and the power of `made` by that of `real`, in lungs and mediastinum.

    Power is relative to each film's own contrast: the variance of its central two thirds.
    """
    of_made, of_real = (np.mean([power(film) for film in films], axis=0) for films in (made, real))
    for (low, high), ours, theirs in zip(BANDS, of_made, of_real, strict=True):
        lungs, middle = ours / np.maximum(theirs, 1e-12)
        yield f"{low}-{high}", float(lungs), float(middle)


def power(film: Picture) -> NDArray[np.float64]:
    """Mean power in each of `BANDS` (rows) in lungs and mediastinum (columns), without units."""
    small = _sized(np.asarray(film, dtype=np.float64))
    rows, columns = small.shape
    center = small[rows // 6 : -rows // 6, columns // 6 : -columns // 6]
    small = small / max(float(center.std()), 1e-9)
    found = np.zeros((len(BANDS), len(REGIONS)))
    for index, (top, bottom, starts) in enumerate(REGIONS):
        tiles = [
            small[row : row + TILE, column : column + TILE]
            for row in range(int(top * rows), int(bottom * rows), TILE // 2)
            for column in {int(start * columns) for start in starts}
        ]
        found[:, index] = np.mean([_bands(tile) for tile in tiles], axis=0)
    return found


def _sized(film: Picture) -> Picture:
    """The film at `WIDTH`, smoothed first so that nothing folds over."""
    factor = WIDTH / min(film.shape)
    if factor < 1:
        film = ndimage.gaussian_filter(film, 0.35 / factor)
    return ndimage.zoom(film, factor, order=1)  # type: ignore[no-any-return]


def _bands(tile: Picture) -> NDArray[np.float64]:
    window = np.hanning(tile.shape[0])[:, None] * np.hanning(tile.shape[1])[None, :]
    down, across = (grid.ravel() for grid in np.indices(tile.shape))
    plane = np.stack([np.ones(tile.size), down, across], axis=1)
    flat = tile.ravel() - plane @ np.linalg.lstsq(plane, tile.ravel(), rcond=None)[0]
    spectrum = np.abs(np.fft.fft2(flat.reshape(tile.shape) * window)) ** 2 / tile.size
    rows, columns = (np.fft.fftfreq(n) * WIDTH for n in tile.shape)
    radius = np.hypot(rows[:, None], columns[None, :])
    return np.array([spectrum[(radius >= a) & (radius < b)].mean() for a, b in BANDS])
