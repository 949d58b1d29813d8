"""Each limit of an answer, at the limit itself and just beyond; its way to the rules and back."""

from __future__ import annotations

import json
import math

import pytest

from attempts.games import AnswerProblem
from cases.models import Image
from localize import answers
from localize.answers import clean_answer
from localize.scoring import answer_in, marks_of, ticks_of
from ml.localize import Mark, Tick

pytestmark = pytest.mark.pure

IMAGES = {"film": 1, "stack": 3}


def problem(does, *arguments):
    with pytest.raises(AnswerProblem) as caught:
        does(*arguments)
    return str(caught.value)


def mark(**changes):
    good = {"id": "a", "label": "fracture", "image": "film", "box": [0.1, 0.2, 0.3, 0.4]}
    return good | changes


# Marks


def test_a_mark_is_kept_as_it_is_meant():
    cleaned = answers._clean_mark(mark(drawn_ms=12.6, other="x"), 1, IMAGES, "")
    assert cleaned == {**mark(), "frame": 0, "confidence": None, "drawn_ms": 13}
    whole = mark(id="A_b-9" * 8, image="stack", frame=2, confidence=5)
    assert answers._clean_mark(whole, 1, IMAGES, "") == whole


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        *(
            ({"frame": frame}, "Mark 7 is on a frame that the image does not have.")
            for frame in (1, -1, True, False, 0.0, "0", None)
        ),
        ({"image": "stack", "frame": 3}, "Mark 7 is on a frame that the image does not have."),
        *(
            ({"id": one}, "Mark 7 needs an id of 1 to 40 letters, digits, - or _.")
            for one in ("", "x" * 41, "a b", "ä", "a\n", 5, None)
        ),
        *(
            ({"image": one}, "Mark 7 is not on an image of this case.")
            for one in ("other", None, 3, [])
        ),
        ({"label": "unicorn"}, "Mark 7 has a label that is not in the list: 'unicorn'."),
        ({"label": None}, "Mark 7 has a label that is not in the list: None."),
        (
            {"label": "x" * 99},
            f"Mark 7 has a label that is not in the list: '{'x' * 59}.",
        ),
        *(
            ({"confidence": one}, "The confidence of mark 7 must be 1 to 5.")
            for one in (0, 6, True, False, 2.5, "3", -1)
        ),
        *(
            ({"box": one}, "Mark 7 needs a box of four numbers: x0, y0, x1, y1.")
            for one in (None, {}, [0.1] * 3, [0.1] * 5, [0, 0, 1, True], [0, 0, 1, math.nan])
        ),
        *(
            ({"box": one}, "Mark 7 lies outside the image.")
            for one in ([-2e-6, 0, 1, 1], [0, -2e-6, 1, 1], [0, 0, 1 + 2e-6, 1], [0, 0, 1, 2])
        ),
        *(
            ({"box": one}, "Mark 7 has no area.")
            for one in ([0, 0, 1e-6, 1], [0, 0, 1, 1e-6], [0.5, 0, 0.4, 1], [0, 0.5, 1, 0.4])
        ),
        ({"point": [0.5, 0.5]}, "Mark 7: Fracture is drawn as a box, not as a point."),
        ({"position": "right"}, "Mark 7: Fracture is not asked for its position."),
    ],
)
def test_a_mark_that_is_refused_is_told_by_its_number(changes, said):
    assert problem(answers._clean_mark, mark(**changes), 7, IMAGES, "") == said


def test_a_mark_is_an_object():
    assert problem(answers._clean_mark, ["a"], 2, IMAGES, "") == "Mark 2 must be a JSON object."


@pytest.mark.parametrize("sure", [None, 1, 2, 3, 4, 5, 3.0])
def test_confidence_is_one_of_five_or_not_said(sure):
    assert answers._clean_confidence(sure, "it") == sure


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        ([0, 0, 1, 1], [0, 0, 1, 1]),
        ([-1e-6, -1e-6, 1 + 1e-6, 1 + 1e-6], [0, 0, 1, 1]),
        ([0.2, 0.3, 0.2 + 3e-6, 0.9], [0.2, 0.3, 0.2 + 3e-6, 0.9]),
        ([0.2, 0.3, 0.9, 0.3 + 3e-6], [0.2, 0.3, 0.9, 0.3 + 3e-6]),
    ],
)
def test_a_box_ends_with_its_image(box, kept):
    assert answers._clean_box(box, 1) == kept


