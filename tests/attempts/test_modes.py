"""The state machine of the modes: series, clocks, second look, guided, hints."""

from __future__ import annotations

import uuid
from datetime import timedelta
from unittest import mock

import pytest
from django.utils import timezone

from attempts import modes, queries, scoring, services, tasks
from attempts.games import AnswerProblem
from attempts.models import Attempt, Result, Series
from attempts.series import end, open_next, settle, start_series, sweep
from tests import factories

NODULE = [0.6, 0.2, 0.7, 0.3]


def answer(case, *boxes, ticked=(), label="nodule_mass"):
    image = case.images.first().public_id
    marks = [
        {"id": f"m{n}", "label": label, "image": image, "frame": 0, "box": box}
        for n, box in enumerate(boxes)
    ]
    return {"marks": marks, "ticked": list(ticked), "normal": False}


def submit(attempt, sent=None):
    return services.submit(
        attempt_id=attempt.pk,
        submission=uuid.uuid4(),
        answer=sent if sent is not None else answer(attempt.case),
        elapsed_ms=2000,
    )


def scored(attempt, sent=None):
    submit(attempt, sent)
    tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    return attempt


def save(attempt, sent, version=0):
    return services.save_draft(attempt_id=attempt.pk, version=version, answer=sent)


def overdue(attempt, seconds=60):
    """Move the attempt's deadline so far into the past."""
    past = timezone.now() - timedelta(seconds=seconds)
    Attempt.objects.filter(pk=attempt.pk).update(deadline=past)
    attempt.refresh_from_db()


@pytest.fixture
def other_case(db):
    return factories.ImageFactory().case


@pytest.fixture
def test(trainee, nodule_case, other_case):
    return start_series(
        user=trainee,
        kind="localize",
        mode="test",
        cases=[nodule_case, other_case],
        rule="standard",
        total_seconds=600,
    )


@pytest.fixture
def practice(trainee, nodule_case):
    return opened(trainee, nodule_case)


def opened(user, case, mode="practice"):
    return services.open_attempt(user=user, case=case, kind="localize", mode=mode, rule="standard")


# Series


def test_it_works(test, nodule_case, other_case):
    first = open_next(test)
    assert first.case == nodule_case
    assert first.deadline == test.ends_at
    scored(first)
    second = open_next(test)
    assert second.case == other_case
    scored(second)
    assert open_next(test) is None
    assert test.closed_because == "finished"


def test_an_open_case_is_not_passed_over(test):
    assert open_next(test) == open_next(test)


def test_a_second_series_of_a_game_is_the_first_one(test, trainee, other_case):
    again = start_series(user=trainee, kind="localize", mode="sprint", cases=[other_case])
    assert again == test


@pytest.mark.parametrize(
    "options",
    [
        {"cases": []},
        {"mode": "practice"},
        {"case_seconds": 4},
        {"total_seconds": 4 * 3600 + 1},
    ],
)
def test_a_series_that_makes_no_sense_is_refused(trainee, nodule_case, options):
    given = {"mode": "test", "cases": [nodule_case], **options}
    with pytest.raises(ValueError, match="series"):
        start_series(user=trainee, kind="localize", **given)


@pytest.mark.parametrize("seconds", [5, 4 * 3600])
def test_the_shortest_and_the_longest_limit_are_taken(trainee, nodule_case, seconds):
    given = {"mode": "test", "cases": [nodule_case], "case_seconds": seconds}
    assert start_series(user=trainee, kind="localize", **given).case_seconds == seconds


def test_nothing_is_told_before_the_series_closes(test):
    first = scored(open_next(test))
    assert first.state == "scored"
    assert not queries.is_told(first)
    submit(open_next(test))
    settle(test)
    assert queries.is_told(first)


def test_a_series_holds_the_truth_of_its_cases_in_every_attempt(
    trainee, nodule_case, other_case, practice
):
    before = scored(practice)
    assert queries.is_told(before)
    start_series(user=trainee, kind="report", mode="test", cases=[nodule_case])
    assert not queries.is_told(before)
    assert not queries.is_told(scored(opened(trainee, nodule_case)))
    assert queries.is_told(scored(opened(trainee, other_case)))


def test_a_series_of_one_learner_holds_nothing_of_another(test, instructor, nodule_case):
    assert queries.is_told(scored(opened(instructor, nodule_case)))


