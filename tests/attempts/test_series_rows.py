"""What a series writes: its limits, places, clocks and ends, each at the limit itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from attempts import clock, services
from attempts import series as playing
from attempts.models import Attempt, Series
from attempts.series import (
    Terms,
    assign_series,
    case_ahead,
    change_assigned,
    end,
    may_open,
    open_next,
    reopen,
    settle,
    start_series,
    sweep,
)
from tests import factories

pytestmark = pytest.mark.any_database

NOON = datetime(2126, 3, 4, 12, tzinfo=timezone.get_default_timezone())
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def at_noon(monkeypatch):
    """It is noon wherever somebody looks at a clock, but for the database."""
    monkeypatch.setattr(timezone, "now", lambda: NOON)
    monkeypatch.setattr(clock, "now", lambda: NOON)
    monkeypatch.setattr(services, "queue_scoring", lambda key: None)


@pytest.fixture
def cases(db):
    return [factories.ImageFactory().case for _ in range(3)]


@pytest.fixture
def start(trainee, cases):
    def start(**said):
        given = {"user": trainee, "kind": "localize", "mode": "test", "cases": cases}
        return start_series(**given | said)

    return start


@pytest.fixture
def assign(trainee, cases):
    def assign(terms=None, **said):
        given = {"user": trainee, "kind": "localize", "mode": "practice", "cases": cases}
        given |= {"title": "Week 1", "terms": Terms(**(terms or {}))}
        return assign_series(**given | said)

    return assign


def values(row, *names):
    found = type(row).objects.get(pk=row.pk)
    return tuple(getattr(found, name) for name in names)


def placed(series):
    return list(series.places.values_list("position", "case"))


def in_order(cases):
    return [(position, case.pk) for position, case in enumerate(cases, 1)]


def attempt_at(series, case, state="submitted", **said):
    given = {"user": series.user, "kind": series.kind, "mode": series.mode, "case_version": 1}
    return Attempt.objects.create(**given | said, series=series, case=case, state=state)


# Beginning


def test_a_series_is_begun_with_all_that_is_said_of_it(start, trainee, cases):
    made = start(rule="standard", case_seconds=60, total_seconds=600, mode="sprint")
    names = ("user", "kind", "mode", "rule", "case_seconds", "ends_at", "title", "is_assigned")
    assert values(made, *names) == (
        *(trainee, "localize", "sprint", "standard", 60, NOON + 10 * MINUTE, "", False),
    )
    names = ("total_seconds", "begun_at", "closed_at", "closed_because", "closes_at")
    assert values(made, *names) == (None, None, None, "", None)
    assert placed(made) == in_order(cases)
    plain = start(kind="report", cases=cases[::-1])
    assert values(plain, "rule", "case_seconds", "ends_at") == ("", None, None)
    assert placed(plain) == in_order(cases[::-1])


def test_the_series_that_is_open_already_is_gone_on_with(start, assign, trainee):
    assign()
    made = start()
    assert start(mode="sprint") == made
    assert start(user=factories.UserFactory()) != made
    assert start(kind="report") != made
    end(made)
    again = start()
    assert again not in (made, start(kind="report"))
    assert start() == again


REFUSED = [
    ({"mode": "practice"}, "a series of 3 cases in mode 'practice' cannot be started"),
    ({"mode": "guided"}, "a series of 3 cases in mode 'guided' cannot be started"),
    ({"cases": []}, "a series of 0 cases in mode 'test' cannot be started"),
    *(
        ({name: seconds}, f"{seconds} seconds are no limit for a series")
        for name in ("case_seconds", "total_seconds")
        for seconds in (0, 4, 14_401, -5)
    ),
]


@pytest.mark.parametrize(("said", "sentence"), REFUSED)
def test_a_series_that_makes_no_sense_is_refused_in_numbers(start, said, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        start(**said)
    assert not Series.objects.exists()


@pytest.mark.parametrize("seconds", [5, 14_400])
def test_the_shortest_and_the_longest_limits_are_taken(start, seconds):
    made = start(case_seconds=seconds, total_seconds=seconds)
    assert values(made, "case_seconds", "ends_at") == (seconds, NOON + seconds * SECOND)


def test_a_series_has_a_hundred_cases_at_most(start, assign, cases, monkeypatch):
    assert playing.MOST_CASES == 100
    many = [cases[0]] * 101
    with pytest.raises(ValueError, match=r"^a series of 101 cases in mode 'test' cannot be"):
        start(cases=many)
    for wrong, count in ((many, 101), ([], 0)):
        with pytest.raises(ValueError, match=f"^a series of {count} cases cannot be assigned$"):
            assign(cases=wrong)
    monkeypatch.setattr(playing, "_place", lambda series, cases: None)
    assert start(cases=many[:100]).is_open
    assert assign(cases=many[:100]).is_open
    assert start(cases=many[:1], kind="report").is_open
    assert assign(cases=many[:1]).is_open


TERMS = {
    "opens_at": NOON - MINUTE,
    "closes_at": NOON + MINUTE,
    "total_seconds": 30,
    "case_seconds": 7,
    "tells_at_once": True,
    "told_from": NOON + 2 * MINUTE,
}


def test_a_series_is_assigned_with_all_its_terms(assign, trainee, cases):
    made = assign(TERMS, rule="standard", mode="guided")
    assert values(made, *TERMS) == tuple(TERMS.values())
    names = ("user", "kind", "mode", "rule", "title", "is_assigned", "ends_at", "begun_at")
    assert values(made, *names) == (
        *(trainee, "localize", "guided", "standard", "Week 1", True, NOON + MINUTE, None),
    )
    assert placed(made) == in_order(cases)
    plain = assign()
    assert values(plain, *TERMS) == (None, None, None, None, False, None)
    assert values(plain, "rule", "ends_at") == ("", None)


# Clocks


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        ({}, None),
        ({"closes_at": NOON}, NOON),
        ({"total_seconds": 30}, None),
        ({"begun_at": NOON}, None),
        ({"total_seconds": 30, "begun_at": NOON}, NOON + 30 * SECOND),
        ({"total_seconds": 30, "begun_at": NOON, "closes_at": NOON}, NOON),
        (
            {"total_seconds": 30, "begun_at": NOON, "closes_at": NOON + MINUTE},
            NOON + 30 * SECOND,
        ),
    ],
)
def test_an_assigned_series_ends_at_the_earlier_of_its_limits(said, ends):
    assert playing._end_of(Series(**said)) == ends


@pytest.mark.parametrize(
    ("said", "since", "deadline"),
    [
        ({}, None, None),
        ({}, NOON - MINUTE, None),
        ({"ends_at": NOON + MINUTE}, None, NOON + MINUTE),
        ({"case_seconds": 7}, None, NOON + 7 * SECOND),
        ({"case_seconds": 7}, NOON - MINUTE, NOON - MINUTE + 7 * SECOND),
        ({"case_seconds": 7, "ends_at": NOON + MINUTE}, None, NOON + 7 * SECOND),
        ({"case_seconds": 90, "ends_at": NOON + MINUTE}, None, NOON + MINUTE),
    ],
)
def test_a_case_is_taken_at_the_earlier_of_its_limits(said, since, deadline):
    assert playing._deadline(Series(**said), since) == deadline


@pytest.mark.parametrize(
    ("said", "opens"),
    [
        ({}, True),
        ({"opens_at": NOON}, True),
        ({"opens_at": NOON - SECOND}, True),
        ({"opens_at": NOON + SECOND}, False),
        ({"closed_at": NOON - SECOND}, False),
    ],
)
def test_a_series_opens_at_its_time(said, opens):
    assert may_open(Series(**said)) is opens


# Playing


def test_cases_are_opened_in_their_order_with_what_the_series_says(start, cases):
    series = start(rule="standard", case_seconds=60)
    draft = open_next(series)
    names = ("case", "kind", "mode", "rule", "series", "deadline", "user", "state")
    assert values(draft, *names) == (
        *(cases[0], "localize", "test", "standard", series, NOON + MINUTE),
        *(series.user, "draft"),
    )
    assert open_next(series) == draft
    services.close_draft(draft.pk, "")
    assert open_next(series).case == cases[1]


def test_the_clock_of_an_assigned_series_begins_with_its_first_case(assign, monkeypatch):
    series = assign({"total_seconds": 30, "closes_at": NOON + MINUTE})
    draft = open_next(series)
    assert values(series, "begun_at", "ends_at") == (NOON, NOON + 30 * SECOND)
    assert (series.begun_at, draft.deadline) == (NOON, NOON + 30 * SECOND)
    monkeypatch.setattr(clock, "now", lambda: NOON + 5 * SECOND)
    open_next(series)
    playing._begin(series)
    assert values(series, "begun_at", "ends_at") == (NOON, NOON + 30 * SECOND)


def test_what_the_learner_began_has_no_beginning_of_its_own(start):
    series = start()
    open_next(series)
    assert values(series, "begun_at", "ends_at") == (None, None)


def test_nothing_opens_before_its_time_and_no_clock_begins(assign):
    series = assign({"opens_at": NOON + SECOND})
    assert (open_next(series), case_ahead(series)) == (None, None)
    assert values(series, "begun_at", "closed_at") == (None, None)


def test_a_guided_case_is_shown_at_once(assign, cases):
    series = assign(mode="guided", rule="standard")
    attempt = open_next(series)
    names = ("case", "kind", "mode", "rule", "series", "state", "deadline", "submitted_at")
    assert values(attempt, *names) == (
        *(cases[0], "localize", "guided", "standard", series, "submitted", None, NOON),
    )
    written = open_next(assign(mode="guided", kind="report"))
    assert values(written, "state", "mode") == ("draft", "guided")


def retire(case):
    type(case).objects.filter(pk=case.pk).update(status="retired")


def test_a_case_that_was_retired_is_passed_over(start, cases):
    series = start()
    retire(cases[0])
    assert case_ahead(series) == cases[1]
    assert open_next(series).case == cases[1]
    assert case_ahead(series) == cases[2]
    retire(cases[2])
    assert case_ahead(series) is None


def test_the_case_ahead_is_the_next_that_was_not_begun(start, cases):
    series = start()
    assert case_ahead(series) == cases[0]
    attempt_at(series, cases[0], "scored")
    attempt_at(series, cases[1], "draft")
    assert case_ahead(series) == cases[2]
    attempt_at(series, cases[2])
    assert case_ahead(series) is None


def test_no_case_is_ahead_where_each_has_a_clock_or_all_is_over(start):
    assert case_ahead(start(kind="report", case_seconds=60)) is None
    series = start()
    end(series)
    assert case_ahead(series) is None


# Ends


@pytest.mark.parametrize(
    ("ends", "answered", "because"),
    [
        (None, 2, ""),
        (None, 3, "finished"),
        (-5, 2, ""),
        (-6, 2, "time"),
        (-6, 3, "finished"),
        (9, 0, ""),
    ],
)
def test_a_series_is_closed_when_all_is_answered_or_its_grace_is_over(
    start, cases, ends, answered, because
):
    series = start()
    Series.objects.filter(pk=series.pk).update(ends_at=ends and NOON + ends * SECOND)
    for case in cases[:answered]:
        attempt_at(series, case)
    settle(series)
    assert (series.closed_because, series.closed_at) == (because, NOON if because else None)
    assert values(series, "closed_because", "closed_at") == (because, NOON if because else None)


def test_a_series_is_closed_where_what_is_left_was_retired(start, cases):
    series = start()
    attempt_at(series, cases[1])
    retire(cases[0])
    settle(series)
    assert series.is_open
    retire(cases[2])
    settle(series)
    assert series.closed_because == "finished"


def test_what_is_closed_stays_closed_as_it_was(start, cases):
    series = start()
    Series.objects.filter(pk=series.pk).update(closed_at=NOON - MINUTE, closed_because="time")
    for case in cases:
        attempt_at(series, case)
    settle(series)
    end(series)
    assert values(series, "closed_at", "closed_because") == (NOON - MINUTE, "time")


def test_an_end_takes_what_was_saved_and_forgets_what_was_looked_at(start, cases):
    series = start()
    saved = attempt_at(series, cases[0], "draft", saved_at=NOON)
    attempt_at(series, cases[1], "draft")
    other = attempt_at(start(kind="report"), cases[0], "draft", saved_at=NOON)
    end(series)
    assert (series.closed_because, series.closed_at) == ("ended", NOON)
    assert [*series.attempts.all()] == [saved]
    assert values(saved, "state", "closed_because") == ("submitted", "ended")
    assert values(other, "state") == ("draft",)


def test_a_draft_whose_time_is_up_is_taken_when_its_series_is_looked_at(start, cases, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(services, "queue_scoring", lambda key: None)
    monkeypatch.setattr(services, "GRACE", MINUTE)
    series = start()
    late = attempt_at(series, cases[0], "draft", deadline=timezone.now() - 90 * SECOND)
    early = attempt_at(series, cases[1], "draft", deadline=timezone.now() - 30 * SECOND)
    settle(series)
    assert values(late, "state", "closed_because") == ("submitted", "time")
    assert values(early, "state", "closed_because") == ("draft", "")


@pytest.mark.parametrize(
    ("because", "terms", "opens"),
    [
        ("ended", {}, True),
        ("ended", {"closes_at": NOON + SECOND}, True),
        ("ended", {"closes_at": NOON}, False),
        ("time", {}, False),
        ("finished", {}, False),
    ],
)
def test_what_was_ended_is_opened_again_while_there_is_time(assign, because, terms, opens):
    series = assign(terms)
    Series.objects.filter(pk=series.pk).update(closed_at=NOON, closed_because=because, ends_at=NOON)
    reopen(series)
    expected = (None, "", terms.get("closes_at")) if opens else (NOON, because, NOON)
    assert values(series, "closed_at", "closed_because", "ends_at") == expected
    assert series.is_open is opens


def test_the_sweep_closes_what_nobody_looks_at(start, cases, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(services, "queue_scoring", lambda key: None)
    monkeypatch.setattr(services, "GRACE", MINUTE)
    now = timezone.now()
    made = {
        name: start(user=factories.UserFactory())
        for name in ("late", "soon", "all", "some", "doubly", "drafts")
    }
    for name, seconds in (("late", -90), ("soon", -30)):
        Series.objects.filter(pk=made[name].pk).update(ends_at=now + seconds * SECOND)
    for name, count in (("all", 3), ("some", 2), ("doubly", 2), ("drafts", 2)):
        for case in cases[:count]:
            attempt_at(made[name], case)
    attempt_at(made["drafts"], cases[2], "draft")
    attempt_at(made["doubly"], cases[0], "scored")
    draft = attempt_at(made["soon"], cases[0], "draft", deadline=now - 90 * SECOND)
    sweep()
    assert {name: values(one, "closed_because")[0] for name, one in made.items()} == {
        "late": "time",
        "soon": "",
        "all": "finished",
        "some": "",
        "doubly": "",
        "drafts": "",
    }
    assert values(draft, "state", "closed_because") == ("submitted", "time")


# Other terms


def change(series, cases, **terms):
    change_assigned(series, cases=cases, title="Week 2", terms=Terms(**terms))


def test_a_series_nobody_has_begun_gets_other_cases_and_terms(assign, cases):
    series = assign()
    change(series, cases[:0:-1], **TERMS)
    assert values(series, *TERMS) == tuple(TERMS.values())
    assert values(series, "title", "ends_at", "begun_at") == ("Week 2", NOON + MINUTE, None)
    assert (series.title, placed(series)) == ("Week 2", in_order(cases[:0:-1]))
    change(series, [])
    assert values(series, *TERMS) == (None, None, None, None, False, None)
    assert placed(series) == in_order(cases[:0:-1]), "no case is no series"


def test_what_was_begun_keeps_its_place_before_the_new_cases(assign, cases):
    series = assign()
    started = [attempt_at(series, cases[1], "draft"), attempt_at(series, cases[2], "scored")]
    Attempt.objects.filter(pk__in=[one.pk for one in started]).update(started_at=NOON - MINUTE)
    new = factories.ImageFactory().case
    change(series, [new, cases[2], cases[0]], case_seconds=90)
    assert placed(series) == in_order([cases[1], cases[2], new, cases[0]])
    assert values(started[0], "deadline") == (NOON + 30 * SECOND,)
    assert values(started[1], "deadline") == (None,)


@pytest.mark.parametrize(
    ("because", "terms", "opens"),
    [
        ("time", {}, True),
        ("time", {"closes_at": NOON + SECOND}, True),
        ("time", {"closes_at": NOON}, False),
        ("finished", {}, False),
        ("ended", {"closes_at": NOON + SECOND}, False),
    ],
)
def test_what_its_time_closed_opens_again_where_that_is_later_now(
    assign, cases, because, terms, opens
):
    series = assign()
    Series.objects.filter(pk=series.pk).update(closed_at=NOON, closed_because=because, ends_at=NOON)
    change(series, cases[:1], **terms)
    expected = (None, "", terms.get("closes_at")) if opens else (NOON, because, NOON)
    assert values(series, "closed_at", "closed_because", "ends_at") == expected
    assert values(series, "title", "closes_at") == ("Week 2", terms.get("closes_at"))
    assert placed(series) == in_order(cases[:1] if opens else cases)


def test_a_begun_series_ends_by_its_new_limit(assign, cases):
    series = assign({"total_seconds": 600})
    draft = open_next(series)
    change(series, cases, total_seconds=30, closes_at=NOON + MINUTE)
    assert values(series, "ends_at", "begun_at") == (NOON + 30 * SECOND, NOON)
    assert values(draft, "deadline") == (NOON + 30 * SECOND,)
