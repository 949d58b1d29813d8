"""When the files of an image are made anew: what its renditions depend on, and what was lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from django.core.files.storage import default_storage

from cases.imaging.render import pixels_of
from cases.models import Case, Image
from tests.cases.files import ramp, write_dicom, write_png
from tests.cases.importing import run, table_row
from tests.cases.sources import findings_with, simulated, simulated_case

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def stack_of(folder, offset=-1024, count=3):
    names = [f"{number}.png" for number in range(count)]
    for number, name in enumerate(names):
        write_png(folder / name, ramp() // (number + 1))
    stack = {"frames": names, "hu_offset": offset}
    return simulated(folder, simulated_case(images=[{"view": "CT", "stack": stack}]))


def stored_pixels(image, frame):
    with default_storage.open(image.frame_path(frame)) as stream:
        return pixels_of(stream.read())


def empty(name):
    Path(default_storage.path(name)).write_bytes(b"")


def test_a_corrected_offset_is_taken_over(tmp_path):
    run("simulated", stack_of(tmp_path))
    before = Image.objects.get()
    output = run("simulated", stack_of(tmp_path, offset=-1000))
    after = Image.objects.get()
    assert table_row(output, "updated") == 1
    assert (before.value_offset, after.value_offset) == (-1024, -1000)
    assert table_row(run("simulated", stack_of(tmp_path, offset=-1000)), "unchanged") == 1


@pytest.mark.parametrize("harm", [default_storage.delete, empty])
@pytest.mark.parametrize("what", [0, 2, "thumbnail"])
def test_any_frame_that_is_lost_or_empty_is_made_again(tmp_path, harm, what):
    folder = stack_of(tmp_path)
    run("simulated", folder)
    image = Image.objects.get()
    harm(image.thumbnail.name if what == "thumbnail" else image.frame_path(what))
    assert table_row(run("simulated", folder), "updated") == 1
    image.refresh_from_db()
    assert [np.array_equal(stored_pixels(image, n), ramp() // (n + 1)) for n in range(3)] == [
        True,
        True,
        True,
    ]
    assert default_storage.size(image.thumbnail.name)
    assert table_row(run("simulated", folder), "unchanged") == 1


def test_a_newer_decoder_makes_renditions_anew_under_another_address(tmp_path):
    folder = stack_of(tmp_path)
    run("simulated", folder)
    Image.objects.update(recipe="an older one", rendition_sha256="0" * 64)
    before = Image.objects.get().token
    assert table_row(run("simulated", folder), "updated") == 1
    assert Image.objects.get().token != before
    assert Image.objects.get().case.version == 1


def test_an_address_is_no_function_of_what_the_data_set_has(tmp_path):
    """Who owns the same files can compute whatever is; the public id is in the address itself."""
    folder = stack_of(tmp_path)

    def imported_as(public_id):
        run("simulated", folder)
        image = Image.objects.get()
        Image.objects.update(public_id=public_id)
        kept = (image.source_sha256, image.rendition_sha256)
        Case.objects.all().delete()
        return image.token, kept

    (first, files), (second, same_files) = imported_as("always_this"), imported_as("always_this")
    assert files == same_files
    assert first != second


def test_files_named_as_before_there_were_tokens_are_found(tmp_path, client_of, trainee):
    folder = stack_of(tmp_path)
    run("simulated", folder)
    image = Image.objects.get()
    old_name = image.rendition.name.replace(image.token, "12ab34cd")
    old_thumbnail = image.thumbnail.name.replace(image.token, "12ab34cd")
    for frame in range(image.frames):
        source = Path(default_storage.path(image.frame_path(frame)))
        source.rename(source.with_name(source.name.replace(image.token, "12ab34cd")))
    thumbnail = Path(default_storage.path(image.thumbnail.name))
    thumbnail.rename(default_storage.path(old_thumbnail))
    Image.objects.update(rendition=old_name, thumbnail=old_thumbnail)
    client = client_of(trainee)
    for frame in range(image.frames):
        address = f"/images/{image.public_id}/{image.token}/{frame}.png"
        assert client.get(address).status_code == 200
    assert table_row(run("simulated", folder), "unchanged") == 1


def test_force_decodes_what_did_not_change(tmp_path):
    folder = stack_of(tmp_path)
    run("simulated", folder)
    image = Image.objects.get()
    Path(default_storage.path(image.frame_path(1))).write_bytes(b"damaged, not empty")
    assert table_row(run("simulated", folder), "unchanged") == 1
    run("simulated", folder, force=True)
    image.refresh_from_db()
    assert np.array_equal(stored_pixels(image, 1), ramp() // 2)


@pytest.mark.parametrize(("frame", "status"), [(2, "published"), (3, "review")])
def test_a_box_lies_on_a_frame_that_the_file_really_has(tmp_path, frame, status):
    write_dicom(tmp_path / "stack.dcm", np.stack([ramp()] * 3), Modality="CT")
    findings = findings_with(regions=[{"image": 0, "frame": frame, "box": [0.1, 0.1, 0.2, 0.2]}])
    images = [{"file": "stack.dcm", "view": "CT"}]
    folder = simulated(tmp_path, simulated_case(images=images, findings=findings))
    for _ in range(2):  # the second time without decoding
        run("simulated", folder)
        case = Case.objects.get()
        assert case.status == status
        assert case.findings.get().regions.count() == (status == "published")


def test_a_box_stays_on_its_slice_when_slices_are_sorted_by_position(tmp_path):
    names = []
    for name, depth in (("first", 0), ("last", 20), ("middle", 10)):
        names.append(f"{name}.dcm")
        write_dicom(
            tmp_path / names[-1],
            ramp() + depth,
            Modality="CT",
            ImagePositionPatient=[0, 0, depth],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        )
    findings = findings_with(regions=[{"image": 0, "frame": 1, "box": [0.1, 0.1, 0.2, 0.2]}])
    images = [{"view": "CT", "stack": {"frames": names}}]
    folder = simulated(tmp_path, simulated_case(images=images, findings=findings))
    for word in ("new", "unchanged"):  # the second time without decoding
        assert table_row(run("simulated", folder), word) == 1
        assert Image.objects.get().frame_order == [0, 2, 1]
        assert Case.objects.get().findings.get().regions.get().frame == 2
    first, last = (stored_pixels(Image.objects.get(), frame) for frame in (0, 2))
    assert (last.astype(int) - first == 20).all()