@pytest.mark.parametrize(
    ("point", "kept"),
    [
        ([0, 1], (0, 1)),
        ([1 + 1e-6, -1e-6], (1, 0)),
        ([0.25, 0.75], (0.25, 0.75)),
        *((one, "Mark 4 lies outside the image.") for one in ([-2e-6, 0], [0, 1 + 2e-6])),
        *(
            (one, "Mark 4 needs a point of two numbers: x, y.")
            for one in (None, [0.5], [0.5] * 3, (0.5, 0.5), [0.5, "1"], [True, 0.5])
        ),
    ],
)
def test_a_point_lies_in_its_image(point, kept):
    if isinstance(kept, str):
        assert problem(answers._clean_point, point, 4) == kept
    else:
        assert answers._clean_point(point, 4) == kept


TUBE = "tracheal_tube"


@pytest.mark.parametrize(
    ("said", "rule", "kept"),
    [
        ({"point": [0.5, 0.25]}, "", {"point": [0.5, 0.25], "box": [0.49, 0.24, 0.51, 0.26]}),
        (
            {"point": [0.5, 0.25], "position": "wrong"},
            "clinical",
            {"point": [0.5, 0.25], "box": [0.49, 0.24, 0.51, 0.26], "position": "wrong"},
        ),
        ({"box": [0, 0, 1, 1], "position": ""}, "", {"box": [0, 0, 1, 1]}),
        ({"box": [0, 0, 1, 1], "position": None}, "standard", {"box": [0, 0, 1, 1]}),
        (
            {"box": [0, 0, 1, 1], "position": "right"},
            "",
            {"box": [0, 0, 1, 1], "position": "right"},
        ),
        (
            {"box": [0, 0, 1, 1], "position": "left"},
            "",
            "The position of mark 3 must be right or wrong.",
        ),
        (
            {"point": [0.5, 0.5]},
            "standard",
            "Mark 3: Tracheal tube is drawn as a box, not as a point.",
        ),
        (
            {"box": [0, 0, 1, 1], "position": "right"},
            "radgame",
            "Mark 3: Tracheal tube is not asked for its position.",
        ),
    ],
)
def test_a_device_is_a_point_where_the_rule_knows_points(said, rule, kept):
    if isinstance(kept, str):
        assert problem(answers._clean_place, said, TUBE, 3, rule) == kept
    else:
        found = answers._clean_place(said, TUBE, 3, rule)
        assert found.pop("box") == pytest.approx(kept.pop("box"))
        assert found == kept


@pytest.mark.parametrize(
    ("said", "has_prior", "kept"),
    [
        ({}, True, {}),
        ({}, False, {}),
        ({"change": None}, False, {}),
        ({"change": ""}, False, {}),
        ({"change": None}, True, {"change": ""}),
        ({"change": ""}, True, {"change": ""}),
        *(
            ({"change": one}, True, {"change": one})
            for one in ("new", "larger", "smaller", "unchanged")
        ),
        (
            {"change": "new"},
            False,
            "Mark 5: this case has no prior film to compare with.",
        ),
        (
            {"change": "gone"},
            True,
            "The change of mark 5 must be one of new, larger, smaller, unchanged.",
        ),
    ],
)
def test_a_change_is_kept_of_who_was_asked(said, has_prior, kept):
    if isinstance(kept, str):
        assert problem(answers._clean_change, said, 5, has_prior) == kept
    else:
        assert answers._clean_change(said, 5, has_prior) == kept


def tick(label, side=None):
    return {"label": label, "side": side}


@pytest.mark.parametrize(
    ("ticked", "kept"),
    [
        ([], []),
        (["scoliosis", "cardiomegaly", "scoliosis"], ["cardiomegaly", "scoliosis"]),
        ([tick("pneumothorax"), tick("edema", "")], ["edema", "pneumothorax"]),
        ([{"label": "edema"}], ["edema"]),
        ([tick("pneumothorax", "left")], [tick("pneumothorax", "left")]),
        ([tick("pneumothorax", "right"), "pneumothorax"], [tick("pneumothorax", "right")]),
        ([tick("pneumothorax", "both")], [tick("pneumothorax", "bilateral")]),
        ([tick("pneumothorax", "bilateral")], [tick("pneumothorax", "bilateral")]),
        (
            [tick("pneumothorax", "left"), tick("pneumothorax", "right")],
            [tick("pneumothorax", "bilateral")],
        ),
        (["unicorn"], "A ticked finding is not in the list: 'unicorn'."),
        ([5], "A ticked finding is not in the list: 5."),
        ([{}], "A ticked finding is not in the list: None."),
        (["x" * 99], f"A ticked finding is not in the list: '{'x' * 59}."),
        (["fracture"], "Fracture is drawn, not ticked: mark where it is."),
        (
            [tick("pneumothorax", "up")],
            "The side of Pneumothorax must be left, right or both.",
        ),
        ([tick("pneumothorax", 5)], "The side of Pneumothorax must be left, right or both."),
        ([tick("cardiomegaly", "left")], "Cardiomegaly is not asked with a side."),
    ],
)
def test_each_finding_is_ticked_once_with_what_is_said_of_its_side(ticked, kept):
    if isinstance(kept, str):
        assert problem(answers._clean_ticked, ticked) == kept
    else:
        assert answers._clean_ticked(ticked) == kept


