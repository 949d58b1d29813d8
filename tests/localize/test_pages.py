"""The drawing game's pages: how many queries they cost, and what the feedback says."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from django.urls import reverse

from attempts import scoring, services, tasks
from ml.localize.credit import WEIGHTS
from tests import factories

MOST_QUERIES = 13


def case_data(response):
    found = re.search(r'id="case-data"[^>]*>(.*?)</script>', response.content.decode(), re.DOTALL)
    return json.loads(found[1])


def played(user, case, *boxes, label="nodule_mass", ticked=()):
    attempt = services.open_attempt(
        user=user, case=case, kind="localize", mode="practice", rule="standard"
    )
    image = case.images.get().public_id
    marks = [
        {"id": str(n), "label": label, "image": image, "frame": 0, "box": list(box)}
        for n, box in enumerate(boxes)
    ]
    answer = {"marks": marks, "ticked": list(ticked)}
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1)
    tasks.score_attempt(attempt.pk)
    return attempt


@pytest.fixture
def feedback_of(client_of, trainee, nodule_case):
    def make(*boxes, **options):
        attempt = played(trainee, nodule_case, *boxes, **options)
        response = client_of(trainee).get(f"/localize/attempts/{attempt.public_id}/result")
        return response.content.decode()

    return make


def test_it_works(client_of, trainee, nodule_case):
    response = client_of(trainee).get(f"/localize/cases/{nodule_case.public_id}/")
    assert response.status_code == 200
    data = case_data(response)
    assert data["images"][0]["view"] == "PA"
    assert data["draft"]["marks"] == []
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("others", [0, 60])
def test_the_case_page_costs_few_queries_whatever_the_size_of_the_library(
    client_of, trainee, nodule_case, django_assert_max_num_queries, others
):
    for _ in range(others):
        case = factories.CaseFactory(status="published")
        factories.ImageFactory(case=case)
        factories.RegionFactory(finding=factories.FindingFactory(case=case))
    client = client_of(trainee)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert client.get(f"/localize/cases/{nodule_case.public_id}/").status_code == 200


def test_another_mode_that_does_not_exist_is_a_404(client_of, trainee, nodule_case):
    url = f"/localize/cases/{nodule_case.public_id}/?mode=cheating"
    assert client_of(trainee).get(url).status_code == 404


def test_a_hit_is_told_with_its_overlap(feedback_of):
    page = feedback_of([0.6, 0.2, 0.7, 0.3], ticked=["cardiomegaly"])
    assert "You found it (100 % overlap)." in page
    assert "100 × 2 hit / (2 hit + 0 missed + 0 false) = 100" in page


def test_a_miss_and_a_false_mark_are_told(feedback_of):
    page = feedback_of([0.1, 0.7, 0.2, 0.8])
    assert "Nothing was marked there." in page
    assert "The truth of this case has nothing of the kind here." in page
    assert "It applies here; you did not name it." in page


def test_a_wrong_label_on_the_right_place_is_not_a_miss(feedback_of):
    page = feedback_of([0.6, 0.2, 0.7, 0.3], label="consolidation")
    assert "Right place (100 % overlap), but you called it Consolidation." in page


def test_a_poorly_placed_box_is_told_where_to_go(feedback_of):
    page = feedback_of([0.67, 0.28, 0.8, 0.4])
    assert "your box does not fit it" in page
    assert "toward the patient&#x27;s right" in page


def test_text_of_the_data_set_is_shown_as_text(client_of, trainee, nodule_case):
    finding = nodule_case.findings.get(label="nodule_mass")
    finding.sentence = "<script>alert(1)</script>"
    finding.save()
    attempt = played(trainee, nodule_case)
    response = client_of(trainee).get(f"/localize/attempts/{attempt.public_id}/")
    assert b"<script>alert(1)" not in response.content
    assert b"&lt;script&gt;alert(1)" in response.content


def test_a_failed_scoring_can_be_asked_for_again(client_of, trainee, nodule_case):
    attempt = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer={}, elapsed_ms=1)
    scoring.fail(attempt.pk, "Scoring met an error.")
    client = client_of(trainee)
    page = client.get(f"/localize/attempts/{attempt.public_id}/").content.decode()
    assert "Scoring met an error." in page
    assert "Score it again" in page
    client.post(f"/localize/attempts/{attempt.public_id}/again")
    attempt.refresh_from_db()
    assert attempt.state == "submitted"


def test_an_attempt_of_a_retired_case_stays_readable(client_of, trainee, nodule_case):
    attempt = played(trainee, nodule_case, [0.6, 0.2, 0.7, 0.3])
    nodule_case.status = "retired"
    nodule_case.save()
    client = client_of(trainee)
    assert client.get(f"/localize/attempts/{attempt.public_id}/").status_code == 200
    image = nodule_case.images.get()
    address = f"/images/{image.public_id}/{image.token}/0.png"
    assert client.get(address).status_code == 200


def test_a_missed_finding_is_explained_by_the_atlas(feedback_of):
    page = feedback_of()
    assert "Nodule / mass" in page
    assert "You did not mark Nodule / mass" in page
    assert "Look for" in page


def test_a_false_mark_is_told_what_its_label_would_look_like(feedback_of):
    assert "The truth of this case has no Fracture here." in feedback_of(
        [0.1, 0.7, 0.2, 0.8], label="fracture"
    )


def test_the_page_on_scoring_tells_of_both_sides_of_malpositions_and_of_another_side(
    client_of, trainee
):
    page = client_of(trainee).get(reverse("about_scoring")).content.decode()
    assert f"{WEIGHTS.both_sides} of place and extent is left" in page
    assert "at a device that lies wrong, or ticked" in page
    assert "A tick of the other side than that of a finding that has to be drawn" in page
