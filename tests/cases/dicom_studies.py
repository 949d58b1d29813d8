"""Studies as folders of DICOM files, for tests of what imports them."""

from __future__ import annotations

import random

import pydicom
from pydicom.uid import (
    CTImageStorage,
    generate_uid,
)

from cases.importers import ImportedCase, Problem, importer_named
from tests.cases.files import ramp, write_dicom

AXIAL = [1, 0, 0, 0, 1, 0]
SAGITTAL = [0, 1, 0, 0, 0, -1]


def study(**more):
    return {"StudyInstanceUID": generate_uid(), "StudyDate": "20250310", "PatientID": "P-17"} | more


def film(folder, name="a.dcm", **elements):
    folder.mkdir(parents=True, exist_ok=True)
    return write_dicom(folder / name, **(study() | {"ViewPosition": "PA"} | elements))


def stack(folder, depths, *, seed=1, values=None, **elements):
    """Slices at these heights, in files whose names and instance numbers say nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    same = study(SeriesInstanceUID=generate_uid(), SeriesNumber=1) | elements
    names = list(range(len(depths)))
    random.Random(seed).shuffle(names)
    for name, depth in zip(names, depths, strict=True):
        place = {"ImageOrientationPatient": AXIAL, "ImagePositionPatient": [-100, -100, depth]}
        write_dicom(
            folder / f"{seed}-{name:03d}",
            ramp(16, 16) if values is None else values,
            **({"Modality": "CT", "SOPClassUID": CTImageStorage, "InstanceNumber": name + 1}),
            **(place | {"PixelSpacing": [1, 1], "ViewPosition": None} | same)
            if "ViewPosition" in same
            else place | {"PixelSpacing": [1, 1]} | same,
        )
    return same


def read(path):
    importer = importer_named("dicom")
    items = list(importer.read(path, importer.folders(path)))
    return (
        [item for item in items if isinstance(item, ImportedCase)],
        [item for item in items if isinstance(item, Problem) and item.kind != "removed"],
    )


def depths_of(case):
    return [
        float(pydicom.dcmread(path).ImagePositionPatient[2]) for path in case.images[0].source.paths
    ]
