"""An attempt's life: draft, submit, score, sweep."""

from __future__ import annotations

import uuid
from datetime import timedelta
from unittest import mock

import pytest
from django.utils import timezone

from feedback import services, tasks
from feedback.models import Attempt, Outcome, Result
from feedback.registry import AnswerProblem


@pytest.fixture
def attempt(trainee, nodule_case):
    return services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )


def answer_with(attempt, *boxes, ticked=()):
    image = attempt.case.images.get().public_id
    marks = [
        {"id": f"m{n}", "label": "nodule_mass", "image": image, "frame": 0, "box": list(box)}
        for n, box in enumerate(boxes)
    ]
    return {"marks": marks, "ticked": list(ticked), "normal": False}


def submit(attempt, answer, submission=None):
    return services.submit(
        attempt_id=attempt.pk,
        submission=submission or uuid.uuid4(),
        answer=answer,
        elapsed_ms=1500,
    )


def test_it_works(attempt, django_capture_on_commit_callbacks):
    with (
        mock.patch("feedback.tasks.score_attempt.delay") as delay,
        django_capture_on_commit_callbacks(execute=True),
    ):
        submit(attempt, answer_with(attempt, [0.6, 0.2, 0.7, 0.3], ticked=["cardiomegaly"]))
    delay.assert_called_once_with(attempt.pk)
    tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    assert attempt.state == "scored"
    assert attempt.results.get().score == 100
    assert attempt.elapsed_ms == 1500


def test_opening_a_case_twice_gives_the_same_draft(attempt):
    again = services.open_attempt(
        user=attempt.user, case=attempt.case, kind="localize", mode="practice"
    )
    assert again == attempt


def test_the_same_submission_twice_makes_one_attempt(attempt):
    key = uuid.uuid4()
    first = submit(attempt, answer_with(attempt), key)
    second = submit(attempt, answer_with(attempt, [0, 0, 0.5, 0.5]), key)
    assert first.pk == second.pk
    assert second.answer["marks"] == []
    assert Attempt.objects.count() == 1


def test_a_second_submit_with_another_key_is_refused(attempt):
    submit(attempt, answer_with(attempt))
    with pytest.raises(services.Conflict, match="already submitted"):
        submit(attempt, answer_with(attempt))


def test_a_draft_saved_from_another_window_in_between_is_refused(attempt):
    services.save_draft(attempt_id=attempt.pk, version=0, answer=answer_with(attempt))
    with pytest.raises(services.Conflict, match="another window"):
        services.save_draft(attempt_id=attempt.pk, version=0, answer=answer_with(attempt))


def test_a_window_that_did_not_hear_of_its_own_save_is_no_conflict(attempt):
    window, other = uuid.uuid4(), uuid.uuid4()

    def save(version, writer):
        services.save_draft(
            attempt_id=attempt.pk, version=version, answer=answer_with(attempt), writer=writer
        )

    save(0, window)
    save(0, window)
    with pytest.raises(services.Conflict):
        save(0, window)
    with pytest.raises(services.Conflict):
        save(1, other)


def test_a_retired_case_is_not_scored_and_the_draft_stays(attempt):
    attempt.case.status = "retired"
    attempt.case.save()
    with pytest.raises(AnswerProblem, match="retired"):
        submit(attempt, answer_with(attempt))
    attempt.refresh_from_db()
    assert attempt.is_open


def test_scoring_twice_leaves_one_result(attempt):
    submit(attempt, answer_with(attempt, [0.6, 0.2, 0.7, 0.3]))
    tasks.score_attempt(attempt.pk)
    Attempt.objects.update(state="submitted")
    tasks.score_attempt(attempt.pk)
    assert Result.objects.count() == 1
    assert Outcome.objects.filter(about="truth").count() == 2


def test_a_draft_is_never_scored(attempt):
    tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    assert attempt.state == "draft"
    assert not Result.objects.exists()


def test_a_broker_that_is_away_does_not_lose_the_attempt(
    attempt, django_capture_on_commit_callbacks
):
    with (
        mock.patch("feedback.tasks.score_attempt.delay", side_effect=OSError("refused")),
        django_capture_on_commit_callbacks(execute=True),
    ):
        submit(attempt, answer_with(attempt))
    attempt.refresh_from_db()
    assert attempt.state == "submitted"


def test_the_sweep_queues_again_what_stayed_submitted(attempt):
    submit(attempt, answer_with(attempt))
    Attempt.objects.update(queued_at=timezone.now() - timedelta(minutes=2))
    with mock.patch("feedback.tasks.score_attempt.delay") as delay:
        assert services.sweep() == 1
        assert services.sweep() == 0, "it was queued just now"
    delay.assert_called_once_with(attempt.pk)


def test_the_sweep_leaves_fresh_attempts_alone(attempt):
    submit(attempt, answer_with(attempt))
    assert services.sweep() == 0


def test_the_sweep_gives_up_in_words_after_several_tries(attempt):
    submit(attempt, answer_with(attempt))
    Attempt.objects.update(queued_at=timezone.now() - timedelta(minutes=2), tries=5)
    services.sweep()
    attempt.refresh_from_db()
    assert attempt.state == "failed"
    assert "stopped" in attempt.problem


def test_a_scorer_that_breaks_closes_the_attempt_and_keeps_the_answer(attempt):
    answer = answer_with(attempt, [0.6, 0.2, 0.7, 0.3])
    submit(attempt, answer)
    with mock.patch("ml.localize.score", side_effect=RuntimeError("broken")):
        tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    assert attempt.state == "failed"
    assert len(attempt.answer["marks"]) == 1
    services.score_again(attempt.pk)
    tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    assert attempt.state == "scored"


def test_changing_the_truth_later_does_not_change_what_was_scored(attempt):
    submit(attempt, answer_with(attempt, [0.6, 0.2, 0.7, 0.3]))
    tasks.score_attempt(attempt.pk)
    attempt.case.findings.all().delete()
    data = attempt.results.get().data
    assert {row["label"] for row in data["truths"]} == {"nodule_mass", "cardiomegaly"}
