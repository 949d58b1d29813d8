"""What a file holds, what becomes of it, and the limits on both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8] | NDArray[np.uint16]

MAX_PIXELS = 100_000_000
"""Pixels of one frame beyond which a file is refused before it is decoded."""
MAX_STACK_PIXELS = 300_000_000
"""Pixels of all frames of one stack together; 600 MB at 16 bits."""
MAX_STACK_FRAMES = 2_000
OLDEST = 90
"""Stands for every age over 89, which could tell who somebody is (45 CFR 164.514(b)(2)(i)(C))."""


class ImageProblem(Exception):
    """A file that cannot become an image: what is wrong, with which file, what to do."""

    def __init__(self, name: str, what: str, advice: str) -> None:
        self.name = name
        self.sentence = " ".join(f"{name} {what}: {advice}.".split())  # one line, whatever is in it
        super().__init__(name, what, advice)

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class Window:
    """The values shown black (``center - width / 2``) and white (``center + width / 2``)."""

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


LUNG_WINDOW = Window(center=-600.0, width=1500.0)
"""Hounsfield units: the usual lung window, for CT without a window of its own."""


@dataclass(frozen=True)
class Place:
    """Where one frame lies in the patient (PS3.3, C.7.6.2.1.1); mm and unit vectors, x y z.

    x grows to the patient's left, y to the back, z to the head.
    """

    row: tuple[float, float, float]
    """The direction along a row, from left to right on the image."""
    column: tuple[float, float, float]
    """The direction along a column, from top to bottom on the image."""
    position: tuple[float, float, float] | None = None
    """The center of the first pixel."""

    @property
    def normal(self) -> NDArray[np.float64]:
        return np.cross(self.row, self.column)

    @property
    def depth(self) -> float | None:
        """How far along the normal the frame lies, mm."""
        return None if self.position is None else float(self.normal @ np.array(self.position))


@dataclass(frozen=True)
class FileImage:
    """What one file holds: its own numbers, what they mean, and nothing that names a person.

    `values` has shape ``(frames, rows, columns)``; frame *i* means the real values
    ``values[i] * slopes[i] + intercepts[i]``.
    """

    name: str
    values: NDArray[Any]
    slopes: tuple[float, ...] = (1.0,)
    intercepts: tuple[float, ...] = (0.0,)
    falls: bool = False
    """Whether a larger real value is to be shown darker."""
    padding: tuple[float, float] | None = None
    """The range of numbers (both ends included) that stand for no image at all."""
    in_hu: bool = False
    """Whether the real values are known to be Hounsfield units."""
    window: Window | None = None
    """The file's own default window, in real values."""
    spacing_mm: tuple[float, float] | None = None
    """Between rows, between columns; mm."""
    pixel_aspect: float = 1.0
    """Height of a pixel over its width."""
    modality: str = ""
    view: str = ""
    """A value of `Image.View`, or empty when the file does not say."""
    orientation: str | None = None
    """Where the rows and columns run to, as two letters of L R A P H F; empty when that is not
    known, None when nothing speaks against the usual way."""
    places: tuple[Place | None, ...] = (None,)
    uid: str = ""
    """The file's own identity, to tell when it is given twice; goes no further."""
    age: int | None = None
    """Years; ages over 89 are given as 90."""
    sex: str = ""
    """F, M, O or empty."""
    is_burned_in: bool = False
    """Whether the file itself says that text is burned into its pixels."""


@dataclass(frozen=True)
class Decoded:
    """Gray pixels with what is worth keeping of the files' headers.

    `frames` has shape ``(frames, rows, columns)``, dtype uint8 or uint16, MONOCHROME2
    (0 is black). `max_value` is the largest value the precision allows (255, 4095, …).
    """

    frames: Gray
    max_value: int
    window: Window | None = None
    """The files' own default window in stored values, when they have a usable one."""
    spacing_mm: tuple[float, float] | None = None
    """Between rows, between columns; mm."""
    pixel_aspect: float = 1.0
    """Height of a pixel over its width."""
    view: str = ""
    orientation: str | None = None
    age: int | None = None
    sex: str = ""
    value_scale: float | None = None
    """Hounsfield units of one stored step, below 0 where gray falls; None where unknown."""
    value_offset: float = 0.0
    """The Hounsfield units of a stored 0."""
    frame_order: tuple[int, ...] = (0,)
    """For each frame its number in the files, from 0."""
    doubt: str = ""
    """What a curator should see before learners do, as a sentence: slices that are missing."""
    is_burned_in: bool = False
    """Whether a file says that text is burned into its pixels."""


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
