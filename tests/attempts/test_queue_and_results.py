"""What the queue, a result and a failure write, at the limits of their places and tries."""

from __future__ import annotations

import dataclasses
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest import mock

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from attempts import games, scoring, services
from attempts.games import OutcomeRow, Scored
from attempts.models import Attempt, Outcome, Result, Series
from attempts.signals import attempt_scored
from attempts.tasks import score_attempt
from feedback import explainers
from feedback.explainers import Explainer
from feedback.models import SecondOpinion
from radgame.models import Heartbeat
from tests import factories
from tests.attempts.rows import MINUTE, NOON, SECOND, A, now, values

pytestmark = pytest.mark.any_database


# The queue


def waiting(make, number, **said):
    return make(
        **{"state": "submitted", "submitted_at": NOON + number * MINUTE, "mode": "test"} | said
    )


def test_three_of_a_learner_are_in_the_queue_first_come_first_served(make, trainee, queued):
    every = [waiting(make, number) for number in (4, 1, 3, 2, 0)]
    other = factories.UserFactory()
    waiting(make, -9, user=other)
    services.queue_next(trainee.pk)
    first = [every[at].pk for at in (4, 1, 3)]
    assert queued == first
    assert all(
        abs(now(one).queued_at - timezone.now()) < MINUTE for one in every if one.pk in first
    )
    assert [one.pk for one in every if now(one).queued_at is None] == [every[0].pk, every[2].pk]
    services.queue_next(trainee.pk)
    assert queued == first
    Attempt.objects.filter(pk=first[0]).update(state="scored")
    services.queue_next(trainee.pk)
    assert queued == [*first, every[2].pk]


@pytest.mark.parametrize(
    ("asked", "places"), [((), 3), ((0, 0), 1), ((0, 0, 0, 0), 0), ((-900, 0, 0), 1), ((900,), 3)]
)
def test_what_was_lost_in_the_queue_takes_no_place(make, trainee, queued, asked, places):
    for seconds in asked:
        waiting(make, 0, queued_at=timezone.now() + seconds * SECOND)
    for number in range(4):
        waiting(make, number)
    services.queue_next(trainee.pk)
    assert len(queued) == places


