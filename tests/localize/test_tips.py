"""Devices marked by their tips: what the server takes, how it scores, and what it says."""

from __future__ import annotations

import html
import json
import re
import uuid

import pytest

from attempts import services, tasks
from attempts.games import AnswerProblem
from attempts.modes import open_guided
from attempts.series import open_next, start_series
from localize.answers import clean_answer
from localize.queries import palette
from localize.tips import DEVICES, how_to_judge
from ml import taxonomy
from tests import factories

pytestmark = pytest.mark.any_database

TIP = (0.5, 0.3)
PATH = [[0.5, 0.0], [0.5, 0.2], list(TIP)]
MM = 400.0
"""Width and height of the film."""


def device(label="tracheal_tube", *, position="wrong", spacing=MM / 64, points=PATH, **finding):
    """A case with one device, a path of it and its tip, on a film of 40 by 40 cm."""
    case = factories.CaseFactory()
    image = factories.ImageFactory(case=case, row_spacing=spacing, column_spacing=spacing)
    found = factories.FindingFactory(
        case=case, label=label, position=position, significance="urgent", **finding
    )
    x, y = points[-1]
    factories.RegionFactory(
        finding=found, image=image, shape="point", points=points,
        x0=x - 0.01, y0=y - 0.01, x1=x + 0.01, y1=y + 0.01,
    )  # fmt: skip
    return case


def play(user, case, *marks, rule="clinical", ticked=()):
    """A scored attempt with (label, point, position) marks."""
    attempt = services.open_attempt(
        user=user, case=case, kind="localize", mode="practice", rule=rule
    )
    image = case.images.first().public_id
    given = [
        {
            "id": f"m{n}", "label": label, "image": image, "frame": 0,
            "point" if len(place) == 2 else "box": list(place), "position": position,
        }
        for n, (label, place, position) in enumerate(marks)
    ]  # fmt: skip
    answer = {"marks": given, "ticked": list(ticked)}
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1)
    tasks.score_attempt(attempt.pk)
    return attempt


@pytest.fixture
def page_of(client_of):
    def make(attempt):
        response = client_of(attempt.user).get(f"/localize/attempts/{attempt.public_id}/result")
        return " ".join(html.unescape(response.content.decode()).split())

    return make


@pytest.mark.pure
def test_every_label_that_is_marked_by_its_tip_is_a_device_whose_places_are_known():
    pointed = {slug for slug, label in taxonomy.labels().items() if label.is_point}
    assert pointed == set(DEVICES)
    assert all(taxonomy.labels()[slug].mode == "draw" for slug in pointed)
    assert all(re.match(r"Its tip belongs \w+", how_to_judge({"label": slug})) for slug in pointed)


@pytest.mark.pure
def test_which_labels_are_points_depends_on_the_rule_alone():
    def points(rule):
        return {row["slug"] for row in palette(rule=rule) if row["point"]}

    assert points("clinical") == points("") == set(DEVICES)
    assert points("standard") == points("radgame") == set()


def test_a_tip_and_its_position_are_told_as_an_attending_would(trainee, page_of, db):
    attempt = play(trainee, device(), ("tracheal_tube", (0.515, 0.3), "wrong"))
    assert attempt.results.get().score == 100
    page = page_of(attempt)
    assert "Your mark was 6 mm from the tip." in page
    assert "You judged its position correctly: it does not lie where it should." in page
    assert "4 of 4" in page
    assert "Its tip belongs in the trachea, or at a safe distance from the carina." in page
    assert "Right would have been" not in page
    assert "IoU" not in page.split("data-row")[1].split("</details>")[0]


@pytest.mark.parametrize(
    ("truth", "said", "low", "high", "words"),
    [
        ("wrong", "right", 0, 0, "You called its position right; it does not lie where"),
        ("wrong", "", 30, 50, "You did not say whether its position is right"),
        ("right", "wrong", 45, 65, "You called its position wrong; it lies where it should."),
        ("right", "", 75, 95, "You did not say whether its position is right"),
        ("", "wrong", 100, 100, "from the tip."),
    ],
)
def test_a_misjudged_position_costs_and_says_so(
    trainee, page_of, db, truth, said, low, high, words
):
    attempt = play(trainee, device(position=truth), ("tracheal_tube", TIP, said))
    assert low <= attempt.results.get().score <= high
    page = page_of(attempt)
    assert words in page
    assert "does not fit" not in page
    assert ("Misjudged" in page) == (attempt.results.get().score < 80)


def test_what_is_wrong_with_a_place_is_said_from_the_report(trainee, page_of, db):
    case = device(sentence="Endotracheal tube with its tip in the right main bronchus.")
    page = page_of(play(trainee, case))
    assert "Here: only the right lung is ventilated." in page
    assert "Right would have been a mark on its tip, labeled Tracheal tube" in page