class Played:
    """An attempt at a case of one film, as far as an answer is checked against it."""

    rule = "standard"

    class case:
        class images:
            @staticmethod
            def all():
                return [Image(public_id="film", frames=1), Image(public_id="stack", frames=3)]


@pytest.fixture
def cleaned(monkeypatch):
    monkeypatch.setattr(answers, "keep_images", lambda _: None)
    return lambda answer: clean_answer(Played, answer)


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ({}, {"marks": [], "ticked": [], "normal": False}),
        ({"normal": True}, {"marks": [], "ticked": [], "normal": True}),
        ({"normal": "yes"}, {"marks": [], "ticked": [], "normal": False}),
        (
            {"normal": True, "normal_confidence": 2},
            {"marks": [], "ticked": [], "normal": True, "normal_confidence": 2},
        ),
        (
            {"marks": [mark(confidence=1)], "ticked": ["edema"], "normal_confidence": None},
            {"marks": [mark(frame=0, confidence=1)], "ticked": ["edema"], "normal": False},
        ),
        ([], "The answer must be a JSON object."),
        ({"marks": {}}, "“marks” and “ticked” must be lists."),
        ({"ticked": {}}, "“marks” and “ticked” must be lists."),
        ({"marks": [mark()] * 101}, "101 marks are too many; at most 100 are taken."),
        ({"marks": [mark(), mark()]}, "Two marks have the same id."),
        (
            {"marks": [mark(), mark(id="")]},
            "Mark 2 needs an id of 1 to 40 letters, digits, - or _.",
        ),
        ({"normal_confidence": 3}, "“normal_confidence” is for “No abnormality” only."),
        (
            {"normal": True, "normal_confidence": 0},
            "The confidence of “No abnormality” must be 1 to 5.",
        ),
        *(
            (one, "“No abnormality” cannot be given together with findings.")
            for one in ({"normal": True, "marks": [mark()]}, {"normal": True, "ticked": ["edema"]})
        ),
    ],
)
def test_an_answer_is_kept_in_one_form_or_refused_in_a_sentence(cleaned, answer, kept):
    if isinstance(kept, str):
        assert problem(cleaned, answer) == kept
    else:
        assert cleaned(answer) == kept


def test_a_hundred_marks_are_taken(cleaned):
    marks = [mark(id=f"m{number}") for number in range(100)]
    assert len(cleaned({"marks": marks})["marks"]) == 100


# Between the database and the rules


def test_an_answer_becomes_what_the_rules_take():
    whole = {
        **mark(frame=2, confidence=4, point=[0.5, 0.6], position="wrong", change="new"),
    }
    plain = mark(frame=0, confidence=None)
    assert marks_of({"marks": [whole, plain]}) == [
        Mark(
            "a",
            "fracture",
            (0.1, 0.2, 0.3, 0.4),
            "film",
            2,
            4,
            point=(0.5, 0.6),
            position="wrong",
            change="new",
        ),
        Mark("a", "fracture", (0.1, 0.2, 0.3, 0.4), "film", 0, None),
    ]
    assert marks_of({}) == []
    assert ticks_of({"ticked": ["edema", tick("pneumothorax", "left")]}) == [
        Tick("edema"),
        Tick("pneumothorax", "left"),
    ]
    assert ticks_of({}) == []


GIVEN = {
    **mark(frame=0, confidence=4, point=None, position="right"),
    **{"outcome": "hit", "iou": 0.5, "truth": "t", "cost": 0.0},
}


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (
            {"marks": [{**GIVEN, "change": None}, {**GIVEN, "change": ""}, GIVEN], "ticked": []},
            {
                "marks": [
                    mark(frame=0, confidence=4, point=None, position="right", **said)
                    for said in ({}, {"change": ""}, {})
                ],
                "ticked": [],
                "normal": False,
            },
        ),
        (
            {
                "marks": [],
                "ticked": [
                    {"label": "edema", "side": "", "outcome": "hit", "truth": "t", "cost": 0},
                    {"label": "pneumothorax", "side": "left", "outcome": "false"},
                    {"label": "scoliosis", "outcome": "hit"},
                ],
                "normal": True,
                "normal_confidence": 3,
            },
            {
                "marks": [],
                "ticked": ["edema", tick("pneumothorax", "left"), "scoliosis"],
                "normal": True,
                "normal_confidence": 3,
            },
        ),
        (
            {"marks": [], "ticked": [], "normal_confidence": None},
            {"marks": [], "ticked": [], "normal": False},
        ),
    ],
)
def test_the_answer_in_a_result_is_the_one_that_was_given(data, answer):
    before = json.loads(json.dumps(data))
    assert answer_in(data) == answer
    assert data == before
