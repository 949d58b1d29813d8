"""Forty and more elements that identify a person go in: none is kept, told or served.

The elements are of the basic profile of DICOM PS3.15, table E.1-1: each holds a word, a date or a
UID that occurs nowhere else. Age and sex are kept on purpose.
"""

from __future__ import annotations

import json

import pydicom
import pytest
from django.core import serializers
from django.core.files.storage import default_storage
from django.urls import reverse
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from cases.importers.studies.headers import instance_of
from cases.models import Case, Finding, Image, Region
from cases.models import Dataset as Library
from tests.cases.files import ramp, write_dicom
from tests.cases.importing import run

NAMES = (
    *("PatientName", "PatientBirthName", "PatientMotherBirthName", "OtherPatientNames"),
    *("ReferringPhysicianName", "PerformingPhysicianName", "OperatorsName"),
    *("NameOfPhysiciansReadingStudy", "PhysiciansOfRecord", "RequestingPhysician"),
    *("ConsultingPhysicianName", "ResponsiblePerson", "ScheduledPerformingPhysicianName"),
    *("PersonName", "VerifyingObserverName", "ContentCreatorName"),
)
WORDS = (
    *("PatientID", "AccessionNumber", "StudyID", "MilitaryRank", "BranchOfService"),
    *("CountryOfResidence", "RegionOfResidence", "PatientTelephoneNumbers", "Occupation"),
    *("InstitutionName", "InstitutionalDepartmentName", "StationName", "DeviceSerialNumber"),
    *(
        "ProtocolName",
        "PerformedProcedureStepID",
        "PerformedStationName",
        "FillerOrderNumberImagingServiceRequest",
    ),
    *("AdmissionID", "PatientReligiousPreference", "EthnicGroup", "DetectorID", "PlateID"),
    *("RequestedProcedureID", "ScheduledProcedureStepID", "InsurancePlanIdentification"),
)
TEXTS = (
    *("InstitutionAddress", "PatientAddress", "AdditionalPatientHistory", "PatientComments"),
    *("ImageComments", "StudyDescription", "SeriesDescription", "RequestedProcedureDescription"),
    *("DerivationDescription", "AdmittingDiagnosesDescription", "ReasonForStudy", "StudyComments"),
)
DATES = (
    *("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "PatientBirthDate"),
    *("AdmittingDate", "ScheduledProcedureStepStartDate", "LastMenstrualDate"),
)
UIDS = (
    *("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"),
    *("DeviceUID", "SynchronizationFrameOfReferenceUID"),
)


def identified():
    """Elements by keyword, and all that must not be found."""
    elements, secrets = {}, []

    def put(name, value, *told):
        elements[name] = value
        secrets.extend(told or [value])

    for number, name in enumerate(NAMES):
        put(
            name,
            f"Qzname{number:02d}^Wvgiven{number:02d}",
            f"Qzname{number:02d}",
            f"Wvgiven{number:02d}",
        )
    for number, name in enumerate(WORDS):
        put(name, f"QZWORD{number:02d}")
    for number, name in enumerate(TEXTS):
        put(name, f"About qztext{number:02d} of that person", f"qztext{number:02d}")
    for number, name in enumerate(DATES):
        date = f"19{31 + number}0723"
        put(name, date, date, f"{date[:4]}-07-23")
    for number, name in enumerate(UIDS):
        put(name, f"1.2.826.77.{number + 1}.4711.9")
    return elements, secrets


def nested(dataset, secrets):
    """Identifying elements in sequences, private ones, overlays and the file's own header."""
    other = Dataset()
    other.PatientID, other.IssuerOfPatientID = "QZNESTED1", "QZNESTED2"
    request = Dataset()
    request.RequestedProcedureDescription = "qznested3"
    dataset.OtherPatientIDsSequence = Sequence([other])
    dataset.RequestAttributesSequence = Sequence([request])
    block = dataset.private_block(0x0031, "QZPRIVATE0", create=True)
    block.add_new(0x01, "LO", "QZPRIVATE1")
    dataset.add_new(0x60000022, "LO", "QZOVERLAY1")
    dataset.add_new(0x60004000, "LT", "QZOVERLAY2")
    dataset.file_meta.SourceApplicationEntityTitle = "QZAETITLE"
    secrets += ["QZNESTED1", "QZNESTED2", "qznested3", "QZPRIVATE0", "QZPRIVATE1"]
    secrets += ["QZOVERLAY1", "QZOVERLAY2", "QZAETITLE"]


@pytest.fixture
def imported(db, tmp_path):
    """A study full of names in folders and files with names; its secrets and the import's words."""
    elements, secrets = identified()
    folder = tmp_path / "Qzfolder_Anna" / "Qzdeeper"
    folder.mkdir(parents=True)
    path = write_dicom(folder / "Qzfile_Anna.dcm", ramp(), ViewPosition="PA", **elements)
    dataset = pydicom.dcmread(path)
    nested(dataset, secrets)
    dataset.save_as(path)
    secrets += ["Qzfolder", "Qzdeeper", "Qzfile"]
    (folder / "Qzfacts_Anna.csv").write_text("PatientID,Findings,Name\nQZWORD00,fracture,Qzcell\n")
    secrets += ["Qzcell", "Qzfacts"]
    output = run("dicom", tmp_path / "Qzfolder_Anna")
    return secrets, output


def found_in(text, secrets):
    text = text.lower()
    return [word for word in secrets if word.lower() in text]


def test_there_are_more_than_forty_kinds():
    elements, secrets = identified()
    assert len(elements) >= 40
    assert len(set(secrets)) == len(secrets)


def test_none_is_told_by_the_import(imported):
    secrets, output = imported
    assert Case.objects.count() == 1
    assert found_in(output, secrets) == []


def test_what_was_removed_is_told_by_kind_and_count_and_never_by_value(imported, tmp_path):
    secrets, output = imported
    elements, _ = identified()
    report = tmp_path / "report.json"
    run("dicom", tmp_path / "Qzfolder_Anna", report=report, dry_run=True)
    said = report.read_text()
    removed = json.loads(said)["removed"]
    assert {*elements} <= {*removed}
    assert removed["private elements"] == 2
    assert removed["overlays"] == 2
    assert removed["PatientName"] == removed["OtherPatientIDsSequence"] == 1
    assert not {"Rows", "Modality", "SOPClassUID", "PixelSpacing", "PatientSex"} & {*removed}
    assert "Of the headers of 1 file these were not kept: " in output
    assert found_in(said, secrets) == []


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian]
)
def test_kinds_are_counted_however_a_file_is_written(tmp_path, syntax):
    path = write_dicom(tmp_path / "a.dcm", PatientName="A^B", StudyDate="", PatientID=None)
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path, implicit_vr=syntax.is_implicit_VR, little_endian=True)
    removed = instance_of(path).removed
    assert removed["PatientName"] == 1
    assert not {"StudyDate", "PatientID", "PixelData"} & {*removed}


