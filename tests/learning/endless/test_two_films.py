"""Drills on two films of one person: what they ask, tell and score, and where films come from."""

from __future__ import annotations

import pytest
from django.urls import reverse

from attempts.models import Attempt
from attempts.series import open_next
from cases import made
from cases.models import Case
from learning.drills import choosing, figures, pages, twice
from learning.endless import stock, wishes
from learning.models import MadeFilm, Preferences
from ml.simulate.changes import CHANGES, TECHNIQUES
from ml.simulate.plans import RECIPES
from ml.simulate.twice import SIZED
from tests import factories
from tests.learning.endless.made import film_for
from tests.learning.playing import answered, go_on
from tests.learning.test_skills import film
from tests.learning.two_films import two_films, with_prior

pytestmark = pytest.mark.any_database


def changes(trainee, *words: str):
    for word in words or CHANGES:
        two_films(trainee, word)
    return choosing.begin(trainee, "change")


def machines(trainee):
    for change in ("new", "gone", "unchanged", ""):
        two_films(trainee, change, "breath")
    return choosing.begin(trainee, "machine")


def test_what_became_of_the_finding_is_asked_and_told(trainee):
    drill = changes(trainee)
    seen = set()
    for _ in CHANGES:
        attempt = open_next(drill)
        change = attempt.case.made_film.change
        seen.add(change)
        attempt = answered(attempt, change=change)
        result = attempt.results.get()
        assert result.score == 100 and result.data["right"]
        told = pages.told(attempt, result)["review"]
        images = {row["image"] for row in told["truths"]}
        now, before = attempt.case.images.order_by("position")
        there = {"new": {now}, "gone": {before}}.get(change, {now, before})
        assert images == {image.public_id for image in there}
    assert seen == set(CHANGES)
    told, left = figures.of_series(drill).shares
    assert (told.rate.hits, told.rate.total, left.rate.total) == (4, 4, 1)


def test_a_wrong_word_is_no_hit(trainee):
    drill = changes(trainee, "new", "new", "new", "new")
    attempt = go_on(drill, change="larger")
    result = attempt.results.get()
    assert result.score == 0
    lines = pages.told(attempt, result)["review"]["lines"]
    assert "new" in lines[0] and "larger" in lines[1]


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ({"patient": True, "technique": "breath"}, 100),
        ({"patient": True, "technique": "rotation"}, 50),
        ({"patient": False, "technique": "breath"}, 50),
        ({"technique": "exposure"}, 0),
    ],
)
def test_the_patients_change_and_the_techniques_are_half_each(answer, score, trainee):
    drill = machines(trainee)
    for _ in range(4):
        attempt = open_next(drill)
        is_changed = attempt.case.made_film.change in ("new", "gone")
        said = dict(answer)
        if "patient" in answer:
            said["patient"] = "changed" if is_changed == answer["patient"] else "same"
        attempt = answered(attempt, **said)
        result = attempt.results.get()
        assert result.score == score
        assert pages.told(attempt, result)["review"]["lines"]
    assert figures.of_series(drill).films == 4


def test_the_page_shows_both_films_and_no_truth(trainee, client_of):
    attempt = open_next(machines(trainee))
    client = client_of(trainee)
    page = client.get(reverse("drill:attempt", args=[attempt.public_id])).content.decode()
    for image in attempt.case.images.all():
        assert image.public_id in page
    assert "earlier-" not in page
    answered(attempt, patient="same", technique="breath")
    page = client.get(reverse("drill:attempt", args=[attempt.public_id])).content.decode()
    assert "breathed in less" in page


def test_all_pages_of_one_drill_are_alike_whatever_the_truth(trainee, client_of):
    """Nothing but ids and addresses differs between films of unlike truth."""
    drill, client, pages_of = changes(trainee), client_of(trainee), []
    for _ in CHANGES:
        attempt = open_next(drill)
        page = client.get(reverse("drill:attempt", args=[attempt.public_id])).content.decode()
        pages_of.append(len(page))
        answered(attempt, change="new")
    assert max(pages_of) - min(pages_of) < 20, "as numbers of other lengths make"


def test_films_are_asked_for_where_there_are_too_few(trainee, client_of, monkeypatch, data, plenty):
    monkeypatch.setattr(stock.ct, "problem", lambda: "")
    monkeypatch.setattr(stock, "_wake", lambda: None)
    url = reverse("drill:begin", args=["change"])
    page = client_of(trainee).post(url, follow=True).content.decode()
    assert choosing.COMING in page
    assert not Attempt.objects.exists()
    assert Preferences.objects.get(user=trainee).pairs_wanted == ["change"]
    wanted = {purpose for _, _, purpose in stock.lacking()}
    assert wanted == {"endless", "change"}, "and not what nobody asked for"
    while stock.take_next():
        pass
    films = MadeFilm.objects.filter(purpose="change")
    assert films.count() == stock.AHEAD["change"]
    assert all(one.change in CHANGES and not one.technique for one in films)


def test_without_a_ct_the_drill_says_why_there_are_none(trainee, client_of, data):
    url = reverse("drill:begin", args=["machine"])
    page = client_of(trainee).post(url, follow=True).content.decode()
    assert "too few new films" in page and stock.ct.MISSING_SENTENCE in page


def test_films_of_one_drill_are_not_those_of_another_nor_of_others(trainee):
    drill = changes(trainee)
    two_films(trainee, "unchanged", "breath"), film_for(trainee)
    other = factories.UserFactory(role="trainee")
    assert drill.places.count() == len(CHANGES)
    assert choosing.begin(trainee, "machine") is None
    assert choosing.begin(other, "change") is None
    made.promote(case=two_films(trainee, "new"), by=factories.UserFactory(role="curator"))
    assert choosing.new_films(other, made=True, purpose="change").count() == 1


def test_two_films_of_the_library_serve(trainee):
    words = ("new", "increase", "improving", "stable")
    for word in words:
        case = film()
        with_prior(case)
        case.findings.update(progression=word)
    without = film()
    without.findings.update(progression="new")
    with_prior(film())
    drill = choosing.begin(trainee, "change")
    cases = [place.case for place in drill.places.all()]
    assert {twice.compared(case).change for case in cases} == {
        *("new", "larger", "smaller", "unchanged")
    }
    assert without not in cases


def test_what_nobody_knows_any_more_is_left_out(trainee):
    drill = changes(trainee)
    attempt = open_next(drill)
    next_case = drill.places.exclude(case=attempt.case).first().case
    for case in (attempt.case, next_case):
        factories.FindingFactory(case=case, label="consolidation")
        factories.FindingFactory(case=case, label="atelectasis")
    choosing.prepare(drill)
    assert not drill.places.filter(case=next_case).exists()
    assert twice.compared(Case.objects.get(pk=attempt.case_id)) is None


def test_wishes_give_nothing_away(trainee):
    asked = [wishes.next_wish(trainee, "change", number) for number in range(1, 200)]
    assert {one.change for one in asked} == set(CHANGES)
    for recipe in SIZED:
        assert {one.change for one in asked if one.recipe == recipe} == set(CHANGES)
    other = [wishes.next_wish(trainee, "machine", number) for number in range(1, 200)]
    assert {one.technique for one in other} == set(TECHNIQUES)
    changed = sum(one.change in ("new", "gone") for one in other) / len(other)
    assert 0.35 < changed < 0.65
    stays = [one for one in other if one.change not in ("new", "gone")]
    assert {one.change for one in stays} == {"", "unchanged"}
    assert all(bool(one.recipe) == bool(one.change) for one in other)
    assert all(one.recipe in RECIPES for one in [*asked, *other] if one.recipe)