def test_a_retired_case_of_a_series_is_passed_over(test, nodule_case, other_case):
    nodule_case.status = "retired"
    nodule_case.save()
    submit(open_next(test))
    assert open_next(test) is None
    assert test.closed_because == "finished"


def test_ending_a_series_submits_what_was_saved(test, nodule_case):
    draft = open_next(test)
    save(draft, answer(nodule_case, NODULE))
    end(test)
    draft.refresh_from_db()
    assert (draft.state, draft.closed_because) == ("submitted", "ended")
    assert test.closed_because == "ended"


def test_ending_a_series_forgets_a_case_only_looked_at(test):
    open_next(test)
    end(test)
    assert not test.attempts.exists()


# Clocks


def test_a_submission_after_the_deadline_is_the_last_saved_draft(test, nodule_case):
    draft = open_next(test)
    save(draft, answer(nodule_case, NODULE))
    overdue(draft)
    taken = submit(draft, answer(nodule_case, NODULE, [0.1, 0.1, 0.2, 0.2]))
    assert (taken.state, taken.closed_because) == ("submitted", "time")
    assert len(taken.answer["marks"]) == 1


def test_a_submission_under_way_at_the_deadline_is_taken(test, nodule_case):
    draft = open_next(test)
    overdue(draft, seconds=2)
    taken = submit(draft, answer(nodule_case, NODULE))
    assert taken.closed_because == ""
    assert len(taken.answer["marks"]) == 1


def stale(attempt, **changes):
    """A submission from a window that has not seen what another one saved."""
    known = {"version": 0, "writer": uuid.uuid4()} | changes
    return services.submit(
        attempt_id=attempt.pk, submission=uuid.uuid4(), answer={}, elapsed_ms=1, **known
    )


def test_a_window_that_knows_nothing_of_a_save_cannot_submit_over_it(practice, nodule_case):
    save(practice, answer(nodule_case, NODULE))
    with pytest.raises(services.Conflict) as conflict:
        stale(practice)
    assert conflict.value.attempt.answer["marks"]
    practice.refresh_from_db()
    assert practice.is_open
    assert stale(practice, version=1).state == "submitted", "it has decided"


def test_a_window_that_did_not_hear_of_its_own_last_save_may_submit(practice, nodule_case):
    writer = uuid.uuid4()
    services.save_draft(
        attempt_id=practice.pk, version=0, answer=answer(nodule_case, NODULE), writer=writer
    )
    assert stale(practice, writer=writer).state == "submitted"


def test_when_the_clock_submits_two_windows_what_was_saved_last_is_taken(test, nodule_case):
    attempt = open_next(test)
    save(attempt, answer(nodule_case, NODULE))
    overdue(attempt, seconds=1)
    stale(attempt)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.closed_because) == ("submitted", "time")
    assert attempt.answer["marks"]


def test_nothing_is_saved_after_the_deadline(test, nodule_case):
    draft = open_next(test)
    save(draft, answer(nodule_case, NODULE))
    overdue(draft)
    with pytest.raises(services.Conflict) as conflict:
        save(draft, answer(nodule_case), version=1)
    assert conflict.value.attempt.state == "submitted"
    draft.refresh_from_db()
    assert (draft.closed_because, len(draft.answer["marks"])) == ("time", 1)


def test_the_sweep_closes_what_ran_out_of_time(test, nodule_case):
    draft = open_next(test)
    overdue(draft)
    Series.objects.update(ends_at=timezone.now() - timedelta(seconds=60))
    with mock.patch("attempts.tasks.score_attempt.apply_async"):
        sweep()
    draft.refresh_from_db()
    test.refresh_from_db()
    assert (draft.state, draft.closed_because) == ("submitted", "time")
    assert test.closed_because == "time"


def test_the_sweep_closes_a_series_whose_last_page_was_never_opened(test):
    submit(open_next(test))
    submit(open_next(test))
    sweep()
    test.refresh_from_db()
    assert test.closed_because == "finished"


def test_the_sweep_leaves_alone_what_has_time(test):
    draft = open_next(test)
    sweep()
    draft.refresh_from_db()
    test.refresh_from_db()
    assert draft.is_open
    assert test.is_open


