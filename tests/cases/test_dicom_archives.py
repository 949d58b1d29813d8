"""Own DICOM in archives, and files that are compressed as a whole."""

from __future__ import annotations

import tracemalloc
import zipfile

import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
)

from cases.importers import SourceProblem
from cases.importers.studies.archive import Unpacked
from cases.importers.studies.headers import instance_of
from cases.models import Case
from tests.cases.dicom_studies import film, read, study
from tests.cases.files import dicom, ramp
from tests.cases.importing import run

pytestmark = pytest.mark.any_database


def archive(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members:
            opened.writestr(name, content)
    return path


def test_an_archive_is_read_with_the_table_in_it(tmp_path):
    file = film(tmp_path / "in", AccessionNumber="A1")
    zipped = archive(
        tmp_path / "studies.zip",
        [("deep/er/a.dcm", file.read_bytes()), ("facts.csv", "Accession,Findings\nA1,fracture\n")],
    )
    (case,), problems = read(zipped)
    assert [one.label for one in case.findings] == ["fracture"]
    assert problems == []
    assert case.images[0].source.paths[0].is_file(), "what was read is decoded later"


def test_members_that_lead_out_or_swell_are_left_out(tmp_path):
    file = film(tmp_path / "in")
    zipped = archive(
        tmp_path / "studies.zip",
        [
            ("a.dcm", file.read_bytes()),
            ("../../out.dcm", file.read_bytes()),
            ("/etc/out.dcm", file.read_bytes()),
            ("bomb.dcm", b"\0" * (64 << 20)),
        ],
    )
    cases, problems = read(zipped)
    assert len(cases) == 1
    assert {one.where: one.sentence for one in problems} == {
        "file 2 of the archive": "Its path leads out of the archive; it was left out.",
        "file 3 of the archive": "Its path leads out of the archive; it was left out.",
        "file 4 of the archive": "It unpacks to more than any image does; it was left out.",
    }
    assert not list(tmp_path.parent.rglob("out.dcm"))


def locked(path):
    """Marks all members of a ZIP as encrypted, in both of its headers."""
    content = path.read_bytes()
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = 0
        while (start := content.find(magic, start)) >= 0:
            content = content[: start + at] + b"\1" + content[start + at + 1 :]
            start += 4
    path.write_bytes(content)
    return path


@pytest.mark.django_db
def test_no_name_in_an_archive_is_told(tmp_path):
    good = film(tmp_path / "in").read_bytes()
    members = [("../DOE^JANE.dcm", good), ("DOE^JANE/a.dcm", good), ("DOE^JANE/b.dcm", good[:300])]
    zipped = archive(tmp_path / "DOE_JANE.zip", members)
    output = run("dicom", zipped)
    assert "file 1 of the archive: Its path leads out" in output
    assert "DOE" not in output
    case = Case.objects.get()
    assert "doe" not in f"{case.dataset.title} {case.dataset.slug} {case.review_reasons}".lower()


def test_an_encrypted_member_is_told_without_its_name(tmp_path):
    zipped = locked(archive(tmp_path / "a.zip", [("DOE.dcm", film(tmp_path / "in").read_bytes())]))
    with pytest.raises(SourceProblem, match="holds no DICOM images"):
        read(zipped)
    assert [(one.where, one.sentence[:15]) for one in Unpacked(zipped).problems] == [
        ("file 1 of the archive", "It is encrypted")
    ]


def deflated(path, elements, swollen=0):
    """A film in Deflated Explicit VR, with so many more zeros behind its header."""
    dataset = dicom(ramp(), **study(), ViewPosition="PA", **elements)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    if swollen:
        dataset.PixelData = bytes(swollen)
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    return path


def test_a_deflated_header_is_read_without_unfolding_the_pixels(tmp_path):
    path = deflated(tmp_path / "a.dcm", {"PatientAge": "044Y"}, swollen=400 << 20)
    tracemalloc.start()
    found = instance_of(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.view, found.age, found.size) == ("PA", 44, (40, 60))
    assert most < 200 << 20
    assert path.stat().st_size < 1 << 20


def test_a_deflated_header_that_swells_is_damaged(tmp_path):
    path = deflated(tmp_path / "a.dcm", {})
    dataset = pydicom.dcmread(path)
    dataset.add_new(0x00091001, "OB", bytes(100 << 20))
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    assert instance_of(path) == "damaged"


def test_a_deflated_film_is_imported_as_any_other(tmp_path):
    deflated(tmp_path / "a.dcm", {})
    (case,), problems = read(tmp_path)
    assert (case.images[0].source.view, problems) == ("PA", [])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"hello"])
def test_an_archive_that_is_none_is_refused(tmp_path, content):
    (tmp_path / "studies.zip").write_bytes(content)
    with pytest.raises(SourceProblem, match="not a readable ZIP"):
        read(tmp_path / "studies.zip")
