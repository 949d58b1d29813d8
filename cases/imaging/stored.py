"""The one mapping from what the files of an image mean to the values that are stored.

All frames of a stack go through the same mapping, made when all of them are known: equal
stored values mean equal real values, in whatever file they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases.imaging.pixels import FileImage, Gray, ImageProblem, Window

TOP = 65535
"""The largest value that can be stored."""


@dataclass(frozen=True)
class Scale:
    """``real = stored * step + start``; `step` is below 0 where gray falls with the real value."""

    step: float
    start: float

    def stored(self, window: Window) -> Window:
        """A window of real values as one of stored values."""
        center, width = (window.center - self.start) / self.step, window.width / abs(self.step)
        return Window(center, max(width, 1.0))


@dataclass(frozen=True)
class Layer:
    """One frame of one file."""

    name: str
    values: NDArray[np.generic]
    slope: float
    intercept: float
    padding: tuple[float, float] | None
    low: float | None
    """The lowest number that is not padding; None when there is no other."""
    high: float | None

    @property
    def real_range(self) -> tuple[float, float] | None:
        if self.low is None or self.high is None:
            return None
        ends = sorted(end * self.slope + self.intercept for end in (self.low, self.high))
        return ends[0], ends[1]

    @property
    def start(self) -> float:
        """The real value to store as 0, so that unsigned numbers are stored as they are."""
        assert self.low is not None
        assert self.high is not None
        first = min(self.low, 0.0) if self.slope > 0 else self.high
        return first * self.slope + self.intercept


def stored_frames(images: Sequence[FileImage], order: Sequence[int]) -> tuple[Gray, int, Scale]:
    """The frames of all files in this order: stored values, their largest, and what they mean.

    `order` counts the frames of all files from 0. The values are exact where 16 bits can hold
    all of them in steps of the smallest slope; wider ones are spread over 16 bits.

    Raises:
        ImageProblem: values that are not numbers.
    """
    layers = [layer for image in images for layer in _layers(image)]
    layers = [layers[index] for index in order]
    if all(layer.low is None for layer in layers):  # then nothing says that it is padding
        layers = [_layer(one.name, one.values, one.slope, one.intercept, None) for one in layers]
    scale = _scale(layers)
    frames = np.empty((len(layers), *layers[0].values.shape), np.uint16)
    if len(layers) == 1:  # no need to copy what is stored as it is
        frames = _stored(layers[0], scale)[np.newaxis]
    else:
        for index, layer in enumerate(layers):
            frames[index] = _stored(layer, scale)
    frames, top = _narrowest(frames)
    if images[0].falls:
        frames, scale = _turned(frames, top, layers, scale)
    return frames, top, scale


def _layers(image: FileImage) -> Iterator[Layer]:
    parts = zip(image.values, image.slopes, image.intercepts, strict=True)
    for values, slope, intercept in parts:
        yield _layer(image.name, values, slope, intercept, image.padding)


def _layer(
    name: str,
    values: NDArray[np.generic],
    slope: float,
    intercept: float,
    padding: tuple[float, float] | None,
) -> Layer:
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ImageProblem(
            name, "holds values that are not numbers", "export it again as 8 or 16-bit gray"
        )
    kept = values
    if padding is not None:
        is_padding = _is_padding(values, padding)
        if is_padding.any():
            kept = values[~is_padding]
        else:
            padding = None
    low, high = (float(kept.min()), float(kept.max())) if kept.size else (None, None)
    return Layer(name, values, slope, intercept, padding, low, high)


def _is_padding(values: NDArray[Any], padding: tuple[float, float]) -> NDArray[np.bool_]:
    low, high = padding
    if values.dtype.kind in "iu":  # whole numbers are compared without a way over floats
        low, high = int(low), int(high)
    return values == low if low == high else (values >= low) & (values <= high)


def _scale(layers: Sequence[Layer]) -> Scale:
    used = [layer for layer in layers if layer.low is not None]
    ranges = [layer.real_range for layer in used]
    lowest = min(low for low, _ in filter(None, ranges))
    highest = max(high for _, high in filter(None, ranges))
    if all(_is_whole(layer.values) for layer in used):
        step = min(abs(layer.slope) for layer in used)
        for start in (min(layer.start for layer in used), lowest):
            if (highest - start) / step <= TOP:
                return Scale(step, start)
    return Scale((highest - lowest) / TOP if highest > lowest else 1.0, lowest)


def _is_whole(values: NDArray[np.generic]) -> bool:
    return values.dtype.kind != "f" or bool((values == np.rint(values)).all())


def _stored(layer: Layer, scale: Scale) -> NDArray[np.uint16]:
    factor = layer.slope / scale.step
    shift = (layer.intercept - scale.start) / scale.step
    stored = _scaled(layer.values, factor, shift)
    if layer.padding is not None:
        stored = np.where(_is_padding(layer.values, layer.padding), np.uint16(0), stored)
    return stored


def _scaled(values: NDArray[np.generic], factor: float, shift: float) -> NDArray[np.uint16]:
    """``values * factor + shift`` in 16 bits, without a way over floats where none is needed."""
    whole = abs(shift - round(shift)) < 1e-6 and abs(abs(factor) - 1) < 1e-9
    if not whole or values.dtype.kind not in "iu":
        wide = np.rint(values.astype(np.float64) * factor + shift)
    elif factor > 0 and round(shift) == 0 and values.dtype in (np.uint8, np.uint16):
        return values.astype(np.uint16, copy=False)
    else:
        kind = np.int32 if values.dtype.itemsize <= 2 and abs(shift) < 2**30 else np.int64
        wide = values.astype(kind) * round(factor) + round(shift)
    return np.clip(wide, 0, TOP).astype(np.uint16)


def _narrowest(frames: NDArray[np.uint16]) -> tuple[Gray, int]:
    """The same values in 8 bits where they fit, and the largest value of their bits."""
    top = int(frames.max())
    if top <= 255:
        return frames.astype(np.uint8), 255
    return frames, (1 << top.bit_length()) - 1


def _turned(frames: Gray, top: int, layers: Sequence[Layer], scale: Scale) -> tuple[Gray, Scale]:
    """Grays that fall with the real value; padding stays black."""
    turned = np.subtract(frames.dtype.type(top), frames)
    for frame, layer in zip(turned, layers, strict=True):
        if layer.padding is not None:
            frame[_is_padding(layer.values, layer.padding)] = 0
    return turned, Scale(-scale.step, scale.start + top * scale.step)