def test_a_sprint_times_each_case_from_its_opening(trainee, nodule_case, other_case):
    sprint = start_series(
        user=trainee,
        kind="localize",
        mode="sprint",
        cases=[nodule_case, other_case],
        case_seconds=60,
    )
    first = open_next(sprint)
    left = queries.clock_of(first)["left"]
    assert 55 < left <= 60
    overdue(first)
    second = open_next(sprint)
    assert second.case == other_case
    first.refresh_from_db()
    assert first.closed_because == "time"
    assert queries.clock_of(second)["left"] > 55


def test_time_running_out_on_an_untouched_normal_case_scores_nothing(test, other_case):
    submit(open_next(test))
    draft = open_next(test)
    overdue(draft)
    settle(test)
    tasks.score_attempt(draft.pk)
    result = draft.results.get()
    assert draft.case == other_case
    assert result.score == 0
    assert result.data["arithmetic"] == "No answer before the time was up: 0."


# Second look


def test_a_second_look_tells_how_many_remain_and_where_and_keeps_both_scores(trainee, nodule_case):
    attempt = scored(opened(trainee, nodule_case, "second_look"))
    assert (attempt.state, attempt.round) == ("draft", 2)
    [told] = queries.mode_page(attempt, held=False)["aids"]
    assert told == {
        "kind": "second_look",
        "text": "2 remain: one in the left lung, one in the heart.",
    }
    scored(attempt, answer(nodule_case, NODULE, ticked=["cardiomegaly"]))
    assert attempt.state == "scored"
    results = queries.rounds_in_words(attempt, attempt.results.all())["rounds"]
    assert [(r.round, r.score, r.counts) for r in results] == [(1, 0, True), (2, 100, False)]
    assert queries.shown_result(attempt).score == 100
    assert attempt.elapsed_ms == 4000


def test_where_nothing_remains_the_first_look_is_the_last(trainee, nodule_case):
    attempt = opened(trainee, nodule_case, "second_look")
    scored(attempt, answer(nodule_case, NODULE, [0.1, 0.7, 0.2, 0.8], ticked=["cardiomegaly"]))
    assert (attempt.state, attempt.round) == ("scored", 1)


def test_there_is_no_third_look(trainee, nodule_case):
    attempt = opened(trainee, nodule_case, "second_look")
    scored(attempt)
    scored(attempt)
    assert attempt.state == "scored"


def test_the_first_submission_sent_again_does_not_end_the_second_look(trainee, nodule_case):
    attempt = opened(trainee, nodule_case, "second_look")
    key = uuid.uuid4()
    sent = {"attempt_id": attempt.pk, "submission": key, "answer": {}, "elapsed_ms": 1}
    services.submit(**sent)
    tasks.score_attempt(attempt.pk)
    assert services.submit(**sent).state == "draft"


def test_a_slow_worker_does_not_give_the_first_score_to_the_second_look(trainee, nodule_case):
    attempt = opened(trainee, nodule_case, "second_look")
    submit(attempt)
    slow = scoring.begin_scoring(attempt.pk)
    from localize.scoring import score

    late_result = score(slow)
    tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    submit(attempt, answer(nodule_case, NODULE, ticked=["cardiomegaly"]))
    assert not scoring.keep_result(attempt.pk, late_result, of_round=slow.round)
    tasks.score_attempt(attempt.pk)
    assert queries.shown_result(attempt).score == 100


def test_a_case_opened_anew_meanwhile_leaves_the_first_look_as_it_is(trainee, nodule_case):
    attempt = submit(opened(trainee, nodule_case, "second_look"))
    opened(trainee, nodule_case, "second_look")
    tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    assert attempt.state == "scored"


# Guided, and having seen the truth


def test_guided_shows_the_truth_and_counts_nowhere(trainee, nodule_case):
    attempt = modes.open_guided(user=trainee, case=nodule_case, kind="localize", rule="standard")
    tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    assert (attempt.mode, attempt.state) == ("guided", "scored")
    assert not Result.objects.filter(counts=True).exists()
    assert not attempt.truth_seen
    assert scored(opened(trainee, nodule_case)).truth_seen


def test_a_first_attempt_has_not_seen_the_truth(practice, instructor, nodule_case):
    scored(opened(instructor, nodule_case))
    assert not scored(practice).truth_seen


# Hints


def test_a_hint_is_kept_before_it_is_told(practice):
    hint = modes.give_hint(attempt_id=practice.pk, request={})
    practice.refresh_from_db()
    assert practice.aids[0]["text"] == hint.text
    assert hint.text == "One finding is in the left lung."


