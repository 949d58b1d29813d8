"""The next case, and a learner's own figures."""

from __future__ import annotations

import re
import uuid

import pytest

from attempts import modes, tasks
from attempts import services as attempts
from attempts.series import start_series
from cases import queries as queries_of_cases
from learning import queries, services
from tests import factories


def play(user, case):
    attempt = attempts.open_attempt(
        user=user, case=case, kind="localize", mode="practice", rule="standard"
    )
    attempts.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer={}, elapsed_ms=1)
    tasks.score_attempt(attempt.pk)
    return attempt


def test_it_works(trainee, nodule_case):
    found = services.next_case_for(trainee, "localize")
    assert found.case == nodule_case
    assert found.reason == "New to you; 1 unseen case left."


def test_a_begun_case_comes_first(trainee, nodule_case):
    factories.ImageFactory()
    attempt = attempts.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )
    attempts.save_draft(attempt_id=attempt.pk, version=0, answer={"ticked": ["cardiomegaly"]})
    found = services.next_case_for(trainee, "localize")
    assert found.case == nodule_case
    assert "have not submitted" in found.reason


def test_unseen_cases_come_before_seen_ones(trainee, nodule_case):
    play(trainee, nodule_case)
    other = factories.ImageFactory().case
    assert services.next_case_for(trainee, "localize").case == other


def test_when_all_are_seen_the_one_seen_longest_ago_comes(trainee, nodule_case):
    other = factories.ImageFactory().case
    play(trainee, nodule_case)
    play(trainee, other)
    assert services.next_case_for(trainee, "localize").case == nodule_case


def test_the_next_case_stays_the_same_until_one_more_is_seen(trainee):
    factories.ImageFactory.create_batch(12)
    first = services.next_case_for(trainee, "localize").case
    assert all(services.next_case_for(trainee, "localize").case == first for _ in range(5))
    play(trainee, first)
    following = services.next_case_for(trainee, "localize", after=first).case
    assert following != first


def test_asked_for_json_the_next_case_names_its_images_only(trainee, client_of):
    case = factories.ImageFactory().case
    factories.ImageFactory(case=case, view="LATERAL")
    address = "/next/localize/?after=nothing"
    answer = client_of(trainee).get(address, headers={"Accept": "application/json"})
    urls = [queries_of_cases.image_url(image) for image in case.images.all()]
    assert answer.json() == {"images": urls}
    assert not case.attempts.exists()
    assert client_of(trainee).get(address).status_code == 302


def test_the_case_just_played_does_not_come_again_at_once(trainee, nodule_case):
    other = factories.ImageFactory().case
    play(trainee, other)
    play(trainee, nodule_case)
    assert services.next_case_for(trainee, "localize", after=nodule_case).case == other


@pytest.mark.parametrize("status", ["draft", "review", "retired"])
def test_only_published_cases_are_played(trainee, nodule_case, client_of, status):
    nodule_case.status = status
    nodule_case.save()
    assert services.next_case_for(trainee, "localize") is None
    page = client_of(trainee).get("/home/").content.decode()
    assert "No case is published yet" in page


def test_home_with_cases_does_not_say_that_there_are_none(trainee, nodule_case, client_of):
    page = client_of(trainee).get("/home/").content.decode()
    assert "Next case" in page
    assert "No case is published yet" not in page


def test_figures_are_not_shown_before_they_mean_something(trainee, nodule_case, client_of):
    play(trainee, nodule_case)
    page = client_of(trainee).get("/progress/").content.decode()
    assert "mostly chance" in page
    assert "Sensitivity" not in page
    assert "what I missed" in page, "mistakes can be practiced at once"
    counts = re.sub(r"<[^>]*>", "", page)
    assert "Found0 of 2 shown" in counts
    assert "False marks0" in counts


def test_every_rate_of_the_page_has_its_interval(trainee, nodule_case, client_of, monkeypatch):
    monkeypatch.setattr(queries, "ENOUGH_CASES", 1)
    play(trainee, nodule_case)
    page = re.sub(r"<[^>]*>", "", client_of(trainee).get("/progress/").content.decode())
    assert "0.00 (0.00 to 3.69)" in page, "no event: Garwood's upper limit of a mean"


