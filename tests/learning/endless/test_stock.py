"""Which films are wished and kept for whom, within bounds."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import TestCase

from attempts import services as attempts
from attempts.series import open_next
from cases import made
from cases.models import Case, Dataset
from learning.drills import choosing
from learning.endless import making, playing, stock, wishes
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


def test_what_a_killed_worker_left_counts_and_goes(trainee, settings, data, plenty):
    settings.MADE_FILMS_MB = 10
    wanting(trainee)
    film = stock.take_next()
    half = making.folder_of(film) / "images"
    half.mkdir(parents=True)
    (half / "one.jp2").write_bytes(bytes(5_000_000))
    lost = stock.work_folder() / "made-00000000"
    lost.mkdir()
    assert not stock._room_of_stock(), "5 MB lie there, and a film may take 6"
    stock.forget()
    assert half.exists() and not lost.exists(), "the film that is being made stays"
    stock.give_up(film, "Enough.")
    stock.forget()
    assert not half.exists()


def test_all_files_of_a_film_count_and_go_with_it(trainee):
    case = film_for(trainee)
    image = case.images.get()
    layer = image.layers.create(kind="bones", sha256="0" * 64)
    layer.file.save("bones.webp", ContentFile(b"bones"))
    name = layer.file.name
    assert name in made.files_of(case) and image.thumbnail.name in made.files_of(case)
    with TestCase.captureOnCommitCallbacks(execute=True):
        made.remove(case=case)
    assert not default_storage.exists(name)


def test_guests_have_films_as_long_as_these_are_open_to_them(trainee, data):
    guest = factories.UserFactory(role="trainee", is_guest=True)
    wanting(guest)
    assert list(stock.active()) == [guest]
    case = film_for(guest)
    Dataset.objects.filter(pk=case.dataset_id).update(slug=stock.SLUG, access="open")
    assert playing.next_film(guest).case == case
    Dataset.objects.filter(slug=stock.SLUG).update(access="registered")
    wanting(trainee)
    assert list(stock.active()) == [trainee], "none are made that could not be played"
    assert playing.next_film(guest) is None


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


def test_no_film_is_wished_that_passes_no_gate_or_comes_with_another():
    names = {name for named in wishes.recipes().values() for name in named}
    assert {"tension-left", "osteopenia", "tortuous-aorta"} <= names
    assert not names & {"aortic-calcification", "shift-left", "scoliosis", "cervical-ribs"}


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