def test_what_is_handed_in_is_taken_though_nothing_could_be_queued_behind_it(
    make, monkeypatch, queued, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(services, "queue_next", mock.Mock(side_effect=OperationalError))
    attempt = make(state="draft")
    with django_capture_on_commit_callbacks(execute=True):
        services.submit(attempt_id=attempt.pk, submission=A, answer={}, elapsed_ms=1)
    assert (queued, now(attempt).state) == ([attempt.pk], "submitted")


def test_a_worker_is_told_the_key_and_a_broker_that_is_away_is_put_up_with():
    with mock.patch("attempts.services.signature") as signature:
        services.queue_scoring(7)
        signature.assert_called_once_with(score_attempt.name, (7,))
        signature.return_value.apply_async.assert_called_once_with()
        signature.return_value.apply_async.side_effect = OSError
        services.queue_scoring(7)


STOPPED = "Scoring stopped before it was done, several times in a row."


def test_a_sweep_queues_what_was_lost_and_gives_up_what_failed_every_time(
    make, queued, settings, monkeypatch
):
    settings.SWEEP_AFTER_SECONDS, settings.SCORING_MAX_TRIES = 60, 3
    monkeypatch.setattr(scoring, "tell", lambda attempt: None)
    long_ago = timezone.now() - 2 * MINUTE
    lost = [waiting(make, number, queued_at=long_ago, tries=2) for number in (1, 0)]
    given_up = waiting(make, 2, queued_at=long_ago, tries=3)
    fresh = waiting(make, 3, queued_at=timezone.now())
    others = [waiting(make, 4, user=factories.UserFactory()) for _ in range(2)]
    assert scoring.sweep() == 2
    assert queued[:2] == [lost[1].pk, lost[0].pk]
    assert sorted(queued[2:]) == [one.pk for one in others]
    assert values(given_up, "state", "problem", "tries") == ("failed", STOPPED, 3)
    assert values(fresh, "state", "tries") == ("submitted", 0)
    assert scoring.sweep() == 0


def test_a_sweep_of_some_leaves_the_others_alone(make, queued):
    long_ago = timezone.now() - timedelta(hours=9)
    one, other = (waiting(make, number, queued_at=long_ago) for number in (0, 1))
    third = waiting(make, 2)
    assert scoring.sweep(Attempt.objects.filter(pk=other.pk)) == 1
    assert queued == [other.pk]
    assert (now(one).queued_at, now(third).queued_at) == (long_ago, None)


@pytest.mark.parametrize(
    ("state", "seconds", "left"),
    [
        ("draft", None, "draft"),
        ("draft", -30, "draft"),
        ("draft", -90, "submitted"),
        ("scored", -90, "scored"),
    ],
)
def test_a_page_that_looks_after_its_attempt_is_told_what_became_of_it(
    make, queued, long_grace, state, seconds, left
):
    deadline = seconds and timezone.now() + seconds * SECOND
    attempt = make(state=state, deadline=deadline)
    scoring.look_after(attempt)
    because = "time" if left == "submitted" else ""
    assert (attempt.state, *values(attempt, "state", "closed_because")) == (left, left, because)


# Scoring


@pytest.mark.parametrize(
    ("state", "begins"),
    [("draft", False), ("submitted", True), ("scored", False), ("failed", False)],
)
def test_a_try_is_counted_of_what_waits_for_its_scoring(
    make, django_assert_num_queries, state, begins
):
    attempt = make(state=state, tries=4)
    begun = scoring.begin_scoring(attempt.pk)
    assert (begun is not None) is begins
    assert now(attempt).tries == 4 + begins
    if begun:
        with django_assert_num_queries(0):
            assert (begun.tries, begun.case, begun.user) == (5, attempt.case, attempt.user)


@pytest.mark.parametrize(
    ("said", "again", "counted"),
    [
        ({}, False, 0),
        ({}, True, 1),
        ({"tries": 1}, False, 2),
        ({"queued_at": NOON + MINUTE}, False, 1),
    ],
)
def test_the_first_try_is_counted_by_its_end_and_what_may_never_end_before(
    make, said, again, counted
):
    waiting = {"state": "submitted", "submitted_at": NOON, "queued_at": NOON} | said
    attempt = make(**waiting)
    assert scoring.begin_scoring(attempt.pk, again=again) is not None
    assert now(attempt).tries == counted
    scoring.fail(attempt.pk, "Broken.")
    assert now(attempt).tries == max(1, counted)
    assert scoring.begin_scoring(attempt.pk, again=again) is None


@pytest.mark.parametrize(("sent_back", "counted"), [(None, 0), (False, 0), (True, 1)])
def test_a_task_that_a_dying_worker_gave_back_is_another_try(make, sent_back, counted):
    attempt = make(state="submitted", submitted_at=NOON, queued_at=NOON)
    delivery = {} if sent_back is None else {"redelivered": sent_back}
    tries = []

    def score(begun):
        tries.append(now(begun).tries)
        raise ValueError("no score")

    game = dataclasses.replace(games.game_of(attempt.kind), score=score)
    with mock.patch("attempts.tasks.game_of", return_value=game):
        score_attempt.push_request(delivery_info=delivery)
        try:
            score_attempt.run(attempt.pk)
        finally:
            score_attempt.pop_request()
    assert tries == [counted]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite writes one at a time")
def test_submissions_of_one_learner_at_once_take_no_more_than_three_turns(make, trainee, queued):
    cases = [factories.ImageFactory().case for _ in range(6)]
    drafts = [make(case=case, state="draft", mode="test", user=trainee).pk for case in cases]
    begin = threading.Barrier(len(drafts))

    def submit(key):
        begin.wait()
        try:
            services.submit(attempt_id=key, submission=uuid.uuid4(), answer={}, elapsed_ms=1)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(drafts)) as pool:
        list(pool.map(submit, drafts))
    assert len(queued) == services.SCORED_AT_ONCE
    own = Attempt.objects.filter(user=trainee, state="submitted")
    assert own.filter(queued_at__isnull=False).count() == services.SCORED_AT_ONCE