def test_a_mark_far_from_the_tip_is_told_how_far(trainee, page_of, db):
    page = page_of(play(trainee, device(), ("tracheal_tube", (0.5, 0.1), "right")))
    assert "Your mark for it was 80 mm from its tip." in page


def test_without_spacing_the_distance_is_in_parts_of_the_width(trainee, page_of, db):
    page = page_of(play(trainee, device(spacing=None), ("tracheal_tube", (0.51, 0.3), "wrong")))
    assert "1.0 % of the image's width from the tip" in page


def test_another_device_at_the_tip_is_the_wrong_name(trainee, page_of, db):
    page = page_of(play(trainee, device(), ("feeding_tube", TIP, "wrong")))
    assert "You called it Feeding tube." in page


def test_an_answer_of_boxes_from_before_there_were_points_is_still_scored(trainee, page_of, db):
    attempt = play(trainee, device(position=""), ("tracheal_tube", (0.47, 0.0, 0.53, 0.3), ""))
    assert attempt.results.get().score == 100
    assert "Your mark was 0 mm from the tip." in page_of(attempt)


def test_a_device_that_its_source_only_boxed_is_found_by_a_click_at_it(trainee, page_of, db):
    case = factories.CaseFactory()
    image = factories.ImageFactory(case=case, row_spacing=MM / 64, column_spacing=MM / 64)
    found = factories.FindingFactory(case=case, label="feeding_tube", significance="minor")
    factories.RegionFactory(finding=found, image=image, x0=0.4, y0=0.0, x1=0.6, y1=0.9)
    attempt = play(trainee, case, ("feeding_tube", (0.5, 0.91), "right"))
    assert attempt.results.get().score == 100
    assert "nobody marked its tip" in page_of(attempt)


@pytest.mark.parametrize("rule", ["standard", "radgame"])
def test_the_other_rules_ask_for_a_box_around_the_whole_device(trainee, page_of, db, rule):
    case = device()
    hit = play(trainee, case, ("tracheal_tube", (0.49, 0.0, 0.51, 0.31), ""), rule=rule)
    assert hit.results.get().score == 100
    row = hit.results.get().data["truths"][0]
    assert row["point"] is None
    assert row["box"] == pytest.approx([0.49, 0.0, 0.51, 0.31])
    page_of(hit)


def test_a_result_keeps_tip_path_and_distance_for_its_page(trainee, page_of, db):
    attempt = play(trainee, device(), ("tracheal_tube", (0.515, 0.3), "wrong"))
    page = page_of(attempt)
    shown = json.loads(re.search(r'id="review-data"[^>]*>(.*?)</script>', page)[1])
    assert shown["truths"][0]["point"] == list(TIP)
    assert shown["truths"][0]["path"] == PATH
    assert shown["truths"][0]["closeup"]["mirror"] == "", "a tip has no other side"
    assert shown["marks"][0]["point"] == [0.515, 0.3]


def test_guided_shows_the_tip_and_whether_it_is_right(trainee, page_of, db):
    attempt = open_guided(user=trainee, case=device(), kind="localize")
    tasks.score_attempt(attempt.pk)
    page = page_of(attempt)
    assert "Its tip does not lie where it should." in page
    shown = json.loads(re.search(r'id="review-data"[^>]*>(.*?)</script>', page)[1])
    assert shown["truths"][0]["path"] == PATH


def test_an_outline_is_shown_and_scored_by_its_bounds(trainee, page_of, db):
    corners = [[0.6, 0.2], [0.7, 0.2], [0.65, 0.3]]
    case = factories.CaseFactory()
    image = factories.ImageFactory(case=case)
    found = factories.FindingFactory(case=case)
    factories.RegionFactory(finding=found, image=image, shape="polygon", points=corners)
    attempt = play(trainee, case, ("nodule_mass", (0.6, 0.2, 0.7, 0.3), ""))
    assert attempt.results.get().score == 100
    assert '"outline": [[0.6, 0.2], [0.7, 0.2], [0.65, 0.3]]' in page_of(attempt)


# what the server takes


def cleaned(user, rule="clinical", **changes):
    case = factories.CaseFactory()
    image = factories.ImageFactory(case=case)
    attempt = services.open_attempt(
        user=user, case=case, kind="localize", mode="practice", rule=rule
    )
    mark = {"id": "a", "label": "tracheal_tube", "image": image.public_id, "point": list(TIP)}
    return clean_answer(attempt, {"marks": [{**mark, **changes}]})["marks"][0]


def test_a_point_is_kept_with_a_box_around_it_and_what_was_said(trainee, db):
    kept = cleaned(trainee, position="right")
    assert (kept["point"], kept["position"]) == (list(TIP), "right")
    assert kept["box"] == pytest.approx([0.49, 0.29, 0.51, 0.31])


