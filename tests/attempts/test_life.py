"""An attempt's life: draft, submit, score, sweep."""

from __future__ import annotations

import uuid
from datetime import timedelta
from unittest import mock

import pytest
from django.conf import settings
from django.utils import timezone

from attempts import scoring, services, tasks
from attempts.models import Attempt, Outcome, Result
from tests import factories

DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture
def attempt(trainee, nodule_case):
    return services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )


@pytest.fixture
def other_draft(trainee):
    case = factories.ImageFactory().case
    return services.open_attempt(user=trainee, case=case, kind="localize", mode="practice")


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
        mock.patch("attempts.tasks.score_attempt.apply_async") as queued,
        django_capture_on_commit_callbacks(execute=True),
    ):
        submit(attempt, answer_with(attempt, [0.6, 0.2, 0.7, 0.3], ticked=["cardiomegaly"]))
    queued.assert_called_once_with((attempt.pk,), {})
    tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    assert attempt.state == "scored"
    assert attempt.results.get().score == 100
    assert attempt.elapsed_ms == 1500
    assert attempt.saved_at is not None


@pytest.mark.parametrize(
    ("told", "kept"), [(-5, 0), (DAY_MS, DAY_MS), (DAY_MS + 1, DAY_MS), (10**12, DAY_MS)]
)
def test_a_page_left_open_over_days_tells_of_one_day_at_most(attempt, told, kept):
    """And a clock that was set back meanwhile of no time."""
    sent = {"attempt_id": attempt.pk, "submission": uuid.uuid4(), "answer": {}}
    assert services.submit(**sent, elapsed_ms=told).elapsed_ms == kept


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


@pytest.fixture
def retired(attempt):
    attempt.case.status = "retired"
    attempt.case.save()
    return attempt


def test_an_answer_to_a_case_that_was_retired_is_kept_without_a_score(retired):
    answer = answer_with(retired)
    submit(retired, answer)
    retired.refresh_from_db()
    assert (retired.state, retired.problem) == ("failed", services.RETIRED)
    assert retired.answer["marks"] == answer["marks"]
    assert not retired.results.exists()


def test_who_comes_back_to_a_retired_case_is_led_on(retired, client_of):
    services.save_draft(attempt_id=retired.pk, version=0, answer=answer_with(retired))
    address = f"/localize/attempts/{retired.public_id}/"
    page = client_of(retired.user).get(address).content.decode()
    assert services.RETIRED in page and "Next case" in page
    assert "Score it again" not in page and 'data-role="submit"' not in page
    retired.refresh_from_db()
    assert retired.answer == answer_with(retired) and retired.state == "failed"


def test_a_retired_case_that_comes_back_can_be_scored_after_all(retired):
    submit(retired, answer_with(retired))
    with pytest.raises(services.Conflict, match="retired"):
        scoring.score_again(retired.pk)
    retired.case.status = "published"
    retired.case.save()
    scoring.score_again(retired.pk)
    tasks.score_attempt(retired.pk)
    assert retired.results.exists()


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
        mock.patch("attempts.tasks.score_attempt.apply_async", side_effect=OSError("refused")),
        django_capture_on_commit_callbacks(execute=True),
    ):
        submit(attempt, answer_with(attempt))
    attempt.refresh_from_db()
    assert attempt.state == "submitted"


def test_the_sweep_queues_again_what_stayed_submitted(attempt):
    submit(attempt, answer_with(attempt))
    Attempt.objects.update(queued_at=timezone.now() - timedelta(minutes=2))
    with mock.patch("attempts.tasks.score_attempt.apply_async") as queued:
        assert scoring.sweep() == 1
        assert scoring.sweep() == 0, "it was queued just now"
    queued.assert_called_once_with((attempt.pk,), {})


def test_the_sweep_leaves_fresh_attempts_alone(attempt):
    submit(attempt, answer_with(attempt))
    assert scoring.sweep() == 0


def test_the_sweep_gives_up_in_words_after_several_tries(attempt):
    submit(attempt, answer_with(attempt))
    Attempt.objects.update(queued_at=timezone.now() - timedelta(minutes=2), tries=5)
    scoring.sweep()
    attempt.refresh_from_db()
    assert attempt.state == "failed"
    assert "stopped" in attempt.problem


def test_a_page_that_asks_how_its_attempt_stands_sweeps_for_it(attempt, other_draft):
    submit(attempt, answer_with(attempt))
    attempt.refresh_from_db()
    Attempt.objects.filter(pk=attempt.pk).update(queued_at=timezone.now() - timedelta(minutes=2))
    draft = other_draft
    with mock.patch("attempts.tasks.score_attempt.apply_async") as queued:
        scoring.look_after(draft)
        queued.assert_not_called()
        scoring.look_after(attempt)
        scoring.look_after(attempt)
        queued.assert_called_once_with((attempt.pk,), {})
        past = timezone.now() - timedelta(minutes=1)
        Attempt.objects.filter(pk=draft.pk).update(deadline=past)
        draft.refresh_from_db()
        scoring.look_after(draft)
    assert draft.state == "submitted", "the page is told what it is now"


