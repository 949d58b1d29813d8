"""Each limit of an answer and of what is said of it, at the limit itself and just beyond."""

from __future__ import annotations

import json
import math

import pytest

from attempts.games import AnswerProblem
from cases.models import Image
from localize import answers, places
from localize.answers import clean_answer
from localize.places import displacement, overlap_in_words, size_in_words
from localize.scoring import answer_in, marks_of, ticks_of
from ml.localize import Mark, Tick

pytestmark = pytest.mark.any_database

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
        *(({"change": one}, True, {"change": one}) for one in answers.CHANGES),
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


# Distances and sizes in words

FILM = Image(
    view="PA", orientation="LF", width=1000, height=2000, row_spacing=0.1, column_spacing=0.2
)
HALF = (0.25, 0.25, 0.75, 0.75)


def box(across=0.0, down=0.0, wide=0.5, high=0.5):
    """A box about the middle of an image, moved."""
    x, y = 0.5 + across, 0.5 + down
    return (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (box(0.0625, 0), "it lies 6 % of the image to the left on the screen"),
        (box(-0.0625, 0), "it lies 6 % of the image to the right on the screen"),
        (box(0, 0.0625), "it lies 6 % of the image higher"),
        (box(0, -0.0625), "it lies 6 % of the image lower"),
        (box(0, 0.046875), "the centers agree, but not the outlines"),
        (box(0.046875, 0), "the centers agree, but not the outlines"),
        (
            box(-0.125, 0.25),
            "it lies 25 % of the image higher and 12 % of the image to the right on the screen",
        ),
        (HALF, "the centers agree, but not the outlines"),
        (box(0, 0, 0.5, 0.25), "your box lies within it but covers 50 % of its area"),
        (box(0, 0, 0.5, 1.0), "your box holds it but is 2.0 times its area"),
        (box(0.25, 0, 0.5, 1.0), "it lies 25 % of the image to the left on the screen"),
        (
            box(0.25, 0, 0.5, 1.25),
            "it lies 25 % of the image to the left on the screen, and your box is 2.5 times its "
            "area",
        ),
        (
            box(0.5, 0, 0.5, 0.25),
            "it lies 50 % of the image to the left on the screen",
        ),
        (
            box(0.5, 0, 0.25, 0.25),
            "it lies 50 % of the image to the left on the screen, and your box has 25 % of its "
            "area",
        ),
    ],
)
def test_what_is_apart_by_less_than_a_tenth_of_the_finding_goes_unsaid(seen, said):
    assert displacement(HALF, seen, None) == said


@pytest.mark.parametrize(
    ("ratio", "size", "times", "part"),
    [
        (2.0, "", "2.0 times", ""),
        (2.25, "your box is 2.2 times its area", "2.2 times", ""),
        (10.0, "your box is 10.0 times its area", "10.0 times", ""),
        (10.5, "your box is more than ten times its area", "more than ten times", ""),
        (1.0, "", "1.0 times", "100 %"),
        (0.5, "", "", "50 %"),
        (0.25, "your box has 25 % of its area", "", "25 %"),
        (0.1, "your box has 10 % of its area", "", "10 %"),
        (0.09, "your box has less than a tenth of its area", "", "less than a tenth"),
    ],
)
def test_sizes_are_told_with_a_number_up_to_ten_times(ratio, size, times, part):
    assert places._size(ratio) == size
    if times:
        assert places._times(ratio) == times
    if part:
        assert places._part(ratio) == part


@pytest.mark.parametrize(
    ("iou", "said"),
    [
        (0.0, "no overlap"),
        (-0.0, "no overlap"),
        (0.009, "less than 1 % overlap"),
        (0.01, "1 % overlap"),
        (0.256, "26 % overlap"),
        (1.0, "100 % overlap"),
    ],
)
def test_overlap_is_told_from_one_percent_on(iou, said):
    assert overlap_in_words(iou) == said


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ((0, 0, 4, 4), (1, 2, 3, 8), 4),
        ((1, 2, 3, 8), (0, 0, 4, 4), 4),
        ((0, 0, 4, 4), (4, 0, 8, 4), 0),
        ((0, 0, 4, 4), (6, 6, 8, 8), 0),
        ((0, 0, 4, 4), (5, 1, 8, 3), 0),
        ((0, 0, 4, 4), (1, 5, 3, 8), 0),
        ((0, 0, 4, 4), (-1, -2, 1, 1), 1),
    ],
)
def test_boxes_share_what_lies_in_both(one, other, shared):
    assert places._shared(one, other) == shared


@pytest.mark.parametrize(
    ("image", "across", "down", "size"),
    [
        (None, "25 % of the image", "12 % of the image", "50 % by 25 % of the image"),
        (FILM, "5.0 cm", "2.5 cm", "100 × 50 mm"),
        (
            Image(width=1000, height=2000, row_spacing=0.1),
            "25 % of the image",
            "2.5 cm",
            "50 % by 25 % of the image",
        ),
        (
            Image(width=1000, height=2000, column_spacing=0.2),
            "5.0 cm",
            "12 % of the image",
            "50 % by 25 % of the image",
        ),
    ],
)
def test_lengths_are_centimeters_along_the_side_whose_spacing_is_known(image, across, down, size):
    for sign in (1, -1):
        assert places._length(sign * 0.25, image, vertical=False) == across
        assert places._length(sign * 0.125, image, vertical=True) == down
    assert size_in_words((0.25, 0.5, 0.75, 0.75), image) == size


@pytest.mark.parametrize(
    ("orientation", "right", "left"),
    [
        ("LF", "toward the patient's left", "toward the patient's right"),
        ("RF", "toward the patient's right", "toward the patient's left"),
        ("", "to the right on the screen", "to the left on the screen"),
    ],
)
def test_sides_are_the_patients_where_they_are_known(orientation, right, left):
    image = Image(orientation=orientation, width=9, height=9)
    assert places._direction(0.1, image) == right
    assert places._direction(-0.1, image) == left
    assert places._direction(0.1, None) == "to the right on the screen"
    assert places._direction(-0.1, None) == "to the left on the screen"