def test_a_client_cannot_give_a_point_another_box(trainee, db):
    assert cleaned(trainee, box=[0.0, 0.0, 1.0, 1.0])["box"] == pytest.approx(
        [0.49, 0.29, 0.51, 0.31]
    )


@pytest.mark.parametrize("position", [None, ""])
def test_a_position_may_be_left_open(trainee, db, position):
    assert "position" not in cleaned(trainee, position=position)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"point": [0.5]}, "Mark 1 needs a point of two numbers"),
        ({"point": "tip"}, "Mark 1 needs a point of two numbers"),
        ({"point": [0.5, None]}, "Mark 1 needs a point of two numbers"),
        ({"point": [0.5, float("nan")]}, "Mark 1 needs a point of two numbers"),
        ({"point": [0.5, 10**400]}, "Mark 1 needs a point of two numbers"),
        ({"point": [0.5, 1.2]}, "Mark 1 lies outside the image"),
        ({"position": "low"}, "position of mark 1 must be right or wrong"),
        ({"position": 1}, "position of mark 1 must be right or wrong"),
        ({"label": "fracture"}, "Mark 1: Fracture is drawn as a box, not as a point"),
        (
            {"label": "fracture", "point": None, "box": [0.1, 0.1, 0.2, 0.2], "position": "right"},
            "Mark 1: Fracture is not asked for its position",
        ),
        ({"rule": "standard"}, "Mark 1: Tracheal tube is drawn as a box"),
    ],
)
def test_a_point_that_cannot_be_taken_is_named(trainee, db, changes, sentence):
    with pytest.raises(AnswerProblem, match=sentence):
        cleaned(trainee, **changes)


def test_drafts_keep_points_and_positions(client_of, trainee, db):
    case = device()
    client = client_of(trainee)
    client.get(f"/localize/cases/{case.public_id}/")
    attempt = trainee.attempts.get()
    image = case.images.get().public_id
    mark = {"id": "a", "label": "tracheal_tube", "image": image, "frame": 0, "point": [0.2, 0.4]}
    body = json.dumps({"version": 0, "marks": [{**mark, "position": "wrong"}]})
    address = f"/localize/attempts/{attempt.public_id}/draft"
    assert client.put(address, body, content_type="application/json").status_code == 200
    page = client.get(f"/localize/cases/{case.public_id}/").content.decode()
    data = json.loads(re.search(r'id="case-data"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    (kept,) = data["draft"]["marks"]
    assert (kept["point"], kept["position"]) == ([0.2, 0.4], "wrong")


@pytest.mark.parametrize("mode", ["practice", "second_look"])
def test_before_the_answer_a_case_with_a_device_looks_like_one_without(
    client_of, trainee, db, mode
):
    """Not in a byte: neither tip nor position, nor that a device is there to be marked."""

    def data_of(case):
        address = f"/localize/cases/{case.public_id}/?mode={mode}"
        page = client_of(trainee).get(address).content.decode()
        return page, json.loads(re.search(r'id="case-data"[^>]*>(.*?)</script>', page, re.S)[1])

    normal = factories.CaseFactory()
    factories.ImageFactory(case=normal, row_spacing=MM / 64, column_spacing=MM / 64)
    odd = [[0.51357, 0.0], [0.50123, 0.31234]]
    page, data = data_of(device(points=odd))
    _, other = data_of(normal)
    assert not any(f"{side}" in page for point in odd for side in point if side)
    assert data["labels"] == other["labels"]
    assert set(data) == set(other)
    assert set(data["images"][0]) == set(other["images"][0])
    assert data["draft"] == other["draft"]


def send(attempt, point=None, position=""):
    image = attempt.case.images.get().public_id
    mark = {"id": "a", "label": "tracheal_tube", "image": image, "point": point}
    marks = [{**mark, "position": position}] if point else []
    answer = {"marks": marks, "normal": not marks}
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1)
    tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()


def test_a_second_look_tells_nothing_of_the_tip_and_takes_it_then(client_of, trainee, db):
    odd = [[0.51357, 0.0], [0.50123, 0.31234]]
    attempt = services.open_attempt(
        user=trainee, case=device(points=odd), kind="localize", mode="second_look", rule="clinical"
    )
    send(attempt)
    address = f"/localize/attempts/{attempt.public_id}/"
    page = client_of(trainee).get(address).content.decode()
    assert "remain" in page
    assert not any(f"{side}" in page for point in odd for side in point if side)
    send(attempt, odd[-1], "wrong")
    assert [result.score for result in attempt.results.order_by("round")] == [0, 100]


@pytest.mark.parametrize("mode", ["sprint", "test"])
def test_points_are_scored_in_series_too(trainee, db, mode):
    series = start_series(
        user=trainee, kind="localize", mode=mode, cases=[device()], rule="clinical"
    )
    attempt = open_next(series)
    send(attempt, list(TIP), "wrong")
    assert attempt.results.get().score == 100
