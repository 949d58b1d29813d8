"""Every reason for which a case may come, and what is kept of it."""

from __future__ import annotations

from functools import cache, partial

import pytest
from django.utils import timezone

from attempts.models import Attempt, Series
from cases.models import Case
from learning import adaptive, services
from learning.models import Chosen, Preferences
from learning.services import NextCase
from tests import factories
from tests.learning.rows import MINUTE, hold, keep

pytestmark = pytest.mark.any_database


@pytest.fixture
def case(db):
    return factories.ImageFactory().case


@pytest.fixture
def play(trainee):
    """Keeps a scored attempt of the trainee."""
    return partial(keep, trainee)


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
    ("said", "open_", "offered", "practiced"),
    [
        ({}, True, True, True),
        ({"status": "draft"}, False, False, False),
        ({"status": "review"}, False, False, False),
        ({"status": "retired"}, False, False, False),
        ({"split": "held_out"}, True, False, False),
        ({"split": "test"}, True, True, False),
    ],
)
def test_what_is_published_and_not_held_out_is_played(trainee, said, open_, offered, practiced):
    case = factories.CaseFactory(knows_findings=True, **said)
    assert services.has_cases(trainee) is open_
    assert (case in services.playable(trainee, "localize")) is offered
    assert (case in services._to_practice(trainee, "localize", only_real=True)) is practiced


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
    monkeypatch.setattr(services, "_new", cache(services._new.__wrapped__))
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
