"""DICOM radiographs and stacks: stored values, default window, and nothing that names a person.

Sections named "C." are of DICOM PS3.3 (Information Object Definitions).
"""

from __future__ import annotations

import math
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, apply_modality_lut

from cases.imaging.pixels import (
    CT_WINDOW,
    Decoded,
    ImageProblem,
    Window,
    check_size,
    fit_to_16_bits,
    narrowest,
    shows_enough,
)

VIEWS = {
    "PA": "PA",
    "AP": "AP",
    "LL": "LATERAL",
    "RL": "LATERAL",
    "LAT": "LATERAL",
    "LATERAL": "LATERAL",
}
OLDEST = 90


def decode(path: Path) -> Decoded:
    """Read a DICOM file of any class with pixels, in any transfer syntax a codec is there for.

    The modality LUT or rescale (C.11.1) is undone to stored values from 0 up, MONOCHROME1
    (C.7.6.3.1.2) is turned to MONOCHROME2, and the VOI LUT or window (C.11.2) becomes the
    default window: the pixels keep their bits.

    Raises:
        ImageProblem: not readable, no pixels, too large, or no codec for the transfer syntax.
    """
    name = path.name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd values in headers: this reader checks its own
        dataset = _read(path)
        try:
            _check_header(dataset, name)
            return _decoded(dataset, _grey_values(dataset, name), name)
        except ImageProblem:
            raise
        except MemoryError:
            raise ImageProblem(
                name, "needs more memory than there is", "make it smaller and import it again"
            ) from None
        except Exception as error:  # header elements are parsed when asked for, in many ways
            raise _damaged(name, error) from None


def _read(path: Path) -> Dataset:
    try:
        return pydicom.dcmread(path, force=True)
    except Exception as error:  # pydicom raises many kinds on damaged files
        raise _damaged(path.name, error) from None


def _damaged(name: str, error: Exception) -> ImageProblem:
    return ImageProblem(
        name, f"is not readable DICOM ({_brief(error)})", "export it again from its source"
    )


def _brief(error: Exception) -> str:
    """The first line of an error, at most 150 characters."""
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0][:150].rstrip(" .:")


