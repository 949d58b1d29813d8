"""The film of the day comes to who plays it in their one go, and nothing else gives it away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from classroom.services import enroll
from learning import adaptive, daily, difficulties, review, services
from learning.drills import choosing
from learning.models import DailyFilm, Preferences
from tests import factories
from tests.learning.playing import go_on, play
from tests.learning.test_skills import film

pytestmark = pytest.mark.usefixtures("one_day")


@pytest.fixture
def library(db):
    """Films open to all, normal ones and fractures by turns."""
    cases = [film(label) for label in ("fracture", None) * 6]
    for case in cases:
        case.dataset.access = "open"
        case.dataset.save()
    difficulties.keep_missing()
    return cases


@pytest.fixture
def of_today(library):
    return DailyFilm.objects.create(day=timezone.now().date(), case=library[0]).case


@pytest.mark.parametrize("strategy", ["adaptive", "random", "sequential"])
def test_practice_gives_every_film_but_that_of_the_day(trainee, of_today, library, strategy):
    given = set()
    for _ in range(len(library)):
        found = services.next_case_for(trainee, "localize", strategy=strategy)
        given.add(found.case)
        play(trainee, found.case)
    assert given == {*library} - {of_today}


def test_what_fits_is_chosen_among_other_films(trainee, of_today, library, monkeypatch):
    offered = []

    def choose(user, kind, cases, after, skills):
        offered.append(set(cases))

    monkeypatch.setattr(adaptive, "BEGINS", 0)
    monkeypatch.setattr(adaptive, "choose", choose)
    services.next_case_for(trainee, "localize", strategy="adaptive")
    assert offered == [{*library} - {of_today}]


def test_tests_decks_and_drills_leave_it_out(trainee, of_today, library):
    chosen = {"mode": "test", "cases": 50, "rule": "standard", "minutes": None, "seconds": 60}
    assert set(choosing.new_films(trainee)) == {*library} - {of_today}
    deck = review.label_deck(trainee, "localize", "fracture", timezone.now())
    test = services.begin_series(trainee, "localize", chosen)
    for series in (deck, test):
        keys = set(series.places.values_list("case", flat=True))
        assert keys
        assert of_today.pk not in keys
    assert test.places.count() == len(library) - 1
    assert daily.begin(trainee, timezone.now()).film.case == of_today


def test_it_comes_as_any_other_where_the_daily_film_is_switched_off(trainee, of_today, instructor):
    def gives(user):
        return services.free_cases(user, "localize").filter(pk=of_today.pk).exists()

    assert not gives(trainee)
    Preferences.objects.create(user=trainee, plays_daily_film=False)
    assert gives(trainee)
    assert not gives(instructor)
    cohort = factories.CohortFactory(instructors=[instructor], plays_game=False)
    learner = factories.UserFactory(role="trainee")
    assert not gives(learner)
    enroll(cohort, learner)
    assert gives(learner)


def test_the_day_after_it_comes_as_any_other(trainee, of_today):
    DailyFilm.objects.filter(case=of_today).update(day=timezone.now().date() - timedelta(days=1))
    assert services.free_cases(trainee, "localize").filter(pk=of_today.pk).exists()


def test_who_has_only_the_film_of_the_day_left_is_led_to_it(trainee, client_of, nodule_case):
    nodule_case.dataset.access = "open"
    nodule_case.dataset.save()
    client, page = client_of(trainee), reverse("learning:daily")
    daily.keep()
    assert not DailyFilm.objects.exists(), "of so few films none is kept before it is asked for"
    assert services.next_case_for(trainee, "localize").case == nodule_case
    daily.film_of(daily.day_of(timezone.now()))
    for address in (reverse("learning:home"), reverse("learning:next", args=["localize"])):
        said = client.get(address).content.decode()
        assert page in said
        assert "No case is published" not in said
    go = daily.begin(trainee, timezone.now())
    go_on(go.series)
    assert services.next_case_for(trainee, "localize") is None, "held until it is told"


def test_films_are_chosen_ahead_once(library):
    daily.keep()
    first = list(DailyFilm.objects.order_by("day").values_list("day", "case"))
    today = timezone.now().date()
    assert [day for day, _ in first] == [today, today + timedelta(days=1)]
    assert first[0][1] != first[1][1]
    daily.keep()
    assert list(DailyFilm.objects.order_by("day").values_list("day", "case")) == first


def test_it_costs_choosing_the_same_however_many_were_played(
    trainee, of_today, django_assert_max_num_queries
):
    counts = []
    for _ in range(3):
        with django_assert_max_num_queries(30) as counted:
            services.next_case_for(trainee, "localize", strategy="random")
        counts.append(len(counted))
        play(trainee, services.next_case_for(trainee, "localize", strategy="random").case)
    assert len(set(counts)) == 1
    with django_assert_max_num_queries(1):
        daily.kept_apart(trainee, Preferences(user=trainee))
    with django_assert_max_num_queries(3):
        daily.kept_apart(trainee)


def test_a_film_that_is_held_out_before_its_day_is_replaced(library):
    daily.keep()
    tomorrow = timezone.now().date() + timedelta(days=1)
    film = DailyFilm.objects.get(day=tomorrow)
    film.case.split = film.case.Split.HELD_OUT
    film.case.save()
    daily.keep()
    assert DailyFilm.objects.get(day=tomorrow).case != film.case
