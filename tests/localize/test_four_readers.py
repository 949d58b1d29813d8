"""The CT that ships, read by four: played to feedback with their agreement."""

from __future__ import annotations

import html
import json
import uuid
from pathlib import Path

import pytest

from attempts import services, tasks
from cases.models import Case
from tests.cases.importing import run

DEMO = Path(__file__).parents[2] / "cases" / "demo"
FIRST, COUNT = 35, 13
"""Slices of the stack that the test takes: those of the mass and some more."""

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def case(tmp_path):
    """The demo CT, cut to the slices around its mass."""
    document = json.loads((DEMO / "cases.json").read_text())
    (entry,) = (one for one in document["cases"] if one["key"] == "film-ct")
    stack = entry["images"][0]["stack"]
    stack["frames"] = stack["frames"][FIRST : FIRST + COUNT]
    for region in entry["findings"][0]["regions"]:
        region["frame"] -= FIRST
    document["cases"] = [entry]
    (tmp_path / "cases.json").write_text(json.dumps(document))
    run("simulated", tmp_path, images=[DEMO])
    return Case.objects.get()


def test_each_reader_is_kept_with_outlines(case):
    regions = case.findings.get().regions.all()
    assert {(one.reader, one.alternate) for one in regions} == {
        ("1", False),
        ("2", True),
        ("3", True),
        ("4", True),
    }
    assert {one.shape for one in regions} == {"polygon"}
    assert len(regions) == 32


def test_it_is_played_to_feedback_with_their_agreement(case, trainee, client_of):
    attempt = services.open_attempt(
        user=trainee, case=case, kind="localize", mode="practice", rule="standard"
    )
    third = case.findings.get().regions.filter(reader="3").first()
    mark = {
        "id": "m0",
        "label": "nodule_mass",
        "image": third.image.public_id,
        "frame": third.frame,
        "box": list(third.box),
    }
    answer = {"marks": [mark], "ticked": []}
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1)
    tasks.score_attempt(attempt.pk)
    response = client_of(trainee).get(f"/localize/attempts/{attempt.public_id}/result")
    page = " ".join(html.unescape(response.content.decode()).split())
    assert "Boxed by 4 of 4 readers." in page
    assert "Your box was measured against reader 3." in page
    assert "spiculation 4, 5, 3, 5" in page
    (row,) = attempt.results.get().data["truths"]
    assert row["outcome"] == "hit"
    assert [box["reader"] for box in row["reader_boxes"]] == ["1", "2", "3", "4"]
    assert {one["frame"] for one in row["other_slices"]} >= {2, 10}
    assert row["frame"] not in {one["frame"] for one in row["other_slices"]}
