"""The page of past cases: all that was submitted, narrowed, and nothing of what is held."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from attempts import modes, services, tasks
from attempts.models import Attempt
from attempts.series import end, start_series
from learning.history import attempts_of, choices
from tests import factories
from tests.learning.playing import NODULE, go_on, mark, play

HITS_ALL = {"ticked": ["cardiomegaly"]}


@pytest.fixture
def client(client_of, trainee):
    return client_of(trainee)


def page_of(client, **query):
    return client.get("/past/", query).content.decode()


def rows(page):
    """The text of each row."""
    found = re.findall(r'<li class="past">(.*?)</li>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


def narrowed(user, **query):
    return list(attempts_of(user, choices(user, query)))


def options(user, field):
    return dict(next(choice.options for choice in choices(user, {}) if choice.field == field))


def found_all(user, case, **how):
    return play(user, case, marks=[mark(case)], ticked=["cardiomegaly"], **how)


def test_it_works(client, trainee, nodule_case):
    attempt = play(trainee, nodule_case, marks=[mark(nodule_case)], ticked=["edema"])
    page = page_of(client)
    [row] = rows(page)
    assert "Nodule / mass ✓ found" in row
    assert "Cardiomegaly ◌ missed" in row
    assert "edema / vascular congestion ✕ overcalled" in row
    assert "Localize · Practice" in row
    assert "33 of 100 points" in row
    assert f'href="/localize/attempts/{attempt.public_id}/"' in page
    image = nodule_case.images.get()
    assert f'href="/images/{image.public_id}/{image.token}/thumbnail"' in page


def test_nothing_played_says_so_and_leads_on(client):
    page = page_of(client)
    assert "Nothing played yet" in page and 'href="/home/"' in page


def test_every_page_leads_to_them(client):
    navigation = client.get("/progress/").content.decode().split("<nav")[1].split("</nav>")[0]
    assert '<a href="/past/">Past cases</a>' in navigation


def test_every_game_and_mode_stands_there_newest_first(client, trainee, nodule_case):
    play(trainee, nodule_case)
    play(trainee, nodule_case, "report", text="Cardiomegaly.")
    shown = modes.open_guided(user=trainee, case=nodule_case, kind="localize", rule="standard")
    tasks.score_attempt(shown.pk)
    found = rows(page_of(client))
    assert ["Guided" in found[0], "Report" in found[1], "Practice" in found[2]] == [True] * 3
    assert "missed" not in found[0], "nothing was asked for"
    assert rows(page_of(client, order="oldest")) == found[::-1]


def test_a_film_that_was_known_is_marked(client, trainee, nodule_case):
    play(trainee, nodule_case)
    play(trainee, nodule_case)
    known, first = rows(page_of(client))
    assert "you knew the film before" in known
    assert "you knew the film before" not in first


def test_a_case_that_was_retired_stays(client, trainee, nodule_case):
    play(trainee, nodule_case)
    nodule_case.status = "retired"
    nodule_case.save()
    page = page_of(client)
    assert "Nodule / mass" in page
    [thumbnail] = re.findall(r'<image href="([^"]+)"', page)
    assert client.get(thumbnail).status_code == 200


def test_a_thumbnail_has_the_true_proportion_of_its_image(client, trainee, nodule_case):
    nodule_case.images.update(width=60, height=40, pixel_aspect=2.5)
    play(trainee, nodule_case)
    [drawing] = re.findall(r'<svg class="thumbnail".*?</svg>', page_of(client))
    assert 'viewBox="0 0 60 100"' in drawing
    assert 'width="60" height="100" preserveAspectRatio="none"' in drawing


def test_what_was_told_stays_when_the_case_is_changed(client, trainee, nodule_case):
    play(trainee, nodule_case)
    nodule_case.findings.all().delete()
    [row] = rows(page_of(client))
    assert "Nodule / mass" in row and "Cardiomegaly" in row


def test_a_draft_stands_nowhere_and_a_second_look_waits(client, trainee, nodule_case):
    services.open_attempt(user=trainee, case=nodule_case, kind="localize", mode="practice")
    assert rows(page_of(client)) == []
    look = play(trainee, nodule_case, mode="second_look")
    assert look.state == Attempt.State.DRAFT
    [row] = rows(page_of(client))
    assert row.startswith("Second look") and "Nodule" not in row and "points" not in row
    play(trainee, nodule_case, mode="second_look", **HITS_ALL)
    [row] = rows(page_of(client))
    assert "0 of 100 points second look 50" in row


def test_a_score_is_not_shown_while_the_second_look_is_scored(client, trainee, nodule_case):
    look = play(trainee, nodule_case, mode="second_look")
    Attempt.objects.filter(pk=look.pk).update(state="submitted")
    [row] = rows(page_of(client))
    assert "Being scored" in row and "points" not in row
    assert "points" not in client.get("/home/").content.decode()


def test_one_whose_scoring_failed_says_why(client, trainee, nodule_case):
    attempt = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice"
    )
    Attempt.objects.filter(pk=attempt.pk).update(
        state="failed", problem="The image is gone.", submitted_at=attempt.started_at
    )
    [row] = rows(page_of(client))
    assert "Not scored" in row and "The image is gone." in row


def test_nobody_elses_cases_stand_there(client, nodule_case):
    play(factories.UserFactory(role="trainee"), nodule_case)
    assert rows(page_of(client)) == []


# Narrowing


@pytest.fixture
def played(trainee, nodule_case):
    """All found, all missed with something overcalled, a normal film, and a report."""
    other = factories.ImageFactory().case
    factories.FindingFactory(case=other, label="fracture", significance="actionable")
    normal = factories.ImageFactory().case
    written = factories.ReportFactory(
        case=factories.ImageFactory().case, findings="Small left pleural effusion."
    ).case
    return {
        "found": found_all(trainee, nodule_case),
        "missed": play(trainee, other, ticked=["edema"]),
        "normal": play(trainee, normal, mode="second_look", normal=True),
        "report": play(trainee, written, "report", text="Small left pleural effusion."),
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, "found missed normal report"),
        ({"game": "localize"}, "found missed normal"),
        ({"game": "report"}, "report"),
        ({"mode": "second_look"}, "normal"),
        ({"finding": "nodule_mass"}, "found"),
        ({"finding": "pleural_effusion"}, "report"),
        ({"finding": "edema"}, "found missed normal report"),
        ({"finding": "normal"}, "normal"),
        ({"result": "good"}, "found normal report"),
        ({"result": "middle"}, ""),
        ({"result": "low"}, "missed"),
        ({"result": "missed"}, "missed"),
        ({"result": "overcalled"}, "missed"),
        ({"finding": "fracture", "result": "missed"}, "missed"),
        ({"finding": "nodule_mass", "result": "missed"}, ""),
        ({"game": "localize", "result": "good", "finding": "normal"}, "normal"),
        (
            {"game": "chess", "mode": "x", "finding": "\0", "result": "?"},
            "found missed normal report",
        ),
    ],
)
def test_the_list_is_narrowed(trainee, played, query, names):
    assert set(narrowed(trainee, **query)) == {played[name] for name in names.split()}


def test_what_was_missed_is_the_finding_that_is_chosen(trainee, nodule_case):
    play(trainee, nodule_case, marks=[mark(nodule_case)])
    assert narrowed(trainee, finding="cardiomegaly", result="missed")
    assert not narrowed(trainee, finding="nodule_mass", result="missed")


def test_a_score_is_in_the_band_that_is_printed(client, trainee, nodule_case):
    attempt = found_all(trainee, nodule_case)
    attempt.results.update(score=79.6)
    assert narrowed(trainee, result="good") == [attempt]
    assert "80 of 100 points" in rows(page_of(client))[0]
    attempt.results.update(score=79.4)
    assert narrowed(trainee, result="middle") == [attempt]


def test_findings_are_offered_that_were_met_and_told(trainee, played):
    assert options(trainee, "finding") == {
        "": "All",
        "normal": "Normal",
        "cardiomegaly": "Cardiomegaly",
        "fracture": "Fracture",
        "nodule_mass": "Nodule / mass",
        "pleural_effusion": "Pleural effusion",
    }


def test_the_address_holds_what_is_chosen_and_its_pages(client, trainee, nodule_case):
    for _ in range(21):
        play(trainee, nodule_case)
    page = page_of(client, finding="nodule_mass")
    assert '<option value="nodule_mass" selected>' in page
    assert len(rows(page)) == 20
    assert 'href="?finding=nodule_mass&amp;page=2"' in page
    assert len(rows(page_of(client, finding="nodule_mass", page=2))) == 1


def test_nothing_that_fits_leads_back_to_all(client, trainee, nodule_case):
    play(trainee, nodule_case)
    page = page_of(client, game="report")
    assert "No past case fits this." in page and 'href="/past/">Show all' in page


def test_narrowed_in_place_only_the_list_comes(client, trainee, nodule_case):
    play(trainee, nodule_case)
    part = client.get("/past/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and len(rows(part)) == 1
    assert "1 attempt" in part.split("</div>")[0]


def test_going_back_gets_the_whole_page(client):
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in client.get("/past/", headers=headers).content.decode()


# Secrecy


@pytest.fixture
def held(trainee, nodule_case, played):
    """An open test has the nodule case, whose nodule was found in practice long ago."""
    other = factories.ImageFactory().case
    cases = [nodule_case, other]
    return start_series(user=trainee, kind="localize", mode="test", cases=cases, rule="standard")


def test_nothing_is_told_of_a_held_case(client, trainee, nodule_case, held):
    go_on(held, marks=[mark(nodule_case)], ticked=["cardiomegaly"])
    page = page_of(client)
    secrets = ("Nodule", "nodule_mass", "Cardiomegaly", "cardiomegaly", "100 of 100 points Held")
    assert not [word for word in secrets if word in page]
    new, *_, old = rows(page)
    assert new.startswith("Held back") and old.startswith("Held back")
    assert "points" not in new + old
    end(held)
    assert page_of(client).count("Nodule / mass") == 3, "two rows and the choice of findings"


@pytest.mark.parametrize(
    "query",
    [
        *({"finding": label} for label in ("nodule_mass", "cardiomegaly", "normal", "edema")),
        *({"result": how} for how in ("good", "middle", "low", "missed", "overcalled")),
    ],
)
def test_no_choice_tells_a_held_case_from_any_other(trainee, nodule_case, held, query):
    """However it was answered, and whatever it is, the list comes out the same."""
    go_on(held, marks=[mark(nodule_case)], ticked=["cardiomegaly"])
    chosen = [choice for choice in choices(trainee, {}) if choice.field not in query]
    chosen += [choice for choice in choices(trainee, query) if choice.field in query]
    asked = any(choice.chosen for choice in chosen)
    found = attempts_of(trainee, chosen)
    assert found.filter(case=nodule_case).exists() is not asked


def test_a_finding_of_held_cases_alone_is_not_offered(trainee, held):
    offered = options(trainee, "finding")
    assert "nodule_mass" not in offered and "fracture" in offered
    end(held)
    assert "nodule_mass" in options(trainee, "finding")


# Cost


def test_a_full_page_costs_the_queries_of_one_row(
    client, trainee, nodule_case, django_assert_num_queries
):
    factories.ImageFactory(case=nodule_case, view="LATERAL")
    play(trainee, nodule_case, marks=[mark(nodule_case, box=NODULE)])
    with CaptureQueriesContext(connection) as captured:
        page_of(client)
    of_one = len(captured)
    for number in range(30):
        case = factories.ImageFactory().case
        label = ("fracture", "bulla", "scoliosis")[number % 3]
        factories.FindingFactory(case=case, label=label)
        play(trainee, case, mode=("practice", "second_look")[number % 2], ticked=["edema"])
    with django_assert_num_queries(of_one):
        assert len(rows(page_of(client))) == 20
