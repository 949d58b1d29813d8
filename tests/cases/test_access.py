"""Which data sets are open to whom: guests, who signed up by themselves, get open ones only."""

from __future__ import annotations

import uuid

import pytest

from accounts.models import User
from attempts import services, tasks
from attempts.series import open_next, start_series
from cases.models import Dataset
from cases.queries import image_url
from learning import daily
from learning.drills import choosing
from learning.services import begin_series, next_case_for
from tests import factories
from tests.learning.test_skills import film

CLOSED = [access for access in Dataset.Access.values if access != Dataset.Access.OPEN]


@pytest.fixture
def guest(db):
    return factories.UserFactory(role="trainee", is_guest=True)


@pytest.fixture(params=CLOSED)
def closed(request, nodule_case):
    Dataset.objects.update(access=request.param)
    nodule_case.dataset.refresh_from_db()
    return nodule_case


def addresses_of(case):
    image = case.images.get()
    thumbnail = f"/images/{image.public_id}/{image.token}/thumbnail"
    games = [f"/{kind}/cases/{case.public_id}/" for kind in ("localize", "report")]
    return [*games, image_url(image), thumbnail]


def test_who_signs_up_is_a_guest(client, settings, db):
    settings.SIGNUP_OPEN = True
    form = {"username": "newcomer", "password1": "long enough 1", "password2": "long enough 1"}
    assert client.post("/account/sign-up/", form).status_code == 302
    assert User.objects.get(username="newcomer").is_guest


def test_guests_play_open_data_sets(guest, nodule_case, client_of):
    Dataset.objects.update(access=Dataset.Access.OPEN)
    assert next_case_for(guest, "localize").case == nodule_case
    client = client_of(guest)
    for address in addresses_of(nodule_case):
        assert client.get(address).status_code == 200, address


def test_guests_are_offered_and_served_nothing_else(guest, closed, client_of):
    client = client_of(guest)
    for kind in ("localize", "report"):
        assert next_case_for(guest, kind) is None
        assert next_case_for(guest, kind, after=closed) is None
    for address in addresses_of(closed):
        assert client.get(address).status_code == 404, address
    ahead = client.get("/next/localize/", headers={"Accept": "application/json"})
    assert ahead.json() == {"images": []}


@pytest.mark.parametrize("role", ["trainee", "instructor", "curator"])
def test_accounts_of_the_institution_play_every_data_set(role, closed, client_of):
    user = factories.UserFactory(role=role)
    assert next_case_for(user, "localize").case == closed
    client = client_of(user)
    for address in addresses_of(closed):
        assert client.get(address).status_code == 200, address


def test_what_a_guest_played_is_closed_with_its_data_set(guest, nodule_case, client_of):
    Dataset.objects.update(access=Dataset.Access.OPEN)
    attempt = services.open_attempt(user=guest, case=nodule_case, kind="localize", mode="practice")
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer={}, elapsed_ms=1)
    tasks.score_attempt(attempt.pk)
    address = f"/localize/attempts/{attempt.public_id}/"
    assert client_of(guest).get(address).status_code == 200
    Dataset.objects.update(access=Dataset.Access.PRIVATE)
    for path in (address, f"{address}result", f"{address}draft", *addresses_of(nodule_case)):
        assert client_of(guest).get(path).status_code == 404, path


def test_a_case_that_closes_is_passed_over_in_a_guests_series(guest, nodule_case):
    Dataset.objects.update(access=Dataset.Access.OPEN)
    other = factories.CaseFactory(dataset=factories.DatasetFactory(slug="other", access="open"))
    series = start_series(user=guest, kind="localize", mode="test", cases=[nodule_case, other])
    Dataset.objects.filter(pk=nodule_case.dataset_id).update(access=Dataset.Access.PRIVATE)
    assert open_next(series).case == other


CHOSEN = {"rule": "standard", "cases": 5, "seconds": 60, "minutes": 10}


@pytest.mark.parametrize("mode", ["sprint", "test"])
def test_a_series_that_a_guest_begins_takes_open_data_sets_alone(mode, guest, closed):
    chosen = CHOSEN | {"mode": mode}
    assert begin_series(guest, "localize", chosen) is None
    other = factories.ImageFactory(case__dataset=factories.DatasetFactory(slug="o", access="open"))
    begun = begin_series(guest, "localize", chosen)
    assert [place.case for place in begun.places.all()] == [other.case]
    member = begin_series(factories.UserFactory(), "localize", chosen)
    assert {place.case for place in member.places.all()} == {closed, other.case}


@pytest.mark.parametrize("access", CLOSED)
def test_a_drill_has_films_of_open_data_sets_for_a_guest(access, guest):
    for label in [*["consolidation"] * 6, *[None] * 6]:
        film(label)
    Dataset.objects.update(access=access)
    assert choosing.begin(guest, "normal") is None
    assert choosing.begin(factories.UserFactory(), "normal") is not None
    Dataset.objects.update(access=Dataset.Access.OPEN)
    assert choosing.begin(guest, "normal") is not None


@pytest.mark.parametrize("access", CLOSED)
def test_the_film_of_the_day_is_everybodys(access, nodule_case):
    Dataset.objects.update(access=access)
    assert nodule_case not in daily._open_cases()
    Dataset.objects.update(access=Dataset.Access.OPEN)
    assert nodule_case in daily._open_cases()
