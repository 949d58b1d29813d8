"""The choice of mode on the start page, and the page of a series."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from attempts import services, tasks
from attempts.models import Attempt, Series
from attempts.queries import ways_on
from attempts.series import open_next, start_series
from attempts.views import HELD
from cases.models import Case
from cases.queries import first_images
from learning.services import next_case_for
from tests import factories
from tests.learning.playing import go_on, mark


@pytest.fixture
def client(client_of, trainee):
    return client_of(trainee)


def start(client, **form):
    return client.post("/start/localize/", form)


def answered(attempt):
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer={}, elapsed_ms=1000)
    tasks.score_attempt(attempt.pk)


def begun_before(attempt, *, seconds):
    past = timezone.now() - timedelta(seconds=seconds)
    Attempt.objects.filter(pk=attempt.pk).update(started_at=past)


def test_it_works(client, nodule_case):
    page = client.get("/home/").content.decode()
    for words in ("Next case", "Second look", "Guided", "Timed sprint", "Test"):
        assert words in page
    start(client, mode="test", cases=5, minutes=10, rule="radgame")
    series = Series.objects.get()
    assert (series.mode, series.rule) == ("test", "radgame")
    assert series.ends_at is not None


@pytest.mark.parametrize(
    ("mode", "address"),
    [("practice", "/localize/cases/{}/"), ("second_look", "/localize/cases/{}/?mode=second_look")],
)
def test_a_mode_of_single_cases_opens_a_case(client, nodule_case, mode, address):
    response = start(client, mode=mode)
    assert response.headers["Location"] == address.format(nodule_case.public_id)


def test_guided_shows_a_case_and_notes_it(client, trainee, nodule_case):
    response = start(client, mode="guided")
    attempt = Attempt.objects.get()
    assert response.headers["Location"] == f"/localize/attempts/{attempt.public_id}/"
    assert (attempt.mode, attempt.state) == ("guided", "submitted")
    other = factories.ImageFactory().case
    assert next_case_for(trainee, "localize").case == other, "a guided case counts as seen"


def test_a_guided_report_is_written(client, nodule_case):
    response = client.post("/start/report/", {"mode": "guided"})
    assert response.headers["Location"].endswith("?mode=guided")


def test_a_sprint_has_its_seconds_and_takes_unseen_cases_first(client, trainee, nodule_case):
    seen = factories.ImageFactory().case
    answered(
        services.open_attempt(
            user=trainee, case=seen, kind="localize", mode="practice", rule="standard"
        )
    )
    start(client, mode="sprint", cases=2, seconds=30)
    series = Series.objects.get()
    assert series.case_seconds == 30
    assert [place.case for place in series.places.all()] == [nodule_case, seen]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"mode": "cheating"},
        {"mode": "test", "cases": "0"},
        {"mode": "test", "cases": "1000"},
        {"mode": "test", "cases": "many"},
        {"mode": "test", "minutes": "-1"},
        {"mode": "sprint", "seconds": "1"},
        {"mode": "test", "rule": "unknown"},
    ],
)
def test_an_odd_choice_is_told_on_the_start_page(client, nodule_case, form):
    response = client.post("/start/localize/", form, follow=True)
    assert response.redirect_chain[-1][0] == "/home/"
    assert 'class="message error"' in response.content.decode()
    assert not Series.objects.exists()


def test_without_cases_nothing_is_started(client, db):
    for mode in ("test", "sprint", "guided", "second_look"):
        assert "No case is published yet" in start(client, mode=mode).content.decode()


def test_starting_twice_goes_on_with_the_first(client, nodule_case):
    start(client, mode="test", cases=1)
    start(client, mode="sprint", cases=1)
    assert Series.objects.get().mode == "test"


def test_the_start_page_goes_on_with_an_open_series(client, trainee, nodule_case):
    start(client, mode="test", cases=1)
    page = client.get("/home/").content.decode()
    assert "Test: 0 of 1 cases answered." in page
    assert "Go on" in page
    assert next_case_for(trainee, "localize") is None, "its only case is held"


def test_going_on_from_the_start_page_opens_the_next_case(client, trainee, nodule_case):
    start(client, mode="sprint", cases=1, seconds=30)
    series = Series.objects.get()
    page = client.get("/home/").content.decode()
    assert "The clock of the next one starts when it opens." in page
    [address] = re.findall(r'href="([^"]+)">Go on<', page)
    opened = client.get(address).headers["Location"]
    assert opened == f"/localize/attempts/{series.attempts.get().public_id}/"
    assert f'href="/series/{series.public_id}/">How far you are, or end it' in page


def test_results_come_together_with_their_mean(client, trainee, nodule_case):
    factories.ImageFactory()
    start(client, mode="test", cases=2)
    series = Series.objects.get()
    address = f"/series/{series.public_id}/"
    answered(open_next(series))
    page = client.get(address).content.decode()
    assert "1 of 2 cases answered." in page
    assert "<table" not in page
    begun_before(open_next(series), seconds=65)
    answered(open_next(series))
    page = client.get(address).content.decode()
    assert "Every case answered." in page
    assert page.count(">Case ") == 2
    assert "50 <" in page.replace("\n", " ")
    assert "65 s" in page


def test_a_series_whose_last_cases_were_retired_does_not_say_that_all_were_answered(
    client, trainee, nodule_case
):
    factories.ImageFactory()
    start(client, mode="test", cases=2)
    series = Series.objects.get()
    answered(open_next(series))
    Case.objects.update(status=Case.Status.RETIRED)
    page = client.get(f"/series/{series.public_id}/").content.decode()
    assert "The cases that were left were taken out of play. 1 of 2 cases answered." in page


def closed_test(client, trainee, nodule_case):
    """A test of the nodule case, with something overcalled, and of a normal film; its page."""
    normal = factories.ImageFactory().case
    series = start_series(
        user=trainee, kind="localize", mode="test", cases=[nodule_case, normal], rule="standard"
    )
    go_on(series, marks=[mark(nodule_case)], ticked=["edema"])
    go_on(series, normal=True)
    return series, f"/series/{series.public_id}/"


def test_results_name_their_cases_and_count_by_finding(client, trainee, nodule_case):
    series, address = closed_test(client, trainee, nodule_case)
    page = client.get(address).content.decode()
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Nodule / mass 1 of 1 found" in words
    assert "Cardiomegaly 0 of 1 found" in words
    assert "vascular congestion not there, overcalled in 1 case" in words
    assert "Normal films 1 of 1 with nothing overcalled" in words
    assert "Case 1 Nodule / mass ✓ found Cardiomegaly ◌ missed" in words
    assert "Case 2 Normal 100" in words
    assert page.count('/thumbnail"') == 2
    for attempt in series.attempts.all():
        assert f'href="/localize/attempts/{attempt.public_id}/"' in page


def test_results_of_many_cases_cost_the_queries_of_two(
    client, trainee, nodule_case, django_assert_num_queries
):
    _, address = closed_test(client, trainee, nodule_case)
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    of_two = len(captured)
    cases = [factories.ImageFactory().case for _ in range(12)]
    long = start_series(user=trainee, kind="localize", mode="test", cases=cases, rule="standard")
    while attempt := open_next(long):
        answered(attempt)
    client.get(f"/series/{long.public_id}/")
    with django_assert_num_queries(of_two):
        assert client.get(f"/series/{long.public_id}/").status_code == 200


def test_results_name_no_case_that_another_open_series_has(client, trainee, nodule_case):
    _, address = closed_test(client, trainee, nodule_case)
    start_series(user=trainee, kind="report", mode="test", cases=[nodule_case], rule="rules")
    page = client.get(address).content.decode()
    assert "Held back" in page and "Normal" in page
    assert not [word for word in ("Nodule", "Cardiomegaly", "congestion") if word in page]


def test_results_still_being_scored_are_waited_for(client, nodule_case):
    start(client, mode="test", cases=1)
    series = Series.objects.get()
    attempt = open_next(series)
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer={}, elapsed_ms=1)
    page = client.get(f"/series/{series.public_id}/").content.decode()
    assert "1 still being scored" in page
    assert "hx-trigger" in page


def test_ending_a_series_shows_what_was_not_reached(client, nodule_case):
    start(client, mode="test", cases=1)
    series = Series.objects.get()
    response = client.post(f"/series/{series.public_id}/end/", follow=True)
    page = response.content.decode()
    assert "Ended before the last case." in page
    assert "Not reached" in page


def test_a_result_of_a_series_leads_to_the_next_one(client, trainee, nodule_case):
    factories.ImageFactory()
    start(client, mode="test", cases=2)
    series = Series.objects.get()
    attempts = []
    while attempt := open_next(series):
        answered(attempt)
        attempts.append(attempt)
    first, last = (
        client.get(f"/localize/attempts/{attempt.public_id}/").content.decode()
        for attempt in attempts
    )
    assert f'href="/localize/attempts/{attempts[1].public_id}/"' in first
    assert f'href="/series/{series.public_id}/"' in last


def test_the_next_case_stays_in_the_mode(client, trainee, nodule_case):
    other = factories.ImageFactory().case
    response = client.get(f"/next/localize/?after={nodule_case.public_id}&mode=second_look")
    assert response.headers["Location"] == f"/localize/cases/{other.public_id}/?mode=second_look"


@pytest.mark.parametrize("mode", ["cheating", "guided", "sprint", "test"])
def test_what_is_begun_by_a_button_is_not_begun_by_an_address(client, nodule_case, mode):
    assert client.get(f"/next/localize/?mode={mode}").status_code == 404
    assert not Attempt.objects.exists()


def test_a_begun_case_goes_on_in_its_own_mode(client, trainee, nodule_case):
    attempt = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="second_look", rule="standard"
    )
    services.save_draft(attempt_id=attempt.pk, version=0, answer={})
    assert client.get("/next/localize/").headers["Location"].endswith("?mode=second_look")


JSON = {"Accept": "application/json"}


def images_ahead(client, series):
    return client.get(f"/series/{series.public_id}/onward/", headers=JSON).json()["images"]


def test_the_images_of_the_case_after_the_one_being_played_can_be_fetched_ahead(
    client, trainee, nodule_case
):
    factories.ImageFactory()
    start(client, mode="test", cases=2)
    series = Series.objects.get()
    playing = open_next(series)
    images = images_ahead(client, series)
    assert images == first_images(series.places.exclude(case=playing.case).get().case)
    assert series.attempts.count() == 1, "nothing was begun"
    answered(playing)
    open_next(series)
    assert images_ahead(client, series) == [], "there is no case after the last"


def test_a_case_with_a_clock_of_its_own_is_not_fetched_ahead(client, trainee, nodule_case):
    factories.ImageFactory()
    start(client, mode="sprint", cases=2, seconds=30)
    series = Series.objects.get()
    attempt = open_next(series)
    assert images_ahead(client, series) == []
    assert ways_on(attempt)["ahead"] is None


def test_what_a_page_that_is_thrown_away_would_have_told_is_told_later(client, nodule_case):
    start(client, mode="test", cases=1)
    series = Series.objects.get()
    away = client.get(f"/localize/cases/{nodule_case.public_id}/")
    assert away.headers["Location"] == f"/series/{series.public_id}/"
    asked = client.get(away.headers["Location"], headers={"X-Case-Page": "1"})
    assert HELD not in asked.content.decode()
    assert HELD in client.get(away.headers["Location"]).content.decode()


def test_a_series_page_holds_back_what_another_open_series_has(client, trainee, nodule_case):
    start(client, mode="test", cases=1)
    first = Series.objects.get()
    answered(open_next(first))
    client.get(f"/series/{first.public_id}/")
    start(client, mode="test", cases=1)
    page = client.get(f"/series/{first.public_id}/").content.decode()
    assert "Held back" in page
    assert "Mean score" not in page


def test_a_test_can_be_started_while_a_second_look_is_pending(client, trainee, nodule_case):
    look = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="second_look", rule="standard"
    )
    answered(look)
    look.refresh_from_db()
    assert (look.state, look.round) == ("draft", 2)
    assert start(client, mode="test", cases=5).status_code == 302
    assert Series.objects.get().places.count() == 1


def test_rule_radgame_gets_no_case_with_a_finding_that_nobody_boxed(client, trainee, nodule_case):
    unboxed = factories.ImageFactory().case
    factories.FindingFactory(case=unboxed, label="nodule_mass")
    start(client, mode="test", cases=5, rule="radgame")
    assert [place.case for place in Series.objects.get().places.all()] == [nodule_case]


@pytest.mark.parametrize("report", [{"language": "nl"}, {"findings": "", "impression": ""}])
def test_a_report_that_cannot_be_scored_is_not_offered(trainee, report):
    case = factories.ImageFactory().case
    factories.ReportFactory(case=case, **report)
    assert next_case_for(trainee, "report") is None
