"""A learner's own figures, row by row: of all that was played, and of one series."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest
from django.utils import timezone

from attempts.models import Attempt, Mode, Series
from learning import queries
from learning.models import CaseRecord
from learning.queries import (
    Begun,
    LabelCount,
    RuleChoice,
    begun_series,
    games_played,
    last_attempts,
    open_series,
    own_records,
    progress_of,
    rate_of,
    series_page,
)
from ml.psychometrics import rate
from tests import factories
from tests.learning.rows import MINUTE, hold, keep

pytestmark = pytest.mark.any_database

COUNTS = (
    *("truths", "hits", "search", "recognition", "precision", "overcalls"),
    *("sure", "sure_wrong"),
)


@pytest.fixture
def case(db):
    return factories.ImageFactory().case


@pytest.fixture
def play(trainee):
    """Keeps a scored attempt of the trainee."""
    return partial(keep, trainee)


# Progress


def test_figures_count_each_outcome_once(play, case, trainee):
    first = play(
        case,
        ("truth", "nodule_mass", "hit", None, False),
        ("truth", "nodule_mass", "hit", None, True),
        ("truth", "nodule_mass", "missed"),
        ("truth", "fracture", "hit"),
        ("truth", "edema", "poorly_located"),
        ("mark", "nodule_mass", "hit", 4),
        ("mark", "nodule_mass", "false", 4),
        ("mark", "nodule_mass", "duplicate", 4),
        ("mark", "edema", "false", 2),
        ("mark", "scoliosis", "false"),
        ("case", "no_abnormality", "false", 5),
        score=20,
    )
    second = play(
        factories.ImageFactory().case,
        ("truth", "nodule_mass", "hit"),
        ("case", "no_abnormality", "hit", 5),
        score=80,
    )
    assert first.pk < second.pk
    found = progress_of(trainee)
    assert (found.rule, found.rule_name) == ("clinical", "Clinical")
    assert found.rules == [RuleChoice("clinical", "Clinical", 2)]
    assert (found.cases, found.known, found.enough, found.scores) == (2, 0, False, [20, 80])
    assert found.sensitivity == rate_of(3, 6)
    assert found.false_marks == 3
    assert found.false_marks_per_case == rate(3, 2)
    assert [(one.slug, one.name, one.rate, one.false_marks) for one in found.labels] == [
        ("edema", "Pulmonary edema / vascular congestion", rate_of(0, 1), 1),
        ("nodule_mass", "Nodule / mass", rate_of(2, 4), 1),
        ("fracture", "Fracture", rate_of(1, 1), 0),
    ]
    assert [(one.level, one.rate) for one in found.sureness] == [
        (2, rate_of(0, 1)),
        (4, rate_of(1, 2)),
        (5, rate_of(1, 2)),
    ]


def test_a_rate_has_its_interval_or_is_none():
    found = rate_of(3, 4)
    assert (found.hits, found.total, found.value) == (3, 4, 0.75)
    assert (found.low, found.high) == pytest.approx((0.3006, 0.9544), abs=5e-5)  # Wilson's
    assert rate_of(0, 0) is None


def test_who_has_nothing_that_counts_has_no_figures(trainee, play, case):
    play(case, counts=False)
    play(case, truth_seen=True)
    play(case, truth_seen=True, mode=Mode.GUIDED)
    play(case, truth_seen=True, kind="report")
    play(case, truth_seen=True, state="submitted")
    keep(factories.UserFactory(), case)
    play(case, kind="report")
    found = progress_of(trainee)
    assert (found.rule, found.rule_name, found.rules) == ("clinical", "Clinical", [])
    assert (found.cases, found.known, found.scores, found.labels) == (0, 1, [], [])
    assert (found.sensitivity, found.false_marks, found.false_marks_per_case) == (None, 0, None)
    assert found.sureness == []


@pytest.mark.parametrize(("count", "enough"), [(19, False), (20, True)])
def test_twenty_cases_are_enough(trainee, play, case, count, enough):
    for _ in range(count):
        play(case)
    found = progress_of(trainee)
    assert (found.cases, found.enough) == (count, enough)


def test_a_hundred_scores_are_shown_the_last_of_them_last(trainee, play, case):
    for score in range(102):
        play(case, score=score)
    assert progress_of(trainee).scores == list(range(2, 102))


@pytest.mark.parametrize(
    ("played", "asked", "chosen", "name", "cases"),
    [
        (("clinical", "standard"), "", "clinical", "Clinical", 1),
        (("clinical", "standard"), "standard", "standard", "Standard", 1),
        (("clinical", "standard"), "radgame", "clinical", "Clinical", 1),
        (("radgame", "standard", "standard"), "", "standard", "Standard", 2),
        (("standard", "radgame", "radgame"), "", "radgame", "RadGame (IoU ≥ 0.25)", 2),
        (("standard", "radgame"), "", "standard", "Standard", 1),
        (("old",), "", "old", "old", 1),
    ],
)
def test_figures_are_of_one_rule(trainee, play, case, played, asked, chosen, name, cases):
    for rule in played:
        play(case, scorer=rule)
    found = progress_of(trainee, "localize", asked)
    assert (found.rule, found.rule_name, found.cases) == (chosen, name, cases)


def test_rules_are_listed_in_the_games_order_and_others_after_them(trainee, play, case):
    for rule in ("zeta", "radgame", "alpha", "standard", "clinical", "alpha"):
        play(case, scorer=rule)
    assert progress_of(trainee).rules == [
        RuleChoice("clinical", "Clinical", 1),
        RuleChoice("standard", "Standard", 1),
        RuleChoice("radgame", "RadGame (IoU ≥ 0.25)", 1),
        RuleChoice("alpha", "alpha", 2),
        RuleChoice("zeta", "zeta", 1),
    ]


def test_nothing_is_told_of_what_a_series_holds(trainee, play, case):
    other = factories.ImageFactory().case
    play(case, ("truth", "edema", "hit"), score=10)
    play(other, score=90)
    for one in (case, other):
        CaseRecord.objects.create(
            user=trainee, case=one, kind="localize", rule="clinical", is_normal=False,
            **dict.fromkeys(COUNTS, 0), score=1,
            attempt=one.attempts.get(), result=one.attempts.get().results.get(),
            submitted_at=timezone.now(),
        )  # fmt: skip
    hold(trainee, case)
    found = progress_of(trainee)
    assert (found.scores, found.labels) == ([90], [])
    assert [one.case for one in own_records(trainee, "clinical")] == [other]
    assert not own_records(trainee, "standard").exists()
    assert not own_records(trainee, "clinical", "report").exists()
    assert not own_records(factories.UserFactory(), "clinical").exists()


def test_games_are_named_in_their_order_once_something_is_scored(trainee, play, case):
    assert games_played(trainee) == []
    play(case, kind="report", state="submitted")
    keep(factories.UserFactory(), case)
    assert games_played(trainee) == []
    play(case, kind="report")
    assert games_played(trainee) == ["report"]
    play(case)
    play(case)
    assert games_played(trainee) == ["localize", "report"]


def test_the_last_ten_attempts_are_listed_newest_first(trainee, play, case):
    now = timezone.now()
    times = [3, 9, 1, 7, 7, 12, 4, 10, 2, 8, 5, 6]
    made = [play(case, submitted_at=now - minutes * MINUTE) for minutes in times]
    play(case, submitted_at=None)
    keep(factories.UserFactory(), case)
    expected = sorted(made, key=lambda one: (one.submitted_at, one.pk), reverse=True)[:10]
    assert [one.attempt for one in last_attempts(trainee)] == expected
    assert [one.held for one in last_attempts(trainee, {case.pk})] == [True] * 10
    assert [one.held for one in last_attempts(trainee, ())] == [False] * 10


# Series


def test_what_was_begun_is_listed_while_it_is_open_or_tells_nothing(trainee):
    now = timezone.now()
    for kind, said in (
        ("localize", {}),
        ("report", {"is_assigned": True, "closed_at": now, "told_from": now + MINUTE}),
        ("gone", {"closed_at": now, "told_from": now - MINUTE}),
        ("over", {"closed_at": now}),
    ):
        Series.objects.create(user=trainee, kind=kind, mode="test", **said)
    Series.objects.create(user=factories.UserFactory(), kind="other", mode="test")
    assert sorted(begun_series(trainee), key=lambda one: one.kind) == [
        Begun("localize", is_assigned=False, is_open=True),
        Begun("report", is_assigned=True, is_open=False),
    ]


@pytest.fixture
def series(trainee):
    made = Series.objects.create(user=trainee, kind="localize", mode="test")
    for position in (1, 2, 3):
        made.places.create(case=factories.ImageFactory().case, position=position)
    return made


def test_open_series_say_how_far_they_are(trainee, series, play):
    [first, second, third] = [place.case for place in series.places.all()]
    play(first, series=series)
    play(second, series=series, state="submitted")
    play(third, series=series, state="draft")
    Series.objects.create(user=trainee, kind="report", mode="test", is_assigned=True)
    Series.objects.create(user=trainee, kind="drills", mode="test", closed_at=timezone.now())
    found = open_series(trainee)
    assert found == {"localize": series}
    assert (found["localize"].size, found["localize"].answered) == (3, 2)


def test_an_open_series_tells_how_far_it_is_and_no_more(series, play, trainee):
    [first, second, _] = [place.case for place in series.places.all()]
    play(first, ("truth", "edema", "hit"), series=series)
    play(second, series=series, state="submitted")
    page = series_page(series)
    assert (page.size, page.answered, page.known, page.waiting) == (3, 2, 0, 1)
    assert (page.rows, page.mean, page.findings, page.left) == ([], None, [], "")
    assert (page.normal, page.left_alone) == (0, 0)


def test_a_closed_series_is_told_in_figures(series, play, trainee):
    cases = [place.case for place in series.places.all()]
    earlier = play(cases[2], kind="report")
    Attempt.objects.filter(pk=earlier.pk).update(started_at=series.started_at - MINUTE)
    again = play(cases[2], kind="report")
    Attempt.objects.filter(pk=again.pk).update(started_at=series.started_at - MINUTE)
    later = play(cases[1], kind="report")
    Attempt.objects.filter(pk=later.pk).update(started_at=series.started_at + MINUTE)
    play(
        cases[0],
        ("truth", "nodule_mass", "hit"),
        ("truth", "nodule_mass", "missed"),
        ("truth", "edema", "hit"),
        ("mark", "fracture", "false"),
        ("mark", "edema", "false"),
        series=series,
        score=40,
    )
    play(cases[1], ("mark", "fracture", "false"), series=series, score=70)
    play(cases[2], series=series, score=100)
    series.closed_at = timezone.now()
    series.save()
    page = series_page(series)
    assert (page.size, page.answered, page.known, page.waiting) == (3, 3, 1, 0)
    assert (page.mean, page.normal, page.left_alone) == (70.0, 2, 1)
    assert [(row.position, row.past.attempt.case) for row in page.rows] == list(enumerate(cases, 1))
    assert page.findings == [
        LabelCount("Nodule / mass", 2, 1, 0),
        LabelCount("Fracture", 0, 0, 2),
        LabelCount("Pulmonary edema / vascular congestion", 1, 1, 1),
    ]


@pytest.mark.parametrize(
    ("rules", "mean"),
    [(("clinical", "clinical"), 45.0), (("clinical", "standard"), None), ((), None)],
)
def test_scores_of_two_rules_have_no_mean(series, play, rules, mean):
    for place, rule in zip(series.places.all(), rules, strict=False):
        play(place.case, series=series, scorer=rule, score=10 + 70 * (place.position - 1))
    Series.objects.filter(pk=series.pk).update(closed_at=timezone.now())
    series.refresh_from_db()
    page = series_page(series)
    assert (page.mean, page.answered) == (mean, len(rules))
    assert [row.past is None for row in page.rows] == [len(rules) <= at for at in range(3)]


@pytest.mark.parametrize(
    ("seconds", "left"),
    [
        (None, ""),
        (725, "12 min 5 s"),
        (60, "1 min 0 s"),
        (59.6, "1 min 0 s"),
        (0.4, "0 min 0 s"),
        (-9, "0 min 0 s"),
    ],
)
def test_the_time_left_is_told_in_minutes_and_seconds(monkeypatch, seconds, left):
    noon = datetime(2026, 3, 4, 12, tzinfo=timezone.get_default_timezone())
    monkeypatch.setattr(timezone, "now", lambda: noon)
    ends = None if seconds is None else noon + timedelta(seconds=seconds)
    assert queries._left(Series(ends_at=ends)) == left
