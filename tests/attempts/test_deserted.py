"""What nobody comes back to: the sweep ends it by the clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from attempts import services
from attempts.models import Attempt
from attempts.series import open_next, start_series, sweep
from tests import factories


@pytest.fixture
def sprint(trainee, nodule_case):
    """Two cases of a minute each; the series as a whole has no end of its own."""
    return start_series(
        user=trainee,
        kind="localize",
        mode="sprint",
        cases=[nodule_case, factories.ImageFactory().case],
        rule="standard",
        case_seconds=60,
    )


def since_deadline(attempt, seconds):
    past = timezone.now() - timedelta(seconds=seconds)
    Attempt.objects.filter(pk=attempt.pk).update(deadline=past)


def test_a_sprint_case_nobody_comes_back_to_is_submitted_as_it_was_saved(sprint):
    draft = open_next(sprint)
    services.save_draft(attempt_id=draft.pk, version=0, answer={"ticked": ["cardiomegaly"]})
    since_deadline(draft, seconds=60)
    sweep()
    draft.refresh_from_db()
    sprint.refresh_from_db()
    assert (draft.state, draft.closed_because) == ("submitted", "time")
    assert draft.answer["ticked"] == ["cardiomegaly"]
    assert sprint.is_open, "the next case waits"


def test_a_draft_that_cannot_be_closed_keeps_no_other_open(sprint, trainee, nodule_case):
    broken = services.open_attempt(user=trainee, case=nodule_case, kind="gone", mode="practice")
    draft = open_next(sprint)
    services.save_draft(attempt_id=draft.pk, version=0, answer={"ticked": ["cardiomegaly"]})
    for one in (broken, draft):
        since_deadline(one, seconds=60)
    sweep()
    states = Attempt.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["draft", "submitted"]


def test_a_sprint_case_is_left_alone_while_its_answer_may_be_under_way(sprint):
    draft = open_next(sprint)
    since_deadline(draft, seconds=2)
    sweep()
    draft.refresh_from_db()
    assert draft.is_open
