"""What lies behind a simulated film comes into the library with it, and goes with it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os

import pytest
from django.core.files.storage import default_storage
from PIL import Image as Picture

from accounts.models import User
from cases import behind, demo_set
from cases.blackouts import black_out
from cases.models import Case, Layer
from tests.cases.files import ramp, write_png
from tests.cases.importing import run, table_row
from tests.cases.sources import simulated, simulated_case

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
HEART = {"name": "heart", "group": "heart", "depth": 90, "rings": [[0, 0, 9, 0, 9, 9]]}
TAKEN_OFF = {
    **{"kind": "finding", "label": "nodule_mass", "side": "left"},
    **{"box": [0.1, 0.1, 0.2, 0.2], "scale": 2.5, "file": "case-1-0.webp"},
}

BEAM = {"middle": [9, 9], "corner": [-9, -9], "size": [18, 18], "near": 0.98, "slope": -0.0005}
SPOT = {"label": "nodule_mass", "side": "left", "at": [1.0, 2.0, 3.0], "depth": [1.0, 3.0]}
CT = {
    **{"version": 1, "shape": [2, 4, 4], "corner": [0, 0, 0], "spacing": 3.0, "deep": 1.1},
    **{"across": 2, "table": [[-1000, 0], [1300, 255]], "beam": BEAM, "spots": [SPOT]},
    "file": "case-1-ct.webp",
}


def webp(gray=128):
    stream = io.BytesIO()
    Picture.new("RGB", (8, 8), (gray,) * 3).save(stream, "WEBP")
    return stream.getvalue()


def write(folder, *layers, **changes):
    """A document of what lies behind case-1, and a picture beside it."""
    (folder / "behind").mkdir(exist_ok=True)
    film = hashlib.sha256((folder / "a.png").read_bytes()).hexdigest()
    said = {"film": film, "version": 1, "unit": 10, "structures": [HEART], "layers": layers}
    content = gzip.compress(json.dumps(said | changes).encode(), mtime=0)
    (folder / "behind/case-1.json.gz").write_bytes(content)
    (folder / "behind/case-1-0.webp").write_bytes(webp())
    (folder / "behind/case-1-ct.webp").write_bytes(webp(90))


@pytest.fixture
def folder(tmp_path):
    simulated(tmp_path, simulated_case())
    write(tmp_path, TAKEN_OFF)
    return tmp_path


def imported(folder):
    return run("simulated", folder)


def test_it_works(folder):
    imported(folder)
    outlines, without = Layer.objects.all()
    assert behind.structures_of(outlines)["structures"] == [HEART]
    assert (without.kind, without.label, without.scale) == ("finding", "nodule_mass", 2.5)
    assert "nodule" not in without.file.name
    with default_storage.open(without.file.name) as stream:
        assert stream.read() == webp()


def test_imported_again_the_same_stays_and_what_is_new_replaces_it(
    folder, django_capture_on_commit_callbacks
):
    imported(folder)
    before = list(Layer.objects.values_list("public_id", flat=True))
    assert table_row(imported(folder), "unchanged") == 1
    assert list(Layer.objects.values_list("public_id", flat=True)) == before
    old = [layer.file.name for layer in Layer.objects.all()]
    write(folder)
    with django_capture_on_commit_callbacks(execute=True):
        imported(folder)
    assert Layer.objects.get().kind == "anatomy"
    assert not any(map(default_storage.exists, old))


def test_a_case_without_it_has_none(tmp_path):
    imported(simulated(tmp_path, simulated_case()))
    assert Case.objects.count() == 1
    assert not Layer.objects.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"[1]", mtime=0), gzip.compress(b"{", mtime=0)],
    ids=["empty", "no gzip", "no object", "no JSON"],
)
def test_a_damaged_document_counts_as_none_and_the_case_stands(folder, content):
    (folder / "behind/case-1.json.gz").write_bytes(content)
    assert table_row(imported(folder), "new") == 1
    assert not Layer.objects.exists()


def test_what_was_made_for_another_film_is_left_out(folder):
    write(folder, TAKEN_OFF, film="0" * 64)
    imported(folder)
    assert not Layer.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"box": [0.5, 0.1, 0.2, 0.2]},
        {"box": None},
        {"scale": float("nan")},
        {"scale": 10**400},
        {"kind": "anatomy"},
        {"kind": "what"},
        {"label": "no-such-label"},
        {"file": "../cases.json"},
        {"file": "absent.webp"},
    ],
)
def test_a_picture_that_cannot_be_one_is_left_out_and_the_outlines_stay(folder, change):
    write(folder, TAKEN_OFF | change)
    imported(folder)
    assert Layer.objects.get().kind == "anatomy"


def test_a_ct_comes_with_where_its_findings_lie(folder):
    write(folder, TAKEN_OFF, ct=CT)
    imported(folder)
    *_, volume = Layer.objects.all()
    assert (volume.kind, volume.made_here) == ("ct", False)
    assert volume.details == {name: value for name, value in CT.items() if name != "file"}
    with default_storage.open(volume.file.name) as stream:
        assert stream.read() == webp(90)


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [2, 4]},
        {"shape": [4000, 4000, 4000]},
        {"shape": "large"},
        {"across": 0},
        {"corner": [0, float("nan"), 0]},
        {"spacing": -1},
        {"deep": True},
        {"table": [[0, 0]]},
        {"table": None},
        {"beam": {}},
        {"beam": {**BEAM, "near": "x"}},
        {"beam": {**BEAM, "size": [0, 400]}},
        {"beam": {**BEAM, "near": 0, "slope": 0}},
        {"beam": {**BEAM, "near": 1, "slope": -1}},
        {"spots": [{**SPOT, "label": "no-such-label"}]},
        {"spots": [{**SPOT, "at": [1]}]},
        {"spots": [{**SPOT, "at": [10**400, 2, 3]}]},
        {"spots": [{**SPOT, "label": ["nodule_mass"]}]},
        {"spots": None},
        {"file": "../cases.json"},
        {"file": "absent.webp"},
    ],
)
def test_a_ct_that_cannot_be_one_is_left_out_and_the_rest_stays(folder, change):
    write(folder, TAKEN_OFF, ct=CT | change)
    imported(folder)
    assert [layer.kind for layer in Layer.objects.all()] == ["anatomy", "finding"]


@pytest.mark.parametrize(
    "change",
    [
        {"unit": 0},
        {"unit": None},
        {"structures": "heart"},
        {"structures": [HEART, "heart"]},
        {"structures": [HEART | {"name": None}]},
        {"structures": [HEART | {"rings": [0, 0, 9, 9]}]},
        {"structures": [HEART | {"rings": [[0, 0, 9]]}]},
        {"structures": [HEART | {"rings": [[0, float("nan")]]}]},
        {"structures": [HEART | {"depth": "deep"}]},
    ],
)
def test_outlines_that_cannot_be_drawn_are_left_out_and_the_rest_stays(folder, change):
    write(folder, TAKEN_OFF, **change)
    imported(folder)
    assert Layer.objects.get().kind == "finding"


def test_what_no_database_holds_is_left_out_of_texts_and_versions(folder):
    spot = SPOT | {"side": "le\ud800ft\0"}
    volume = CT | {"version": float("nan"), "spots": [spot]}
    write(folder, TAKEN_OFF | {"side": "le\0ft"}, ct=volume, version="\ud800")
    imported(folder)
    outlines, without, ct = Layer.objects.all()
    assert (outlines.details, without.side) == ({"version": None}, "left")
    assert (ct.details["version"], ct.details["spots"][0]["side"]) == (None, "le?ft")


def test_a_ct_that_is_no_picture_or_too_large_is_left_out(folder):
    write(folder, ct=CT)
    for content in (picture("PNG"), b"", webp() + b"x"):
        (folder / "behind/case-1-ct.webp").write_bytes(content)
        imported(folder)
        assert Layer.objects.get().kind == "anatomy"


def kept_here(image):
    return behind.keep_ct(image, {k: v for k, v in CT.items() if k != "file"}, webp(70))


def test_a_ct_made_here_stays_until_the_film_is_another_or_the_source_brings_one(
    folder, django_capture_on_commit_callbacks
):
    imported(folder)
    image = Case.objects.get().images.get()
    assert kept_here(image)
    assert not kept_here(image), "once"
    imported(folder)
    own = Layer.objects.get(kind="ct")
    assert own.made_here
    write(folder, TAKEN_OFF, ct=CT)
    with django_capture_on_commit_callbacks(execute=True):
        imported(folder)
    assert not Layer.objects.get(kind="ct").made_here
    assert not default_storage.exists(own.file.name)
    write(folder)
    imported(folder)
    assert kept_here(image)
    write_png(folder / "a.png", ramp() // 2)
    imported(folder)
    assert not Layer.objects.exists()


def test_where_a_ct_cannot_be_written_nothing_of_it_is_kept(folder, monkeypatch):
    imported(folder)
    image = Case.objects.get().images.get()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(default_storage, "save", full)
    with pytest.raises(OSError, match="No space"):
        kept_here(image)
    assert not Layer.objects.filter(kind="ct").exists()


def test_where_the_disk_is_full_the_case_comes_without_and_the_next_import_brings_it(
    folder, monkeypatch
):
    save = default_storage.save

    def full(name, content, **options):
        if name.endswith(".json.gz"):
            raise OSError(28, "No space left on device")
        return save(name, content, **options)

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "save", full)
        assert table_row(imported(folder), "new") == 1
    assert Case.objects.get().images.exists() and not Layer.objects.exists()
    imported(folder)
    assert Layer.objects.count() == 2


def picture(form, size=None):
    stream = io.BytesIO()
    Picture.new("RGB", (8, 8)).save(stream, form)
    return stream.getvalue()[:size]


@pytest.mark.parametrize(
    "content",
    [
        picture("PNG"),
        picture("GIF"),
        picture("WEBP", -1),
        picture("WEBP", 14),
        b"",
        picture("WEBP") + b"\0" * 2,
        b"RIFF" + (8_000_004).to_bytes(4, "little") + b"WEBPVP8 " + bytes(7_999_996),
    ],
)
def test_what_is_no_picture_of_its_form_and_size_is_left_out(folder, content):
    write(folder, TAKEN_OFF)
    (folder / "behind/case-1-0.webp").write_bytes(content)
    imported(folder)
    assert Layer.objects.get().kind == "anatomy"


def test_a_picture_that_is_never_read_to_its_end_holds_nothing_up(folder):
    write(folder, TAKEN_OFF)
    (folder / "behind/case-1-0.webp").unlink()
    os.mkfifo(folder / "behind/case-1-0.webp")
    imported(folder)
    assert Layer.objects.get().kind == "anatomy"


def test_a_film_with_other_pixels_loses_what_lay_behind_the_old_ones(folder):
    imported(folder)
    write_png(folder / "a.png", ramp() // 2)
    imported(folder)
    assert not Layer.objects.exists()


def test_a_film_of_which_something_was_blacked_out_loses_it_for_good(folder):
    imported(folder)
    curator = User.objects.create(username="curator", role="curator")
    black_out(image=Case.objects.get().images.get(), boxes=[(0.1, 0.1, 0.3, 0.3)], by=curator)
    imported(folder)
    assert not Layer.objects.exists()


def test_a_library_with_the_demo_set_gets_it_when_a_release_brings_it(folder):
    imported(folder)
    Case.objects.update(source_digest="")
    demo_set.load([*demo_set.missing(folder).rest, *demo_set.missing(folder).first], folder=folder)
    assert not demo_set.missing(folder)
    layers = Layer.objects.all()
    layers.delete()
    assert demo_set.missing(folder)
    demo_set.load([*demo_set.missing(folder).rest, *demo_set.missing(folder).first], folder=folder)
    assert Layer.objects.count() == 2


def test_a_library_with_older_outlines_gets_what_a_release_adds(folder):
    imported(folder)
    Case.objects.update(source_digest="")
    demo_set.load([*demo_set.missing(folder).rest, *demo_set.missing(folder).first], folder=folder)
    write(folder, TAKEN_OFF, ct=CT, version=2)
    lacking = demo_set.missing(folder)
    assert lacking
    demo_set.load([*lacking.rest, *lacking.first], folder=folder)
    assert not demo_set.missing(folder)
    assert Layer.objects.filter(kind="ct").exists()
    assert Layer.objects.get(kind="anatomy").details == {"version": 2}
