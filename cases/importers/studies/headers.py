"""What a DICOM header says of a file's place in a study; nothing that names a person stays."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import UID

from cases.imaging import digest_of
from cases.imaging.dicom import header
from cases.imaging.dicom.views import PROJECTIONS, view_of
from cases.imaging.pixels import OLDEST, Place
from cases.importers.studies.headings import digest
from cases.importers.studies.identifying import told_by
from cases.importers.studies.reading import Seen, head_of

TAGS = [
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID"),
    *("StudyDate", "Modality", "ImageType", "SeriesNumber", "InstanceNumber", "Rows", "Columns"),
    *("NumberOfFrames", "ImageOrientationPatient", "ImagePositionPatient", "PixelSpacing"),
    *("AcquisitionNumber", "EchoTime", "TemporalPositionIdentifier", "DiffusionBValue"),
    *("TriggerTime", "PatientAge", "PatientBirthDate", "PatientSex", "BurnedInAnnotation"),
    *("ViewPosition", "ViewCodeSequence", "PatientOrientation", "AccessionNumber"),
    *("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"),
    *("ReferencedSeriesSequence", "CurrentRequestedProcedureEvidenceSequence"),
    *("ReferencedFrameOfReferenceSequence", "SeriesDescription"),
]
TRUTHS = ("SEG", "SR", "RTSTRUCT")
"""Modalities of objects that say something of images."""
REPORTS = tuple(f"1.2.840.10008.5.1.4.1.1.88.{kind}" for kind in (22, 33, 34))
"""Classes of structured reports with measurements: Enhanced, Comprehensive, Comprehensive 3D."""
PHASES = (
    *("AcquisitionNumber", "TemporalPositionIdentifier", "EchoTime", "DiffusionBValue"),
    "TriggerTime",
)
"""By which slices that lie in one place may differ, in the order in which they are asked."""
NAMES = tuple(
    zip(
        ("study", "accession", "patient"),
        ("StudyInstanceUID", "AccessionNumber", "PatientID"),
        strict=True,
    )
)
"""What a table may know a study by, the surest first, and the elements with it."""
TEXT_IS_USUAL = ("SC", "US", "OT", "XC", "ES")
"""Modalities whose pixels hold text as a rule, so that only a "no" says that they do not."""
NO_STUDY = ("DICOMDIR",)
NOBODY = ("anon", "anonym", "deident", "de-ident", "removed", "unknown", "none", "no id", "patient")
"""What numbers of patients begin with that stand for anybody."""


@dataclass(frozen=True)
class Instance:
    """One file with pixels."""

    path: Path
    uid: str
    """A digest of the SOP Instance UID."""
    sop: str
    """The UID itself, by which a segmentation calls its slices; never kept."""
    patient: str
    """A digest of the patient's number; empty where there is none."""
    study: str
    """A digest of the study's UID, or of what else tells it; empty where nothing does."""
    series: str
    names: tuple[tuple[str, str], ...]
    """What a sheet may call its study by (study, accession, patient), each with its digest."""
    date: date | None
    modality: str
    kind: tuple[str, ...]
    """Image Type, in capitals."""
    series_number: int
    number: int
    size: tuple[int, int]
    frames: int
    place: Place | None
    spacing: tuple[float, float] | None
    phases: tuple[str, ...]
    view: str
    age: int | None
    sex: str
    burned_in: str
    """YES, NO, or empty where nothing is said."""
    described: str = ""
    """What the scanner calls the series: told to who uploads it, and never kept."""
    refers: frozenset[str] = frozenset()
    """Of an object of `TRUTHS`, digests of the series that it speaks of."""

    removed: Mapping[str, int] = field(default_factory=dict)
    """How many elements of each kind that may tell who somebody is it holds; none is kept."""

    @property
    def is_film(self) -> bool:
        return self.modality in PROJECTIONS and self.frames == 1

    @property
    def may_hold_text(self) -> bool:
        usual = self.modality in TEXT_IS_USUAL
        return self.burned_in == "YES" or (usual and self.burned_in != "NO")


def files_below(folder: Path) -> Iterator[Path]:
    """All files of a folder in order; hidden ones and links are left out."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in sorted(names):
            path = Path(place) / name
            if not name.startswith(".") and name.upper() not in NO_STUDY and not path.is_symlink():
                yield path


def instance_of(path: Path) -> Instance | str:
    """The header of an image, or in a word what the file is instead; empty when it is no DICOM."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            seen: list[Seen] = []
            found = _described(head_of(path, TAGS, seen), path)
            return found if isinstance(found, str) else replace(found, removed=told_by(seen))
        except (pydicom.errors.InvalidDicomError, OSError):
            return ""
        except Exception:  # header elements are parsed when asked for, and fail in many ways
            return "damaged"


