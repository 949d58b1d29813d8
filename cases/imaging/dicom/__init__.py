"""DICOM radiographs and stacks: their numbers, what those mean, and nothing that names a person.

Sections named "C." are of DICOM PS3.3 (Information Object Definitions).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID

from cases.imaging.dicom import header
from cases.imaging.dicom.codecs import PIXELS, gray_frames
from cases.imaging.dicom.contrast import Table, contrast_of, modality_table
from cases.imaging.dicom.views import orientation_of, view_of
from cases.imaging.pixels import FileImage, ImageProblem, Place, check_size

__all__ = ["places", "read"]


def read(path: Path) -> FileImage:
    """Read a DICOM file of any class with pixels, in any transfer syntax a codec is there for.

    Raises:
        ImageProblem: not readable, no pixels, too large, or no codec for the transfer syntax.
        MemoryError: decoding it takes more than there is, or than is allowed.
    """
    name = path.name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd values in headers: this reader checks its own
        try:
            dataset = pydicom.dcmread(path, force=True)
            _check_header(dataset, name)
            values = gray_frames(dataset, path)
            frames, rows, columns = values.shape
            check_size(name, rows, columns, frames)
            return _described(dataset, values, name)
        except (ImageProblem, MemoryError):
            raise
        except Exception:  # header elements are parsed when asked for, and fail in many ways
            raise ImageProblem(
                name,
                "is cut off or damaged (its header cannot be read to the end)",
                "copy it again, or export it again from its source",
            ) from None


def places(path: Path) -> Sequence[Place | None]:
    """Where each frame of a file lies, by its header; None for what it does not tell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
            frames = max(1, header.whole(dataset.get("NumberOfFrames", 1)))
            return [header.place(dataset, frame) for frame in range(frames)]
        except Exception:  # as in `read`, which has its say in words
            return (None,)


def is_burned_in(path: Path) -> bool:
    """Whether a file's header says that text is burned into its pixels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _is_burned_in(pydicom.dcmread(path, force=True, stop_before_pixels=True))
        except Exception:  # as in `read`, which has its say in words
            return False


def _check_header(dataset: Dataset, name: str) -> None:
    if not any(len(dataset[key].value or b"") for key in PIXELS if key in dataset):
        raise _without_pixels(dataset, name)
    rows, columns = (header.whole(dataset.get(key)) for key in ("Rows", "Columns"))
    check_size(name, rows, columns, max(1, header.whole(dataset.get("NumberOfFrames", 1))))


def _without_pixels(dataset: Dataset, name: str) -> ImageProblem:
    """Another kind of DICOM, or an image whose file ends too early: the advice is not the same."""
    meta = getattr(dataset, "file_meta", Dataset())
    uid = UID(str(dataset.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID") or ""))
    kind = uid.name if uid.name != uid else ""  # else not a known one, but anything
    if "Image Storage" in kind or "Rows" in dataset:
        return ImageProblem(
            name,
            "is cut off or damaged (its header is of an image, and no pixels follow)",
            "copy or download it again",
        )
    if kind:
        return ImageProblem(
            name,
            f"is DICOM without pixels ({kind})",
            "choose the file of the image itself, not its report, presentation state or directory",
        )
    return ImageProblem(
        name,
        "is not readable DICOM (nothing in it says what it is, and there are no pixels)",
        "copy it again, or choose the file of the image itself",
    )


def _described(dataset: Dataset, values: NDArray[Any], name: str) -> FileImage:
    padding = header.padding(dataset, values.dtype.kind == "f", values.dtype.itemsize * 8)
    is_signed = values.dtype.kind == "i"
    rescales = [header.rescale(dataset, frame) for frame in range(len(values))]
    table = modality_table(dataset, name)
    if table is not None:
        values, padding = _through(table, values, padding)
        in_hu = header.is_hu(dataset.ModalityLUTSequence[0], "ModalityLUTType")
        rescales = [header.Rescale(in_hu=in_hu)] * len(values)
    contrast = contrast_of(dataset, lambda: _real_range(values, rescales))
    places = tuple(header.place(dataset, frame) for frame in range(len(values)))
    modality = header.text(dataset.get("Modality"))
    # Signed numbers of a CT that says nothing of them are Hounsfield units, by old custom.
    in_hu = all(is_signed if one.in_hu is None else one.in_hu for one in rescales)
    return FileImage(
        name=name,
        values=values,
        slopes=tuple(one.slope for one in rescales),
        intercepts=tuple(one.intercept for one in rescales),
        falls=contrast.falls,
        padding=padding,
        in_hu=modality == "CT" and in_hu,
        window=contrast.window,
        spacing_mm=header.spacing(dataset),
        pixel_aspect=header.pixel_aspect(dataset),
        modality=modality,
        view=view_of(dataset),
        orientation=orientation_of(dataset, places[0]),
        places=places,
        uid=str(dataset.get("SOPInstanceUID") or ""),
        age=header.age(dataset.get("PatientAge")),
        sex=header.sex(dataset.get("PatientSex")),
        is_burned_in=_is_burned_in(dataset),
    )


def _is_burned_in(dataset: Dataset) -> bool:
    return header.text(dataset.get("BurnedInAnnotation")).strip().upper() == "YES"


def _through(
    table: Table, values: NDArray[Any], padding: tuple[float, float] | None
) -> tuple[NDArray[np.int64], tuple[float, float] | None]:
    """Real values by a modality LUT; padding, which it says nothing of, becomes -1."""
    real = table.apply(values)
    if padding is None:
        return real, None
    real[(values >= padding[0]) & (values <= padding[1])] = -1
    return real, (-1, -1)


def _real_range(values: NDArray[Any], rescales: Sequence[header.Rescale]) -> tuple[float, float]:
    ends = [
        float(end) * one.slope + one.intercept
        for frame, one in zip(values, rescales, strict=True)
        for end in (frame.min(), frame.max())
    ]
    return min(ends), max(ends)
