"""`manage.py import_cases`: what is stored, what a second run does, what is told."""

from __future__ import annotations

import json

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError
from django.db import IntegrityError

from cases import services, storing
from cases.imaging import Source
from cases.imaging.render import pixels_of
from cases.importers import ImportedCase, ImportedFinding, ImportedImage, ImportedRegion
from cases.importers.child import prepare_or_keep
from cases.models import Case, Dataset, Finding, Image
from tests.cases.files import (
    REAL_DATA,
    huge_png,
    needs_real_data,
    ramp,
    write_dicom,
    write_png,
)
from tests.cases.importing import run, table_row
from tests.cases.sources import (
    BOX_HEADER,
    ENTRY_HEADER,
    sentence,
    simulated,
    simulated_case,
    study,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path):
    """Two studies of PadChest-GR's form: one with a nodule, one normal."""
    write(tmp_path, study(sentence()), study(name="b.png"))
    write_png(tmp_path / "a.png")
    write_png(tmp_path / "b.png", ramp(top=255).astype(np.uint8))
    return tmp_path


def write(folder, *studies):
    (folder / "grounded_reports_20240819.json").write_text(json.dumps(studies))


def test_cases_go_in_with_images_truth_and_reports(folder):
    output = run("padchest-gr", folder)
    assert (table_row(output, "new"), table_row(output, "skipped")) == (2, 0)
    case = Case.objects.get(source_key="a.png")
    assert (case.status, case.version, case.has_truth_boxes) == ("published", 1, True)
    assert (case.dataset.slug, case.dataset.version) == ("padchest-gr", "20240819")
    finding = case.findings.get()
    assert (finding.label, finding.significance) == ("nodule_mass", "actionable")
    assert finding.regions.get().box == (0.1, 0.2, 0.3, 0.4)
    assert set(case.reports.values_list("language", flat=True)) == {"en", "es"}


def test_the_stored_files_are_named_by_nothing_but_the_public_id(folder):
    run("padchest-gr", folder)
    image = Image.objects.get(case__source_key="a.png")
    prefix = f"renditions/{image.public_id[:2]}/{image.public_id}/"
    assert image.rendition.name == prefix + f"{image.token}-0000.jhc"
    assert image.thumbnail.name == prefix + f"{image.token}-thumb.webp"
    with default_storage.open(image.rendition.name) as stream:
        assert np.array_equal(pixels_of(stream.read()), ramp())
    assert (image.bits, image.max_value, image.source_width) == (16, 4095, 60)


def test_a_second_run_changes_nothing(folder):
    run("padchest-gr", folder)
    before = list(Finding.objects.values_list("id", flat=True))
    output = run("padchest-gr", folder)
    assert (table_row(output, "unchanged"), table_row(output, "new")) == (2, 0)
    assert (Case.objects.count(), Image.objects.count(), Dataset.objects.count()) == (2, 2, 1)
    assert list(Finding.objects.values_list("id", flat=True)) == before


def test_changed_truth_raises_the_version_and_keeps_the_case(folder):
    run("padchest-gr", folder)
    before = Case.objects.get(source_key="a.png")
    image = before.images.get()
    write(folder, study(sentence(boxes=[[0.5, 0.5, 0.6, 0.6]])), study(name="b.png"))
    output = run("padchest-gr", folder)
    assert (table_row(output, "updated"), table_row(output, "unchanged")) == (1, 1)
    after = Case.objects.get(source_key="a.png")
    assert (after.pk, after.public_id, after.version) == (before.pk, before.public_id, 2)
    assert after.findings.get().regions.get().box == (0.5, 0.5, 0.6, 0.6)
    assert after.images.get().public_id == image.public_id


def test_a_changed_image_is_replaced_in_place_without_a_new_version(folder):
    run("padchest-gr", folder)
    before = Image.objects.get(case__source_key="a.png")
    write_png(folder / "a.png", ramp(rows=80, top=1000))
    assert table_row(run("padchest-gr", folder), "updated") == 1
    after = Image.objects.get(case__source_key="a.png")
    assert (after.pk, after.public_id, after.height) == (before.pk, before.public_id, 80)
    assert after.source_sha256 != before.source_sha256
    assert after.case.version == 1
    with default_storage.open(after.rendition.name) as stream:
        assert pixels_of(stream.read()).shape == (80, 60)


