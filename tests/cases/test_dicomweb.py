"""Studies of a DICOMweb server: from a real Orthanc, and from one that goes wrong."""

from __future__ import annotations

import io
import tempfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pydicom
import pytest
from django.conf import settings as site
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from pydicom.uid import generate_uid

from cases.fetching import download as downloading
from cases.fetching.dicomweb import content_of
from cases.fetching.download import FetchProblem
from cases.models import Case, Dataset
from tests.cases import orthanc
from tests.cases.dicom_studies import film
from tests.cases.files import write_dicom
from tests.cases.test_dicom_segments import ct, segmentation

pytest.importorskip("dicomweb_client", reason="needs `make install-data`")
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
FILMS = {
    "a": {"StudyDate": "20250310", "AccessionNumber": "ACC-77", "PatientAge": "093Y"},
    "b": {"StudyDate": "20240310"},
    "c": {"StudyDate": "20210101", "PatientID": "Q-5", "ViewPosition": "AP"},
}
NAMES = ("Secret^Name", "SECRET-ID", "ACC-77")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Orthanc with a film and its prior, a CT with a segmentation, and a film of somebody else."""
    from dicomweb_client.api import DICOMwebClient
    from dicomweb_client.session_utils import create_session_from_user_pass

    folder = tmp_path_factory.mktemp("archive")
    for name, elements in FILMS.items():
        film(folder / name, SeriesInstanceUID=generate_uid(), **elements)
    uids = ct(folder, 5)
    segmentation(folder / "seg.dcm", uids, (10, 10, 20, 20), SeriesInstanceUID=generate_uid())
    with orthanc.serving(tmp_path_factory.mktemp("orthanc")) as address:
        client = DICOMwebClient(
            address, session=create_session_from_user_pass(orthanc.USER, orthanc.PASSWORD)
        )
        files = [path for path in folder.rglob("*") if path.is_file()]
        client.store_instances([pydicom.dcmread(path) for path in files])
        yield address


@pytest.fixture
def asked(settings):
    settings.DICOMWEB_USER, settings.DICOMWEB_PASSWORD = orthanc.USER, orthanc.PASSWORD


def imported(*arguments):
    out = io.StringIO()
    call_command("import_dicomweb", "--yes", *arguments, stdout=out)
    return out.getvalue()


@orthanc.needs_orthanc
def test_a_patients_films_come_with_their_prior_and_no_name(archive, asked, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    said = imported(f"--url={archive}", "--patient=P-17", "--title=Our films")
    cases = Case.objects.filter(dataset__title="Our films").order_by("pk")
    assert sorted(case.images.count() for case in cases) == [1, 2]
    assert {case.status for case in cases} == {"review"}
    with_prior = next(case for case in cases if case.images.count() == 2)
    assert with_prior.images.get(study="prior").study_label == "1 year before"
    assert with_prior.age == 90
    assert Dataset.objects.get(title="Our films").access == "private"
    assert not list(tmp_path.rglob("*.dcm")), "no original stays"
    kept = [said, *(str(row) for row in Case.objects.values()), *map(str, _images())]
    assert not [name for name in NAMES for text in kept if name in text]


def _images():
    return [row for case in Case.objects.all() for row in case.images.values()]


@orthanc.needs_orthanc
def test_the_same_studies_again_double_nothing_and_are_the_same_as_from_a_folder(
    archive, asked, tmp_path
):
    imported(f"--url={archive}", "--modality=CT", f"--keep={tmp_path}")
    (case,) = Case.objects.all()
    assert case.images.get().frames == 5
    finding = case.findings.get()
    assert (finding.label, finding.regions.count()) == ("nodule_mass", 5)
    image = case.images.get()
    with default_storage.open(image.frame_path(0)) as stream:
        before = stream.read()
    said = imported(f"--url={archive}", "--modality=CT", f"--keep={tmp_path}")
    assert "unchanged" in said and Case.objects.count() == 1
    call_command("import_cases", "dicom", tmp_path, jobs=1, stdout=io.StringIO())
    image.refresh_from_db()
    with default_storage.open(image.frame_path(0)) as stream:
        assert stream.read() == before
    assert Case.objects.count() == 1


@orthanc.needs_orthanc
def test_a_search_by_day_and_number_finds_what_lies_there(archive, asked):
    def count(*arguments):
        said = imported(f"--url={archive}", "--dry-run", *arguments)
        return int(said.split()[0])

    assert count() == 4
    assert count("--since=2025-01-01", "--modality=DX") == 1
    assert count("--until=2022-01-01") == 1
    assert count("--accession=ACC-77") == 1
    assert count("--modality=CT,DX") == 4
    assert count("--count=2") == 2
    assert not Case.objects.exists()
    with pytest.raises(CommandError, match="no such study"):
        count("--accession=none")


@orthanc.needs_orthanc
def test_a_table_says_what_they_show(archive, asked, tmp_path):
    table = tmp_path / "facts.csv"
    table.write_text("AccessionNumber,Findings\nACC-77,left pleural effusion\n")
    imported(f"--url={archive}", "--accession=ACC-77", f"--table={table}")
    finding = Case.objects.get().findings.get()
    assert (finding.label, finding.side) == ("pleural_effusion", "left")


@orthanc.needs_orthanc
def test_a_wrong_password_is_told_in_a_sentence(archive, settings):
    settings.DICOMWEB_USER, settings.DICOMWEB_PASSWORD = "curator", "wrong"
    with pytest.raises(CommandError, match=r"cannot be searched \(status 401\)"):
        imported(f"--url={archive}")


STUDY, SERIES, SOP = generate_uid(), generate_uid(), generate_uid()


@contextmanager
def strange(film, *, answers=(), searched=None):
    """A server with one film, which answers as it is told to before it answers well."""
    queue = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            last = parts.path.rpartition("/")[2]
            if last in ("studies", "series", "instances"):
                tag = {"studies": "0020000D", "series": "0020000E", "instances": "00080018"}[last]
                value = {"studies": STUDY, "series": SERIES, "instances": SOP}[last]
                start = int(parse_qs(parts.query).get("offset", ["0"])[0])
                found = [] if start else [{tag: {"vr": "UI", "Value": [value]}}]
                body = str(found).replace("'", '"') if searched is None else searched
                self.answer(200, "application/dicom+json", body.encode())
                return
            fault = queue.pop(0) if queue else ""
            whole = b"--X\r\nContent-Type: application/dicom\r\n\r\n" + film + b"\r\n--X--\r\n"
            kind = 'multipart/related; type="application/dicom"; boundary=X'
            if fault.isdecimal():
                self.answer(int(fault), "text/plain", b"no")
            elif fault == "alone":
                self.answer(200, "application/dicom", film)
            elif fault == "page":
                self.answer(200, "text/html", b"<html>Log in</html>")
            elif fault == "short":
                self.answer(200, kind, whole[:-200])
            elif fault == "other":
                self.answer(200, kind, b"--X\r\n\r\n" + bytes(500) + b"\r\n--X--")
            else:
                self.answer(200, kind, whole)

        def answer(self, status, kind, content):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/rs"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def film_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(downloading, "FIRST_PAUSE", 0)
    rest = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES, "SOPInstanceUID": SOP}
    return write_dicom(tmp_path / "film.dcm", **rest).read_bytes()


@pytest.mark.parametrize("fault", ["short", "503", "other", "alone"])
def test_what_went_wrong_once_is_asked_for_again(film_bytes, fault):
    with strange(film_bytes, answers=[fault]) as address:
        imported(f"--url={address}")
    assert Case.objects.get().images.count() == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("404", "A file is refused (status 404)"),
        ("page", "does not answer as DICOMweb"),
        ("short", "it is cut off"),
        ("other", "it is no DICOM"),
    ],
)
def test_a_study_that_cannot_be_had_is_told_without_a_uid(film_bytes, fault, said, capsys):
    out = io.StringIO()
    with strange(film_bytes, answers=[fault] * 9) as address, pytest.raises(CommandError):
        call_command("import_dicomweb", "--yes", f"--url={address}", stdout=out)
    assert said in out.getvalue()
    assert STUDY not in out.getvalue() and SOP not in out.getvalue()
    assert not Case.objects.exists()


@pytest.mark.parametrize("searched", ["<html>", "[1]", '{"a": 1', "3"])
def test_a_server_that_is_no_dicomweb_is_told(film_bytes, searched):
    with (
        strange(film_bytes, searched=searched) as address,
        pytest.raises(CommandError, match="does not answer as DICOMweb"),
    ):
        imported(f"--url={address}")


def test_uids_that_lead_elsewhere_are_not_followed(film_bytes):
    searched = '[{"0020000D": {"vr": "UI", "Value": ["../../admin"]}}]'
    with (
        strange(film_bytes, searched=searched) as address,
        pytest.raises(CommandError, match="no such study"),
    ):
        imported(f"--url={address}")


@pytest.mark.parametrize("url", ["nowhere", "ftp://127.0.0.1/x", ""])
def test_an_address_that_is_none_is_told(url):
    assert site.DICOMWEB_URL == ""
    with pytest.raises(CommandError, match=r"address|Name the server"):
        imported(f"--url={url}")


def test_a_server_that_is_away_is_told(monkeypatch):
    monkeypatch.setattr(downloading, "FIRST_PAUSE", 0)
    with pytest.raises(CommandError, match=r"cannot be searched \(ConnectionError\)"):
        imported("--url=http://127.0.0.1:9/dicom-web")


def test_a_part_is_found_wherever_the_answer_is_cut_into_blocks():
    body = np.random.default_rng(1).bytes(2000) + b"\r\n--X1 is not the end"
    whole = b"\r\n--XYZ\r\nA: b\r\n\r\n" + body + b"\r\n--XYZ--\r\n"
    for size in (1, 3, 7, 64, len(whole)):
        blocks = (whole[at : at + size] for at in range(0, len(whole), size))
        assert b"".join(content_of('multipart/related; boundary="XYZ"', blocks)) == body
    with pytest.raises(EOFError):
        list(content_of("multipart/related; boundary=XYZ", [whole[:-20]]))
    with pytest.raises(FetchProblem):
        list(content_of("text/html", [b"<html>"]))
