"""A learner's own figures, row by row, and every reason for which a case may come."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from attempts.games import game_of
from attempts.models import Attempt, Mode, Outcome, Result, Series
from cases.models import Case
from learning import adaptive, queries, services
from learning.models import CaseRecord, Chosen, Preferences
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
from learning.services import NextCase
from ml.psychometrics import proportion, rate
from tests import factories

pytestmark = pytest.mark.any_database

MINUTE = timedelta(minutes=1)
COUNTS = (
    *("truths", "hits", "search", "recognition", "precision", "overcalls"),
    *("sure", "sure_wrong"),
)


@pytest.fixture
def case(db):
    return factories.ImageFactory().case


@pytest.fixture
def play(trainee):
    """A scored attempt with a result and its outcomes: (about, label, outcome, …)."""

    def play(case, *outcomes, scorer="clinical", score=50.0, **said):
        result = {"counts": said.pop("counts", True)}
        given = {"user": trainee, "kind": "localize", "mode": "practice", "state": "scored"}
        given |= {"case_version": 1, "submitted_at": timezone.now(), "scored_at": timezone.now()}
        attempt = Attempt.objects.create(case=case, **given | said)
        made = Result.objects.create(
            attempt=attempt, scorer=scorer, scorer_version="1", score=score, data={}, **result
        )
        names = ("about", "label", "outcome", "confidence", "aided")
        Outcome.objects.bulk_create(
            Outcome(result=made, **dict(zip(names, row, strict=False))) for row in outcomes
        )
        return attempt

    return play


def hold(user, case, kind="report"):
    series = Series.objects.create(user=user, kind=kind, mode="test")
    series.places.create(case=case, position=1)
    return series


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
    share = proportion(3, 4)
    found = rate_of(3, 4)
    assert (found.hits, found.total) == (3, 4)
    assert (found.value, found.low, found.high) == (share.value, share.low, share.high)
    assert rate_of(0, 0) is None


def test_who_has_nothing_that_counts_has_no_figures(trainee, play, case):
    play(case, counts=False)
    play(case, truth_seen=True)
    play(case, truth_seen=True, mode=Mode.GUIDED)
    play(case, truth_seen=True, kind="report")
    play(case, truth_seen=True, state="submitted")
    play(case, user=factories.UserFactory())
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
    ("played", "asked", "chosen"),
    [
        (("clinical", "standard"), "", "clinical"),
        (("clinical", "standard"), "standard", "standard"),
        (("clinical", "standard"), "radgame", "clinical"),
        (("radgame", "standard", "standard"), "", "standard"),
        (("standard", "radgame", "radgame"), "", "radgame"),
        (("standard", "radgame"), "", "standard"),
        (("old",), "", "old"),
    ],
)
def test_figures_are_of_one_rule(trainee, play, case, played, asked, chosen):
    for rule in played:
        play(case, scorer=rule)
    found = progress_of(trainee, "localize", asked)
    assert (found.rule, found.cases) == (chosen, played.count(chosen))
    assert found.rule_name == game_of("localize").rule_names.get(chosen, chosen)


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
    play(case, user=factories.UserFactory())
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
    play(case, user=factories.UserFactory())
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


# Which case comes


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 unseen case"),
        (2, "2 unseen cases"),
        (500, "500 unseen cases"),
        (501, "more than 500 unseen cases"),
    ],
)
def test_unseen_cases_are_counted_in_words(count, said):
    assert services.in_words(count) == said


@pytest.mark.parametrize(
    ("said", "offered"),
    [
        ({}, True),
        ({"status": "draft"}, False),
        ({"status": "review"}, False),
        ({"status": "retired"}, False),
        ({"split": "held_out"}, False),
        ({"split": "test"}, True),
    ],
)
def test_what_is_published_and_not_held_out_is_played(trainee, said, offered):
    case = factories.CaseFactory(knows_findings=True, **said)
    assert (case in services.playable(trainee, "localize")) is offered
    practised = offered and said.get("split") != "test"
    assert (case in services._to_practise(trainee, "localize", only_real=True)) is practised
    assert services.has_cases(trainee) is (said.get("status") is None)


def test_cases_come_in_the_order_of_what_is_known_of_them(trainee, play):
    """New ones in the library's order, those of the other game, the one of longest ago."""
    now = timezone.now()
    cases = [factories.ImageFactory().case for _ in range(4)]
    choose = {"user": trainee, "kind": "localize", "strategy": "sequential"}

    def said(**more):
        found = services.next_case_for(**choose, **more)
        return found.case, found.reason, found.mode, found.strategy, found.why

    new = "New to you; {} left."
    assert said() == (cases[0], new.format("4 unseen cases"), "practice", "sequential", "")
    assert said(mode="second_look")[2] == "second_look"
    assert said(after=cases[0])[:2] == (cases[1], new.format("3 unseen cases"))
    play(cases[3], submitted_at=now - 9 * MINUTE)
    play(cases[0], submitted_at=now - 5 * MINUTE)
    assert said()[:2] == (cases[1], new.format("2 unseen cases"))
    for minutes, case in ((3, cases[1]), (7, cases[2])):
        play(case, kind="report", submitted_at=now - minutes * MINUTE)
    known = "You know this film already, and have not played it in this game."
    assert said() == (cases[2], known, "practice", "", "")
    assert said(after=cases[2])[0] == cases[1]
    for minutes, case in ((1, cases[1]), (8, cases[2])):
        play(case, submitted_at=now - minutes * MINUTE)
    longest = "You saw this one longest ago."
    assert said() == (cases[3], longest, "practice", "", "")
    assert said(after=cases[3])[0] == cases[2]
    Case.objects.exclude(pk=cases[3].pk).update(status="retired")
    only = "The only case there is."
    assert said(after=cases[3], mode="guided") == (cases[3], only, "guided", "", "")
    hold(trainee, cases[3])
    assert services.next_case_for(**choose, after=cases[3]) is None
    assert services.next_case_for(**choose) is None