@pytest.mark.parametrize("mode", ["second_look", "sprint", "test"])
def test_there_are_no_hints_in_other_modes(trainee, nodule_case, mode):
    attempt = opened(trainee, nodule_case, mode)
    with pytest.raises(AnswerProblem, match="no hints"):
        modes.give_hint(attempt_id=attempt.pk, request={})
    attempt.refresh_from_db()
    assert attempt.aids == []


def test_there_are_no_hints_on_a_case_of_an_open_series(practice, test):
    with pytest.raises(AnswerProblem, match="open series"):
        modes.give_hint(attempt_id=practice.pk, request={})


def test_there_are_no_hints_after_submitting(practice):
    submit(practice)
    with pytest.raises(services.Conflict):
        modes.give_hint(attempt_id=practice.pk, request={})


def test_the_page_is_not_told_what_a_hint_is_about(practice):
    modes.give_hint(attempt_id=practice.pk, request={})
    practice.refresh_from_db()
    [shown] = queries.mode_page(practice, held=False)["aids"]
    assert set(shown) == {"kind", "step", "text", "cost", "place"}


# What an open series holds, and what it leaves behind


def test_a_second_look_tells_nothing_of_a_case_that_a_series_holds(trainee, nodule_case):
    look = opened(trainee, nodule_case, mode="second_look")
    start_series(user=trainee, kind="localize", mode="test", cases=[nodule_case], rule="standard")
    scored(look)
    assert (look.state, look.round, look.aids) == ("scored", 1, [])


def test_a_hint_of_before_is_not_shown_while_a_series_holds_its_case(
    practice, nodule_case, client_of, trainee
):
    hint = modes.give_hint(attempt_id=practice.pk, request={})
    address = f"/localize/attempts/{practice.public_id}/"

    def told():
        return hint.text in client_of(trainee).get(address).content.decode()

    assert told()
    held = start_series(user=trainee, kind="report", mode="test", cases=[nodule_case])
    assert not told()
    end(held)
    assert told()


def test_hints_are_the_truth_seen_by_a_later_attempt(trainee, nodule_case):
    modes.give_hint(attempt_id=opened(trainee, nodule_case).pk, request={})
    assert scored(opened(trainee, nodule_case, mode="second_look")).truth_seen


def test_an_attempts_own_hints_are_not_called_seen_before(practice):
    modes.give_hint(attempt_id=practice.pk, request={})
    assert not scored(practice).truth_seen


def test_what_was_scored_while_a_series_held_it_was_not_shown(practice, test, nodule_case):
    scored(practice)
    attempt = open_next(test)
    assert attempt.case == nodule_case
    assert not scored(attempt).truth_seen


def test_the_time_of_a_case_in_a_series_is_the_servers(test):
    attempt = open_next(test)
    past = timezone.now() - timedelta(seconds=90)
    Attempt.objects.filter(pk=attempt.pk).update(started_at=past)
    attempt.refresh_from_db()
    submit(attempt)
    attempt.refresh_from_db()
    assert 90_000 <= attempt.elapsed_ms < 100_000


def test_a_closed_series_leaves_no_draft_behind(test, nodule_case, other_case):
    open_next(test)
    for case in (nodule_case, other_case):
        type(case).objects.filter(pk=case.pk).update(status="retired")
    settle(test)
    assert not test.is_open
    assert not test.attempts.filter(state="draft").exists()


def test_a_draft_of_another_series_is_not_taken_over(test, trainee, nodule_case):
    left = open_next(test)
    Series.objects.filter(pk=test.pk).update(closed_at=timezone.now())
    again = start_series(
        user=trainee, kind="localize", mode="test", cases=[nodule_case], rule="standard"
    )
    found = open_next(again)
    assert (found.series, found.case) == (again, left.case)
    assert not Attempt.objects.filter(pk=left.pk, state="draft").exists()


def test_an_attempt_deleted_meanwhile_is_not_there(client_of, trainee, practice):
    with mock.patch("attempts.services.locked", side_effect=Attempt.DoesNotExist):
        response = client_of(trainee).put(
            f"/localize/attempts/{practice.public_id}/draft",
            '{"version": 0, "marks": []}',
            content_type="application/json",
        )
    assert response.status_code == 404
    assert "not there any more" in response.json()["error"]
