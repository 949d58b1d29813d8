"""Archives of models: unpacked into their folder, refused when they lead outside it."""

from __future__ import annotations

import io
import tarfile

import pytest

from ml.models import ModelProblem
from ml.models.archive import unpack

pytestmark = pytest.mark.pure

CONTENT = b"weights"


def entry(name, kind=tarfile.REGTYPE, to=""):
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, to
    found.size = len(CONTENT) if kind == tarfile.REGTYPE else 0
    return found


@pytest.fixture
def packed(tmp_path):
    """Writes an archive of entries; one that is refused comes last, after a file that is not."""

    def pack(*entries):
        with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as tar:
            for one in entries:
                tar.addfile(one, io.BytesIO(CONTENT) if one.size else None)
        return tmp_path / "model.tar.gz"

    return pack


@pytest.fixture
def target(tmp_path):
    return tmp_path / "models" / "one"


def below(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_it_works(packed, target):
    folder = entry("vocabulary", tarfile.DIRTYPE)
    unpack(packed(entry("./config.json"), folder, entry("vocabulary/labels.txt")), target)
    assert below(target) == ["config.json", "vocabulary/labels.txt"]
    assert (target / "vocabulary" / "labels.txt").read_bytes() == CONTENT


def test_what_is_there_already_is_replaced(packed, target):
    target.mkdir(parents=True)
    (target / "config.json").write_text("older and longer than the new one")
    unpack(packed(entry("config.json")), target)
    assert (target / "config.json").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("kind", "to"), [(tarfile.SYMTYPE, "blobs/a"), (tarfile.LNKTYPE, "blobs/a")]
)
def test_a_link_to_a_file_of_the_archive_becomes_that_file(packed, target, kind, to):
    unpack(packed(entry("blobs/a"), entry("weights.th", kind, to)), target)
    assert not (target / "weights.th").is_symlink()
    assert (target / "weights.th").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (entry("../outside"), "leads outside"),
        (entry("a/../../outside"), "leads outside"),
        (entry("/tmp/outside-of-a-model"), "leads outside"),
        (entry("../outside", tarfile.DIRTYPE), "leads outside"),
        (entry("link", tarfile.SYMTYPE, "../../secret"), "which is no file of it"),
        (entry("link", tarfile.SYMTYPE, "/etc/hostname"), "which is no file of it"),
        (entry("link", tarfile.SYMTYPE, "link"), "which is no file of it"),
        (entry("link", tarfile.SYMTYPE, "."), "which is no file of it"),
        (entry("link", tarfile.LNKTYPE, "../../secret"), "which is no file of it"),
        (entry("link", tarfile.LNKTYPE, "/etc/hostname"), "which is no file of it"),
        (entry("device", tarfile.CHRTYPE), "neither file nor folder"),
        (entry("device", tarfile.BLKTYPE), "neither file nor folder"),
        (entry("pipe", tarfile.FIFOTYPE), "neither file nor folder"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_an_archive_that_leads_outside_is_refused_before_anything_is_written(
    packed, target, tmp_path, refused, words
):
    (tmp_path / "secret").write_text("of somebody else")
    with pytest.raises(ModelProblem, match=rf"^model\.tar\.gz was not unpacked: .*{words}.*\.$"):
        unpack(packed(entry("config.json"), refused), target)
    assert not target.exists()
    assert not (tmp_path / "models" / "outside").exists()


def test_a_folder_of_links_does_not_lead_what_follows_it_outside(packed, target, tmp_path):
    """The known trick: a link to a folder outside, then a file “inside” it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    link = entry("folder", tarfile.SYMTYPE, str(outside))
    with pytest.raises(ModelProblem, match="no file of it"):
        unpack(packed(link, entry("folder/file")), target)
    assert not list(outside.iterdir())


@pytest.mark.parametrize("kept", [0, 30, -30])
def test_a_damaged_archive_is_a_sentence(packed, target, kept):
    archive = packed(*(entry(f"file-{n}") for n in range(50)))
    archive.write_bytes(archive.read_bytes()[:kept])
    with pytest.raises(ModelProblem, match=r"^model\.tar\.gz cannot be unpacked: "):
        unpack(archive, target)
