"""Which films are wished and kept for whom, within bounds."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from attempts import services as attempts
from attempts.series import open_next
from cases.models import Case
from learning.drills import choosing
from learning.endless import stock, wishes
from learning.models import MadeFilm, Preferences
from ml.simulate.plans import RECIPES
from tests import factories
from tests.learning.endless.made import drill, film_for, wanting
from tests.learning.playing import answered, play

SETTLED = 1_000_003


def test_what_nobody_plays_goes_after_a_week(trainee):
    film_for(trainee)
    wanting(trainee, timedelta(days=6))
    assert stock.forget() == 0
    wanting(trainee, timedelta(days=8))
    assert stock.forget() == 1
    assert not Case.objects.exists()
    assert MadeFilm.objects.get().given_up_at


def test_a_film_in_a_series_or_begun_stays(trainee):
    begun, held = film_for(trainee), film_for(trainee)
    attempts.open_attempt(user=trainee, case=begun, kind="localize", mode="practice")
    drill(trainee, held)
    assert stock.forget() == 0
    assert Case.objects.count() == 2


def test_the_stock_is_bounded_and_the_oldest_unplayed_goes(
    trainee, settings, data, plenty, monkeypatch
):
    settings.MADE_FILMS_MB = 10
    other = factories.UserFactory(role="trainee")
    oldest, *_ = [film_for(other, size=2_000_000) for _ in range(4)]
    wanting(trainee), wanting(other)
    monkeypatch.setattr(stock, "AHEAD", {stock.ENDLESS: 4})
    film = stock.take_next()
    assert film.user == trainee
    assert not Case.objects.filter(pk=oldest.pk).exists()
    for case in Case.objects.all():
        play(other, case, marks=[])
    stock.put_back(film, "")
    MadeFilm.objects.filter(pk=film.pk).delete()
    MadeFilm.objects.filter(case__isnull=False).update(size=4_000_000)
    assert stock.take_next() is None, "what was played stays, and no more is made"


def test_nothing_goes_where_that_makes_no_room(trainee, settings, data, plenty, monkeypatch):
    settings.MADE_FILMS_MB = 10
    other = factories.UserFactory(role="trainee")
    waiting = [film_for(other) for _ in range(3)]
    for _ in range(3):
        play(other, film_for(other, size=4_000_000), marks=[])
    wanting(trainee)
    monkeypatch.setattr(stock, "AHEAD", {stock.ENDLESS: 4})
    assert stock.take_next() is None
    assert stock.unplayed().count() == len(waiting)


def test_two_workers_take_one_film_once(trainee, data):
    wanting(trainee)
    film = stock.take_next()
    stock.put_back(film, "")
    assert stock.take_next() == film
    assert stock.take_next() != film


def test_films_are_made_for_who_has_fewest_first(trainee, data):
    other = factories.UserFactory(role="trainee")
    film_for(trainee)
    wanting(other), wanting(trainee)
    assert [stock.take_next().user for _ in range(3)] == [other, trainee, other]


def test_wishes_follow_what_was_missed(db):
    # Chance goes by the number of the account: with any other one run in some hundreds is outside.
    trainee = factories.UserFactory(role="trainee", pk=SETTLED)
    asked = [wishes.next_wish(trainee, stock.ENDLESS, number) for number in range(1, 60)]
    assert asked == [wishes.next_wish(trainee, stock.ENDLESS, number) for number in range(1, 60)]
    normal = [one for one in asked if not one.recipe or one.recipe in wishes.pitfalls()]
    assert 8 <= len(normal) <= 35, "normal films are mixed in"
    assert len({one.recipe for one in asked}) > 10
    assert all(one.recipe in RECIPES for one in asked if one.recipe)
    near = [wishes.next_wish(trainee, stock.THRESHOLD, number) for number in range(1, 60)]
    assert {one.recipe for one in near} <= {"", "nodule", "mass"}
    assert all(wishes.LOWEST <= one.contrast <= wishes.HIGHEST for one in near if one.recipe)


def test_who_misses_nodules_gets_plainer_ones(db):
    trainee = factories.UserFactory(role="trainee", pk=SETTLED)

    def contrast() -> float:
        found = [wishes.next_wish(trainee, stock.THRESHOLD, number) for number in range(1, 30)]
        return float(np.median([one.contrast for one in found if one.contrast]))

    at_first = contrast()
    for right in [False] * 6:
        case = factories.ImageFactory().case
        factories.RegionFactory(finding__case=case, finding__label="nodule_mass")
        case.findings.update(conspicuity=at_first)
        answered(open_next(drill(trainee, case)), none=not right)
    assert contrast() > at_first


def test_find_the_nodule_uses_what_was_made(trainee):
    for _ in range(6):
        film_for(trainee, purpose=stock.THRESHOLD)
    without = film_for(trainee, purpose=stock.THRESHOLD, recipe="", contrast=None)
    without.findings.all().delete()
    endless = film_for(trainee)
    begun = choosing.begin(trainee, "nodule")
    cases = set(begun.places.values_list("case_id", flat=True))
    assert without.pk in cases and len(cases) == 7
    assert endless.pk not in cases
    assert Preferences.objects.get(user=trainee).films_wanted_at
    assert not stock.waiting(trainee, stock.THRESHOLD).exists()
