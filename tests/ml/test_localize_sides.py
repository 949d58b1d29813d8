"""Rule ``clinical``: which side has a finding, and which one an answer says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.localize import Region, Tick, Truth
from ml.localize.sides import side_of
from tests.ml.clinical_answers import clinical, drawn, mark

pytestmark = pytest.mark.pure

boxes_anywhere = st.builds(
    lambda x, y, w, h: (x, y, min(1.0, x + w), min(1.0, y + h)),
    *[st.floats(0, 0.9)] * 2,
    *[st.floats(0.02, 0.5)] * 2,
)
SAID = st.lists(st.sampled_from(["", "left", "right", "bilateral"]), max_size=3)


@given(boxes_anywhere, boxes_anywhere, st.data())
@settings(max_examples=200)
def test_a_box_inside_another_around_a_finding_never_scores_less(true, wide, data):
    outer = (*map(min, true[:2], wide[:2]), *map(max, true[2:], wide[2:]))
    sides = zip(true, outer, strict=True)
    inner = tuple(data.draw(st.floats(min(one, two), max(one, two))) for one, two in sides)
    loose, tight = (clinical([drawn(true)], [mark(box)]).score for box in (outer, inner))
    assert tight >= loose - 1e-9


@pytest.mark.parametrize("label", ["pneumothorax", "pleural_effusion", "consolidation"])
@pytest.mark.parametrize("side", [0, 1])
def test_a_box_over_both_sides_does_not_say_which_one_has_the_finding(label, side):
    lungs = ((0.12, 0.10, 0.45, 0.82), (0.55, 0.10, 0.88, 0.82))
    truth, both = drawn(lungs[side], label), (0.12, 0.1, 0.88, 0.82)
    found = [
        clinical([truth], [mark(box, label)]).score
        for box in (both, (0.05, 0.05, 0.95, 0.95), lungs[side], lungs[1 - side])
    ]
    assert 30 <= found[0] <= 50 and found[1] <= found[0]
    assert found[2:] == [100, 0]
    assert clinical([truth, drawn(lungs[1 - side], label, "u")], [mark(both, label)]).score >= 90


def test_a_loose_box_that_reaches_over_the_middle_still_points_at_the_side():
    left = (0.55, 0.5, 0.85, 0.8)
    assert clinical([drawn(left)], [mark((0.45, 0.45, 0.9, 0.85))]).score >= 85


@pytest.mark.parametrize(
    ("said", "points"), [("left", 100), ("right", 0), ("bilateral", 50), ("", 100)]
)
def test_a_ticked_finding_is_asked_with_its_side(said, points):
    truth = Truth("p", "pneumothorax", "select", side="left")
    result = clinical([truth], ticks=[Tick("pneumothorax", said)])
    assert result.score == points
    assert result.truths[0].because == ("" if points == 100 else "side")
    assert result.cost == 0


def test_a_side_that_is_no_side_of_the_finding_is_not_asked():
    heart = Truth("c", "cardiomegaly", "select", side="left")
    assert clinical([heart], ticks=[Tick("cardiomegaly", "right")]).score == 100


@pytest.mark.parametrize(
    ("truths", "ticks", "points"),
    [
        (["right"], ["left", "right"], 50),
        (["bilateral"], ["left", "right"], 100),
        (["left", "right"], ["bilateral"], 100),
        (["left", "right"], ["left"], 50),
    ],
)
def test_sides_of_ticks_are_taken_together(truths, ticks, points):
    found = [Truth(str(n), "pleural_effusion", "tick", (), side=s) for n, s in enumerate(truths)]
    assert clinical(found, [], [Tick("pleural_effusion", side) for side in ticks]).score == points


@pytest.mark.parametrize("said", ["right", "bilateral", "left", ""])
@pytest.mark.parametrize("told", ["left", ""])
def test_a_tick_of_another_side_than_that_of_the_box_is_a_false_claim(said, told):
    lung = (0.58, 0.2, 0.86, 0.8)
    truth = drawn(lung, "pneumothorax", side=told)
    result = clinical([truth], [mark(lung, "pneumothorax")], [Tick("pneumothorax", said)])
    cost = {"right": 1.25, "bilateral": 0.625}.get(said, 0.0)
    assert (result.cost, result.earned) == (cost, 4.0)
    assert result.score == pytest.approx(100 * (4 - 0.5 * cost) / 4)
    assert [row.outcome for row in result.ticks] == [
        {"right": "false", "bilateral": "poorly_located"}.get(said, "hit")
    ]


def test_a_tick_of_the_side_of_one_of_two_findings_is_true():
    places = ((0.58, 0.2, 0.86, 0.8), (0.14, 0.2, 0.42, 0.8))
    truths = [drawn(box, "consolidation", f"t{n}") for n, box in enumerate(places)]
    marks = [mark(box, "consolidation", f"m{n}") for n, box in enumerate(places)]
    for side in ("left", "right", "bilateral"):
        assert clinical(truths, marks, [Tick("consolidation", side)]).cost == 0


@pytest.mark.parametrize(
    ("box", "points"),
    [((0.6, 0.2, 0.9, 0.8), 100), ((0.1, 0.2, 0.4, 0.8), 0), ((0.1, 0.2, 0.9, 0.8), 50)],
)
def test_a_mark_that_names_a_sided_finding_says_the_side_it_lies_on(box, points):
    truth = Truth("p", "pneumothorax", "select", side="left")
    assert clinical([truth], [mark(box, "pneumothorax")]).score == points


@pytest.mark.parametrize(
    ("ticks", "because"),
    [
        ([], "missed"),
        ([Tick("nodule_mass", "left")], "missed"),
        ([Tick("pneumothorax", "right")], "side"),
        ([Tick("pneumothorax", "left")], ""),
    ],
)
def test_what_was_missed_is_not_said_to_have_lost_its_side(ticks, because):
    truth = Truth("p", "pneumothorax", "select", side="left")
    assert clinical([truth], [], ticks).truths[0].because == because


def test_marks_on_both_sides_say_both_and_a_tick_of_the_other_side_halves_what_a_mark_said():
    both = Truth("p", "pleural_effusion", "select", side="bilateral")
    left, right = ((0.6, 0.6, 0.9, 0.8), (0.1, 0.6, 0.4, 0.8))
    marks = [mark(left, both.label, "l"), mark(right, both.label, "r")]
    assert clinical([both], marks).score == 100
    one = replace(both, side="left")
    assert clinical([one], marks[:1], [Tick(both.label, "right")]).score == 50


@pytest.mark.parametrize(
    ("said", "outcome", "because", "of_the_label"),
    [("left", "hit", "", 1.0), ("bilateral", "poorly_located", "side", 0.5),
     ("right", "poorly_located", "side", 0.0)],
)  # fmt: skip
def test_a_mark_said_of_another_side_lost_its_side_and_not_its_name(
    said, outcome, because, of_the_label
):
    truth = drawn(label="pneumothorax", side="left")
    result = clinical([truth], [mark(label="pneumothorax", side=said)])
    (row,) = result.truths
    assert (row.outcome, row.because) == (outcome, because)
    assert row.earned == pytest.approx(
        4 * (0.4 + 0.3 * of_the_label + (0.3 if of_the_label else 0.225))
    )
    assert [one.outcome for one in result.marks] == [outcome]
    assert result.cost == (0 if of_the_label else 1.25)


@pytest.mark.parametrize(
    ("x0", "x1", "side"),
    [
        (0.55, 0.9, "left"), (0.42, 0.95, "left"), (0.36, 1.0, "left"), (0.05, 0.62, "right"),
        (0.1, 0.9, "bilateral"), (0.3, 0.7, "bilateral"), (0.4, 0.6, ""), (0.4, 0.65, ""),
        (0.38, 0.72, ""), (0.47, 0.52, ""),
    ],
)  # fmt: skip
def test_a_box_lies_on_the_side_of_all_of_it_that_counts(x0, x1, side):
    assert side_of([(x0, 0.2, x1, 0.8)]) == side
    if side in ("left", "right"):
        other = {"left": "right", "right": "left"}[side]
        truth = Truth("p", "pneumothorax", "select", side=other)
        assert clinical([truth], [mark((x0, 0.2, x1, 0.8), "pneumothorax")]).score == 0


@given(SAID, st.sampled_from(["left", "right", "bilateral"]), st.sampled_from(["draw", "select"]))
@settings(max_examples=100)
def test_to_tick_the_right_side_too_never_lowers_the_score(said, side, mode):
    lungs = [(0.1, 0.2, 0.4, 0.8), (0.6, 0.2, 0.9, 0.8)]
    places = {"left": lungs[1:], "right": lungs[:1], "bilateral": lungs}[side]
    regions = tuple(Region(f"r{number}", box) for number, box in enumerate(places))
    truth = Truth("p", "pneumothorax", mode, regions if mode == "draw" else (), side=side)
    ticks = [Tick("pneumothorax", one) for one in said]
    before, after = (
        clinical([truth], [], told) for told in (ticks, [*ticks, Tick("pneumothorax", side)])
    )
    assert after.score >= before.score - 1e-9


def test_a_vague_claim_takes_nothing_from_one_of_both_sides():
    angle = Truth("a", "blunted_angle", "select", side="right")
    thick = drawn((0.515, 0.772, 0.715, 0.812), "pleural_thickening")
    marks = [
        mark((0.458, 0.759, 0.75, 0.913), "blunted_angle", "l"),
        mark((0.08, 0.2, 0.3, 0.4), "blunted_angle", "b", side="bilateral"),
    ]
    before, after = (clinical([angle, thick], marks, t) for t in ([], ["pleural_thickening"]))
    assert after.score >= before.score
    assert before.truths[-1].earned == after.truths[-1].earned == 0.5


def test_both_sides_fit_where_one_finding_of_a_label_has_both():
    truths = [
        Truth(str(number), "pleural_effusion", "select", side=side)
        for number, side in enumerate(("bilateral", "left"))
    ]
    assert clinical(truths, [], [Tick("pleural_effusion", "bilateral")]).score == 100