def test_what_was_begun_comes_first_the_last_saved_of_its_mode(trainee):
    now = timezone.now()
    cases = [factories.ImageFactory().case for _ in range(4)]
    given = {"user": trainee, "kind": "localize", "case_version": 1}
    for minutes, case, mode in ((5, 0, "practice"), (3, 1, "second_look"), (9, 2, "practice")):
        saved = now - minutes * MINUTE
        Attempt.objects.create(**given, case=cases[case], mode=mode, saved_at=saved)
    Attempt.objects.create(**given, case=cases[3], mode="practice")
    series = hold(trainee, factories.ImageFactory().case)
    Attempt.objects.create(**given, case=cases[3], mode="test", saved_at=now, series=series)
    begun = "You began this case and have not submitted it."
    for mode, at, played in (
        (None, 1, "second_look"),
        ("practice", 0, "practice"),
        ("second_look", 1, "second_look"),
    ):
        found = services.next_case_for(trainee, "localize", mode=mode)
        assert (found.case, found.reason, found.mode) == (cases[at], begun, played)
        assert (found.strategy, found.why) == ("", "")
    assert services._begun_in(trainee) == {"localize"}
    assert services.next_case_for(trainee, "report") is None
    assert services.next_case_for(trainee, "localize", mode="guided").reason != begun


def test_a_case_is_chosen_by_skill_once_there_are_enough(trainee, case, monkeypatch):
    class Skills:
        cases = adaptive.BEGINS

    class Choice:
        told_before, told_after = "Before.", "After."

    Choice.case = case
    asked = []
    monkeypatch.setattr(services, "skills_of", lambda user, kind: Skills)
    monkeypatch.setattr(adaptive, "choose", lambda *given: asked.append(given) or Choice)
    found = services.next_case_for(trainee, "localize", mode="second_look")
    assert (found.case, found.reason, found.why) == (case, "Before.", "After.")
    assert (found.mode, found.strategy) == ("second_look", "adaptive")
    [(user, kind, cases, after, skills)] = asked
    assert (user, kind, [*cases], after, skills) == (trainee, "localize", [case], None, Skills)
    Skills.cases -= 1
    assert services.next_case_for(trainee, "localize").reason.startswith("New to you; 1")
    assert services.next_case_for(trainee, "localize", strategy="random").why == ""
    assert len(asked) == 1


def test_by_skill_real_films_are_chosen_from_while_any_is_new(trainee, play, monkeypatch):
    class Skills:
        cases = adaptive.BEGINS

    asked = []
    monkeypatch.setattr(services, "skills_of", lambda user, kind: Skills)
    monkeypatch.setattr(adaptive, "choose", lambda *given: asked.append({*given[2]}))
    made = factories.DatasetFactory(slug="simulated", simulated=True)
    simulated = factories.ImageFactory(case__dataset=made).case
    real = factories.ImageFactory().case
    services.next_case_for(trainee, "localize")
    play(real)
    services.next_case_for(trainee, "localize")
    assert asked == [{real}, {real, simulated}]


@pytest.mark.parametrize("chosen", ["adaptive", "random", "sequential"])
def test_the_learners_own_strategy_is_asked_for(trainee, case, chosen):
    assert services.strategy_of(trainee) == "adaptive"
    Preferences.objects.create(user=trainee, strategy=chosen)
    assert services.strategy_of(trainee) == chosen
    assert services.next_case_for(trainee, "localize").strategy == chosen


