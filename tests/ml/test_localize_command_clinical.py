"""Rule ``clinical`` on the command line: what it takes, and what it refuses."""

from __future__ import annotations

import re

import pytest

from ml.localize import answer_line
from tests.ml.clinical_answers import HERE

pytestmark = pytest.mark.pure


def run(item):
    return answer_line({"rule": "clinical", **item})


def test_the_command_takes_tips_sides_positions_and_sizes():
    reply = run(
        {
            "size_mm": [400, 400],
            "truth": [
                {"label": "tube", "points": [[0.45, 0.36]], "position": "wrong",
                 "significance": "urgent"},
                {"label": "pneumothorax", "side": "left"},
                {"label": "nodule_mass", "boxes": [HERE]},
            ],
            "marks": [{"label": "tube", "point": [0.455, 0.36], "position": "wrong"},
                      {"label": "nodule_mass", "box": HERE}],
            "ticked": [{"label": "pneumothorax", "side": "left"}, "degenerative_spine"],
        }
    )  # fmt: skip
    assert reply["score"] == 100
    assert (reply["earned"], reply["possible"], reply["cost"]) == (10, 10, 0)
    assert [(row["earned"], row["possible"]) for row in reply["findings"]] == [
        (4, 4),
        (4, 4),
        (2, 2),
    ]


@pytest.mark.parametrize("tip", [[0, 0], [1, 1], [0, 1]])
def test_a_tip_at_the_edge_of_the_image_is_in_it(tip):
    reply = run({"truth": [{"label": "tube", "points": [tip]}], "marks": []})
    assert reply["possible"] > 0


def test_the_additions_change_nothing_under_the_other_rules():
    item = {"truth": [{"label": "pneumothorax", "side": "left"}],
            "ticked": [{"label": "pneumothorax", "side": "right"}]}  # fmt: skip
    for rule in ("standard", "radgame"):
        reply = answer_line({"rule": rule, **item})
        assert reply["score"] == 100
        assert "earned" not in reply


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        ({"size_mm": [400]}, "size_mm must be a list of two numbers"),
        ({"size_mm": [400, 0]}, "size_mm must be above 0"),
        ({"size_mm": [1e308, 400]}, "size_mm must be at most 10000, in millimeters"),
        ({"truth": [{"label": "x", "points": [[2, 0]]}]}, "truth[0].points[0] lies outside"),
        ({"truth": [{"label": "x", "points": [[0]]}]}, "truth[0].points[0] must be a list of two"),
        ({"truth": [{"label": "x", "side": "up"}]}, "truth[0].side must be one of left"),
        ({"truth": [{"label": "x", "significance": "grave"}]}, "truth[0].significance must be"),
        ({"truth": [{"label": "x", "position": 1}]}, "truth[0].position must be one of"),
        ({"marks": [{"label": "x", "point": "a"}]}, "marks[0].point must be a list"),
        ({"ticked": [{"label": "x", "side": 3}]}, "ticked[0].side must be one of"),
        ({"ticked": [{"side": "left"}]}, "ticked[0].label must be"),
        ({"ticked": [["x"]]}, "ticked[0] must be a non-empty string, or an object with label"),
        ({"truth": ["x"]}, "truth[0] must be a JSON object"),
        ({"marks": [1]}, "marks[0] must be a JSON object"),
        (
            {"marks": [{"label": "x", "point": [0.5, 0.5], "box": HERE}]},
            "marks[0] has both point and box: a mark is one of them; leave the other out",
        ),
        (
            {"truth": [{"label": "x", "points": [[0.5, 0.5]], "boxes": [HERE]}]},
            "truth[0] has both points and boxes: a finding is either tips or boxes",
        ),
        (
            {"truth": [{"label": "x", "points": [[0.5, 0.5]], "alternates": [HERE]}]},
            "truth[0] has both points and alternates",
        ),
        (
            {"truth": [{"label": "x", "points": [], "position": "right"}]},
            "truth[0].points is empty, and truth[0].position says how a tip lies: give the tip",
        ),
    ],
)
def test_a_faulty_addition_is_named(item, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        run(item)


@pytest.mark.parametrize(
    "empty",
    [
        {"truth": [{"label": "tube", "points": [], "boxes": [HERE], "position": "right"}]},
        {"truth": [{"label": "tube", "points": [[0.5, 0.5]], "boxes": [], "alternates": None}]},
        {"truth": [{"label": "tube", "points": None, "position": "wrong"}]},
        {"marks": [{"label": "tube", "point": None, "box": HERE}]},
        {"marks": [{"label": "tube", "point": [0.5, 0.5], "box": None}]},
    ],
)
def test_what_is_left_empty_says_nothing(empty):
    assert "score" in run(empty)


@pytest.mark.parametrize("side", ["both", "bilateral"])
def test_the_command_knows_two_words_for_both_sides(side):
    truth = [{"label": "pleural_effusion", "side": side}]
    for said, points in (("both", 100), ("bilateral", 100), ("left", 50)):
        ticked = [{"label": "pleural_effusion", "side": said}]
        assert run({"truth": truth, "ticked": ticked})["score"] == points


def test_the_command_takes_a_thousand_entries_and_no_more():
    row = {"label": "nodule_mass", "box": HERE}
    assert len(run({"marks": [row] * 1000})["marks"]) == 1000
    with pytest.raises(ValueError, match="marks has 1001 entries; at most 1000 are scored"):
        run({"marks": [row] * 1001})
    boxes = {"label": "fracture", "boxes": [HERE] * 500}
    assert len(run({"truth": [boxes, boxes]})["findings"]) == 1000
    more = [boxes, boxes, {"label": "fracture", "boxes": [HERE]}]
    with pytest.raises(ValueError, match="truth has 1001 boxes in all"):
        run({"truth": more})


def test_the_command_tells_how_far_from_the_tip_a_mark_was():
    item = {"truth": [{"label": "tracheal_tube", "points": [[0.5, 0.3]]}],
            "marks": [{"label": "tracheal_tube", "point": [0.5, 0.32]}]}  # fmt: skip
    (row,) = run(item)["findings"]
    assert row["distance"] == pytest.approx(0.02)
    (row,) = run({**item, "size_mm": [350, 430]})["findings"]
    assert row["distance_mm"] == pytest.approx(7.0)
    (row,) = run({**item, "marks": []})["findings"]
    assert "distance" not in row
