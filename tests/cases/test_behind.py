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

pytestmark = pytest.mark.django_db
HEART = {"name": "heart", "group": "heart", "depth": 90, "rings": [[0, 0, 9, 0, 9, 9]]}
TAKEN_OFF = {
    **{"kind": "finding", "label": "nodule_mass", "side": "left"},
    **{"box": [0.1, 0.1, 0.2, 0.2], "scale": 2.5, "file": "case-1-0.webp"},
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
