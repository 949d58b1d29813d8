"""Reading a DICOM header that may be incomplete, contradictory, or spread over functional groups.

Sections named "C." are of DICOM PS3.3 (Information Object Definitions).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from cases.imaging.pixels import OLDEST, Place

LARGEST = 1e30
"""Beyond it a number in a header is damage."""


def number(value: Any) -> float | None:
    """The first value of an element as a finite float."""
    if isinstance(value, (list, tuple, pydicom.multival.MultiValue)):
        value = value[0] if len(value) else None
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) and abs(found) < LARGEST else None


def numbers(value: Any, count: int) -> tuple[float, ...] | None:
    """Exactly `count` finite floats, or None."""
    if not isinstance(value, (list, tuple, pydicom.multival.MultiValue)) or len(value) != count:
        return None
    found = tuple(number(one) for one in value)
    return None if None in found else found  # type: ignore[return-value]


def whole(value: Any) -> int:
    """A whole number, 0 where there is none."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def text(value: Any) -> str:
    """The first value in capitals, without padding."""
    if isinstance(value, (list, tuple, pydicom.multival.MultiValue)):
        value = value[0] if len(value) else ""
    return str(value or "").replace("\0", "").strip().upper()


def group_of(dataset: Dataset, frame: int, macro: str) -> Dataset:
    """Where the attributes of a functional group (C.7.6.16.2) of one frame are.

    In an enhanced multi-frame file the item of the frame, or the one that all frames share; else
    the data set itself, where files of one frame have them.
    """
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    for groups in (per_frame[frame : frame + 1], shared[:1]):
        for item in groups:
            if item.get(macro):
                return item[macro][0]
    return dataset


@dataclass(frozen=True)
class Rescale:
    """From a frame's numbers to its real values (C.11.1): ``number * slope + intercept``."""

    slope: float = 1.0
    intercept: float = 0.0
    in_hu: bool | None = None
    """Whether they are Hounsfield units if it is a CT; None when nothing is said."""


def rescale(dataset: Dataset, frame: int) -> Rescale:
    """A frame's transformation. A slope that is no number, or 0, is none."""
    group = group_of(dataset, frame, "PixelValueTransformationSequence")
    said = (group.get("RescaleSlope"), group.get("RescaleIntercept"))
    if all(value in (None, "") for value in said):
        return Rescale()
    slope = 1.0 if said[0] in (None, "") else number(said[0])
    if not slope or abs(slope) < 1 / LARGEST:
        return Rescale(in_hu=False)
    return Rescale(slope, number(said[1]) or 0.0, is_hu(group, "RescaleType"))


def is_hu(item: Dataset, key: str) -> bool:
    """Of a CT: whether an element that names the unit says so, or leaves it open."""
    return text(item.get(key)) in ("", "HU")


def spacing(dataset: Dataset) -> tuple[float, float] | None:
    """mm between rows and between columns: in the patient where known, else at the detector."""
    measures = group_of(dataset, 0, "PixelMeasuresSequence")
    for source, key in (
        (measures, "PixelSpacing"),
        (dataset, "PixelSpacing"),
        (dataset, "ImagerPixelSpacing"),
        (dataset, "NominalScannedPixelSpacing"),
    ):
        found = numbers(source.get(key), 2)
        if found and all(0 < mm < 100 for mm in found):
            return found[0], found[1]
    return None


def pixel_aspect(dataset: Dataset) -> float:
    """Height of a pixel over its width (C.7.6.3.1.7), 1 where nothing is said."""
    found = numbers(dataset.get("PixelAspectRatio"), 2)
    if found is None or min(found) <= 0:
        return 1.0
    ratio = found[0] / found[1]
    return ratio if 0.1 <= ratio <= 10 else 1.0


def padding(dataset: Dataset, is_float: bool, bits: int) -> tuple[float, float] | None:
    """The range of Pixel Padding Value and its limit (C.7.5.1.1.2), as the pixels have them.

    Written for signed pixels as if it were unsigned, or the other way round, it is converted.
    """
    prefix = {True: "FloatPixelPadding", False: "PixelPadding"}[is_float]
    ends = [_plain(dataset.get(prefix + key)) for key in ("Value", "RangeLimit")]
    value, limit = (number(end) for end in ends)
    if value is None:
        return None
    low, high = sorted((value, value if limit is None else limit))
    if is_float:
        return low, high
    signed = whole(dataset.get("PixelRepresentation")) == 1
    ends = sorted(_as_stored(int(end), signed, bits) for end in (low, high))
    return ends[0], ends[1]


def _plain(value: Any) -> Any:
    """A value that came without its type, as bytes."""
    return int.from_bytes(value[:2], "little") if isinstance(value, bytes) and value else value


def _as_stored(value: int, signed: bool, bits: int) -> int:
    """A number of `bits` bits read with the right sign."""
    if signed and 1 << (bits - 1) <= value < 1 << bits:
        return value - (1 << bits)
    if not signed and -(1 << (bits - 1)) <= value < 0:
        return value + (1 << bits)
    return value


def place(dataset: Dataset, frame: int) -> Place | None:
    """Where a frame lies (C.7.6.2), when its orientation is two unit vectors at a right angle."""
    directions = numbers(
        group_of(dataset, frame, "PlaneOrientationSequence").get("ImageOrientationPatient"), 6
    )
    if directions is None:
        return None
    row, column = np.array(directions[:3]), np.array(directions[3:])
    lengths = float(np.linalg.norm(row)), float(np.linalg.norm(column))
    if min(lengths) < 0.5 or max(lengths) > 2:
        return None
    row, column = row / lengths[0], column / lengths[1]
    if abs(float(row @ column)) > 0.1:
        return None
    position = numbers(
        group_of(dataset, frame, "PlanePositionSequence").get("ImagePositionPatient"), 3
    )
    return Place(tuple(row.tolist()), tuple(column.tolist()), position)  # type: ignore[arg-type]


def age(value: Any) -> int | None:
    """Years of an age string (``054Y``, ``018M``; also without its unit)."""
    found = re.fullmatch(r"\s*(\d{1,3})\s*([YMWD]?)\s*", str(value or "").upper())
    if not found:
        return None
    per_year = {"M": 12, "W": 52, "D": 365}.get(found[2], 1)
    years = int(found[1]) // per_year
    return min(years, OLDEST) if years <= 120 else None


def sex(value: Any) -> str:
    found = text(value)
    return found if found in ("F", "M", "O") else ""


def brief(error: Exception) -> str:
    """What a decoder says in at most 150 characters, without what it quotes of the file.

    Of a list of reasons the reasons alone. A damaged header may have a name anywhere.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = re.sub(r"(['\"]).*?\1", "…", "; ".join(lines[1:] or lines)) or type(error).__name__
    return "".join(one for one in said if one.isprintable())[:150].rstrip(" .:;,")
