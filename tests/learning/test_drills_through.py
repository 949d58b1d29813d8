"""Seeing through the films of a drill: all of it once they are told of, before that no byte."""

from __future__ import annotations

import pytest
from django.urls import reverse

from attempts import series
from attempts.models import Attempt
from attempts.series import open_next
from cases.models import Case, Dataset
from learning.drills import choosing, pairs
from tests import factories
from tests.cases.test_behind import HEART, webp
from tests.feedback.test_seen_through import add_layers
from tests.learning.playing import answered
from tests.learning.test_skills import film

SAID = "See through"


@pytest.fixture
def client(client_of, trainee):
    return client_of(trainee)


@pytest.fixture
def pair(trainee) -> Attempt:
    for label in ("consolidation", "atelectasis"):
        for _ in range(2):
            add_layers(film(label))
    return open_next(choosing.begin(trainee, "pair"))


def other_of(attempt: Attempt) -> Case:
    question = pairs.question_of(attempt)
    assert question is not None
    return question.other


def addresses(attempt: Attempt) -> list[str]:
    """Every address of what lies behind both films."""
    found = []
    for case in (attempt.case, other_of(attempt)):
        asked = "" if case == attempt.case else f"?film={case.public_id}"
        ids = case.images.get().layers.exclude(kind="anatomy").values_list("public_id", flat=True)
        places = [("behind",), ("ct",), *(("layer", one) for one in ids)]
        found += [
            reverse(f"drill:{name}", args=[attempt.public_id, *more]) + asked
            for name, *more in places
        ]
    return found


def page_of(client, attempt: Attempt) -> str:
    return client.get(reverse("drill:attempt", args=[attempt.public_id])).content.decode()


def test_both_films_of_a_pair_are_seen_through_once_told(client, pair):
    hung = ["", f"?film={other_of(pair).public_id}"]
    first, second = hung if pairs.question_of(pair).is_first else hung[::-1]
    scored = answered(pair, film="first")
    page = page_of(client, scored)
    assert page.index("See through the first film") < page.index("See through the second film")
    here = reverse("drill:behind", args=[scored.public_id])
    assert page.index(f'"{here}{first}"') < page.index(f'"{here}{second}"')
    for address in addresses(scored):
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "no-store" in answer.headers["Cache-Control"]
    for case, asked in ((pair.case, ""), (other_of(pair), f"?film={other_of(pair).public_id}")):
        told = client.get(here + asked).json()
        assert told["image"] == case.images.get().public_id
        assert told["structures"] == [HEART]
        assert b"".join(client.get(told["layers"][0]["url"])) == webp()
        assert b"".join(client.get(client.get(told["ct"]).json()["url"])) == webp(90)


def test_before_the_answer_there_is_nothing_of_either_film(client, pair):
    for address in addresses(pair):
        answer = client.get(address)
        assert answer.status_code == 409
        assert b"heart" not in answer.content and b"nodule" not in answer.content
    page = page_of(client, pair)
    assert SAID not in page and "/behind" not in page


def test_while_a_test_holds_one_film_nothing_of_the_pair_is_told(client, trainee, pair):
    where = addresses(pair)
    scored = answered(pair, film="first")
    cases = [other_of(pair)]
    series.start_series(user=trainee, kind="localize", mode="test", cases=cases)
    assert [client.get(one).status_code for one in where] == [409] * len(where)
    assert SAID not in page_of(client, scored)


def test_no_film_but_those_that_were_handed_in_together(client, client_of, instructor, pair):
    where, other = addresses(pair), other_of(pair)
    scored = answered(pair, film="first")
    here = reverse("drill:behind", args=[scored.public_id])
    strange = add_layers(film("consolidation")).image.case
    for asked in (strange.public_id, "x", "0" * 500):
        assert client.get(here, {"film": asked}).status_code == 404
    picture = strange.images.get().layers.get(kind="finding").public_id
    assert client.get(reverse("drill:layer", args=[scored.public_id, picture])).status_code == 404
    theirs = [client_of(instructor).get(one).status_code for one in where]
    assert theirs == [404] * len(where)
    Attempt.objects.filter(case=other).delete()
    assert client.get(here, {"film": other.public_id}).status_code == 404


@pytest.mark.parametrize("is_guest", [True, False])
def test_a_film_whose_data_set_closed_since_is_seen_through_by_no_guest(
    client, trainee, pair, is_guest
):
    other = other_of(pair)
    where = [one for one in addresses(pair) if f"?film={other.public_id}" in one]
    Dataset.objects.update(access=Dataset.Access.OPEN)
    trainee.is_guest = is_guest
    trainee.save()
    answered(pair, film="first")
    assert {client.get(one).status_code for one in where} == {200}
    closed = factories.DatasetFactory(slug="closed", access=Dataset.Access.PRIVATE)
    Case.objects.filter(pk=other.pk).update(dataset=closed)
    assert {client.get(one).status_code for one in where} == {404 if is_guest else 200}


def test_a_drill_of_one_film_has_its_control_and_a_real_film_none(client, trainee):
    cases = [*(film() for _ in range(6)), *(film(None) for _ in range(6))]
    attempt = open_next(choosing.begin(trainee, "normal"))
    add_layers(next(one for one in cases if one == attempt.case))
    assert SAID not in page_of(client, attempt)
    scored = answered(attempt, glance="normal", free="normal")
    assert "See through the film" in page_of(client, scored)
    following = answered(open_next(scored.series), glance="normal", free="normal")
    assert SAID not in page_of(client, following)