def _check_header(dataset: Dataset, name: str) -> None:
    if not any(key in dataset for key in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        kind = getattr(dataset.get("SOPClassUID"), "name", "") or "of unknown class"
        raise ImageProblem(
            name,
            f"is DICOM without pixels ({kind})",
            "choose the file of the image itself, not its report, presentation state or directory",
        )
    rows, columns = (_whole(dataset.get(key)) for key in ("Rows", "Columns"))
    check_size(name, rows, columns, max(1, _whole(dataset.get("NumberOfFrames", 1))))


def _whole(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _grey_values(dataset: Dataset, name: str) -> NDArray[Any]:
    """Stored values, shape ``(frames, rows, columns)``, colour turned to grey."""
    try:
        values = dataset.pixel_array
        if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
            values = apply_color_lut(values, dataset)
    except Exception as error:  # each codec raises its own kinds
        syntax = getattr(dataset, "file_meta", Dataset()).get("TransferSyntaxUID")
        raise ImageProblem(
            name,
            f"has pixels that cannot be decoded ({getattr(syntax, 'name', 'no transfer syntax')}: "
            f"{_brief(error)})",
            "export it again, uncompressed (Explicit VR Little Endian)",
        ) from None
    stacked = _whole(dataset.get("NumberOfFrames", 1)) > 1
    if values.ndim == (4 if stacked else 3) and values.shape[-1] in (3, 4):
        values = _luminance(values)
    return values if stacked else values[np.newaxis]


def _luminance(values: NDArray[Any]) -> NDArray[Any]:
    """Rec. 601 luma of RGB pixels (the decoders turn YBR to RGB), in the dtype they came in."""
    luma = values[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.rint(luma).astype(values.dtype)


def _decoded(dataset: Dataset, values: NDArray[Any], name: str) -> Decoded:
    padding = _padding(dataset, values)
    slope, intercept = _rescale(dataset)
    if "ModalityLUTSequence" in dataset:
        values = _by_modality_lut(dataset, values, name)
        slope, intercept = 1.0, 0.0
    is_ct = str(dataset.get("Modality", "")) == "CT"
    if is_ct and slope != 1.0:
        values = np.rint(values.astype(np.float32) * slope + intercept).astype(np.int32)
        slope, intercept = 1.0, 0.0
    stored: NDArray[np.uint16]
    base: int | None
    if values.dtype.kind == "f":
        stored, base = fit_to_16_bits(values, name), None
    else:
        stored, base = _from_zero(values, padding, name)
    inverted = dataset.get("PhotometricInterpretation") == "MONOCHROME1"
    frames, max_value = narrowest(stored)
    window = None
    if base is not None:
        window = _default_window(dataset, slope, intercept, base, is_ct)
    if inverted:
        frames = np.subtract(frames.dtype.type(max_value), frames)
        window = window and Window(max_value - window.center, window.width)
    if padding is not None:
        frames = frames.copy()
        frames[padding] = 0
    if window and not shows_enough(window, frames):
        window = None
    return Decoded(
        frames=frames,
        max_value=max_value,
        window=window,
        spacing_mm=_spacing(dataset),
        view="CT" if is_ct else VIEWS.get(str(dataset.get("ViewPosition", "")).upper(), ""),
        age=_age(dataset.get("PatientAge")),
        sex=_sex(dataset.get("PatientSex")),
        value_offset=(base or 0) + intercept if is_ct else 0.0,
    )


def _from_zero(
    values: NDArray[Any], padding: NDArray[np.bool_] | None, name: str
) -> tuple[NDArray[np.uint16], int | None]:
    """Values shifted to start at 0 when any is negative, and what was taken off.

    None instead when 16 bits could not hold them without scaling.
    """
    if padding is not None:
        values = np.where(padding, values[~padding].min(), values)
    low, high = int(values.min()), int(values.max())
    base = min(low, 0)
    return fit_to_16_bits(values, name), base if high - base <= 65535 else None


def _padding(dataset: Dataset, values: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Where pixels are padding (C.7.5.1.1.2), or None; their value says nothing."""
    value = dataset.get("PixelPaddingValue")
    if value is None or values.dtype.kind == "f":
        return None
    limit = dataset.get("PixelPaddingRangeLimit", value)
    try:
        low, high = sorted((int(value), int(limit)))
    except (TypeError, ValueError):
        return None
    found = (values >= low) & (values <= high)
    return found if found.any() and not found.all() else None


def _rescale(dataset: Dataset) -> tuple[float, float]:
    slope = _number(dataset.get("RescaleSlope"))
    intercept = _number(dataset.get("RescaleIntercept"))
    return (slope if slope and slope > 0 else 1.0), (intercept or 0.0)


def _by_modality_lut(dataset: Dataset, values: NDArray[Any], name: str) -> NDArray[Any]:
    try:
        return apply_modality_lut(values, dataset)
    except Exception as error:  # a damaged table
        raise ImageProblem(
            name, f"has a modality LUT that cannot be applied ({_brief(error)})", "export it again"
        ) from None


def _default_window(
    dataset: Dataset, slope: float, intercept: float, base: int, is_ct: bool
) -> Window | None:
    """The file's first window or VOI LUT, in the stored values kept here."""
    window = _lut_window(dataset) or _linear_window(dataset) or (CT_WINDOW if is_ct else None)
    if window is None:
        return None

    def stored(value: float) -> float:
        return (value - intercept) / slope - base

    return Window.between(stored(window.low), stored(window.high))


def _linear_window(dataset: Dataset) -> Window | None:
    """Window Center and Width (C.11.2.1.2), the first when there are several."""
    center, width = (_number(dataset.get(key)) for key in ("WindowCenter", "WindowWidth"))
    if center is None or width is None or width < 1:
        return None
    if dataset.get("VOILUTFunction", "LINEAR") == "LINEAR":
        return Window.between(center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2)
    return Window(center, width)


def _lut_window(dataset: Dataset) -> Window | None:
    """The inputs between which a VOI LUT (C.11.2.1.1) rises from 2 % to 98 % of its range."""
    try:
        item = dataset.VOILUTSequence[0]
        _, first, bits = (int(value) for value in item.LUTDescriptor)
        raw = item.LUTData
        if isinstance(raw, bytes):
            raw = np.frombuffer(raw, "<u2" if bits > 8 else "u1")
        table = np.asarray(raw, dtype=np.float64)
    except (AttributeError, IndexError, TypeError, ValueError):
        return None
    if table.size < 2 or table.max() == table.min():
        return None
    if first >= 2**15 and dataset.get("PixelRepresentation") == 1:
        first -= 2**16
    share = (table - table.min()) / (table.max() - table.min())
    rising = np.flatnonzero((share >= 0.02) & (share <= 0.98))
    if rising.size < 2:
        return None
    return Window.between(first + float(rising[0]), first + float(rising[-1]))


def _number(value: Any) -> float | None:
    """The first value of an element as a finite float."""
    if isinstance(value, (list, tuple, pydicom.multival.MultiValue)):
        value = value[0] if len(value) else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _spacing(dataset: Dataset) -> tuple[float, float] | None:
    """mm between rows and between columns: in the patient where known, else at the detector."""
    for key in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        try:
            rows, columns = (float(value) for value in dataset.get(key) or ())
        except (TypeError, ValueError):
            continue
        if 0 < rows < 100 and 0 < columns < 100:
            return rows, columns
    return None


def _age(value: Any) -> int | None:
    """Years of an age string (``054Y``, ``018M``; also without its unit)."""
    found = re.fullmatch(r"\s*(\d{1,3})\s*([YMWD]?)\s*", str(value or "").upper())
    if not found:
        return None
    per_year = {"M": 12, "W": 52, "D": 365}.get(found[2], 1)
    years = int(found[1]) // per_year
    return min(years, OLDEST) if years <= 120 else None


def _sex(value: Any) -> str:
    text = str(value or "").strip().upper()
    return text if text in ("F", "M", "O") else ""
