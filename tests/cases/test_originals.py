"""The DICOM files that cases came from: not kept, and all of them where the setting asks for it."""

from __future__ import annotations

import hashlib

import pytest
from django.conf import settings as project
from django.urls import get_resolver, reverse

from cases import originals
from cases.models import Case, CaseChange, Image
from tests.cases.files import ramp, write_dicom
from tests.cases.importing import run
from tests.cases.sources import simulated, simulated_case
from tests.cases.test_uploads import imported, place  # noqa: F401  # the folder of uploads

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(settings, tmp_path):
    """Where they lie, once the setting asks for them."""
    settings.DATA_DIR, settings.KEEP_ORIGINALS = tmp_path / "data", True
    settings.DATA_DIR.mkdir()
    return originals.folder()


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    name = {"PatientName": "Miller^Anna", "PatientID": "4711"}
    write_dicom(folder / "a.dcm", ramp(), ViewPosition="PA", **name)
    write_dicom(folder / "b.dcm", ramp(30, 40), ViewPosition="LL", **name)
    return folder


def files_in(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_none_is_kept_unless_a_setting_says_so(settings, tmp_path, study):
    settings.DATA_DIR = tmp_path / "data"
    assert settings.KEEP_ORIGINALS is False
    run("dicom", study)
    assert Case.objects.exists() and not originals.folder().exists()
    assert not CaseChange.objects.filter(what=CaseChange.What.ORIGINALS).exists()


def test_each_file_is_kept_once_as_it_was_and_named_by_its_bytes(kept, study):
    run("dicom", study)
    came = {hashlib.sha256(path.read_bytes()).hexdigest() for path in study.iterdir()}
    files = files_in(kept)
    assert {path.stem for path in files} == came
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == path.stem for path in files)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (kept, *kept.iterdir(), *files))
    [entry] = CaseChange.objects.filter(what=CaseChange.What.ORIGINALS)
    assert set(entry.said["files"]) == came and entry.why.startswith("2 files with all that")
    run("dicom", study, force=True)
    assert files_in(kept) == files
    assert CaseChange.objects.filter(what=CaseChange.What.ORIGINALS).count() == 1


def test_a_dry_run_and_other_pictures_leave_nothing(kept, study, tmp_path):
    run("dicom", study, dry_run=True)
    run("simulated", simulated(tmp_path, simulated_case()))
    assert Case.objects.count() == 1 and not kept.exists()


def test_what_was_here_before_the_setting_is_kept_by_another_import(kept, study, settings):
    settings.KEEP_ORIGINALS = False
    run("dicom", study)
    settings.KEEP_ORIGINALS = True
    run("dicom", study)
    assert len(files_in(kept)) == 2


def test_a_case_comes_in_though_its_files_cannot_be_kept(kept, study):
    kept.write_text("a file where the folder should be")
    output = run("dicom", study)
    assert "could not all be kept" in output
    assert Image.objects.count() == 2


def test_of_an_upload_it_is_told_before_and_who_brought_them_after(
    kept, settings, study, client_of, curator
):
    desk = client_of(curator)
    told = "this server keeps the DICOM files too"
    assert told in desk.get(reverse("cases:uploads")).content.decode()
    imported(desk, {"a.dcm": (study / "a.dcm").read_bytes()})
    assert CaseChange.objects.get(what=CaseChange.What.ORIGINALS).by == curator
    assert len(files_in(kept)) == 1
    settings.KEEP_ORIGINALS = False
    assert told not in desk.get(reverse("cases:uploads")).content.decode()


def test_no_page_reads_them(kept, study, client_of, curator):
    run("dicom", study)
    [first, *_] = files_in(kept)
    for root in (project.MEDIA_ROOT, project.STATIC_ROOT):
        assert not originals.folder().is_relative_to(root)
    desk, case = client_of(curator), Case.objects.get()
    page = desk.get(reverse("cases:detail", args=[case.public_id])).content.decode()
    assert "Originals kept" in page and first.stem not in page
    assert not [name for name in get_resolver().reverse_dict if "original" in str(name)]
    for address in (f"/originals/{first.name}", f"/media/../originals/{first.name}"):
        assert desk.get(address).status_code == 404
