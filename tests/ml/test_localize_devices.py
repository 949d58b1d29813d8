"""Rule ``clinical``: devices, their tips, and what is said of their position."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ml.localize import Alternate, Region, Size, Tick, Truth
from tests.ml.clinical_answers import clinical, drawn, mark, tip_mark

pytestmark = pytest.mark.pure

WHOLE_TUBE = (0.48, 0.0, 0.52, 0.30)


@pytest.mark.parametrize(
    ("point", "sizes", "points"),
    [
        ((0.50, 0.31), {"": (400, 400)}, 100),
        ((0.50, 0.33), {"": (250, 400)}, 100),
        ((0.50, 0.40), {"": (400, 400)}, 0),
        ((0.50, 0.31), None, 100),
        ((0.50, 0.345), None, 0),
    ],
)
def test_a_tip_is_found_within_ten_millimeters_of_it(point, sizes, points):
    tip = Region("r", (0.48, 0.28, 0.52, 0.32), point=(0.50, 0.30))
    tube = Truth("t", "tube", "draw", (tip,))
    box = (point[0] - 0.01, point[1] - 0.01, point[0] + 0.01, point[1] + 0.01)
    result = clinical([tube], [mark(box, "tube", point=point)], sizes=sizes)
    assert result.score == points


@pytest.mark.parametrize(
    ("truth", "said", "low", "high"),
    [
        ("wrong", "wrong", 100, 100),
        ("wrong", "right", 0, 0),
        ("wrong", "", 30, 50),
        ("right", "right", 100, 100),
        ("right", "wrong", 45, 65),
        ("right", "", 75, 95),
        ("", "wrong", 100, 100),
    ],
)
def test_a_device_is_judged_by_where_its_tip_lies_and_by_what_is_said_of_it(truth, said, low, high):
    tip = Region("r", (0.48, 0.28, 0.52, 0.32), point=(0.50, 0.30))
    tube = Truth("t", "tube", "draw", (tip,), "urgent", position=truth)
    answer = mark((0.49, 0.29, 0.51, 0.31), "tube", point=(0.50, 0.30), position=said)
    assert low <= clinical([tube], [answer]).score <= high


@pytest.mark.parametrize("truth", ["right", "wrong"])
def test_a_tip_called_right_and_wrong_is_called_nothing(truth):
    tip = Region("r", (0.49, 0.29, 0.51, 0.31), point=(0.5, 0.3))
    tube = Truth("t", "tracheal_tube", "draw", (tip,), position=truth)
    said = [tip_mark(0.5, 0.3, name=one, position=one) for one in ("wrong", "right")]
    both, nothing = clinical([tube], said), clinical([tube], [tip_mark(0.5, 0.3)])
    assert both.score == nothing.score < 100
    assert clinical([tube], [said[truth == "right"]]).score == 100


def test_two_tips_beside_each_other_keep_what_is_said_of_each():
    tips = [Region(f"r{x}", (x - 0.01, 0.29, x + 0.01, 0.31), point=(x, 0.3)) for x in (0.5, 0.53)]
    truths = [
        Truth(f"t{n}", "central_line", "draw", (tip,), position=position)
        for n, (tip, position) in enumerate(zip(tips, ("right", "wrong"), strict=True))
    ]
    marks = [
        tip_mark(0.5, 0.3, "central_line", name="a", position="right"),
        tip_mark(0.53, 0.3, "central_line", name="b", position="wrong"),
    ]
    assert clinical(truths, marks).score == 100


def test_a_misplaced_device_weighs_what_the_device_model_says():
    tip = Region("r", (0.49, 0.29, 0.51, 0.31), point=(0.5, 0.3))
    tube = Truth("t", "tracheal_tube", "draw", (tip,), position="wrong")
    nodule = drawn(significance="urgent")
    assert clinical([tube, nodule], [mark()]).score == 50


@pytest.mark.parametrize(
    ("at", "points"),
    [((0.50, 0.30), 100), ((0.50, 0.15), 100), ((0.50, 0.32), 100), ((0.50, 0.40), 0)],
)
def test_where_only_the_device_was_boxed_a_click_in_the_box_or_at_its_edge_is_its_place(at, points):
    tube = Truth("t", "tracheal_tube", "draw", (Region("r", WHOLE_TUBE),))
    result = clinical([tube], [tip_mark(*at)], sizes={"": (400, 400)})
    assert result.score == points
    assert result.truths[0].distance is None, "nobody marked the tip"


def test_another_readers_tip_may_stand_in_and_the_distance_is_from_it():
    own = Region("r", (0.48, 0.28, 0.52, 0.32), point=(0.50, 0.30))
    other = Alternate((0.48, 0.38, 0.52, 0.42), "2", point=(0.50, 0.40))
    tube = Truth("t", "tracheal_tube", "draw", (replace(own, alternates=(other,)),))
    result = clinical([tube], [tip_mark(0.51, 0.40)], sizes={"": (400, 400)})
    assert result.score == 100
    assert result.truths[0].distance == pytest.approx(4.0)
    assert result.truths[0].reader == "2"


def test_without_spacing_a_distance_is_in_widths_of_the_image_upright_and_across():
    tip = Region("r", (0.48, 0.28, 0.52, 0.32), point=(0.50, 0.30))
    tube = Truth("t", "tracheal_tube", "draw", (tip,))
    result = clinical([tube], [tip_mark(0.50, 0.31)], sizes={"": Size(1.5, 1.0, in_mm=False)})
    assert result.truths[0].distance == pytest.approx(0.015)


@pytest.mark.parametrize("position", ["wrong", "right", ""])
def test_a_malposition_answers_a_device_by_where_it_lies(position):
    tip = Region("r", (0.44, 0.35, 0.46, 0.37), point=(0.45, 0.36))
    tube = Truth("t", "tracheal_tube", "draw", (tip,), position=position)
    there = clinical([tube], [tip_mark(0.45, 0.36, "device_malposition")])
    ticked = clinical([tube], [], ["device_malposition"])
    if position == "right":
        assert (there.score, there.cost, ticked.cost) == (0, 1.25, 1.25)
    else:
        assert there.cost == ticked.cost == 0
        assert 75 <= there.score <= 95
    if position == "wrong":
        assert ticked.score == 30


@pytest.mark.parametrize(("said", "points"), [("wrong", 100), ("", 40), ("right", 0)])
def test_a_device_whose_position_is_judged_answers_a_malposition(said, points):
    truth = Truth("t", "device_malposition", "select")
    tip = tip_mark(0.45, 0.36, "tracheal_tube", position=said)
    assert clinical([truth], [tip]).score == points


def test_a_ticked_malposition_is_the_word_on_the_tip_that_was_marked():
    tip = Region("r", (0.44, 0.35, 0.46, 0.37), point=(0.45, 0.36))
    tube = Truth("t", "tracheal_tube", "draw", (tip,), position="wrong")
    silent, called = tip_mark(0.45, 0.36), tip_mark(0.45, 0.36, position="right")
    assert clinical([tube], [silent], ["device_malposition"]).score == 100
    assert clinical([tube], [called], ["device_malposition"]).score <= 30
    mixed = [called, tip_mark(0.45, 0.36, "device_malposition", name="x")]
    assert clinical([tube], mixed).score < 50, "right and wrong of one tip say nothing"


def test_the_wrong_name_of_a_device_does_not_excuse_what_was_said_of_its_position():
    tip = Region("r", (0.44, 0.35, 0.46, 0.37), point=(0.45, 0.36))
    tube = Truth("t", "feeding_tube", "draw", (tip,), position="wrong")
    answer = tip_mark(0.45, 0.36, "central_line", position="right")
    assert clinical([tube], [answer]).score == 0


def test_what_has_a_position_is_a_device_under_any_name():
    tip = Region("r", (0.44, 0.35, 0.46, 0.37), point=(0.45, 0.36))
    for position, cost in (("wrong", 0), ("right", 1.25), ("", 1.25)):
        truth = Truth("t", "shunt", "draw", (tip,), position=position)
        assert clinical([truth], [], ["device_malposition"]).cost == cost


@pytest.mark.parametrize("grave", [0, 1])
def test_a_word_on_a_device_in_place_is_no_alarm_for_another(grave):
    tips = [Region(f"r{x}", (x - 0.01, 0.29, x + 0.01, 0.31), point=(x, 0.3)) for x in (0.2, 0.8)]
    truths = [
        Truth(f"t{n}", "cardiac_lead", "draw", (tip,), "urgent" if n == grave else "minor",
              position=position)
        for n, (tip, position) in enumerate(zip(tips, ("right", "wrong"), strict=True))
    ]  # fmt: skip
    wrong = tip_mark(0.2, 0.3, "cardiac_lead", name="w", position="wrong")
    right = tip_mark(0.2, 0.3, "cardiac_lead", name="r", position="right")
    of_wrong, of_both, of_right = (
        clinical(truths, marks).score for marks in ([wrong], [wrong, right], [right])
    )
    assert 0 < of_wrong < of_both < of_right
    far = tip_mark(0.5, 0.8, "cardiac_lead", name="f", position="wrong")
    assert clinical(truths, [far]).truths[1].earned == pytest.approx(0.3 * (4 if grave else 1))


@pytest.mark.parametrize("position", ["right", "wrong"])
def test_a_box_over_half_the_film_shows_no_tip(position):
    tip = Region("r", (0.43, 0.43, 0.47, 0.47), point=(0.45, 0.45))
    tube = Truth("t", "tracheal_tube", "draw", (tip,), position=position)
    small = mark((0.40, 0.30, 0.50, 0.46), "tracheal_tube", position=position)
    assert clinical([tube], [small]).score == 100
    for box in [(0.05, 0.05, 0.45, 0.85), (0.1, 0.1, 0.9, 0.7), (0.0, 0.0, 1.0, 1.0)]:
        assert clinical([tube], [mark(box, "tracheal_tube", position=position)]).score <= 60


def test_a_tick_beside_a_misplaced_device_called_right_earns_nothing():
    tip = Region("r", (0.43, 0.43, 0.47, 0.47), point=(0.45, 0.45))
    tube = Truth("t", "tracheal_tube", "draw", (tip,), "urgent", position="wrong")
    said = mark((0.43, 0.43, 0.47, 0.47), "tracheal_tube", point=(0.45, 0.45), position="right")
    assert clinical([tube], [said], [Tick("tracheal_tube")]).score == 0
    assert clinical([tube], [], [Tick("tracheal_tube")]).score <= 10
