"""What a draft and a submission write, at the limits of their clocks and versions."""

from __future__ import annotations

import pytest
from django.utils import timezone

from attempts import services
from attempts.models import Attempt, Series
from tests.attempts.rows import MINUTE, NOON, NORMAL, SECOND, A, B, hand_in, now, values

pytestmark = pytest.mark.any_database


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
    [(-90, "draft", True), (-30, "draft", False), (30, "draft", False), (-90, "submitted", False)],
)
def test_drafts_whose_grace_is_over_are_found(make, long_grace, seconds, state, late):
    attempt = make(state=state, deadline=timezone.now() + seconds * SECOND)
    assert (attempt in Attempt.objects.filter(services.late())) is late


@pytest.mark.parametrize(
    ("seconds", "state", "stuck"),
    [
        (-570, "submitted", False),
        (-630, "submitted", True),
        (570, "submitted", False),
        (630, "submitted", True),
        (None, "submitted", False),
        (-630, "draft", False),
        (-630, "scored", False),
        (630, "failed", False),
    ],
)
def test_what_was_asked_for_long_ago_or_in_the_future_is_stuck(
    make, settings, seconds, state, stuck
):
    settings.SWEEP_AFTER_SECONDS = 600
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
