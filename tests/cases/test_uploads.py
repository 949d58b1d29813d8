"""Files from a curator's browser: pieces, resuming, refusals, the import, and who may."""

from __future__ import annotations

import io
import json
import shutil
import sys
import zipfile
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.urls import reverse

from cases import asking, upload_import, uploading
from cases.management.commands.import_upload import Command
from cases.models import Case, Dataset, Image, Upload
from cases.uploading import folder_of
from tests import factories
from tests.cases.files import write_dicom
from tests.cases.pictures import film, png_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def place(settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path / "uploads"


@pytest.fixture
def desk(client_of, curator):
    return client_of(curator)


def begun(desk, files, title="Clinic films", **more):
    """The answer to the names of these files, bytes by name."""
    named = [{"name": name, "size": len(held), "modified": 5} for name, held in files.items()]
    body = {"title": title, "files": named, **more}
    return desk.post(reverse("cases:uploads"), body, content_type="application/json")


def put(desk, upload, number, held, offset=0):
    return desk.put(
        reverse("cases:upload_file", args=[upload, number]),
        held,
        content_type="application/octet-stream",
        headers={"Upload-Offset": str(offset)},
    )


def sent(desk, files, **more):
    """An upload of files that is wholly here."""
    answer = begun(desk, files, **more).json()
    for (_, held), told in zip(files.items(), answer["files"], strict=True):
        if "number" in told:
            assert put(desk, answer["id"], told["number"], held).status_code == 200
    assert desk.post(answer["finish"]).status_code == 202
    return Upload.objects.get(public_id=answer["id"])


def looked_through(desk, files, **more):
    """An upload that a worker has looked through: it asks, or is imported."""
    upload = uploading.claim(sent(desk, files, **more).pk)
    upload_import.run(upload)
    upload.refresh_from_db()
    return upload


def imported(desk, files, **more):
    """An upload that is imported, by what was guessed where its curator is asked."""
    upload = looked_through(desk, files, **more)
    if upload.state == "asking":
        asking.answer(upload, asking.proposed(upload))
        upload_import.run(uploading.claim(upload.pk))
        upload.refresh_from_db()
    return upload


def refusals(upload):
    return {one["name"]: one["sentence"] for one in upload.refused}


def zipped(files, prepare=lambda archive: None):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, held in files.items():
            archive.writestr(name, held)
        prepare(archive)
    return stream.getvalue()


@pytest.fixture
def picture():
    return png_of(film(1, 128))


@pytest.fixture
def dicom(tmp_path):
    return write_dicom(tmp_path / "one.dcm").read_bytes()


def test_pieces_are_taken_where_the_file_ends_and_nowhere_else(desk, picture):
    upload = begun(desk, {"a.png": picture}).json()["id"]
    first, rest = picture[:1000], picture[1000:]
    assert put(desk, upload, 1, first).json() == {"received": 1000}
    again = put(desk, upload, 1, first)  # its answer was lost
    assert (again.status_code, again.json()) == (409, {"received": 1000})
    assert put(desk, upload, 1, rest, 2000).status_code == 409
    assert put(desk, upload, 1, rest + b"more", 1000).status_code == 422
    assert put(desk, upload, 2, rest, 0).status_code == 422
    early = desk.post(reverse("cases:upload_finish", args=[upload]))
    assert early.status_code == 409
    assert "not wholly here" in early.json()["error"]
    assert put(desk, upload, 1, rest, 1000).json() == {"received": len(picture)}
    [path] = (folder_of(Upload.objects.get()) / "files").rglob("a.png")
    assert path.read_bytes() == picture


def test_the_same_choice_goes_on_where_it_was(desk, picture):
    files = {"folder/a.png": picture, "folder/empty.png": b""}
    first = begun(desk, files).json()
    put(desk, first["id"], 1, picture[:100])
    again = begun(desk, files).json()
    assert again["id"] == first["id"]
    assert again["files"][0] == {"number": 1, "received": 100}
    assert "empty" in again["files"][1]["refused"]
    assert begun(desk, {"b.png": picture}).json()["id"] != first["id"]


def test_films_and_studies_come_in_for_review_and_never_published(desk, picture, dicom):
    upload = imported(desk, {"Smith^John/a.png": picture, "Smith^John/b.dcm": dicom})
    assert (upload.state, upload.cases_done, upload.refused) == ("done", 2, [])
    cases = list(Case.objects.all())
    assert {case.status for case in cases} == {"review"}
    assert {case.dataset.slug for case in cases} == {"own-clinic-films"}
    assert Dataset.objects.get().access == "private"
    assert all(case.review_reasons and not case.knows_findings for case in cases)
    assert not folder_of(upload).exists()
    assert not upload.files.exists()
    kept = json.dumps([*Case.objects.values(), *Image.objects.values()], default=str)
    assert "Smith" not in kept
    page = desk.get(reverse("cases:upload", args=[upload.public_id])).content.decode()
    assert "2 cases came in" in page


def test_the_same_files_again_double_nothing_and_publish_nothing(desk, picture):
    imported(desk, {"a.png": picture})
    case = Case.objects.get()
    case.status = "published"
    case.save()
    upload = imported(desk, {"renamed.png": picture}, title="Clinic films")
    case.refresh_from_db()
    assert (upload.state, case.status, Case.objects.count()) == ("done", "published", 1)


def test_a_data_set_that_is_there_keeps_what_was_said_of_it(desk, picture):
    imported(desk, {"a.png": picture}, licence="CC BY 4.0")
    Dataset.objects.update(access="open", attribution="Our clinic")
    imported(desk, {"b.png": png_of(film(2, 128))}, licence="none")
    kept = Dataset.objects.get()
    assert (kept.licence, kept.access, kept.attribution) == ("CC BY 4.0", "open", "Our clinic")


def test_a_table_beside_films_tells_what_they_show(desk, picture):
    table = b"File,Findings,Age\na.png,Left pleural effusion,61\n"
    imported(desk, {"in/a.png": picture, "in/facts.csv": table})
    case = Case.objects.get()
    assert [(one.label, one.side) for one in case.findings.all()] == [("pleural_effusion", "left")]
    assert case.age == 61
    assert case.status == "review"


def test_each_file_that_cannot_be_taken_is_named_with_the_reason(desk, picture, dicom):
    nested = {
        "../../etc/evil.png": picture,
        "good.png": picture,
        "x/nested.zip": zipped({}),
    }
    upload = imported(
        desk,
        {
            "../up.png": picture,
            "/etc/absolute.png": picture,
            "empty.dcm": b"",
            "cut.png": picture[: len(picture) // 2],
            "cut.dcm": dicom[: len(dicom) // 3],
            "text.png": b"no picture at all, whatever its name says",
            "letter.pdf": b"%PDF-1.7 a letter",
            "films.zip": zipped(nested),
            "broken.zip": b"PK\x03\x04 and nothing that follows it",
            "void.zip": zipped({}),
            "same.png": picture,
            "J\u00f6rg \u4e2d\u6587.png": png_of(film(3, 128)),
        },
    )
    said = refusals(upload)
    for name, word in {
        "../up.png": "leads out",
        "/etc/absolute.png": "leads out",
        "empty.dcm": "empty",
        "cut.png": "cut off",
        "text.png": "neither DICOM",
        "letter.pdf": "PDF",
        "films.zip/../../etc/evil.png": "leads out of the archive",
        "films.zip/x/nested.zip": "ZIP inside a ZIP",
        "broken.zip": "not a readable ZIP",
        "void.zip": "empty",
    }.items():
        assert word in said[name], name
    assert any(name.startswith("cut.dcm") for name in said)
    assert "same picture" in said.get("same.png", "") + said.get("films.zip/good.png", "")
    assert upload.state == "done"
    assert Case.objects.count() == 2  # the one picture, and that with a name of other letters
    page = desk.get(reverse("cases:upload", args=[upload.public_id])).content.decode()
    assert "leads out of the archive" in page


def test_bombs_links_locked_and_misnamed_members_cost_themselves_only(desk, picture):
    def prepare(archive):
        archive.writestr("bomb.dcm", bytes(50_000_000))
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        locked = zipfile.ZipInfo("locked.png")
        archive.writestr(locked, picture)
        locked.flag_bits |= 1  # as the central directory is written when it is closed

    said = refusals(imported(desk, {"mixed.zip": zipped({"good.png": picture}, prepare)}))
    assert "unpacks to more" in said["mixed.zip/bomb.dcm"]
    assert "link" in said["mixed.zip/link.png"]
    assert "encrypted" in said["mixed.zip/locked.png"]
    assert Case.objects.count() == 1
    wrong = zipped({"caf\u00e9.png": picture}).replace("caf\u00e9".encode(), b"caf\xff\xfe")
    upload = imported(desk, {"wrong.zip": wrong}, title="Other")
    assert "names are UTF-8" in refusals(upload)["wrong.zip"]


@pytest.mark.parametrize("kind", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_a_member_that_is_damaged_costs_itself_only_however_it_is_packed(desk, picture, kind):
    other = png_of(film(2, 128))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", kind) as archive:
        archive.writestr("bad.png", picture)
        archive.writestr("good.png", other)
        at = archive.getinfo("bad.png").header_offset + 30 + len("bad.png")
    content = bytearray(packed.getvalue())
    content[at + 12 : at + 40] = b"\xff" * 28
    said = refusals(imported(desk, {"films.zip": bytes(content)}))
    assert said == {"films.zip/bad.png": "It cannot be unpacked (it is damaged); it was left out."}
    assert Case.objects.count() == 1


def test_more_than_may_come_in_unpacked_is_refused(desk, picture, settings):
    settings.UPLOAD_MAX_MB = 1
    parts = {f"{at}.dcm": bytes([at]) * 900_000 for at in range(9)}
    upload = imported(desk, {"many.zip": zipped(parts)})
    assert "unpacked" in refusals(upload)["many.zip"]


def test_a_file_of_before_1970_is_taken(desk, picture):
    one = {"name": "a.png", "size": len(picture), "modified": -86_400_000}
    sent = {"title": "Old films", "files": [one]}
    answer = desk.post(reverse("cases:uploads"), sent, content_type="application/json")
    assert answer.status_code < 300


def test_what_is_chosen_has_bounds_and_each_says_so(desk, picture, settings):
    url = reverse("cases:uploads")

    def error(**body):
        answer = desk.post(url, body, content_type="application/json")
        assert answer.status_code == 422
        return answer.json()["error"]

    one = {"name": "a.png", "size": 10, "modified": 1}
    assert "No files" in error(title="x", files=[])
    assert "title" in error(files=[one])
    assert "cannot be read" in error(title="x", files=[{"name": 3}])
    assert "cannot be read" in error(title="x", files=[{**one, "size": True}])
    assert "cannot be read" in error(title="x", files=[{**one, "size": -1}])
    assert "GB at most" in error(title="x", files=[{**one, "size": 10**13}])
    settings.UPLOAD_MAX_FILES = 1
    assert "at most" in error(title="x", files=[one, one])
    settings.UPLOAD_MAX_MB = 0
    assert "turned off" in error(title="x", files=[one])
    assert "turned off" in desk.get(url).content.decode()


def test_a_full_disk_says_so_and_acknowledges_nothing(desk, picture, monkeypatch):
    upload = begun(desk, {"a.png": picture}).json()["id"]

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploading.os, "open", full)
    answer = put(desk, upload, 1, picture)
    assert (answer.status_code, "disk is full" in answer.json()["error"]) == (507, True)
    assert Upload.objects.get().files.get().received == 0
    monkeypatch.undo()
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(uploading.shutil, "disk_usage", lambda path: usage)
    assert begun(desk, {"b.png": picture}).status_code == 507


def test_a_disk_that_fills_amid_the_import_keeps_the_files_for_another_try(
    desk, picture, monkeypatch
):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cases.renditions.default_storage.save", full)
    upload = imported(desk, {"a.png": picture})
    assert (upload.state, "disk is full" in upload.problem) == ("failed", True)
    assert not Image.objects.exists()
    monkeypatch.undo()
    assert folder_of(upload).exists()
    uploading.again(upload)
    upload_import.run(uploading.claim(upload.pk))
    assert (Case.objects.count(), Upload.objects.get().state) == (1, "done")


def test_nobody_elses_upload_is_there(desk, picture, client_of):
    upload = begun(desk, {"a.png": picture}).json()["id"]
    other = client_of(factories.UserFactory(role="curator"))
    assert put(other, upload, 1, picture).status_code == 404
    for name in ("upload", "upload_finish", "upload_act"):
        url = reverse(f"cases:{name}", args=[upload])
        assert (other.get if name == "upload" else other.post)(url).status_code == 404


def test_one_is_imported_at_a_time_and_a_dead_one_is_taken_over(desk, picture):
    one = sent(desk, {"a.png": picture})
    other = sent(desk, {"b.png": png_of(film(2, 128))}, title="Others")
    assert uploading.claim(one.pk)
    assert uploading.claim(one.pk) is None
    assert uploading.claim(other.pk) is None
    Upload.objects.filter(pk=one.pk).update(beat_at=Now() - timedelta(seconds=90))
    assert uploading.claim(one.pk).tries == 2


def test_the_sweep_takes_up_what_was_lost_and_gives_up_in_the_end(desk, picture, monkeypatch):
    queued = []
    monkeypatch.setattr(uploading, "_send", queued.append)
    upload = sent(desk, {"a.png": picture})
    queued.clear()
    uploading.sweep()
    assert queued == []
    long_ago = Now() - timedelta(minutes=5)
    Upload.objects.update(queued_at=long_ago)
    uploading.sweep()
    assert queued == [upload.pk]
    uploading.claim(upload.pk)
    Upload.objects.update(beat_at=long_ago)
    uploading.sweep()
    assert queued == [upload.pk] * 2
    Upload.objects.update(beat_at=long_ago, tries=3)
    uploading.sweep()
    upload.refresh_from_db()
    assert (upload.state, "several times" in upload.problem) == ("failed", True)
    assert folder_of(upload).exists()
    desk.post(reverse("cases:upload_act", args=[upload.public_id]), {"action": "again"})
    upload.refresh_from_db()
    assert (upload.state, upload.tries) == ("waiting", 0)


def test_one_whose_files_are_gone_says_so_and_stays_stopped(desk, picture, monkeypatch):
    monkeypatch.setattr(uploading, "_send", lambda upload_id: None)
    upload = sent(desk, {"a.png": picture})
    uploading.stop(uploading.claim(upload.pk), "It broke off\0.")
    uploading.remove_files(upload)
    address = reverse("cases:upload_act", args=[upload.public_id])
    answer = desk.post(address, {"action": "again"}, follow=True)
    assert "choose them again" in answer.content.decode()
    upload.refresh_from_db()
    assert (upload.state, "\0" in upload.problem) == ("failed", False)


def test_what_nobody_finishes_is_forgotten_with_its_files(desk, picture):
    upload = begun(desk, {"a.png": picture}).json()["id"]
    put(desk, upload, 1, picture[:10])
    folder = folder_of(Upload.objects.get())
    uploading.sweep()
    assert folder.exists()
    Upload.objects.update(touched_at=Now() - timedelta(days=3))
    uploading.sweep()
    assert not folder.exists()
    assert not Upload.objects.exists()


def test_an_import_killed_half_way_doubles_nothing(desk, picture, monkeypatch):
    files = {f"{at}.png": png_of(film(at, 128)) for at in range(3)}
    upload = uploading.claim(sent(desk, files).pk)
    monkeypatch.setattr(upload_import, "beat", lambda _, done: done < 2)
    upload_import.run(upload)  # ends after the second case, as when it is killed
    assert Case.objects.count() == 2
    monkeypatch.undo()
    Upload.objects.update(beat_at=None)
    upload = uploading.claim(upload.pk)
    upload_import.run(upload)
    upload.refresh_from_db()
    assert (upload.state, Case.objects.count()) == ("done", 3)
    counts = upload.result["counts"]
    assert (counts["unchanged"], counts["new"]) == (2, 1)
    assert upload.result["notes"] == []


def test_dropping_one_removes_its_files_and_keeps_cases(desk, picture):
    upload = imported(desk, {"a.png": picture})
    desk.post(reverse("cases:upload_act", args=[upload.public_id]), {"action": "drop"})
    assert not Upload.objects.exists()
    assert Case.objects.count() == 1


def test_an_import_is_started_whatever_its_id_begins_with(desk, picture):
    upload = begun(desk, {"a.png": picture}).json()["id"]
    Upload.objects.update(public_id=f"-{upload[1:]}")
    words = upload_import.command_of(Upload.objects.get())[3:]
    parser = Command().create_parser("manage.py", "import_upload")
    assert parser.parse_args(words).upload == f"-{upload[1:]}"


def test_its_import_leads_a_session_which_can_stand_back_with_it(
    desk, picture, tmp_path, monkeypatch
):
    begun(desk, {"a.png": picture})
    told = tmp_path / "told"
    words = f"import os; open({str(told)!r}, 'w').write(f'{{os.getsid(0)}} {{os.getpid()}}')"
    monkeypatch.setattr(upload_import, "command_of", lambda _: [sys.executable, "-c", words])
    upload_import.run_beside(Upload.objects.get())
    session, process = told.read_text().split()
    assert session == process


def test_another_title_is_another_data_set(desk):
    long = "Chest films of our clinic in the city by the river, part"
    titles = ["Снимки груди", "Рентген", f"{long} one", f"{long} two"]
    for at, title in enumerate(titles):
        imported(desk, {"a.png": png_of(film(at, 128))}, title=title)
    imported(desk, {"b.png": png_of(film(9, 128))}, title="Рентген")
    counts = {one.title: one.cases.count() for one in Dataset.objects.all()}
    assert counts == dict(zip(titles, (1, 2, 1, 1), strict=True))


def test_a_row_that_fits_two_pictures_is_the_truth_of_neither(desk, picture):
    table = b"File,Findings\nfilm.png,Left pleural effusion\n"
    other = png_of(film(2, 128))
    imported(desk, {"1/film.png": picture, "2/film.png": other, "facts.csv": table})
    cases = list(Case.objects.all())
    assert [case.findings.count() for case in cases] == [0, 0]
    assert all("fits several pictures" in str(case.review_reasons) for case in cases)


def test_a_row_finds_a_file_with_a_long_name(desk, picture):
    name = f"1.2.826.0.1.3680043.{'8498' * 12}.png"
    table = f"File,Findings\n{name},Left pleural effusion\n".encode()
    imported(desk, {name: picture, "facts.csv": table})
    assert Case.objects.get().findings.count() == 1


def test_half_a_letter_in_a_title_is_taken_as_none(desk, picture):
    assert begun(desk, {"a.png": picture}, title="Films \ud800").status_code == 201


def test_a_piece_leaves_the_disk_its_spare_room(desk, picture, monkeypatch):
    upload = begun(desk, {"a.png": picture}).json()["id"]
    usage = shutil.disk_usage("/")._replace(free=uploading.SPARE)
    monkeypatch.setattr(uploading.shutil, "disk_usage", lambda path: usage)
    assert put(desk, upload, 1, picture).status_code == 507


def test_a_folder_without_an_upload_is_removed_and_nothing_else(desk, picture):
    kept = begun(desk, {"a.png": picture}).json()["id"]
    put(desk, kept, 1, picture[:10])
    place = uploading.settings.UPLOAD_DIR
    for name in ("AbCdEfGhIjKl/files/000001", "certificates/2026"):
        (place / name).mkdir(parents=True)
    uploading.sweep()
    assert {path.name for path in place.iterdir()} == {kept, "certificates"}
