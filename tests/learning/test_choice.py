"""Which case is chosen where few are left, and in what order a test asks for them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from attempts import series
from cases.services import merge_cases
from learning import services
from tests import factories
from tests.learning.playing import play

CHOSEN = {"mode": "test", "cases": 12, "rule": "standard", "minutes": None, "seconds": 60}


@pytest.fixture
def twelve(db):
    return [factories.ImageFactory().case for _ in range(12)]


def simulated_case():
    dataset = factories.DatasetFactory(slug="simulated", simulated=True)
    return factories.ImageFactory(case__dataset=dataset).case


def test_the_only_case_comes_again_when_there_is_no_other(trainee, nodule_case):
    play(trainee, nodule_case)
    found = services.next_case_for(trainee, "localize", after=nodule_case)
    assert (found.case, found.reason) == (nodule_case, "The only case there is.")


def test_the_only_case_does_not_come_while_an_open_test_holds_it(trainee, nodule_case):
    play(trainee, nodule_case)
    test = series.start_series(user=trainee, kind="report", mode="test", cases=[nodule_case])
    assert services.next_case_for(trainee, "localize", after=nodule_case) is None
    series.end(test)
    assert services.next_case_for(trainee, "localize", after=nodule_case).case == nodule_case


def test_a_retired_case_is_not_the_only_one_there_is(trainee, nodule_case):
    play(trainee, nodule_case)
    nodule_case.status = "retired"
    nodule_case.save()
    assert services.next_case_for(trainee, "localize", after=nodule_case) is None


def test_a_film_played_before_it_was_merged_is_none_that_was_not_played(
    trainee, curator, nodule_case
):
    play(trainee, nodule_case)
    other = factories.ImageFactory().case
    merge_cases(case=nodule_case, into=other, by=curator)
    found = services.next_case_for(trainee, "localize")
    assert (found.case, found.reason) == (other, "You saw this one longest ago.")


def test_learners_do_not_all_begin_with_the_same_case(twelve):
    learners = [factories.UserFactory(role="trainee") for _ in range(8)]
    assert len({services.next_case_for(user, "localize").case for user in learners}) > 1


def test_a_test_asks_every_learner_in_another_order(twelve):
    orders = set()
    for _ in range(3):
        user = factories.UserFactory(role="trainee")
        begun = services.begin_series(user, "localize", CHOSEN)
        order = tuple(begun.places.values_list("case_id", flat=True))
        assert sorted(order) == sorted(case.pk for case in twelve)
        orders.add(order)
    assert len(orders) == 3


def test_of_very_many_unseen_cases_any_comes_and_stays_until_one_is_met(
    trainee, nodule_case, monkeypatch
):
    monkeypatch.setattr(services, "MOST_COUNTED", 2)
    cases = {nodule_case, *factories.CaseFactory.create_batch(4)}
    found = services.next_case_for(trainee, "localize")
    assert found.reason == "New to you; more than 2 unseen cases left."
    assert found.case in cases
    assert services.next_case_for(trainee, "localize").case == found.case
    learners = factories.UserFactory.create_batch(12)
    assert len({services.next_case_for(user, "localize").case for user in learners}) > 1


@pytest.mark.parametrize("strategy", ["adaptive", "random", "sequential"])
def test_real_films_come_before_simulated_ones(trainee, strategy):
    made = simulated_case()
    real = factories.ImageFactory().case
    found = services.next_case_for(trainee, "localize", strategy=strategy)
    assert (found.case, found.reason) == (real, "New to you; 1 unseen case left.")
    play(trainee, real)
    found = services.next_case_for(trainee, "localize", strategy=strategy)
    assert (found.case, found.reason) == (made, "New to you; 1 unseen case left.")


def test_real_films_come_first_in_a_test_too(trainee):
    made = {simulated_case().pk for _ in range(6)}
    real = {factories.ImageFactory().case.pk for _ in range(6)}
    begun = services.begin_series(trainee, "localize", CHOSEN)
    order = list(begun.places.values_list("case_id", flat=True))
    assert (set(order[:6]), set(order[6:])) == (real, made)


def test_the_start_page_says_where_all_films_are_simulated(client, trainee):
    client.force_login(trainee)
    assert b"simulated" not in client.get("/home/").content
    made = simulated_case()
    said = client.get("/home/").content.decode()
    assert "All films here are simulated." in said
    assert "fetch_cases" not in said
    trainee.is_staff = True
    trainee.save()
    assert "fetch_cases" in client.get("/home/").content.decode()
    factories.ImageFactory()
    assert "are simulated" not in client.get("/home/").content.decode()
    assert services.next_case_for(trainee, "localize").case != made


def test_a_test_is_timed_as_a_whole_in_minutes_and_a_sprint_case_by_case(trainee, twelve):
    before = timezone.now()
    test = services.begin_series(trainee, "localize", {**CHOSEN, "minutes": 10})
    length = timedelta(minutes=10)
    assert before + length <= test.ends_at <= timezone.now() + length
    assert test.case_seconds is None
    series.end(test)
    chosen = {**CHOSEN, "mode": "sprint", "minutes": 10}
    sprint = services.begin_series(trainee, "localize", chosen)
    assert (sprint.ends_at, sprint.case_seconds) == (None, 60)