def test_scoring_again_begins_to_count_anew(attempt):
    submit(attempt, answer_with(attempt))
    Attempt.objects.update(state="failed", tries=5, problem="broken")
    scoring.score_again(attempt.pk)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.tries, attempt.problem) == ("submitted", 0, "")


def test_a_first_look_that_nobody_timed_counts_as_none(attempt):
    Attempt.objects.filter(pk=attempt.pk).update(round=2, elapsed_ms=None)
    submit(attempt, answer_with(attempt))
    attempt.refresh_from_db()
    assert attempt.elapsed_ms == 1500
    Attempt.objects.filter(pk=attempt.pk).update(state="draft", round=1, elapsed_ms=700)
    submit(attempt, answer_with(attempt))
    attempt.refresh_from_db()
    assert attempt.elapsed_ms == 1500, "of a first look nothing came before"


def test_a_scorer_that_breaks_closes_the_attempt_and_keeps_the_answer(attempt):
    answer = answer_with(attempt, [0.6, 0.2, 0.7, 0.3])
    submit(attempt, answer)
    with mock.patch("ml.localize.score", side_effect=RuntimeError("broken")):
        tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    assert attempt.state == "failed"
    assert len(attempt.answer["marks"]) == 1
    scoring.score_again(attempt.pk)
    tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    assert attempt.state == "scored"


def test_changing_the_truth_later_does_not_change_what_was_scored(attempt):
    submit(attempt, answer_with(attempt, [0.6, 0.2, 0.7, 0.3]))
    tasks.score_attempt(attempt.pk)
    attempt.case.findings.all().delete()
    data = attempt.results.get().data
    assert {row["label"] for row in data["truths"]} == {"nodule_mass", "cardiomegaly"}


def scored_in_turn(queued, how_many):
    """Score the next of what was queued, as a worker does; the attempts' keys in their order."""
    done = []
    for _ in range(how_many):
        attempt_id = queued.call_args_list[len(done)].args[0][0]
        tasks.score_attempt(attempt_id)
        done.append(attempt_id)
    return done


@pytest.mark.django_db(transaction=True)
def test_one_learners_many_submissions_take_turns_with_everybody_elses(nodule_case):
    hasty, other = (factories.UserFactory(role="trainee") for _ in range(2))
    cases = [nodule_case, *(factories.ImageFactory().case for _ in range(7))]

    def hand_in(user, case):
        attempt = services.open_attempt(user=user, case=case, kind="localize", mode="practice")
        submit(attempt, {"marks": [], "ticked": [], "normal": True})
        return attempt.pk

    with mock.patch("attempts.tasks.score_attempt.apply_async") as queued:
        many = [hand_in(hasty, case) for case in cases]
        assert queued.call_count == services.SCORED_AT_ONCE
        one = hand_in(other, nodule_case)
        order = scored_in_turn(queued, len(many) + 1)
    assert order.index(one) == services.SCORED_AT_ONCE
    assert [pk for pk in order if pk != one] == many, "first come, first served"


def test_the_sweep_gives_places_of_what_was_lost_to_those_that_wait(attempt):
    submit(attempt, answer_with(attempt))
    Attempt.objects.update(queued_at=None)  # as where others of the learner's come first
    with mock.patch("attempts.tasks.score_attempt.apply_async") as queued:
        scoring.sweep()
        scoring.sweep()
    queued.assert_called_once_with((attempt.pk,), {})


def test_what_was_saved_by_a_process_that_died_before_it_was_queued_is_found_by_the_sweep(attempt):
    submit(attempt, answer_with(attempt))  # the test's transaction never ends, so nothing is queued
    with mock.patch("attempts.tasks.score_attempt.apply_async") as queued:
        scoring.sweep()
        queued.assert_not_called()
        long_ago = timezone.now() - timedelta(seconds=2 * settings.SWEEP_AFTER_SECONDS)
        Attempt.objects.update(queued_at=long_ago)
        scoring.sweep()
        scoring.sweep()
    queued.assert_called_once_with((attempt.pk,), {})


def test_of_an_answer_that_no_clock_ran_for_nobody_knows_how_long_it_took(attempt):
    services.save_draft(attempt_id=attempt.pk, version=0, answer=answer_with(attempt))
    services.close_draft(attempt.pk, "time")
    attempt.refresh_from_db()
    assert (attempt.state, attempt.elapsed_ms) == ("submitted", None)
