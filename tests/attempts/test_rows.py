"""What each step of an attempt's life writes, at the limits of its clocks, tries and places."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import datetime, timedelta
from unittest import mock

import pytest
from django.utils import timezone

from attempts import clock, games, services
from attempts.games import OutcomeRow, Scored
from attempts.models import Attempt, Outcome, Result, Series
from tests import factories

pytestmark = pytest.mark.any_database

NOON = datetime(2026, 3, 4, 12, tzinfo=timezone.get_default_timezone())
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
A, B, C = (uuid.UUID(int=number) for number in (1, 2, 3))


@pytest.fixture
def at_noon(monkeypatch):
    """It is noon wherever somebody looks at a clock, but for the database."""
    monkeypatch.setattr(timezone, "now", lambda: NOON)
    monkeypatch.setattr(clock, "now", lambda: NOON)


@pytest.fixture
def case(db):
    return factories.ImageFactory().case


@pytest.fixture
def make(trainee, case):
    def make(**said):
        given = {"user": trainee, "case": case, "kind": "localize", "case_version": 1} | said
        started = given.pop("started_at", None)
        made = Attempt.objects.create(**given)
        if started:
            Attempt.objects.filter(pk=made.pk).update(started_at=started)
            made.refresh_from_db()
        return made

    return make


@pytest.fixture
def queued(monkeypatch):
    """The keys handed to workers, in order."""
    keys: list[int] = []
    monkeypatch.setattr(services, "queue_scoring", keys.append)
    return keys


def now(attempt):
    return Attempt.objects.get(pk=attempt.pk)


def values(attempt, *names):
    return tuple(getattr(now(attempt), name) for name in names)


# Clocks


@pytest.mark.parametrize(
    ("deadline", "late"),
    [(None, False), (-6, True), (-5, False), (-4, False), (0, False), (6, False)],
)
def test_an_answer_is_late_when_the_grace_is_over(at_noon, deadline, late):
    attempt = Attempt(deadline=None if deadline is None else NOON + deadline * SECOND)
    assert services.is_late(attempt) is late


@pytest.mark.parametrize(
    ("seconds", "state", "late"),
    [(-7, "draft", True), (-3, "draft", False), (3, "draft", False), (-7, "submitted", False)],
)
def test_drafts_whose_grace_is_over_are_found(make, seconds, state, late):
    attempt = make(state=state, deadline=timezone.now() + seconds * SECOND)
    assert (attempt in Attempt.objects.filter(services.late())) is late


@pytest.mark.parametrize(
    ("seconds", "state", "stuck"),
    [
        (-57, "submitted", False),
        (-63, "submitted", True),
        (57, "submitted", False),
        (63, "submitted", True),
        (None, "submitted", False),
        (-63, "draft", False),
        (-63, "scored", False),
        (63, "failed", False),
    ],
)
def test_what_was_asked_for_long_ago_or_in_the_future_is_stuck(
    make, settings, seconds, state, stuck
):
    settings.SWEEP_AFTER_SECONDS = 60
    attempt = make(state=state, queued_at=seconds and timezone.now() + seconds * SECOND)
    assert (attempt in Attempt.objects.filter(services.stuck())) is stuck


@pytest.mark.parametrize(
    ("series", "clocked"),
    [
        (None, False),
        ({}, False),
        ({"case_seconds": 9}, True),
        ({"total_seconds": 9}, True),
        ({"ends_at": NOON}, True),
        ({"ends_at": NOON, "is_assigned": True}, False),
        ({"ends_at": NOON, "is_assigned": True, "total_seconds": 9}, True),
        ({"is_assigned": True, "case_seconds": 9}, True),
        ({"is_assigned": True}, False),
    ],
)
def test_a_clock_runs_where_a_limit_is_the_learners_own(series, clocked):
    attempt = Attempt(series=None if series is None else Series(**series))
    assert services._is_clocked(attempt) is clocked


# Drafts


def test_a_draft_is_made_with_all_that_is_said_of_it(trainee, case):
    series = Series.objects.create(user=trainee, kind="localize", mode="test")
    type(case).objects.filter(pk=case.pk).update(version=4)
    case.refresh_from_db()
    said = {"user": trainee, "case": case, "kind": "localize", "mode": "test"}
    made = services.open_attempt(**said, rule="standard", series=series, deadline=NOON)
    names = ("kind", "mode", "rule", "case_version", "state", "deadline", "round", "series")
    assert values(made, *names) == (*("localize", "test", "standard", 4, "draft", NOON, 1, series),)
    alone = services.open_attempt(**said)
    assert alone != made
    assert values(alone, "rule", "series", "deadline") == ("", None, None)
    assert services.open_attempt(**said, series=series) == made
    assert services.open_attempt(**said) == alone
    assert services.open_attempt(**said | {"mode": "sprint"}) not in (made, alone)
    assert services.open_attempt(**said | {"kind": "report"}) not in (made, alone)


def test_a_draft_that_is_found_knows_its_user_and_case(
    trainee, case, make, django_assert_num_queries
):
    made = make(mode="practice")
    found = services.open_attempt(user=trainee, case=case, kind="localize", mode="practice")
    with django_assert_num_queries(0):
        assert (found, found.user, found.case) == (made, trainee, case)
        assert found.user is trainee


@pytest.mark.parametrize(
    ("closed", "round_", "saved", "left"),
    [
        (False, 1, True, "draft"),
        (True, 1, True, "submitted"),
        (True, 1, False, None),
        (True, 2, True, "draft"),
        (True, 2, False, "draft"),
    ],
)
def test_a_draft_that_a_closed_series_left_is_given_up(
    trainee, case, make, queued, closed, round_, saved, left
):
    series = Series.objects.create(
        user=trainee, kind="localize", mode="test", closed_at=NOON if closed else None
    )
    draft = make(mode="test", series=series, round=round_, saved_at=NOON if saved else None)
    services.open_attempt(user=trainee, case=case, kind="localize", mode="test")
    found = Attempt.objects.filter(pk=draft.pk).values_list("state", "closed_because").first()
    assert found == (left and (left, "ended" if left == "submitted" else ""))


@pytest.mark.parametrize(
    ("kept", "told", "knows"),
    [
        ((0, None), (0, None), True),
        ((1, None), (0, None), False),
        ((1, A), (0, A), True),
        ((2, A), (0, A), False),
        ((2, A), (1, A), True),
        ((1, A), (0, B), False),
        ((1, A), (1, B), True),
        ((1, A), (1, None), True),
        ((1, A), (2, A), False),
        ((0, A), (1, A), False),
        ((1, None), (0, A), False),
    ],
)
def test_a_window_knows_what_it_has_seen_or_saved_itself(kept, told, knows):
    attempt = Attempt(draft_version=kept[0], draft_writer=kept[1])
    assert services._knows_draft(attempt, *told) is knows


NORMAL = {"marks": [], "ticked": [], "normal": True}


def test_a_save_keeps_the_answer_its_window_and_its_time(make, at_noon):
    draft = make(draft_version=3, draft_writer=A)
    kept = services.save_draft(attempt_id=draft.pk, version=3, answer={"normal": True}, writer=B)
    names = ("answer", "draft_version", "draft_writer", "saved_at", "state", "submission")
    expected = (NORMAL, 4, B, NOON, "draft", None)
    assert values(draft, *names) == expected
    assert tuple(getattr(kept, name) for name in names) == expected
    services.save_draft(attempt_id=draft.pk, version=4, answer={})
    assert values(draft, "draft_version", "draft_writer") == (5, None)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"state": "submitted"}, "This attempt was already submitted."),
        ({"draft_version": 1}, "This case was changed in another window."),
    ],
)
def test_a_save_that_is_refused_changes_nothing(make, said, sentence):
    draft = make(**said)
    with pytest.raises(services.Conflict) as conflict:
        services.save_draft(attempt_id=draft.pk, version=0, answer={"normal": True})
    assert (str(conflict.value), conflict.value.attempt) == (sentence, draft)
    assert values(draft, "answer", "saved_at") == ({}, None)


# Handing in


def hand_in(attempt, *, answer=None, submission=A, elapsed_ms=900, **said):
    given = {"submission": submission, "answer": answer or {}, "elapsed_ms": elapsed_ms}
    return services.submit(attempt_id=attempt.pk, **given, **said)


def test_a_submission_keeps_the_answer_its_key_and_its_times(make, at_noon):
    handed = hand_in(make(deadline=NOON + SECOND), answer={"normal": True})
    names = ("answer", "submission", "state", "saved_at", "submitted_at", "queued_at")
    assert values(handed, *names) == (NORMAL, A, "submitted", NOON, NOON, NOON)
    names = ("elapsed_ms", "closed_because", "truth_seen", "problem", "scored_at", "tries")
    assert values(handed, *names) == (900, "", False, "", None, 0)


@pytest.mark.parametrize(
    ("seconds", "version", "outcome"),
    [
        (None, None, "taken"),
        (None, 1, "taken"),
        (None, 0, "conflict"),
        (1, 0, "conflict"),
        (0, 0, "saved"),
        (0, 1, "taken"),
        (0, None, "taken"),
        (-5, 1, "taken"),
        (-5, 0, "saved"),
        (-6, 1, "saved"),
        (-6, None, "saved"),
    ],
)
def test_the_clock_decides_what_is_taken(make, at_noon, seconds, version, outcome):
    deadline = None if seconds is None else NOON + seconds * SECOND
    draft = make(draft_version=1, answer={"ticked": ["edema"]}, deadline=deadline)
    if outcome == "conflict":
        with pytest.raises(services.Conflict, match=r"^This case was changed in another window\.$"):
            hand_in(draft, answer={"normal": True}, version=version)
        assert values(draft, "state", "submission") == ("draft", None)
        return
    hand_in(draft, answer={"normal": True}, version=version)
    taken = outcome == "taken"
    assert values(draft, "state", "answer", "closed_because", "saved_at", "submission") == (
        "submitted",
        NORMAL if taken else {"ticked": ["edema"]},
        "" if taken else "time",
        NOON if taken else None,
        A,
    )


def test_a_key_belongs_to_one_attempt(make):
    first = hand_in(make())
    assert hand_in(first, answer={"normal": True}).pk == first.pk
    assert now(first).answer["normal"] is False
    second = make()
    with pytest.raises(services.Conflict, match=r"^This submission belongs to another attempt\.$"):
        hand_in(second)
    with pytest.raises(services.Conflict, match=r"^This attempt was already submitted\.$"):
        hand_in(first, submission=B)
    assert values(second, "state", "submission") == ("draft", None)


@pytest.mark.parametrize(
    ("mode", "round_", "before", "told", "kept"),
    [
        ("practice", 1, None, 0, 0),
        ("practice", 1, None, 700, 700),
        ("practice", 1, 5, 700, 700),
        ("practice", 1, None, -1, 0),
        ("practice", 1, None, 86_400_001, 86_400_000),
        ("second_look", 2, 300, 700, 1000),
        ("second_look", 2, None, 700, 700),
        ("second_look", 2, 300, -5, 300),
        ("second_look", 2, 86_400_000, 700, 86_400_000),
        ("guided", 1, None, 700, 700),
        ("sprint", 1, None, 700, 60_000),
        ("test", 1, None, 700, 60_000),
        ("test", 2, 300, 700, 60_300),
    ],
)
def test_time_is_the_pages_or_the_servers_where_one_clock_runs(
    make, at_noon, mode, round_, before, told, kept
):
    draft = make(mode=mode, round=round_, elapsed_ms=before, started_at=NOON - MINUTE)
    hand_in(draft, elapsed_ms=told)
    assert now(draft).elapsed_ms == kept


@pytest.mark.parametrize(
    ("series", "round_", "before", "kept"),
    [
        (None, 1, None, None),
        (None, 2, 300, 300),
        ({"case_seconds": 9}, 1, None, 60_500),
        ({"total_seconds": 9}, 2, 300, 60_800),
        ({"is_assigned": True, "ends_at": NOON}, 1, None, None),
    ],
)
def test_of_a_draft_that_is_closed_time_is_known_where_a_clock_ran(
    make, trainee, at_noon, series, round_, before, kept
):
    said = series and {"user": trainee, "kind": "localize", "mode": "practice"} | series
    draft = make(
        round=round_,
        elapsed_ms=before,
        started_at=NOON - MINUTE - SECOND / 2,
        series=said and Series.objects.create(**said),
    )
    services.close_draft(draft.pk, "time")
    names = ("state", "closed_because", "elapsed_ms", "submitted_at", "queued_at", "submission")
    assert values(draft, *names) == ("submitted", "time", kept, NOON, NOON, None)


@pytest.mark.parametrize("state", ["submitted", "scored", "failed"])
def test_what_is_no_draft_is_not_closed_and_never_forgotten(make, state):
    attempt = make(state=state)
    for does in (services.close_draft, services.give_up):
        does(attempt.pk, "ended")
        assert values(attempt, "state", "closed_because") == (state, "")
    services.set_aside(attempt.pk)
    assert now(attempt).state == state


def test_what_was_only_looked_at_is_forgotten_and_the_rest_is_handed_in(make, queued):
    looked_at = make()
    services.give_up(looked_at.pk, "ended")
    assert not Attempt.objects.exists()
    saved = make(saved_at=NOON, answer=NORMAL)
    services.give_up(saved.pk, "ended")
    assert values(saved, "state", "closed_because", "answer") == ("submitted", "ended", NORMAL)


@pytest.fixture
def retired(case):
    type(case).objects.filter(pk=case.pk).update(status="retired")
    case.refresh_from_db()


KEPT = "This case was retired while you played it: your answer is kept, but not scored."


@pytest.mark.parametrize(
    ("does", "submission", "because"),
    [
        (lambda one: services.set_aside(one.pk), None, ""),
        (lambda one: services.close_draft(one.pk, "time"), None, "time"),
        (lambda one: hand_in(one, answer=NORMAL), A, ""),
    ],
)
def test_an_answer_to_a_retired_case_is_kept_and_closed(
    make, retired, at_noon, queued, does, submission, because
):
    draft = make(answer=NORMAL, saved_at=NOON)
    does(draft)
    names = ("state", "problem", "submitted_at", "submission", "closed_because", "answer")
    assert values(draft, *names) == ("failed", KEPT, NOON, submission, because, NORMAL)
    assert values(draft, "queued_at", "elapsed_ms") == (None, None)


def test_a_draft_of_a_case_that_is_played_is_not_set_aside(make):
    draft = make()
    assert services.set_aside(draft.pk).is_open
    assert now(draft).is_open


def test_truth_that_was_seen_once_stays_seen(make, trainee, case):
    assert now(hand_in(make(truth_seen=True))).truth_seen
    make(state="scored", scored_at=NOON)
    assert now(hand_in(make(), submission=B)).truth_seen


def test_no_attempt_is_locked_that_is_not_there(db):
    with pytest.raises(Attempt.DoesNotExist):
        services.locked(99)


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


def test_a_worker_is_told_the_key_and_a_broker_that_is_away_is_put_up_with():
    with mock.patch("attempts.services.signature") as signature:
        services.queue_scoring(7)
        signature.assert_called_once_with("attempts.tasks.score_attempt", (7,))
        signature.return_value.apply_async.assert_called_once_with()
        signature.return_value.apply_async.side_effect = OSError
        services.queue_scoring(7)


STOPPED = "Scoring stopped before it was done, several times in a row."


def test_a_sweep_queues_what_was_lost_and_gives_up_what_failed_every_time(
    make, queued, settings, monkeypatch
):
    settings.SWEEP_AFTER_SECONDS, settings.SCORING_MAX_TRIES = 60, 3
    monkeypatch.setattr(services, "tell", lambda attempt: None)
    long_ago = timezone.now() - 2 * MINUTE
    lost = [waiting(make, number, queued_at=long_ago, tries=2) for number in (1, 0)]
    given_up = waiting(make, 2, queued_at=long_ago, tries=3)
    fresh = waiting(make, 3, queued_at=timezone.now())
    others = [waiting(make, 4, user=factories.UserFactory()) for _ in range(2)]
    assert services.sweep() == 2
    assert queued[:2] == [lost[1].pk, lost[0].pk]
    assert sorted(queued[2:]) == [one.pk for one in others]
    assert values(given_up, "state", "problem", "tries") == ("failed", STOPPED, 3)
    assert values(fresh, "state", "tries") == ("submitted", 0)
    assert services.sweep() == 0


def test_a_sweep_of_some_leaves_the_others_alone(make, queued):
    long_ago = timezone.now() - timedelta(hours=9)
    one, other = (waiting(make, number, queued_at=long_ago) for number in (0, 1))
    third = waiting(make, 2)
    assert services.sweep(Attempt.objects.filter(pk=other.pk)) == 1
    assert queued == [other.pk]
    assert (now(one).queued_at, now(third).queued_at) == (long_ago, None)


@pytest.mark.parametrize(
    ("state", "seconds", "left"),
    [
        ("draft", None, "draft"),
        ("draft", -4, "draft"),
        ("draft", -7, "submitted"),
        ("scored", -7, "scored"),
    ],
)
def test_a_page_that_looks_after_its_attempt_is_told_what_became_of_it(
    make, queued, state, seconds, left
):
    deadline = seconds and timezone.now() + seconds * SECOND
    attempt = make(state=state, deadline=deadline)
    services.look_after(attempt)
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
    begun = services.begin_scoring(attempt.pk)
    assert (begun is not None) is begins
    assert now(attempt).tries == 4 + begins
    if begun:
        with django_assert_num_queries(0):
            assert (begun.tries, begun.case, begun.user) == (5, attempt.case, attempt.user)


@pytest.fixture
def told(monkeypatch):
    """The states that pages are told of, as they are told."""
    states: list[tuple[int, str]] = []
    monkeypatch.setattr(services, "tell", lambda one: states.append((one.pk, one.state)))
    return states


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
        assert services.keep_result(attempt.pk, scored(), of_round=round_) is True
    assert values(attempt, "state", "scored_at", "round") == ("scored", NOON, round_)
    result = Result.objects.get()
    names = ("attempt", "scorer", "scorer_version", "round", "truth", "score", "data", "counts")
    assert tuple(getattr(result, name) for name in names) == (
        *(attempt, "rule", "5", round_, 0, 62.5, {"a": [1]}, counts),
    )
    assert told == [(attempt.pk, "scored")]
    with django_capture_on_commit_callbacks(execute=True):
        assert services.keep_result(attempt.pk, scored(), of_round=round_) is False
    assert (Result.objects.count(), len(told)) == (1, 1)


def test_a_result_of_an_exercise_counts_for_nothing(make, told, monkeypatch):
    game = dataclasses.replace(games.game_of("localize"), is_exercise=True)
    monkeypatch.setitem(games._games, "localize", game)
    services.keep_result(make(state="submitted").pk, scored())
    assert Result.objects.get().counts is False


def test_a_result_of_another_round_is_not_kept(make, told):
    attempt = make(state="submitted", round=2)
    assert services.keep_result(attempt.pk, scored()) is False
    assert services.keep_result(attempt.pk, scored(), of_round=3) is False
    assert (Result.objects.count(), now(attempt).state) == (0, "submitted")


@pytest.mark.parametrize("state", ["draft", "scored", "failed"])
def test_a_result_that_came_late_is_kept_and_changes_no_state(
    make, told, django_capture_on_commit_callbacks, state
):
    attempt = make(state=state)
    with django_capture_on_commit_callbacks(execute=True):
        assert services.keep_result(attempt.pk, scored()) is False
    assert (Result.objects.count(), now(attempt).state, told) == (1, state, [])


def test_outcomes_are_kept_field_by_field(make, told, case):
    finding = factories.FindingFactory(case=case)
    rows = [
        OutcomeRow("truth", "nodule_mass", "hit", finding.pk, 0.75, 4, aided=True),
        OutcomeRow("mark", "fracture", "false"),
    ]
    services.keep_result(make(state="submitted").pk, scored(outcomes=rows))
    names = ("about", "label", "outcome", "finding", "iou", "confidence", "aided")
    assert [
        tuple(getattr(row, name) for name in names) for row in Outcome.objects.order_by("pk")
    ] == [
        ("truth", "nodule_mass", "hit", finding, 0.75, 4, True),
        ("mark", "fracture", "false", None, None, None, False),
    ]


@pytest.mark.parametrize("held", [True, False])
def test_a_second_look_is_given_where_something_remains_and_no_series_holds_the_case(
    make, told, trainee, case, held
):
    attempt = make(state="submitted", mode="second_look", tries=3)
    if held:
        series = Series.objects.create(user=trainee, kind="report", mode="test")
        series.places.create(case=case, position=1)
    assert services.keep_result(attempt.pk, scored(remaining=["the heart"])) is True
    expected = ("scored", 1, 3) if held else ("draft", 2, 0)
    assert values(attempt, "state", "round", "tries") == expected
    assert (now(attempt).scored_at is not None) is held
    assert len(now(attempt).aids) == (not held)


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
        services.fail(attempt.pk, "Broken.")
    assert values(attempt, "state", "problem") == left
    assert told == ([(attempt.pk, "failed")] if state == "submitted" else [])


def test_a_place_that_comes_free_is_given_to_who_waits(
    make, told, queued, django_capture_on_commit_callbacks
):
    attempt, next_one = make(state="submitted", queued_at=NOON), waiting(make, 0)
    with django_capture_on_commit_callbacks(execute=True):
        services.fail(attempt.pk, "Broken.")
    assert queued == [next_one.pk]


def test_a_failed_attempt_is_put_back_into_the_queue(
    make, at_noon, queued, django_capture_on_commit_callbacks
):
    attempt = make(state="failed", tries=5, problem="Broken.")
    with django_capture_on_commit_callbacks(execute=True):
        assert services.score_again(attempt.pk) == attempt
    names = ("state", "tries", "problem", "queued_at")
    assert values(attempt, *names) == ("submitted", 0, "", NOON)
    assert queued == [attempt.pk]


@pytest.mark.parametrize("state", ["draft", "submitted", "scored"])
def test_what_has_not_failed_is_not_scored_again(make, state):
    attempt = make(state=state, tries=5)
    with pytest.raises(services.Conflict) as conflict:
        services.score_again(attempt.pk)
    assert str(conflict.value) == "Only an attempt whose scoring failed can be scored again."
    assert values(attempt, "state", "tries") == (state, 5)


def test_nothing_is_scored_again_on_a_retired_case(make, retired):
    attempt = make(state="failed")
    with pytest.raises(services.Conflict) as conflict:
        services.score_again(attempt.pk)
    assert str(conflict.value) == "This case is retired: nothing is scored on it."
    assert (conflict.value.attempt, now(attempt).state) == (attempt, "failed")


def test_a_page_is_told_its_state_and_a_layer_that_is_away_is_put_up_with():
    attempt = Attempt(public_id=A, state="scored")
    with mock.patch("attempts.services.tell_group") as tell:
        services.tell(attempt)
        tell.assert_called_once_with(f"attempt.{A}", {"type": "attempt.state", "state": "scored"})
        tell.side_effect = TimeoutError
        services.tell(attempt)
