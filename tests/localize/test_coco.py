"""Truth and marks as COCO: written, and the truth read back as it was."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from attempts.models import Attempt
from cases.models import Case, Dataset, Region
from tests.cases.importing import run
from tests.cases.sources import findings_with, simulated, simulated_case
from tests.localize.truths import places

pytestmark = pytest.mark.django_db


def export(slug, path, *options):
    call_command("export_coco", slug, path, *options, stdout=io.StringIO())
    return json.loads(path.read_text())


def test_the_truth_that_was_written_is_read_back(tmp_path):
    shapes = [
        {"image": 0, "box": [0.1, 0.1, 0.2, 0.2]},
        {"image": 0, "polygon": [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]},
        {"image": 0, "point": [0.3, 0.4], "path": [[0.1, 0.1], [0.3, 0.4]]},
    ]
    ticked = {"label": "cardiomegaly", "regions": []}
    (tmp_path / "in").mkdir()
    findings = [*findings_with(regions=shapes), ticked]
    run("simulated", simulated(tmp_path / "in", simulated_case(findings=findings)))
    case = Case.objects.get()
    case.findings.first().regions.filter(shape="polygon").update(reader="2", alternate=True)
    (tmp_path / "out").mkdir()
    said = export("demo", tmp_path / "out" / "truth.json", f"--images={tmp_path / 'out'}")
    assert [len(said[name]) for name in ("images", "annotations")] == [1, 3]
    assert said["annotations"][1]["area"] == pytest.approx(0.4 * 60 * 0.4 * 40 / 2)
    said["info"]["slug"] = "back"
    (tmp_path / "out" / "truth.json").write_text(json.dumps(said))
    run("coco", tmp_path / "out")
    back = Case.objects.get(dataset__slug="back")
    assert places(back, digits=6) == places(case, digits=6)
    assert {one.label for one in back.findings.all()} == {"nodule_mass", "cardiomegaly"}
    assert back.findings.get(label="nodule_mass").sentence == "A nodule."
    assert (back.age, back.sex, back.indication) == (case.age, case.sex, case.indication)


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
    said = export(nodule_case.dataset.slug, tmp_path / "marks.json", "--marks")
    (one,) = said["annotations"]
    assert (one["score"], one["learner"], one["attempt"]) == (0.7, 1, 1)
    assert one["bbox"] == pytest.approx(
        [0.1 * image.width, 0.1 * image.height, 0.2 * image.width, 0.2 * image.height]
    )
    assert said["attempts"][0]["ticked"] == ["cardiomegaly"]
    assert trainee.username not in (tmp_path / "marks.json").read_text()


def test_a_curator_saves_the_truth_of_a_data_set_at_the_desk(client, curator, nodule_case):
    client.force_login(curator)
    slug = nodule_case.dataset.slug
    page = client.get(reverse("cases:desk"), {"dataset": slug})
    address = reverse("localize:truth_of_dataset", args=[slug])
    assert address in page.content.decode()
    assert address not in client.get(reverse("cases:desk")).content.decode()
    answer = client.get(address)
    assert answer["Content-Disposition"] == f'attachment; filename="{slug}.json"'
    assert "no-store" in answer["Cache-Control"]
    regions = Region.objects.filter(finding__case=nodule_case)
    assert len(answer.json()["annotations"]) == regions.count() > 0
    Case.objects.update(status="review")
    assert client.get(address).json()["images"] == []


def test_an_unknown_data_set_and_a_file_that_cannot_be_written_are_told(tmp_path, nodule_case):
    with pytest.raises(CommandError, match="There is no data set other"):
        export("other", tmp_path / "a.json")
    with pytest.raises(CommandError, match="could not be written"):
        export(Dataset.objects.first().slug, tmp_path / "nowhere" / "a.json")
