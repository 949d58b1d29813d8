"""A backup is whole or refused, and is put back into an empty place alone."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from cases.models import Image
from radgame import backup, snapshot
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def image():
    return factories.ImageFactory(frame_order=[0])


@pytest.fixture
def made(image, tmp_path):
    path = tmp_path / "a.tar"
    backup.make(path)
    return path


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


def rewritten(path: Path, target: Path, change) -> Path:
    """The same backup with `change` made to its members."""
    content = members(path)
    change(content)
    with tarfile.open(target, "w") as archive:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return target


def test_it_works(made, image, settings, tmp_path):
    manifest = backup.check(made)
    assert manifest.database == connection.vendor and manifest.has_media
    content = members(made)
    assert content["secret_key"].decode() == settings.SECRET_KEY
    assert (
        content[f"media/{image.rendition.name}"]
        == default_storage.open(image.rendition.name).read()
    )
    assert "attempts.0001_initial" in manifest.migrations
    assert made.stat().st_mode & 0o077 == 0, "its owner's alone"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a.tar"]


def test_images_that_come_while_it_is_made_are_in_it_too(image, tmp_path, monkeypatch):
    later = []

    def taken(path):
        if not later:
            later.append(factories.ImageFactory(frame_order=[0]))
        return real(path)

    real = snapshot.taken
    monkeypatch.setattr(backup.snapshot, "taken", taken)
    backup.make(tmp_path / "a.tar")
    assert f"media/{later[0].rendition.name}" in members(tmp_path / "a.tar")


def test_images_replaced_while_it_is_made_are_those_of_its_database(image, tmp_path, monkeypatch):
    """The old file is gone by the time its name is read from the database that was taken."""
    real, replaced = snapshot.taken, []

    class Taken:
        def __init__(self, path):
            self.inner = real(path)

        def __enter__(self):
            if not replaced:
                replaced.append(factories.ImageFactory(frame_order=[0]))
            alias = self.inner.__enter__()
            if len(replaced) == 1:
                replaced.append(default_storage.delete(replaced[0].rendition.name))
                name = default_storage.save("renditions/new/0000.png", ContentFile(b"new"))
                Image.objects.filter(pk=replaced[0].pk).update(rendition=name)
            return alias

        def __exit__(self, *error):
            return self.inner.__exit__(*error)

    monkeypatch.setattr(backup.snapshot, "taken", Taken)
    backup.make(tmp_path / "a.tar")
    assert members(tmp_path / "a.tar")["media/renditions/new/0000.png"] == b"new"


def test_an_image_without_its_file_is_told(image, tmp_path):
    default_storage.delete(image.rendition.name)
    with pytest.raises(backup.BackupProblem, match="not in the media storage"):
        backup.make(tmp_path / "a.tar")
    assert list(tmp_path.glob("a.tar*")) == []


def test_without_media_it_holds_none(image, tmp_path):
    call_command("backup", tmp_path / "a.tar", "--without-media", verbosity=0)
    assert not any(name.startswith("media/") for name in members(tmp_path / "a.tar"))


def test_nothing_is_written_over(made):
    with pytest.raises(backup.BackupProblem, match="is there already"):
        backup.make(made)


def test_a_folder_gets_dated_files_and_keeps_the_newest(image, tmp_path, capsys):
    old = [tmp_path / f"radgame-2020010{day}-000000.tar" for day in range(1, 4)]
    for path in (*old, tmp_path / "radgame-notes.tar"):
        path.touch()
    call_command("backup", tmp_path, "--keep", "2")
    left = sorted(path.name for path in tmp_path.glob("*.tar"))
    assert left[0] == old[-1].name and left[-1] == "radgame-notes.tar" and len(left) == 3
    assert "found whole" in capsys.readouterr().out


def cut_off(path, tmp_path):
    whole = path.read_bytes()
    (tmp_path / "b.tar").write_bytes(whole[: len(whole) // 2])
    return tmp_path / "b.tar"


def with_a_flipped_bit(path, tmp_path):
    def flip(content):
        name = next(name for name in content if name.startswith("media/"))
        content[name] = bytes([content[name][0] ^ 1]) + content[name][1:]

    return rewritten(path, tmp_path / "b.tar", flip)


def without_one(path, tmp_path):
    def drop(content):
        del content[next(name for name in content if name.startswith("media/"))]

    return rewritten(path, tmp_path / "b.tar", drop)


def without_manifest(path, tmp_path):
    return rewritten(path, tmp_path / "b.tar", lambda content: content.pop("manifest.json"))


def no_tar(path, tmp_path):
    (tmp_path / "b.tar").write_text("A letter.")
    return tmp_path / "b.tar"


@pytest.mark.parametrize(
    "harm", [cut_off, with_a_flipped_bit, without_one, without_manifest, no_tar]
)
def test_one_that_is_not_whole_is_refused(made, tmp_path, harm):
    harmed = harm(made, tmp_path)
    with pytest.raises(CommandError, match=r"not whole|damaged|cannot be read"):
        call_command("restore", harmed, "--only-check")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"database": "oracle"}, "The backup is of oracle"),
        ({"migrations": ["attempts.0999_later"]}, "later version of RadGame"),
        ({"format": 2}, "another form"),
    ],
)
def test_one_that_does_not_fit_is_refused(made, tmp_path, changes, words):
    def change(content):
        told = json.loads(content["manifest.json"]) | changes
        content["manifest.json"] = json.dumps(told).encode()

    other = rewritten(made, tmp_path / "b.tar", change)
    with pytest.raises(backup.BackupProblem, match=words):
        backup.restore(other)


def test_into_a_database_that_holds_something_nothing_is_put(made):
    with pytest.raises(CommandError, match="nothing is overwritten"):
        call_command("restore", made)


def test_another_file_of_the_same_name_is_not_overwritten(made, image):
    default_storage.delete(image.rendition.name)
    default_storage.save(image.rendition.name, ContentFile(b"another"))
    with pytest.raises(backup.BackupProblem, match="holds another file"):
        backup.restore(made)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite needs no program")
def test_without_postgresqls_programs_it_says_what_to_install(image, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(backup.BackupProblem, match="postgresql-client"):
        backup.make(tmp_path / "a.tar")


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="a file that can be opened")
def test_what_is_written_meanwhile_is_in_it_whole_or_not_at_all(made):
    (made.parent / "copy").write_bytes(members(made)["database.sqlite3"])
    with sqlite3.connect(made.parent / "copy") as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT count(*) FROM cases_image").fetchone() == (1,)
