"""Decoded pixels: one grey image or one stack, in stored values from 0 up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8] | NDArray[np.uint16]

MAX_PIXELS = 100_000_000
"""Pixels of one frame beyond which a file is refused before it is decoded."""
MAX_STACK_PIXELS = 300_000_000
"""Pixels of all frames of one stack together; 600 MB at 16 bits."""
MAX_STACK_FRAMES = 2_000
SAMPLE = 1_000_000
"""Pixels looked at when a window is chosen."""


class ImageProblem(Exception):
    """A file that cannot become an image: what is wrong, with which file, what to do."""

    def __init__(self, name: str, what: str, advice: str) -> None:
        self.name = name
        self.sentence = f"{name} {what}: {advice}."
        super().__init__(name, what, advice)

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class Window:
    """The stored values shown black (``center - width / 2``) and white (``center + width / 2``)."""

    center: float
    width: float

    @classmethod
    def between(cls, low: float, high: float) -> Window:
        return cls((low + high) / 2, max(high - low, 1.0))

    @property
    def low(self) -> float:
        return self.center - self.width / 2

    @property
    def high(self) -> float:
        return self.center + self.width / 2


CT_WINDOW = Window(center=-600.0, width=1500.0)
"""Hounsfield units: the usual lung window, for CT without a window of its own."""


@dataclass(frozen=True)
class Decoded:
    """Grey pixels with what is worth keeping of the file's header, and nothing that names a person.

    `frames` has shape ``(frames, rows, columns)``, dtype uint8 or uint16, MONOCHROME2
    (0 is black). `max_value` is the largest value the precision allows (255, 4095, …).
    """

    frames: Grey
    max_value: int
    window: Window | None = None
    """The file's own default window in stored values, when it has a usable one."""
    spacing_mm: tuple[float, float] | None = None
    """Between rows, between columns; mm."""
    view: str = ""
    """A value of `Image.View`, or empty when the file does not say."""
    age: int | None = None
    """Years; ages over 89 are given as 90."""
    sex: str = ""
    """F, M, O or empty."""
    value_offset: float = 0.0
    """Add to a stored value to get Hounsfield units (CT only)."""


def check_size(name: str, rows: int, columns: int, frames: int = 1) -> None:
    """Refuse an image that is empty or would not fit, from its header alone.

    Raises:
        ImageProblem: no pixels, or more than `MAX_PIXELS` a frame or `MAX_STACK_PIXELS` in all.
    """
    if rows <= 0 or columns <= 0 or frames <= 0:
        raise ImageProblem(
            name, f"has no pixels ({columns} × {rows})", "export the image again from its source"
        )
    if rows * columns > MAX_PIXELS:
        raise too_large(name, f"{columns:,} × {rows:,} pixels")
    if frames > MAX_STACK_FRAMES or rows * columns * frames > MAX_STACK_PIXELS:
        raise ImageProblem(
            name,
            f"is a stack of {frames:,} frames of {columns:,} × {rows:,} pixels, more than the "
            f"{MAX_STACK_FRAMES:,} frames or {MAX_STACK_PIXELS // 1_000_000} megapixels accepted",
            "split the stack or make its frames smaller",
        )


def too_large(name: str, size: str) -> ImageProblem:
    return ImageProblem(
        name,
        f"is {size}, more than the {MAX_PIXELS // 1_000_000} megapixels accepted",
        "make it smaller and import it again",
    )


def narrowest(values: NDArray[np.integer]) -> tuple[Grey, int]:
    """Unsigned values unchanged, in 8 bits where they fit, and the largest value of their bits."""
    top = int(values.max(initial=0))
    if top <= 255:
        return values.astype(np.uint8, copy=False), 255
    return values.astype(np.uint16, copy=False), (1 << top.bit_length()) - 1


def unstretched(values: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Values in their real precision, where they were only scaled up to fill 16 bits.

    Without loss: 8 bits times 257, or fewer bits shifted left.
    """
    if not values.any():
        return values
    if not (values % 257).any():
        return values // np.uint16(257)
    used = int(np.bitwise_or.reduce(values, axis=None))
    shift = (used & -used).bit_length() - 1
    return values >> np.uint16(shift) if shift else values


def fit_to_16_bits(values: NDArray[np.generic], name: str) -> NDArray[np.uint16]:
    """Numbers of any kind as uint16: shifted to start at 0, scaled down only if they must be."""
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2:
        return values.astype(np.uint16, copy=False)
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise ImageProblem(
                name, "holds values that are not numbers", "export it again as 8 or 16-bit grey"
            )
        whole = bool((values == np.rint(values)).all())
    else:
        whole = True
    low, high = float(values.min()), float(values.max())
    base = min(low, 0.0) if whole else low
    if whole and high - base <= 65535:
        wide = np.int32 if values.dtype.itemsize <= 2 else np.int64
        return (values.astype(wide) - int(base)).astype(np.uint16)
    scale = 65535 / (high - base) if high > base else 1.0
    return np.rint((values.astype(np.float64) - base) * scale).astype(np.uint16)


def sample_of(frames: Grey) -> Grey:
    """About `SAMPLE` values spread evenly over all frames, flat."""
    step = max(1, int((frames.size / SAMPLE) ** 0.5))
    if frames.shape[0] > 1:
        per_frame = max(1, SAMPLE // frames.shape[0])
        step = max(1, int((frames[0].size / per_frame) ** 0.5))
    return frames[:, ::step, ::step].reshape(-1)


def robust_window(frames: Grey, max_value: int) -> Window:
    """A window from the 0.5th to the 99.5th percentile, collimator edges and burn-out left out.

    An 8-bit image that uses at least half of its range was windowed by whoever made it
    and is shown as it is.
    """
    values = sample_of(frames)
    low, high = float(values.min()), float(values.max())
    inner = values[(values > low) & (values < high)]
    if inner.size >= values.size // 20:
        low, high = (float(value) for value in np.percentile(inner, (0.5, 99.5)))
    if max_value == 255 and high - low >= 128:
        return Window.between(0, 255)
    return Window.between(low, high)


def shows_enough(window: Window, frames: Grey) -> bool:
    """Whether a window from a file leaves at least a tenth of the image neither black nor white."""
    values = sample_of(frames)
    inside = np.count_nonzero((values > window.low) & (values < window.high))
    return bool(inside >= values.size // 10 or values.min() == values.max())