def test_rates_have_their_wilson_interval():
    rate = queries.rate_of(8, 10)
    assert (rate.low, rate.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert queries.rate_of(0, 0) is None


def test_figures_count_hits_misses_and_false_marks(trainee, nodule_case):
    play(trainee, nodule_case)
    progress = queries.progress_of(trainee)
    assert progress.cases == 1
    assert progress.sensitivity.hits == 0
    assert progress.sensitivity.total == 2
    assert progress.false_marks_per_case.value == 0


def test_the_strip_links_every_attempt(trainee, nodule_case, client_of):
    attempt = play(trainee, nodule_case)
    page = client_of(trainee).get("/home/").content.decode()
    assert f"/localize/attempts/{attempt.public_id}/" in page


def test_the_strip_says_what_each_case_was(trainee, nodule_case, client_of):
    play(trainee, nodule_case)
    play(trainee, factories.ImageFactory().case)
    page = client_of(trainee).get("/home/").content.decode()
    assert 'title="Nodule / mass: missed; Cardiomegaly: missed"' in page
    assert 'title="Normal"' in page
    assert re.findall(r'<span class="what"[^>]*>(.*?)</span>', page) == ["Normal", "Nodule / mass"]
    assert 'href="/past/"' in page


def test_the_strip_names_the_gravest_finding(trainee, nodule_case, client_of):
    factories.FindingFactory(case=nodule_case, label="pneumothorax", significance="urgent")
    play(trainee, nodule_case)
    assert queries.last_attempts(trainee)[0].name == "Pneumothorax"


def test_the_strip_holds_back_what_an_open_test_has(trainee, nodule_case, client_of):
    play(trainee, nodule_case)
    start_series(user=trainee, kind="report", mode="test", cases=[nodule_case], rule="rules")
    page = client_of(trainee).get("/home/").content.decode()
    assert "Held back" in page
    assert "Nodule" not in page and "points" not in page


def test_a_finding_marked_twice_is_no_false_mark(trainee, nodule_case):
    image = nodule_case.images.get().public_id
    mark = {"label": "nodule_mass", "image": image, "frame": 0, "box": [0.6, 0.2, 0.7, 0.3]}
    attempt = attempts.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )
    answer = {"marks": [mark | {"id": "a"}, mark | {"id": "b"}], "ticked": ["edema"]}
    attempts.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1)
    tasks.score_attempt(attempt.pk)
    assert queries.progress_of(trainee).false_marks_per_case.value == 1, (
        "the tick, and nothing else"
    )


def test_a_film_known_from_one_game_is_not_new_in_the_other(trainee, nodule_case):
    play(trainee, nodule_case)
    other = factories.ReportFactory(case=factories.ImageFactory().case, findings="Normal.").case
    found = services.next_case_for(trainee, "report")
    assert (found.case, found.reason) == (other, "New to you; 1 unseen case left.")
    found = services.next_case_for(trainee, "report", after=other)
    assert found.case == nodule_case
    assert found.reason == "You know this film already, and have not played it in this game."


def test_a_film_of_which_a_hint_was_given_is_not_new(trainee, nodule_case):
    draft = attempts.open_attempt(user=trainee, case=nodule_case, kind="localize", mode="practice")
    modes.give_hint(attempt_id=draft.pk, request={})
    found = services.next_case_for(trainee, "report")
    assert (found.case, found.reason[:13]) == (nodule_case, "You know this")


CHOSEN = {"mode": "test", "cases": 2, "rule": "rules", "minutes": None, "seconds": 60}


def test_a_test_draws_films_that_are_known_from_the_other_game_last(trainee, nodule_case):
    play(trainee, nodule_case)
    new = [
        factories.ReportFactory(case=factories.ImageFactory().case, findings="Normal.").case
        for _ in range(2)
    ]
    begun = services.begin_series(trainee, "report", CHOSEN)
    assert set(begun.cases.all()) == set(new)
    assert queries.series_page(begun).known == 0


def test_a_test_says_how_many_of_its_films_were_known(trainee, nodule_case, client_of):
    play(trainee, nodule_case)
    factories.ReportFactory(case=factories.ImageFactory().case, findings="Normal.")
    begun = services.begin_series(trainee, "report", CHOSEN)
    assert begun.cases.count() == 2
    page = client_of(trainee).get(f"/series/{begun.public_id}/").content.decode()
    assert "1 of these films you have met before" in page and "it enters no figure" in page


def test_progress_counts_no_film_whose_truth_was_known(trainee, nodule_case, client_of):
    report = attempts.open_attempt(user=trainee, case=nodule_case, kind="report", mode="practice")
    attempts.submit(
        attempt_id=report.pk, submission=uuid.uuid4(), answer={"text": "Normal."}, elapsed_ms=1
    )
    tasks.score_attempt(report.pk)
    play(trainee, nodule_case)
    progress = queries.progress_of(trainee)
    assert (progress.cases, progress.known) == (0, 1)
    page = client_of(trainee).get("/progress/").content.decode()
    assert "1 more case you played when you knew the film already" in page