def scored(**said):
    return Scored(**{"scorer": "rule", "version": "5", "score": 62.5, "data": {"a": [1]}} | said)


@pytest.mark.parametrize(
    ("kind", "mode", "round_", "counts"),
    [
        ("localize", "practice", 1, True),
        ("localize", "test", 1, True),
        ("localize", "guided", 1, False),
        ("localize", "second_look", 2, False),
        ("localize", "practice", 2, False),
    ],
)
def test_a_result_is_kept_with_what_it_counts_for(
    make, at_noon, told, queued, django_capture_on_commit_callbacks, kind, mode, round_, counts
):
    attempt = make(kind=kind, mode=mode, round=round_, state="submitted", problem="x")
    with django_capture_on_commit_callbacks(execute=True):
        assert scoring.keep_result(attempt.pk, scored(), of_round=round_) is True
    assert values(attempt, "state", "scored_at", "round") == ("scored", NOON, round_)
    result = Result.objects.get()
    names = ("attempt", "scorer", "scorer_version", "round", "truth", "score", "data", "counts")
    assert tuple(getattr(result, name) for name in names) == (
        *(attempt, "rule", "5", round_, 0, 62.5, {"a": [1]}, counts),
    )
    assert told == [(attempt.pk, "scored")]
    with django_capture_on_commit_callbacks(execute=True):
        assert scoring.keep_result(attempt.pk, scored(), of_round=round_) is False
    assert (Result.objects.count(), len(told)) == (1, 1)


def test_a_result_of_an_exercise_counts_for_nothing(make, told, monkeypatch):
    game = dataclasses.replace(games.game_of("localize"), is_exercise=True)
    monkeypatch.setitem(games._games, "localize", game)
    scoring.keep_result(make(state="submitted").pk, scored())
    assert Result.objects.get().counts is False


def test_a_result_of_another_round_is_not_kept(make, told):
    attempt = make(state="submitted", round=2)
    assert scoring.keep_result(attempt.pk, scored()) is False
    assert scoring.keep_result(attempt.pk, scored(), of_round=3) is False
    assert (Result.objects.count(), now(attempt).state) == (0, "submitted")


@pytest.mark.parametrize("state", ["draft", "scored", "failed"])
def test_a_result_that_came_late_is_kept_and_changes_no_state(
    make, told, django_capture_on_commit_callbacks, state
):
    attempt = make(state=state)
    with django_capture_on_commit_callbacks(execute=True):
        assert scoring.keep_result(attempt.pk, scored()) is False
    assert (Result.objects.count(), now(attempt).state, told) == (1, state, [])


def test_outcomes_are_kept_field_by_field(make, told, case):
    finding = factories.FindingFactory(case=case)
    rows = [
        OutcomeRow("truth", "nodule_mass", "hit", finding.pk, 0.75, 4, aided=True),
        OutcomeRow("mark", "fracture", "false"),
    ]
    scoring.keep_result(make(state="submitted").pk, scored(outcomes=rows))
    names = ("about", "label", "outcome", "finding", "iou", "confidence", "aided")
    assert [
        tuple(getattr(row, name) for name in names) for row in Outcome.objects.order_by("pk")
    ] == [
        ("truth", "nodule_mass", "hit", finding, 0.75, 4, True),
        ("mark", "fracture", "false", None, None, None, False),
    ]


def test_an_opinion_that_cannot_be_noted_costs_no_score(make, told, monkeypatch):
    twice = Explainer(opinions=lambda result: ["one", "one"])
    monkeypatch.setitem(explainers._explainers, "localize", twice)
    attempt = make(state="submitted")
    assert scoring.keep_result(attempt.pk, scored()) is True
    assert (Result.objects.count(), now(attempt).state) == (1, "scored")
    assert not SecondOpinion.objects.exists()


