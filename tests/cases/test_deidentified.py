"""Forty and more elements that identify a person go in: none is kept, told or served.

Age and sex are kept on purpose.
"""

from __future__ import annotations

import json

import pydicom
import pytest
from django.core import serializers
from django.core.files.storage import default_storage
from django.urls import reverse
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from cases.importers.studies.headers import instance_of
from cases.models import Case, Finding, Image, Region
from cases.models import Dataset as Library
from tests.cases.files import ramp, write_dicom
from tests.cases.identifying import identified, nested
from tests.cases.importing import run

pytestmark = pytest.mark.any_database


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