def test_a_curators_status_survives_another_import(folder):
    run("padchest-gr", folder)
    services.retire_case(case=Case.objects.get(source_key="a.png"))
    write(folder, study(sentence(labels=["mass"])), study(name="b.png"))
    run("padchest-gr", folder)
    assert Case.objects.get(source_key="a.png").status == Case.Status.RETIRED


def test_a_rendition_lost_from_the_storage_is_made_again(folder):
    run("padchest-gr", folder)
    image = Image.objects.get(case__source_key="a.png")
    default_storage.delete(image.rendition.name)
    run("padchest-gr", folder)
    assert default_storage.exists(image.rendition.name)


def test_bad_images_are_told_by_name_and_the_rest_goes_in(folder, tmp_path):
    names = ["cut.png", "huge.png", "text.png", "empty.dcm"]
    write(folder, study(sentence()), *(study(name=name) for name in names))
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:60])
    huge_png(folder / "huge.png", 30_000)
    (folder / "text.png").write_text("no image at all")
    write_dicom(folder / "empty.dcm", PixelData=None)
    output = run("padchest-gr", folder, report=tmp_path / "report.json")
    assert (table_row(output, "new"), table_row(output, "skipped")) == (1, 4)
    assert "30,000 × 30,000 pixels" in output
    report = json.loads((tmp_path / "report.json").read_text())
    assert [problem["where"] for problem in report["problems"]] == names
    assert (report["new"], report["skipped"]) == (1, 4)
    assert Case.objects.count() == 1


def test_nothing_of_a_case_is_kept_when_storing_it_fails(folder, monkeypatch):
    finding = ImportedFinding("nodule_mass", regions=(ImportedRegion((0.5, 0.5, 0.4, 0.6)),))
    image = ImportedImage("a.png", Source((folder / "a.png",)))
    dataset = services.upsert_dataset(services.DatasetInfo("test", "Test"))
    written = []
    save = default_storage.save
    monkeypatch.setattr(
        default_storage, "save", lambda name, content: written.append(name) or save(name, content)
    )
    with pytest.raises(IntegrityError):
        storing.store_case(
            dataset=dataset,
            imported=ImportedCase("k", (image,), (finding,)),
            images=[prepare_or_keep(image.source, None)],
        )
    assert not Case.objects.exists()
    assert len(written) == 2
    assert not any(default_storage.exists(name) for name in written)


def test_a_dry_run_tells_and_stores_nothing(folder):
    output = run("padchest-gr", folder, dry_run=True)
    assert table_row(output, "new") == 2
    assert not Case.objects.exists()
    assert not Dataset.objects.exists()
    run("padchest-gr", folder)
    assert table_row(run("padchest-gr", folder, dry_run=True), "unchanged") == 2


def test_the_limit_counts_cases(folder):
    assert table_row(run("padchest-gr", folder, limit=1), "new") == 1


def test_new_cases_get_the_status_asked_for(folder):
    run("padchest-gr", folder, status="review")
    assert set(Case.objects.values_list("status", flat=True)) == {"review"}


def test_several_processes_give_the_same_library(folder):
    write_png(folder / "b.png", ramp() // 3)
    (folder / "c.png").write_text("broken")
    write(folder, study(sentence()), study(name="c.png"), study(name="b.png"))
    output = run("padchest-gr", folder, jobs=2)
    assert (table_row(output, "new"), table_row(output, "skipped")) == (2, 1)
    assert list(Case.objects.order_by("id").values_list("source_key", flat=True)) == [
        "a.png",
        "b.png",
    ]


def test_a_name_longer_than_the_library_takes_is_skipped(tmp_path):
    folder = simulated(tmp_path, simulated_case(key="x" * 201), simulated_case())
    output = run("simulated", folder)
    assert (table_row(output, "new"), table_row(output, "skipped")) == (1, 1)
    assert "more than 200 characters" in output


def test_it_fails_only_when_nothing_could_be_imported(folder):
    (folder / "a.png").write_text("broken")
    run("padchest-gr", folder)
    (folder / "b.png").write_text("broken too")
    with pytest.raises(CommandError, match="Nothing could be imported"):
        run("padchest-gr", folder)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["padchest-gr", "/nowhere"], "/nowhere does not exist"),
        (["nih", "."], "holds neither"),
        (["simulated", "manage.py"], "is not readable JSON"),
    ],
)
def test_a_wrong_source_is_told_in_one_sentence(arguments, what):
    with pytest.raises(CommandError, match=what):
        run(*arguments)


