"""Rule ``clinical``: the attending's table, readers and players, and that more never harms."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench import attending
from bench.localize_rules import VINDR, players_scores, readers_scores
from ml import taxonomy
from ml.localize import Alternate, Mark, Region, Size, Tick, Truth, answer_line, score
from ml.localize.areas import best_together
from ml.localize.clinical import score_clinical
from ml.localize.sides import side_of

pytestmark = pytest.mark.pure

HERE = (0.6, 0.2, 0.7, 0.3)
LABELS = ("nodule_mass", "consolidation", "lung_opacity", "fracture", "bulla", "calcification")
WEIGHTS = st.sampled_from(["", *taxonomy.SIGNIFICANCES])
boxes_anywhere = st.builds(
    lambda x, y, w, h: (x, y, min(1.0, x + w), min(1.0, y + h)),
    *[st.floats(0, 0.9)] * 2,
    *[st.floats(0.02, 0.5)] * 2,
)
labels = st.sampled_from(LABELS)


def clinical(truths, marks=(), ticks=(), **more):
    return score(truths, list(marks), list(ticks), rule="clinical", **more)


def drawn(box=HERE, label="nodule_mass", name="t", **more):
    return Truth(name, label, "draw", (Region(f"{name}.0", box),), **more)


def mark(box=HERE, label="nodule_mass", name="m", **more):
    return Mark(name, label, box, **more)


@st.composite
def answers(draw, most=4):
    truths = [
        drawn(draw(boxes_anywhere), draw(labels), f"t{i}", significance=draw(WEIGHTS))
        for i in range(draw(st.integers(0, 3)))
    ]
    marks = [
        mark(draw(boxes_anywhere), draw(labels), f"m{i}") for i in range(draw(st.integers(0, most)))
    ]
    return truths, marks


@given(answers())
@settings(max_examples=80)
def test_scores_stay_in_range_and_order_does_not_matter(case):
    truths, marks = case
    result = clinical(truths, marks)
    assert 0 <= result.score <= 100
    assert result.earned <= result.possible + 1e-9
    again = clinical(truths[::-1], marks[::-1])
    assert again.score == pytest.approx(result.score)


@given(answers())
@settings(max_examples=60)
def test_whoever_draws_the_truth_earns_everything(case):
    truths, _ = case
    perfect = [mark(t.regions[0].box, t.label, t.id) for t in truths]
    result = clinical(truths, perfect)
    assert result.score == pytest.approx(100)
    assert result.cost == 0


@given(answers(), st.data())
@settings(max_examples=120)
def test_a_right_mark_more_never_lowers_the_score(case, data):
    truths, marks = case
    assume(truths)
    truth = data.draw(st.sampled_from(truths))
    more = [*marks, mark(truth.regions[0].box, truth.label, "right")]
    assert clinical(truths, more).score >= clinical(truths, marks).score - 1e-9


@given(answers(), boxes_anywhere, labels)
@settings(max_examples=120)
def test_a_false_mark_more_never_raises_the_score(case, box, label):
    truths, marks = case
    more = clinical(truths, [*marks, mark(box, label, "extra")])
    if more.marks[-1].outcome == "false":
        assert more.score <= clinical(truths, marks).score + 1e-9


@given(answers(most=2), boxes_anywhere, st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=120)
def test_a_tighter_right_box_never_lowers_the_score(case, wide, one, other):
    truths, _ = case
    assume(truths)
    truth = truths[0]
    true = truth.regions[0].box
    around = (*(min(a, b) for a, b in zip(true[:2], wide[:2], strict=True)),
              *(max(a, b) for a, b in zip(true[2:], wide[2:], strict=True)))  # fmt: skip
    loose, tight = sorted((one, other))
    assume(tight - loose > 0.01)
    found = [
        clinical([truth], [mark(_between(around, true, share), truth.label, "x")]).score
        for share in (loose, tight)
    ]
    assert found[1] >= found[0] - 1e-9


@given(boxes_anywhere, boxes_anywhere, st.data())
@settings(max_examples=200)
def test_a_box_inside_another_around_a_finding_never_scores_less(true, wide, data):
    outer = (*map(min, true[:2], wide[:2]), *map(max, true[2:], wide[2:]))
    sides = zip(true, outer, strict=True)
    inner = tuple(data.draw(st.floats(min(one, two), max(one, two))) for one, two in sides)
    loose, tight = (clinical([drawn(true)], [mark(box)]).score for box in (outer, inner))
    assert tight >= loose - 1e-9


ALONE = ("nodule_mass", "fracture", "pleural_thickening")
"""Labels of which none fits another."""


@given(st.data())
@settings(max_examples=200)
def test_a_wrong_name_on_a_finding_that_was_found_never_raises_the_score(data):
    truths, marks = [], []
    for number, label in enumerate(ALONE):
        box, off = data.draw(boxes_anywhere), data.draw(boxes_anywhere)
        truths.append(drawn(box, label, f"t{number}", significance=data.draw(WEIGHTS)))
        loose = _between(box, off, data.draw(st.floats(0, 0.5)))
        marks.append(mark(loose, label, f"m{number}"))
    before = clinical(truths, marks)
    assume(all(row.outcome != "false" for row in before.marks))
    onto = data.draw(st.sampled_from(truths)).regions[0].box
    wrong = data.draw(st.sampled_from(["bulla", "calcification", "hiatal_hernia", "nipple_shadow"]))
    assert clinical(truths, [*marks, mark(onto, wrong, "x")]).score <= before.score + 1e-9


def test_a_wrong_name_takes_no_place_from_a_loose_box_with_the_right_one():
    loose = mark((0.55, 0.15, 0.9, 0.6), name="loose")
    before = clinical([drawn()], [loose])
    after = clinical([drawn()], [loose, mark(label="calcification", name="wrong")])
    assert after.truths[0].mark == "loose"
    assert after.score < before.score < 60


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


def _between(around, true, share):
    return tuple(a + share * (t - a) for a, t in zip(around, true, strict=True))


@given(answers(), st.sampled_from(["scoliosis", "pneumothorax", "degenerative_spine"]))
@settings(max_examples=60)
def test_a_false_tick_never_raises_and_a_benign_one_never_lowers_the_score(case, label):
    truths, marks = case
    before, after = clinical(truths, marks), clinical(truths, marks, [label])
    assert after.score <= before.score
    if label == "degenerative_spine":
        assert after.score == before.score


def test_what_was_earned_and_claimed_falsely_makes_the_score():
    truths = [drawn(significance="urgent"), Truth("c", "cardiomegaly", "select")]
    result = clinical(truths, [mark(), mark((0.1, 0.7, 0.2, 0.8), "fracture", "n")])
    assert (result.earned, result.possible, result.cost) == (4, 6, 1)
    assert result.score == pytest.approx(100 * (4 - 0.5) / 6)
    assert [row.earned for row in result.truths] == [4, 0]


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


def test_the_rule_fits_the_attending():
    off = np.abs(attending.errors())
    assert len(off) >= 80
    assert off.mean() <= 3
    assert (off <= 10).mean() >= 0.9


needs_vindr = pytest.mark.skipif(
    not VINDR.exists(), reason="the VinDr table is not in ../shared/data"
)


@needs_vindr
def test_an_expert_against_two_others_scores_high():
    assert np.median(readers_scores(VINDR)) >= 90


@needs_vindr
def test_who_marks_at_random_or_everything_scores_low():
    guessing, flooding = players_scores(VINDR)
    assert guessing <= 15
    assert flooding <= 20


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


@pytest.mark.parametrize(
    ("drawn_box", "outcome"),
    [((0.0, 0.0, 0.5, 0.5), "hit"), ((0.0, 0.0, 0.5, 0.53), "poorly_located")],
)
def test_up_to_eight_times_its_size_a_box_around_a_finding_is_a_hit(drawn_box, outcome):
    eighth = (0.125, 0.125, 0.25, 0.375)  # a box that large earns half of the place
    result = clinical([drawn(eighth)], [mark(drawn_box)])
    assert [one.outcome for one in result.truths] == [outcome]


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


def test_a_mark_on_another_frame_counts_only_where_that_is_allowed():
    next_frame = mark(frame=1)
    assert score_clinical([drawn()], [next_frame], []).hits == 0
    assert score_clinical([drawn()], [next_frame], [], tolerance=1).hits == 1


def test_a_mark_far_away_takes_nothing_from_the_best_of_the_others():
    assert best_together([HERE], [HERE, (0.1, 0.7, 0.2, 0.8)]) == pytest.approx(1.0)


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


WHOLE_TUBE = (0.48, 0.0, 0.52, 0.30)


def tip_mark(x, y, label="tracheal_tube", **more):
    return mark((x - 0.01, y - 0.01, x + 0.01, y + 0.01), label, point=(x, y), **more)


@pytest.mark.parametrize(
    ("at", "points"),
    [((0.50, 0.30), 100), ((0.50, 0.15), 100), ((0.50, 0.32), 100), ((0.50, 0.40), 0)],
)
def test_where_only_the_device_was_boxed_a_click_in_the_box_or_at_its_edge_is_its_place(at, points):
    tube = Truth("t", "tracheal_tube", "draw", (Region("r", WHOLE_TUBE),))
    result = clinical([tube], [tip_mark(*at)], sizes={"": (400, 400)})
    assert result.score == points
    assert result.truths[0].distance is None, "nobody marked the tip"


def test_a_point_on_something_that_has_an_extent_is_asked_for_it():
    nodule = Truth("t", "nodule_mass", "draw", (Region("r", HERE),))
    x, y = (HERE[0] + HERE[2]) / 2, (HERE[1] + HERE[3]) / 2
    result = clinical([nodule], [tip_mark(x, y, "nodule_mass")])
    assert result.truths[0].because == "extent"


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


def test_the_command_tells_how_far_from_the_tip_a_mark_was():
    item = {"truth": [{"label": "tracheal_tube", "points": [[0.5, 0.3]]}],
            "marks": [{"label": "tracheal_tube", "point": [0.5, 0.32]}]}  # fmt: skip
    (row,) = run(item)["findings"]
    assert row["distance"] == pytest.approx(0.02)
    (row,) = run({**item, "size_mm": [350, 430]})["findings"]
    assert row["distance_mm"] == pytest.approx(7.0)
    (row,) = run({**item, "marks": []})["findings"]
    assert "distance" not in row


@pytest.mark.parametrize("rule", ["clinical", "standard", "radgame"])
def test_a_variant_that_nobody_names_is_not_missed_and_to_name_it_costs_nothing(rule):
    nipples = Truth("v", "nipple_shadow", "select", (Region("v.0", HERE),))
    nodule = drawn((0.1, 0.1, 0.2, 0.2))
    for truths in ([nipples], [nodule, nipples]):
        found = [mark((0.1, 0.1, 0.2, 0.2))] if nodule in truths else []
        for ticks in ([], ["nipple_shadow"]):
            result = score(truths, found, ticks, rule=rule)
            assert (result.score, result.misses, result.false_marks) == (100.0, 0, 0)
            assert [row.truth for row in result.truths] == ["t"] * len(found)
            assert [(row.label, row.outcome, row.truth) for row in result.ticks] == [
                (label, "hit", "v") for label in ticks
            ]


@pytest.mark.parametrize("rule", ["clinical", "standard", "radgame"])
def test_a_mark_on_a_variant_is_as_false_as_on_a_film_without_it(rule):
    nipples = Truth("v", "nipple_shadow", "select", (Region("v.0", HERE),))
    with_it = score([nipples], [mark()], [], rule=rule)
    assert with_it == score([], [mark()], [], rule=rule)
    assert [row.outcome for row in with_it.marks] == ["false"] and with_it.score < 100


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


def test_marks_on_both_sides_say_both_and_a_tick_of_the_other_side_halves_what_a_mark_said():
    both = Truth("p", "pleural_effusion", "select", side="bilateral")
    left, right = ((0.6, 0.6, 0.9, 0.8), (0.1, 0.6, 0.4, 0.8))
    marks = [mark(left, both.label, "l"), mark(right, both.label, "r")]
    assert clinical([both], marks).score == 100
    one = replace(both, side="left")
    assert clinical([one], marks[:1], [Tick(both.label, "right")]).score == 50


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


@pytest.mark.parametrize(
    ("truth", "claimed", "least", "most"),
    [
        ("pneumothorax", "bulla", 10, 35),
        ("nodule_mass", "nipple_shadow", 5, 10),
        ("nodule_mass", "calcification", 40, 70),
    ],
)
def test_who_takes_a_grave_finding_for_a_harmless_one_earns_less_of_its_place(
    truth, claimed, least, most
):
    assert least <= clinical([drawn(label=truth)], [mark(label=claimed)]).score <= most


def test_a_finding_described_by_all_it_implies_earns_most_and_more_than_is_there_costs():
    both = [Tick("pneumothorax", "left"), Tick("pleural_effusion", "left")]
    whole = Truth("h", "hydropneumothorax", "select", side="left")
    assert clinical([whole], [], both).score == 80
    assert clinical([whole], [], both[:1]).score == 50
    fluid = Truth("e", "pleural_effusion", "select", side="left")
    more = [both[1], Tick("hydropneumothorax", "left")]
    assert clinical([fluid], [], more).cost == 0.625
    assert clinical([fluid], [], [both[1], Tick("blunted_angle", "left")]).cost == 0


def test_a_mark_that_names_a_ticked_finding_is_free_also_where_it_is_taken_for_another():
    """What a mark costs does not depend on which of two equal marks a region was paired with."""
    places = ((0.58, 0.478, 0.93, 0.678), (0.105, 0.695, 0.305, 0.735))
    truths = [
        drawn(places[0], "pneumomediastinum", "a"),
        drawn(places[1], "pneumomediastinum", "b", significance="benign"),
        Truth("c", "pulmonary_hypertension", "select"),
    ]
    named = mark((0.564, 0.456, 0.948, 0.689), "pulmonary_hypertension", "named")
    wrong, right = mark(places[0], "fracture", "wrong"), mark(places[1], "pneumomediastinum", "r")
    for marks in ([named], [named, wrong], [named, wrong, right], [right, wrong, named]):
        (row,) = [row for row in clinical(truths, marks).marks if row.mark == "named"]
        assert row.cost == 0


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


def test_what_has_a_position_is_a_device_under_any_name():
    tip = Region("r", (0.44, 0.35, 0.46, 0.37), point=(0.45, 0.36))
    for position, cost in (("wrong", 0), ("right", 1.25), ("", 1.25)):
        truth = Truth("t", "shunt", "draw", (tip,), position=position)
        assert clinical([truth], [], ["device_malposition"]).cost == cost


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


SAID = st.lists(st.sampled_from(["", "left", "right", "bilateral"]), max_size=3)


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


def test_both_sides_fit_where_one_finding_of_a_label_has_both():
    truths = [
        Truth(str(number), "pleural_effusion", "select", side=side)
        for number, side in enumerate(("bilateral", "left"))
    ]
    assert clinical(truths, [], [Tick("pleural_effusion", "bilateral")]).score == 100
