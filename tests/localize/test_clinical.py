"""The clinical rule in the game: its default, sides of ticks, sums, and old results beside it."""

from __future__ import annotations

import uuid

import pytest

from attempts import services, tasks
from attempts.games import AnswerProblem
from localize.answers import clean_answer
from localize.scoring import GAME
from localize.wording import credit_in_words
from tests import factories

pytestmark = pytest.mark.any_database

ON_IT = (0.6, 0.2, 0.7, 0.3)


@pytest.fixture
def case(db):
    """A nodule that has to be drawn, and a pneumothorax on the left."""
    made = factories.CaseFactory(status="published")
    image = factories.ImageFactory(case=made)
    nodule = factories.FindingFactory(case=made, label="nodule_mass", significance="actionable")
    x0, y0, x1, y1 = ON_IT
    factories.RegionFactory(finding=nodule, image=image, x0=x0, y0=y0, x1=x1, y1=y1)
    factories.FindingFactory(
        case=made, label="pneumothorax", side="left", significance="urgent", sentence="Left PTX."
    )
    return made


def play(user, case, marks=(), ticked=(), rule=""):
    attempt = services.open_attempt(
        user=user, case=case, kind="localize", mode="practice", rule=rule or GAME.rules[0]
    )
    image = case.images.first().public_id
    answer = {
        "marks": [
            {"id": f"m{n}", "label": label, "image": image, "frame": 0, "box": list(box)}
            for n, (label, box) in enumerate(marks)
        ],
        "ticked": list(ticked),
    }
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1000)
    tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    return attempt


def page_of(client_of, user, attempt):
    found = client_of(user).get(f"/localize/attempts/{attempt.public_id}/result")
    return " ".join(found.content.decode().split())


def test_a_case_opened_by_its_address_is_scored_clinically(client_of, trainee, case):
    client_of(trainee).get(f"/localize/cases/{case.public_id}/")
    assert trainee.attempts.get().rule == "clinical"


def test_the_sums_and_what_each_finding_earned_are_told(client_of, trainee, case):
    answer = [{"label": "pneumothorax", "side": "left"}]
    page = page_of(client_of, trainee, play(trainee, case, ticked=answer))
    assert "100 × (4 earned) / 6 possible = 67" in page
    assert "0 of 2: not found" in page
    assert 'href="/about/scoring/#clinical"' in page


def test_a_false_mark_takes_off_and_says_so(client_of, trainee, case):
    marks = [("nodule_mass", ON_IT), ("fracture", (0.1, 0.7, 0.2, 0.8))]
    answer = [{"label": "pneumothorax", "side": "left"}]
    page = page_of(client_of, trainee, play(trainee, case, marks, answer))
    assert "100 × (6 earned − 0.5 for false claims) / 6 possible = 92" in page
    assert "costs 1" in page


def test_the_wrong_side_is_told_as_that_and_earns_nothing(client_of, trainee, case):
    attempt = play(trainee, case, ticked=[{"label": "pneumothorax", "side": "right"}])
    assert attempt.results.get().score == 0
    page = page_of(client_of, trainee, attempt)
    assert "You named it on the right; it is on the left." in page
    assert "Right would have been to tick Pneumothorax on the left." in page
    assert "Wrong side" in page
    assert "You ticked Pneumothorax" not in page


def test_an_answer_without_sides_is_taken_as_before(trainee, case):
    attempt = play(trainee, case, [("nodule_mass", ON_IT)], ["pneumothorax"])
    assert attempt.results.get().score == 100


def test_a_normal_film_with_one_false_mark_is_not_worth_nothing(client_of, trainee, db):
    normal = factories.CaseFactory(status="published")
    factories.ImageFactory(case=normal)
    attempt = play(trainee, normal, [("nodule_mass", ON_IT)])
    assert attempt.results.get().score == pytest.approx(60)
    assert "100 × 0.6^1 for false claims = 60" in page_of(client_of, trainee, attempt)


def test_a_result_of_another_rule_keeps_its_sums(client_of, trainee, case):
    page = page_of(
        client_of, trainee, play(trainee, case, ticked=["pneumothorax"], rule="standard")
    )
    assert "100 × 1 hit / (1 hit + 1 missed + 0 false) = 50" in page
    assert " possible" not in page


def test_a_result_from_before_there_were_sums_is_still_shown(client_of, trainee, case):
    attempt = play(trainee, case, ticked=["pneumothorax"], rule="standard")
    result = attempt.results.get()
    for name in ("earned", "possible", "cost"):
        del result.data[name]
    for row in result.data["truths"]:
        del row["earned"], row["possible"], row["because"]
    for row in [*result.data["marks"], *result.data["ticked"]]:
        del row["cost"]
    result.save()
    assert "You named it." in page_of(client_of, trainee, attempt)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["pneumothorax"], ["pneumothorax"]),
        ([{"label": "pneumothorax"}], ["pneumothorax"]),
        ([{"label": "pneumothorax", "side": None}], ["pneumothorax"]),
        (
            [{"label": "pneumothorax", "side": "both"}],
            [{"label": "pneumothorax", "side": "bilateral"}],
        ),
        (
            [{"label": "pneumothorax", "side": s} for s in ("left", "right")],
            [{"label": "pneumothorax", "side": "bilateral"}],
        ),
        (
            ["cardiomegaly", {"label": "pleural_effusion", "side": "left"}],
            ["cardiomegaly", {"label": "pleural_effusion", "side": "left"}],
        ),
    ],
)
def test_a_tick_is_a_label_or_a_label_with_its_side(trainee, case, given, kept):
    attempt = services.open_attempt(user=trainee, case=case, kind="localize", mode="practice")
    assert clean_answer(attempt, {"ticked": given})["ticked"] == kept


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"label": "pneumothorax", "side": "up"}, "side of Pneumothorax must be left, right or"),
        ({"label": "pneumothorax", "side": 3}, "side of Pneumothorax must be"),
        ({"label": "cardiomegaly", "side": "left"}, "Cardiomegaly is not asked with a side"),
        ({"label": "nodule_mass", "side": "left"}, "is drawn, not ticked"),
        ({"side": "left"}, "is not in the list"),
        (7, "is not in the list"),
    ],
)
def test_a_tick_that_cannot_be_taken_is_named(trainee, case, given, sentence):
    attempt = services.open_attempt(user=trainee, case=case, kind="localize", mode="practice")
    with pytest.raises(AnswerProblem, match=sentence):
        clean_answer(attempt, {"ticked": [given]})


@pytest.mark.pure
def test_a_loss_is_told_with_what_it_came_from():
    row = {"earned": 1.42, "possible": 2.0, "because": "extent"}
    assert credit_in_words(row) == "1.4 of 2: the extent is off"
    assert credit_in_words({"earned": None, "possible": None, "because": ""}) == ""