def test_none_is_in_the_database(imported):
    secrets, _ = imported
    kinds = (Library, Case, Image, Finding, Region)
    rows = "".join(serializers.serialize("json", kind.objects.all()) for kind in kinds)
    assert rows.count("pk") >= 3
    assert found_in(rows, secrets) == []


def test_none_is_in_any_file_or_its_name(imported, settings):
    secrets, _ = imported
    files = [path for path in settings.DATA_DIR.rglob("*") if path.is_file()]
    assert any(path.suffix == ".jhc" for path in files)
    for path in files:
        content = path.read_bytes().decode("latin-1")
        assert found_in(f"{path.relative_to(settings.DATA_DIR)} {content}", secrets) == []


def test_none_is_in_any_answer(imported, client_of, curator, trainee):
    secrets, _ = imported
    case = Case.objects.get()
    case.status = "published"
    case.knows_findings = True
    case.save()
    image = case.images.get()
    pages = [
        reverse("cases:desk"),
        reverse("cases:detail", args=[case.public_id]),
        f"/localize/cases/{case.public_id}/",
    ]
    for page in pages:
        for user in (curator, trainee):
            answer = client_of(user).get(page, follow=True)
            told = b"".join(answer) if answer.streaming else answer.content
            headers = " ".join(f"{name}: {value}" for name, value in answer.items())
            assert found_in(told.decode() + headers, secrets) == [], page
    with default_storage.open(image.thumbnail.name) as stream:
        assert found_in(stream.read().decode("latin-1"), secrets) == []