def test_very_many_left_out_are_asked_for_again(trainee, monkeypatch):
    cases = [factories.ImageFactory().case.pk for _ in range(9)]
    monkeypatch.setattr(services, "MOST_COUNTED", 3)
    monkeypatch.setattr(services, "MOST_READ", 5)
    services._new.cache_clear()
    for without, expected in (
        ((), cases[:4]),
        (cases[:1], cases[1:5]),
        (cases[:2], cases[2:6]),
        (cases[:5], cases[5:]),
        (cases[:8], cases[8:]),
        (cases, []),
    ):
        found = services._new_keys(trainee, "localize", without, only_real=True)
        assert found == expected
    services._new.cache_clear()


@pytest.fixture
def assigned(trainee, monkeypatch):
    monkeypatch.setattr(services.assigned, "page_of", lambda series: series.title != "nowhere")

    def assigned(title, **said):
        given = {"user": trainee, "kind": "localize", "mode": "practice", "is_assigned": True}
        return Series.objects.create(**given | {"tells_at_once": True, "title": title} | said)

    return assigned


def test_what_ends_first_is_set_first(trainee, assigned):
    now = timezone.now()
    for title, said in (
        ("nowhere", {"closes_at": now + MINUTE}),
        ("test", {"tells_at_once": False, "closes_at": now + MINUTE}),
        ("clock", {"case_seconds": 9, "closes_at": now + MINUTE}),
        ("limit", {"total_seconds": 9, "closes_at": now + MINUTE}),
        ("later", {"opens_at": now + MINUTE, "closes_at": now + 2 * MINUTE}),
        ("over", {"closes_at": now - MINUTE}),
        ("closed", {"closed_at": now, "closes_at": now + MINUTE}),
        ("report", {"kind": "report", "closes_at": now + MINUTE}),
        ("own", {"is_assigned": False, "closes_at": now + MINUTE}),
    ):
        assigned(title, **said)
    assert services.set_first(trainee, "localize") is None
    endless = assigned("endless")
    assert services.set_first(trainee, "localize") == endless
    assigned("endless too")
    assert services.set_first(trainee, "localize") == endless
    late = assigned("late", closes_at=now + 9 * MINUTE, opens_at=now - MINUTE)
    assert services.set_first(trainee, "localize") == late
    soon = assigned("soon", closes_at=now + 5 * MINUTE)
    assert services.set_first(trainee, "localize") == soon


def test_what_is_set_gives_its_name_to_the_reason(case):
    found = NextCase(lambda: case, "New to you.", "practice", "random", "why")
    series = Series(title="Week 1")
    told = services.with_what_is_set(found, series)
    assert told.reason == "“Week 1” was set for you, and comes first."
    assert (told.case, told.strategy, told.why) == (case, "random", "why")
    assert services.with_what_is_set(found, None) is found
    assert services.with_what_is_set(None, series) is None


@pytest.mark.parametrize(
    ("before", "strategy", "why", "kept"),
    [
        (None, "adaptive", "Because.", ("adaptive", "Because.")),
        ("Then.", "random", "Because.", ("random", "Because.")),
        ("Then.", "random", "", None),
        ("Then.", "", "", ("adaptive", "Then.")),
        (None, "random", "", None),
    ],
)
def test_why_a_case_came_is_kept(trainee, case, before, strategy, why, kept):
    other = {"user": factories.UserFactory(), "case": case, "kind": "localize"}
    Chosen.objects.create(**other, strategy="adaptive", why="Theirs.")
    own = {"user": trainee, "case": case, "kind": "localize"}
    if before:
        Chosen.objects.create(**own, strategy="adaptive", why=before)
    found = NextCase(lambda: case, "New.", "practice", strategy, why)
    services.keep_choice(trainee, "localize", found)
    assert Chosen.objects.filter(**own).values_list("strategy", "why").first() == kept
    assert Chosen.objects.filter(**other).count() == 1


CHOSEN = {"mode": "test", "cases": 3, "rule": "standard", "minutes": None, "seconds": 45}


def test_a_test_takes_new_films_then_those_of_longest_ago(trainee, play):
    now = timezone.now()
    old = [factories.ImageFactory().case for _ in range(3)]
    for minutes, case in zip((3, 9, 5), old, strict=True):
        play(case, kind="report", submitted_at=now - minutes * MINUTE)
    new = factories.ImageFactory().case
    begun = services.begin_series(trainee, "localize", CHOSEN)
    assert [place.case for place in begun.places.all()] == [new, old[1], old[2]]
    names = ("kind", "mode", "rule", "case_seconds", "ends_at")
    assert tuple(getattr(begun, name) for name in names) == (
        *("localize", "test", "standard", None, None),
    )


def test_without_a_case_nothing_is_begun(trainee):
    assert services.begin_series(trainee, "localize", CHOSEN) is None
    assert not services.has_cases(trainee)
