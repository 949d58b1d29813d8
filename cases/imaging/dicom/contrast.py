"""How a DICOM file's values are to become light: tables, default window, polarity.

Sections named "C." are of DICOM PS3.3 (Information Object Definitions).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from cases.imaging.dicom.header import group_of, number, text, whole
from cases.imaging.pixels import ImageProblem, Window

FALLING_SHAPES = {"IDENTITY": False, "INVERSE": True}


@dataclass(frozen=True)
class Table:
    """A lookup table (C.11.1.1, C.11.2.1.1): the values for `first`, `first` + 1, …"""

    first: int
    values: NDArray[np.int64]

    def apply(self, numbers: NDArray[Any]) -> NDArray[np.int64]:
        """The table's values for whole numbers; those outside take its first or last."""
        places = numbers.astype(np.int64) - self.first
        return self.values[np.clip(places, 0, len(self.values) - 1)]

    def between(self, low: float, high: float) -> Table:
        """The part of the table for numbers from `low` to `high`; whole where that is nothing."""
        start = int(np.clip(np.floor(low) - self.first, 0, len(self.values)))
        end = int(np.clip(np.ceil(high) - self.first + 1, 0, len(self.values)))
        return Table(self.first + start, self.values[start:end]) if end - start > 1 else self


def table_of(item: Dataset, *, little_endian: bool, signed: bool) -> Table | None:
    """A table from its sequence item, or None when it is damaged.

    The width of an entry is told by the bytes there are, not by the bits of its descriptor:
    tables of 8 bits are often written one entry a 16-bit word.
    """
    try:
        entries, first, _ = (int(value) for value in item.LUTDescriptor)
        entries, raw = entries % 65536 or 65536, item.LUTData
    except (AttributeError, TypeError, ValueError):
        return None
    if isinstance(raw, bytes):
        kind = "u1" if len(raw) < 2 * entries else "<u2" if little_endian else ">u2"
        raw = np.frombuffer(raw[: len(raw) // 2 * 2] if kind != "u1" else raw, kind)
    try:
        values = np.asarray(raw, dtype=np.int64)[:entries]
    except (OverflowError, TypeError, ValueError):
        return None
    if values.ndim != 1 or len(values) < 2:
        return None
    if signed and first >= 2**15:
        first -= 2**16
    return Table(first, values)


def modality_table(dataset: Dataset, name: str) -> Table | None:
    """The table that gives real values (C.11.1), or None where the file has none.

    Raises:
        ImageProblem: a damaged table, without which the numbers mean nothing.
    """
    sequence = dataset.get("ModalityLUTSequence")
    if not sequence:
        return None
    signed = whole(dataset.get("PixelRepresentation")) == 1
    table = table_of(sequence[0], little_endian=is_little_endian(dataset), signed=signed)
    if table is None:
        raise ImageProblem(
            name, "has a modality LUT that cannot be applied (it is damaged)", "export it again"
        )
    return table


def is_little_endian(dataset: Dataset) -> bool:
    return dataset.original_encoding[1] is not False


@dataclass(frozen=True)
class Contrast:
    """The default window in real values, and whether gray falls with the real value."""

    window: Window | None
    falls: bool


def contrast_of(dataset: Dataset, real_range: Callable[[], tuple[float, float]]) -> Contrast:
    """What a file says of its grays; `real_range` gives the lowest and highest of its real values.

    Whatever turns them around is counted here and nowhere else: the presentation LUT shape
    (C.11.6.1.2) and, where there is none, MONOCHROME1 (C.7.6.3.1.2); and a VOI LUT that falls.
    A negative rescale slope is in the real values already.
    """
    photometric = text(dataset.get("PhotometricInterpretation"))
    shape = text(dataset.get("PresentationLUTShape"))
    falls = FALLING_SHAPES.get(shape, photometric == "MONOCHROME1")
    group = group_of(dataset, 0, "FrameVOILUTSequence")
    tables = group.get("VOILUTSequence")
    if tables:
        low, high = real_range()
        table = table_of(tables[0], little_endian=is_little_endian(dataset), signed=low < 0)
        if table is not None and (window := _slope_of(table)) is not None:
            return Contrast(window, falls != _is_falling(table.between(low, high)))
    return Contrast(_linear_window(group), falls)


def _slope_of(table: Table) -> Window | None:
    """The inputs between which a table goes from 2 % to 98 % of its range."""
    values = table.values.astype(np.float64)
    if values.max() == values.min():
        return None
    share = (values - values.min()) / (values.max() - values.min())
    rising = np.flatnonzero((share >= 0.02) & (share <= 0.98))
    if rising.size < 2:
        return None
    low, high = table.first + float(rising[0]), table.first + float(rising[-1])
    return Window((low + high) / 2, high - low)


def _is_falling(table: Table) -> bool:
    """Whether larger inputs get smaller outputs on the whole."""
    values = table.values - table.values.mean()
    return float(values @ (np.arange(len(values)) - (len(values) - 1) / 2)) < 0


def _linear_window(group: Dataset) -> Window | None:
    """Window Center and Width (C.11.2.1.2), the first when there are several."""
    center, width = number(group.get("WindowCenter")), number(group.get("WindowWidth"))
    if center is None or width is None or width <= 0:
        return None
    if text(group.get("VOILUTFunction")) in ("", "LINEAR") and width > 1:
        return Window(center - 0.5, width - 1)
    return Window(center, width)