def test_a_result_that_a_listener_undid_is_not_called_kept(make, told):
    def listen(sender, result, **_):
        for _ in range(2):
            Heartbeat.objects.create(name="one")

    attempt = make(state="submitted")
    attempt_scored.connect(listen)
    try:
        with pytest.raises(OperationalError):
            scoring.keep_result(attempt.pk, scored())
    finally:
        attempt_scored.disconnect(listen)
    assert (Result.objects.count(), now(attempt).state) == (0, "submitted")


@pytest.mark.parametrize("held", [True, False])
def test_a_second_look_is_given_where_something_remains_and_no_series_holds_the_case(
    make, told, trainee, case, held
):
    attempt = make(state="submitted", mode="second_look", tries=3)
    if held:
        series = Series.objects.create(user=trainee, kind="report", mode="test")
        series.places.create(case=case, position=1)
    assert scoring.keep_result(attempt.pk, scored(remaining=["the heart"])) is True
    expected = ("scored", 1, 3) if held else ("draft", 2, 0)
    assert values(attempt, "state", "round", "tries") == expected
    assert (now(attempt).scored_at is not None) is held
    assert [aid["kind"] for aid in now(attempt).aids] == ([] if held else ["second_look"])


@pytest.mark.parametrize(
    ("state", "left"),
    [
        ("submitted", ("failed", "Broken.")),
        *((one, (one, "")) for one in ("draft", "scored", "failed")),
    ],
)
def test_what_waits_for_its_scoring_may_fail(
    make, told, queued, django_capture_on_commit_callbacks, state, left
):
    attempt = make(state=state)
    with django_capture_on_commit_callbacks(execute=True):
        scoring.fail(attempt.pk, "Broken.")
    assert values(attempt, "state", "problem") == left
    assert told == ([(attempt.pk, "failed")] if state == "submitted" else [])


def test_a_place_that_comes_free_is_given_to_who_waits(
    make, told, queued, django_capture_on_commit_callbacks
):
    attempt, next_one = make(state="submitted", queued_at=NOON), waiting(make, 0)
    with django_capture_on_commit_callbacks(execute=True):
        scoring.fail(attempt.pk, "Broken.")
    assert queued == [next_one.pk]


def test_a_failed_attempt_is_put_back_into_the_queue(
    make, at_noon, queued, django_capture_on_commit_callbacks
):
    attempt = make(state="failed", tries=5, problem="Broken.")
    with django_capture_on_commit_callbacks(execute=True):
        assert scoring.score_again(attempt.pk) == attempt
    names = ("state", "tries", "problem", "queued_at")
    assert values(attempt, *names) == ("submitted", 0, "", NOON)
    assert queued == [attempt.pk]


@pytest.mark.parametrize("state", ["draft", "submitted", "scored"])
def test_what_has_not_failed_is_not_scored_again(make, state):
    attempt = make(state=state, tries=5)
    with pytest.raises(services.Conflict) as conflict:
        scoring.score_again(attempt.pk)
    assert str(conflict.value) == "Only an attempt whose scoring failed can be scored again."
    assert values(attempt, "state", "tries") == (state, 5)


def test_nothing_is_scored_again_on_a_retired_case(make, retired):
    attempt = make(state="failed")
    with pytest.raises(services.Conflict) as conflict:
        scoring.score_again(attempt.pk)
    assert str(conflict.value) == "This case is retired: nothing is scored on it."
    assert (conflict.value.attempt, now(attempt).state) == (attempt, "failed")


def test_a_page_is_told_its_state_and_a_layer_that_is_away_is_put_up_with():
    attempt = Attempt(public_id=A, state="scored")
    with mock.patch("attempts.scoring.tell_group") as tell:
        scoring.tell(attempt)
        tell.assert_called_once_with(f"attempt.{A}", {"type": "attempt.state", "state": "scored"})
        tell.side_effect = TimeoutError
        scoring.tell(attempt)
