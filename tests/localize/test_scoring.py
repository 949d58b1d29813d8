"""What the scorer freezes into a result: whose box is shown, and what the end of time costs."""

from __future__ import annotations

import pytest

from attempts import services, tasks
from cases import queries
from cases.models import Case
from localize.scoring import playable
from tests import factories

NODULE = [0.6, 0.2, 0.7, 0.3]
HEART, FLUID = [0.3, 0.5, 0.7, 0.8], [0.7, 0.7, 0.9, 0.9]


def closed_by_time(user, case, answer):
    """The result of a draft that was saved so, then closed by the clock."""
    attempt = services.open_attempt(
        user=user, case=case, kind="localize", mode="practice", rule="standard"
    )
    services.save_draft(attempt_id=attempt.pk, version=0, answer=answer)
    services.close_draft(attempt.pk, "time")
    tasks.score_attempt(attempt.pk)
    return attempt.results.get()


def mark_on(case):
    image = case.images.get().public_id
    return {"id": "m", "label": "nodule_mass", "image": image, "frame": 0, "box": NODULE}


def test_marks_saved_before_the_time_was_up_keep_their_points(trainee, nodule_case):
    result = closed_by_time(trainee, nodule_case, {"marks": [mark_on(nodule_case)]})
    assert (result.data["hits"], result.data["misses"]) == (1, 1)
    assert result.score == 50
    assert "arithmetic" not in result.data


def test_a_tick_saved_before_the_time_was_up_keeps_its_points(trainee, nodule_case):
    assert closed_by_time(trainee, nodule_case, {"ticked": ["cardiomegaly"]}).score > 0


def test_a_finding_that_a_curator_adds_while_the_truth_is_read_fails_no_scoring(
    trainee, nodule_case, monkeypatch
):
    read = queries._findings_of

    def read_then_added(key):
        findings = read(key)
        added = factories.FindingFactory(case=nodule_case, label="pleural_effusion")
        image = nodule_case.images.get()
        factories.RegionFactory(finding=added, image=image, x0=0.7, y0=0.7, x1=0.9, y1=0.9)
        return findings

    monkeypatch.setattr(queries, "_findings_of", read_then_added)
    result = closed_by_time(trainee, nodule_case, {"marks": [mark_on(nodule_case)]})
    assert (result.data["hits"], result.data["misses"]) == (1, 1)


def test_a_normal_case_called_normal_before_the_time_was_up_keeps_its_points(trainee):
    normal = factories.ImageFactory().case
    assert closed_by_time(trainee, normal, {"normal": True}).score == 100


def test_a_normal_case_of_which_nothing_was_said_in_time_scores_0(trainee):
    normal = factories.ImageFactory().case
    result = closed_by_time(trainee, normal, {})
    assert (result.score, result.data["score"]) == (0, 0)
    assert result.data["arithmetic"] == "No answer before the time was up: 0."


def test_every_finding_to_be_named_is_shown_with_its_own_box(trainee, nodule_case):
    image = nodule_case.images.get()
    boxes = {"cardiomegaly": HEART, "pleural_effusion": FLUID}
    factories.FindingFactory(case=nodule_case, label="pleural_effusion")
    for label, box in boxes.items():
        sides = dict(zip(("x0", "y0", "x1", "y1"), box, strict=True))
        finding = nodule_case.findings.get(label=label)
        factories.RegionFactory(finding=finding, image=image, **sides)
    result = closed_by_time(trainee, nodule_case, {"ticked": list(boxes)})
    shown = {row["label"]: row["box"] for row in result.data["truths"]}
    assert shown == {"nodule_mass": NODULE, **boxes}
    assert {row["image"] for row in result.data["truths"]} == {image.public_id}


def test_what_was_marked_and_ticked_is_kept_with_the_finding_that_it_was_taken_for(
    trainee, nodule_case
):
    answer = {"marks": [mark_on(nodule_case)], "ticked": ["cardiomegaly", "scoliosis"]}
    result = closed_by_time(trainee, nodule_case, answer)
    kept = {
        row.label: row.finding and row.finding.label for row in result.outcomes.filter(about="mark")
    }
    assert kept == {
        "nodule_mass": "nodule_mass", "cardiomegaly": "cardiomegaly", "scoliosis": None
    }  # fmt: skip


def test_a_row_of_each_mark_says_where_it_lies_and_what_it_was_measured_against(
    trainee, nodule_case
):
    half = {**mark_on(nodule_case), "box": [0.6, 0.2, 0.7, 0.25]}
    away = {**mark_on(nodule_case), "id": "n", "box": [0.1, 0.1, 0.2, 0.2], "confidence": 2}
    result = closed_by_time(trainee, nodule_case, {"marks": [half, away]})
    near, far = result.data["marks"]
    region = nodule_case.findings.get(label="nodule_mass").regions.get()
    assert near["iou"] == pytest.approx(0.5)
    assert near["truth"] == str(region.public_id)
    assert (far["iou"], far["truth"], far["outcome"]) == (None, None, "false")
    for row, sent in ((near, half), (far, away)):
        assert {key: row[key] for key in ("id", "label", "image", "frame", "box")} == {
            key: sent[key] for key in ("id", "label", "image", "frame", "box")
        }
        assert (row["point"], row["confidence"]) == (None, sent.get("confidence"))


@pytest.mark.parametrize(("rule", "is_played"), [("clinical", True), ("radgame", False)])
def test_a_box_that_nobody_drew_cannot_be_answered_under_radgame(nodule_case, rule, is_played):
    assert playable(Case.objects.all(), rule).exists()
    factories.FindingFactory(case=nodule_case, label="fracture")
    assert playable(Case.objects.all(), rule).exists() == is_played
