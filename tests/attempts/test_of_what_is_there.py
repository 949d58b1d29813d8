"""What a case has become counts: merged, retired, or of findings that nobody could name."""

from __future__ import annotations

import uuid

import pytest

from attempts import series, services, tasks
from attempts.models import Attempt
from attempts.seen import new_to, truth_was_seen
from cases import services as library
from cases.models import Case
from cases.truth import UnknownLabel
from tests import factories


def test_who_knows_a_film_knows_the_one_that_it_was_merged_into(trainee, curator, nodule_case):
    other = factories.CaseFactory()
    factories.ImageFactory(case=other)
    factories.RegionFactory(finding=factories.FindingFactory(case=other))
    attempt = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )
    services.submit(
        attempt_id=attempt.pk,
        submission=uuid.uuid4(),
        answer={"marks": [], "ticked": [], "normal": True},
        elapsed_ms=1000,
    )
    tasks.score_attempt(attempt.pk)
    assert not truth_was_seen(trainee.pk, other.pk)
    library.merge_cases(case=nodule_case, into=other, by=curator)
    assert truth_was_seen(trainee.pk, other.pk)
    assert not new_to(trainee, Case.objects.filter(pk=other.pk)).exists()


def test_a_draft_on_a_case_that_was_retired_is_set_aside_at_the_end_of_its_test(
    trainee, nodule_case
):
    played = series.start_series(user=trainee, kind="localize", mode="test", cases=[nodule_case])
    attempt = services.open_attempt(
        user=trainee,
        case=nodule_case,
        kind="localize",
        mode="test",
        rule="standard",
        series=played,
    )
    answer = {"marks": [], "ticked": ["edema"], "normal": False}
    services.save_draft(attempt_id=attempt.pk, version=0, answer=answer)
    library.retire_case(case=nodule_case)
    series.end(played)
    attempt.refresh_from_db()
    assert attempt.state not in (Attempt.State.SCORED, Attempt.State.DRAFT)
    assert not attempt.results.exists()


@pytest.mark.django_db
def test_a_case_whose_only_label_is_unknown_is_not_published_as_normal(curator):
    unmapped = [{"label": "Nodul", "sentence": "", "regions": []}]
    case = factories.CaseFactory(status="review", unmapped=unmapped, review_reasons=["unknown"])
    factories.ImageFactory(case=case)
    with pytest.raises(UnknownLabel):
        library.set_status(case=case, status="published", by=curator)
    case.refresh_from_db()
    assert case.status == "review"


@pytest.mark.parametrize(("is_normal", "status"), [(False, "review"), (True, "published")])
def test_a_case_that_loses_its_findings_is_normal_only_where_somebody_says_so(
    is_normal, status, nodule_case, curator
):
    with library.correcting(case=nodule_case, by=curator, why="wrong film", is_normal=is_normal):
        nodule_case.findings.all().delete()
    nodule_case.refresh_from_db()
    assert nodule_case.status == status
    assert bool(nodule_case.review_reasons) != is_normal
