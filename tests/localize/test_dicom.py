"""Truth and marks as DICOM: written, and the truth read back as it was."""

from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest
from django.core.management import CommandError, call_command

from attempts.models import Attempt
from cases.models import Case, Region
from ml import taxonomy
from tests.cases.importing import run
from tests.cases.sources import findings_with, simulated, simulated_case
from tests.cases.test_dicom_segments import ct, segmentation
from tests.localize.truths import places

pytest.importorskip("highdicom", reason="needs `make install-data`")
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

NODULE = taxonomy.labels()["nodule_mass"].name
SHAPES = [
    {"image": 0, "box": [0.1, 0.1, 0.2, 0.2]},
    {"image": 0, "polygon": [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]},
    {"image": 0, "point": [0.3, 0.4]},
    {"image": 0, "box": [0.12, 0.1, 0.25, 0.2], "reader": "Somebody Named", "alternate": True},
]


def export(slug, folder, *options):
    out = io.StringIO()
    call_command("export_dicom", slug, folder, *options, stdout=out)
    return out.getvalue()


def library(folder, *cases):
    """The case that an import of this set makes."""
    folder.mkdir()
    run("simulated", simulated(folder, *cases))
    return Case.objects.get()


def back(folder):
    """The case that an import of what was written makes."""
    run("dicom", folder)
    return Case.objects.exclude(dataset__slug="demo").latest("pk")


def test_the_truth_that_was_written_as_a_report_is_read_back(tmp_path):
    ticked = {"label": "cardiomegaly", "regions": []}
    findings = [*findings_with(regions=SHAPES, side="left"), ticked]
    case = library(tmp_path / "in", simulated_case(findings=findings))
    export("demo", tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out" / case.public_id).iterdir())
    assert names == ["image-00.dcm", "sr-0001-1.dcm", "sr-0002-1.dcm"]
    again = back(tmp_path / "out")
    assert places(again, digits=4) == places(case, digits=4)
    assert len(places(case, digits=4)) == 4
    assert again.knows_findings and {one.label for one in again.findings.all()} == {
        "nodule_mass",
        "cardiomegaly",
    }
    assert again.findings.get(label="nodule_mass").size_mm == 12.5
    assert (again.age, again.sex) == (case.age, case.sex)
    assert {r.reader for f in again.findings.all() for r in f.regions.all()} == {"1", "2"}
    image, same = case.images.get(), again.images.get()
    assert (same.view, same.width, same.max_value) == (image.view, image.width, image.max_value)
    assert same.row_spacing == pytest.approx(image.row_spacing)
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*.dcm"))
    assert b"Named" not in written


def test_a_normal_film_is_normal_again_and_one_of_which_nothing_is_known_is_not(tmp_path):
    case = library(tmp_path / "in", simulated_case(findings=[]))
    export("demo", tmp_path / "out")
    again = back(tmp_path / "out")
    assert again.knows_findings and not again.findings.exists()
    Case.objects.filter(pk=case.pk).update(knows_findings=False)
    said = export("demo", tmp_path / "none")
    assert said.startswith("0 objects")


def test_outlines_of_a_film_are_segments_and_read_back_to_a_pixel(tmp_path):
    shapes = [{"image": 0, "polygon": [[0.2, 0.2], [0.7, 0.2], [0.7, 0.6], [0.2, 0.6]]}, SHAPES[0]]
    case = library(tmp_path / "in", simulated_case(findings=findings_with(regions=shapes)))
    export("demo", tmp_path / "out", "--as=seg")
    (path,) = (tmp_path / "out" / case.public_id).glob("seg-*.dcm")
    (segment,) = pydicom.dcmread(path).SegmentSequence
    assert segment.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == NODULE
    (region,) = Region.objects.filter(finding__case=back(tmp_path / "out"))
    image = case.images.get()
    assert region.shape == "polygon"
    off = np.subtract(region.box, (0.2, 0.2, 0.7, 0.6)) * ([image.width, image.height] * 2)
    assert np.abs(off).max() <= 1


def stack(folder):
    """A published CT with an outline over two slices, as its own files give it."""
    folder.mkdir()
    uids = ct(folder, 4)
    segmentation(folder / "seg.dcm", uids[1:3], (10, 10, 20, 20))
    run("dicom", folder)
    (folder / "seg.dcm").unlink()
    case = Case.objects.get()
    Case.objects.update(status="published")
    return case


def frames(case):
    regions = Region.objects.filter(finding__case=case)
    return sorted((one.frame, *(round(side, 4) for side in one.box)) for one in regions)


def test_the_outlines_of_a_stack_come_back_on_their_slices(tmp_path):
    case = stack(tmp_path / "in")
    slug = case.dataset.slug
    assert "need its --originals" in export(slug, tmp_path / "seg", "--as=seg")
    export(slug, tmp_path / "sr")
    again = back(tmp_path / "sr")
    assert frames(again) == frames(case) and len(frames(case)) == 2
    assert again.findings.count() == 1
    kept = [(one.value_scale, one.value_offset) for one in (case.images.get(), again.images.get())]
    assert kept[0] == kept[1]


@pytest.mark.parametrize("kind", ["sr", "seg"])
def test_objects_refer_to_originals_that_somebody_has(tmp_path, kind):
    case = stack(tmp_path / "in")
    for path in (tmp_path / "in").glob("ct*.dcm"):
        one = pydicom.dcmread(path)
        one.FrameOfReferenceUID = "1.2.3.4.6"
        one.PixelSpacing, one.SliceThickness = [1, 1], 2
        one.save_as(path)
    slug, before = case.dataset.slug, frames(case)
    export(slug, tmp_path / "out", f"--as={kind}", f"--originals={tmp_path / 'in'}")
    folder = tmp_path / "out" / case.public_id
    (path,) = folder.iterdir()
    assert str(pydicom.dcmread(path).StudyInstanceUID) == "1.2.3.4"
    path.rename(tmp_path / "in" / "zz.dcm")
    run("dicom", tmp_path / "in")
    case.refresh_from_db()
    assert len(before) == 2
    assert frames(case) == before
    (tmp_path / "else").mkdir()
    ct(tmp_path / "else", 3)
    said = export(slug, tmp_path / "no", f"--originals={tmp_path / 'else'}")
    assert "its originals are not there" in said


def test_what_learners_drew_is_written_without_their_names(tmp_path, nodule_case, trainee):
    image = nodule_case.images.get()
    mark = {"id": "m1", "label": "nodule_mass", "image": image.public_id, "frame": 0}
    mark |= {"box": [0.1, 0.1, 0.3, 0.3], "confidence": 0.7}
    answer = {"marks": [mark], "ticked": ["cardiomegaly"], "normal": False}
    for state in ("scored", "draft"):
        Attempt.objects.create(
            case=nodule_case,
            case_version=1,
            user=trainee,
            kind="localize",
            state=state,
            answer=answer,
        )
    export(nodule_case.dataset.slug, tmp_path, "--marks")
    (path,) = tmp_path.rglob("sr-*.dcm")
    text = str(pydicom.dcmread(path))
    assert NODULE in text and "Cardiomegaly" in text and "Learner^1" in text
    assert trainee.username not in text


def test_an_unknown_data_set_and_a_missing_film_are_told(tmp_path):
    with pytest.raises(CommandError, match="There is no data set other"):
        export("other", tmp_path / "a")
    case = library(tmp_path / "in", simulated_case())
    image = case.images.get()
    image.rendition.storage.delete(image.frame_path(0))
    said = export("demo", tmp_path / "out")
    assert "a film of it is missing" in said and said.rstrip().splitlines()[-1].startswith("0 ")
