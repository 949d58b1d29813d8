"""A film or stack of the library as a DICOM file: what objects that speak of it can refer to.

Originals are not kept, so it is a secondary capture of the rendition, derived, under UIDs of its
own that stay the same for an image; nothing of a header is made up. A stack is one multi-frame file
without places in the patient, which the library does not know.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from cases.imaging.pixels import Gray

EMPTY = (
    *("PatientName", "PatientBirthDate", "StudyDate", "StudyTime", "StudyID", "AccessionNumber"),
    *("ReferringPhysicianName", "Manufacturer", "ContentDate", "ContentTime"),
)
VIEWS = ("PA", "AP", "LATERAL", "FRONTAL")


def uid_of(*names: object) -> UID:
    """A UID that stays the same for these names."""
    return generate_uid(entropy_srcs=["RadGame", *map(str, names)])


def written(
    frames: Sequence[Gray],
    *,
    study: str,
    image: str,
    number: int,
    view: str = "",
    age: int | None = None,
    sex: str = "",
    max_value: int = 255,
    window: tuple[float, float] | None = None,
    hounsfield: tuple[float, float] | None = None,
    spacing: tuple[float, float] | None = None,
    aspect: float = 1.0,
    orientation: str = "",
    is_free_of_text: bool = False,
) -> Dataset:
    """The data set of an image; `frames` are of one shape (rows, columns) and kind.

    `study` and `image` are the library's own ids of case and image, `window` is in stored values,
    `hounsfield` the slope and intercept where they are known, `spacing` mm a row and a column.
    """
    values = np.stack(frames)
    wide = values.dtype.itemsize > 1
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    kind = SecondaryCaptureImageStorage
    if len(frames) > 1:
        kind = (
            MultiFrameGrayscaleWordSecondaryCaptureImageStorage
            if wide
            else MultiFrameGrayscaleByteSecondaryCaptureImageStorage
        )
        made.NumberOfFrames = len(frames)
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = kind
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = uid_of(image)
    made.StudyInstanceUID, made.SeriesInstanceUID = uid_of(study), uid_of(image, "series")
    for name in EMPTY:
        setattr(made, name, "")
    made.PatientID, made.PatientSex = study, sex
    if age is not None:
        made.PatientAge = f"{age:03d}Y"
    made.ConversionType, made.ImageType = "WSD", ["DERIVED", "SECONDARY"]
    made.Modality = "CT" if view == "CT" else "DX" if len(frames) == 1 else "OT"
    made.SeriesNumber, made.InstanceNumber = number, 1
    if view in VIEWS:
        made.ViewPosition = view
    made.PatientOrientation = list(orientation)
    if is_free_of_text:
        made.BurnedInAnnotation = "NO"
    if spacing:
        made.PixelSpacing = [round(one, 8) for one in spacing]
    elif aspect != 1.0:
        made.PixelAspectRatio = [max(1, round(aspect * 1000)), 1000]
    slope, intercept = hounsfield or (1.0, 0.0)
    made.RescaleSlope, made.RescaleIntercept = (round(one, 8) for one in (slope, intercept))
    made.RescaleType = "HU" if hounsfield else "US"
    if window:
        made.WindowCenter = round(window[0] * slope + intercept, 6)
        made.WindowWidth = round(max(1.0, window[1] * abs(slope)), 6)
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = values.shape[1:]
    made.BitsAllocated = values.dtype.itemsize * 8
    made.BitsStored = max(1, int(max_value).bit_length()) if wide else 8
    made.HighBit, made.PixelRepresentation = made.BitsStored - 1, 0
    content = values.astype("<u2" if wide else "u1").tobytes()
    made.PixelData = content + b"\0" * (len(content) % 2)
    made["PixelData"].VR = "OW" if wide else "OB"
    return made