def _described(dataset: Dataset, path: Path) -> Instance | str:
    if "Rows" not in dataset and not _is_truth(dataset):
        name = UID(str(dataset.get("SOPClassUID") or "")).name
        return name if "Storage" in name else "DICOM without an image"
    study = _study_of(dataset)
    series = str(dataset.get("SeriesInstanceUID") or "").strip()
    sop = str(dataset.get("SOPInstanceUID") or "").strip()
    patient = str(dataset.get("PatientID") or "")
    when = _date(dataset.get("StudyDate"))
    return Instance(
        path=path,
        uid=digest(sop or digest_of([path])),
        sop=sop,
        patient=digest(patient) if _is_somebody(patient) else "",
        study=digest(study) if study else "",
        series=digest(series or f"{study} {dataset.get('SeriesNumber') or ''}"),
        names=tuple(
            (role, digest(str(dataset.get(name)))) for role, name in NAMES if dataset.get(name)
        ),
        date=when,
        modality=header.text(dataset.get("Modality")),
        kind=tuple(str(part).strip().upper() for part in dataset.get("ImageType") or ()),
        series_number=header.whole(dataset.get("SeriesNumber")),
        number=header.whole(dataset.get("InstanceNumber")),
        size=(header.whole(dataset.get("Rows")), header.whole(dataset.get("Columns"))),
        frames=max(1, header.whole(dataset.get("NumberOfFrames", 1))),
        place=header.place(dataset, 0),
        spacing=header.spacing(dataset),
        phases=tuple(str(dataset.get(name) or "") for name in PHASES),
        view=view_of(dataset),
        age=_age(dataset, when),
        sex=header.sex(dataset.get("PatientSex")),
        burned_in=header.text(dataset.get("BurnedInAnnotation")),
        described=" ".join(str(dataset.get("SeriesDescription") or "").split())[:60],
        refers=_refers(dataset) if _is_truth(dataset) else frozenset(),
    )


def _is_somebody(patient: str) -> bool:
    """Whether a patient's number tells one from another: no placeholder, and not only zeros."""
    word = patient.strip().casefold()
    is_placeholder = word.startswith(NOBODY) and not any(sign.isdigit() for sign in word)
    return bool(word.strip("0-_.")) and not is_placeholder


def _study_of(dataset: Dataset) -> str:
    """The study's UID; without one what tells it from others whichever way the file came in."""
    uid = str(dataset.get("StudyInstanceUID") or "").strip()
    if uid:
        return uid
    accession, patient, day, series = (
        str(dataset.get(name) or "").strip()
        for name in ("AccessionNumber", "PatientID", "StudyDate", "SeriesInstanceUID")
    )
    if accession or (patient and day):
        return f"{patient} {day} {accession}"
    return series


def _is_truth(dataset: Dataset) -> bool:
    modality = header.text(dataset.get("Modality"))
    if modality == "SR":
        return str(dataset.get("SOPClassUID")) in REPORTS
    return modality in TRUTHS


def _refers(dataset: Dataset) -> frozenset[str]:
    """Digests of the series that a segmentation, report or structure set names."""
    named = list(dataset.get("ReferencedSeriesSequence") or ())
    for evidence in dataset.get("CurrentRequestedProcedureEvidenceSequence") or ():
        named += evidence.get("ReferencedSeriesSequence") or ()
    for place in dataset.get("ReferencedFrameOfReferenceSequence") or ():
        for study in place.get("RTReferencedStudySequence") or ():
            named += study.get("RTReferencedSeriesSequence") or ()
    uids = [one.get("SeriesInstanceUID") for one in named]
    return frozenset(digest(str(uid)) for uid in uids if uid)


def _age(dataset: Dataset, when: date | None) -> int | None:
    """Years as stated, or between birth and study."""
    born = _date(dataset.get("PatientBirthDate"))
    stated = header.age(dataset.get("PatientAge"))
    if stated is not None or born is None or when is None:
        return stated
    years = when.year - born.year - ((when.month, when.day) < (born.month, born.day))
    return min(years, OLDEST) if 0 <= years <= 120 else None


def _date(value: object) -> date | None:
    text = str(value or "").replace(".", "").strip()
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None
