"""A second import of a source that has fewer images, or says more of the same ones."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage

from cases.models import Image
from tests.cases.files import ramp, write_png
from tests.cases.importing import run, table_row
from tests.cases.sources import simulated, simulated_case

pytestmark = pytest.mark.django_db


def picture(name="a.png", **said):
    return {"file": name, "view": "PA", "pixel_spacing_mm": 0.2, **said}


def imported(folder, *pictures):
    write_png(folder / "b.png", ramp() // 2)
    return run("simulated", simulated(folder, simulated_case(images=list(pictures))))


def test_an_image_the_source_has_no_more_goes_with_its_files(
    tmp_path, django_capture_on_commit_callbacks
):
    imported(tmp_path, picture(), picture("b.png"))
    kept, gone = Image.objects.order_by("position")
    files = [gone.frame_path(0), gone.thumbnail.name]
    assert all(default_storage.exists(name) for name in files)
    with django_capture_on_commit_callbacks(execute=True):
        output = imported(tmp_path, picture())
    assert table_row(output, "updated") == 1
    assert Image.objects.get() == kept
    assert default_storage.exists(kept.frame_path(0))
    assert not any(default_storage.exists(name) for name in files)


def test_a_spacing_the_source_corrects_is_taken_over_for_the_same_file(tmp_path):
    imported(tmp_path, picture())
    before = Image.objects.get()
    assert (before.row_spacing, before.column_spacing) == pytest.approx((0.2, 0.2))
    output = imported(tmp_path, picture(pixel_spacing_mm=[0.3, 0.15]))
    after = Image.objects.get()
    assert table_row(output, "updated") == 1
    assert (after.row_spacing, after.column_spacing) == pytest.approx((0.3, 0.15))
    assert (after.public_id, after.rendition_sha256) == (before.public_id, before.rendition_sha256)
    assert table_row(imported(tmp_path, picture(pixel_spacing_mm=[0.3, 0.15])), "unchanged") == 1


def test_a_view_the_source_corrects_is_taken_over_for_the_same_file(tmp_path):
    imported(tmp_path, picture())
    output = imported(tmp_path, picture(view="AP"))
    assert table_row(output, "updated") == 1
    assert Image.objects.get().view == "AP"


def test_a_source_that_says_no_view_any_more_leaves_the_stored_one(tmp_path):
    imported(tmp_path, picture())
    imported(tmp_path, picture(view=None))
    assert Image.objects.get().view == "PA"