def test_images_may_lie_elsewhere(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (folder / "a.png").rename(elsewhere / "a.png")
    (folder / "b.png").unlink()
    assert table_row(run("padchest-gr", folder, images=[elsewhere]), "new") == 1


def test_drawn_findings_without_boxes_make_a_case_of_ticks(tmp_path):
    (tmp_path / "Data_Entry_2017.csv").write_text(
        ENTRY_HEADER + "a.png,Nodule,0,1,57,M,PA,2048,2048,0.1,0.1\n"
    )
    write_png(tmp_path / "a.png", ramp(rows=512, columns=512))
    run("nih", tmp_path)
    case = Case.objects.get()
    assert not case.has_truth_boxes
    assert case.images.get().row_spacing == pytest.approx(0.4)
    (tmp_path / "BBox_List_2017.csv").write_text(BOX_HEADER + "a.png,Nodule,1,1,9,9\n")
    run("nih", tmp_path)
    case.refresh_from_db()
    assert (case.has_truth_boxes, case.version) == (True, 2)


def test_a_stack_is_stored_frame_by_frame(tmp_path):
    write_png(tmp_path / "b.png", ramp() // 2)
    image = {"view": "CT", "stack": {"frames": ["a.png", "b.png"], "hu_offset": -1024}}
    run("simulated", simulated(tmp_path, simulated_case(images=[image])))
    stored = Image.objects.get()
    assert (stored.frames, stored.view, stored.value_offset) == (2, "CT", -1024)
    with default_storage.open(stored.frame_path(1)) as stream:
        assert np.array_equal(pixels_of(stream.read()), ramp() // 2)
    assert Dataset.objects.get().simulated


def test_a_stack_with_missing_slices_waits_in_review_until_they_are_there(tmp_path):
    for n in range(5):
        write_dicom(
            tmp_path / f"{n}.dcm",
            Modality="CT",
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[0, 0, 5 * n],
        )
    whole = [f"{n}.dcm" for n in range(5)]

    def held(names):
        image = {"view": "CT", "stack": {"frames": names}}
        run("simulated", simulated(tmp_path, simulated_case(images=[image], findings=[])))
        case = Case.objects.get()
        return case.status, case.review_reasons

    gap = "case-1, image 1: Slices seem to be missing: slices 2 and 3 lie 10 mm apart, others 5 mm."
    lacking = [name for name in whole if name != "2.dcm"]
    assert held(lacking) == ("review", [gap])
    assert held(lacking) == ("review", [gap]), "unchanged files are not read again, and still lack"
    assert held(whole) == ("published", [])


def test_a_stack_that_loses_frames_leaves_no_file_behind(
    tmp_path, django_capture_on_commit_callbacks
):
    write_png(tmp_path / "b.png", ramp() // 2)
    images = [{"view": "CT", "stack": {"frames": ["a.png", "b.png"]}}]
    run("simulated", simulated(tmp_path, simulated_case(images=images)))
    second = Image.objects.get().frame_path(1)
    images[0]["stack"]["frames"] = ["a.png"]
    with django_capture_on_commit_callbacks(execute=True):
        run("simulated", simulated(tmp_path, simulated_case(images=images)))
    assert Image.objects.get().frames == 1
    assert not default_storage.exists(second)


def test_a_status_that_does_not_exist_is_refused(folder):
    run("padchest-gr", folder)
    with pytest.raises(ValueError, match="not a status"):
        services.set_status(case=Case.objects.first(), status="gone")


@needs_real_data
def test_real_radiographs_go_in_from_the_real_tables(tmp_path):
    entries = next(REAL_DATA.glob("*Data_Entry_2017*.csv")).read_text()
    extra = "00027426_000.png,No Finding,0,27426,50,F,PA,2000,2000,0.2,0.2\n"
    extra += "rsna.png,No Finding,0,1,,,,,,,\n"
    (tmp_path / "Data_Entry_2017.csv").write_text(entries + extra)
    for path in (REAL_DATA / "images").iterdir():
        name = "rsna.dcm" if path.suffix == ".dcm" else path.name
        (tmp_path / name).write_bytes(path.read_bytes())
    output = run("nih", tmp_path)
    assert table_row(output, "new") == 3
    large = Case.objects.get(source_key="00000001_000.png")
    assert [f.label for f in large.findings.all()] == ["cardiomegaly"]
    assert large.images.get().row_spacing == pytest.approx(0.143 * 2749 / 512)
    assert not Case.objects.get(source_key="00027426_000.png").findings.exists()
    dicom = Case.objects.get(source_key="rsna.png")
    assert (dicom.age, dicom.sex, dicom.images.get().view) == (62, "M", "PA")
