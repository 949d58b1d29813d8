"""Rule ``clinical``: the attending's table, readers and players, and that more never harms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench import attending
from bench.localize_rules import VINDR, players_scores, readers_scores
from ml import taxonomy
from ml.localize import Region, Tick, Truth, score
from ml.localize.areas import best_together
from ml.localize.clinical import score_clinical
from tests.ml.clinical_answers import HERE, clinical, drawn, mark, tip_mark

pytestmark = pytest.mark.pure

LABELS = ("nodule_mass", "consolidation", "lung_opacity", "fracture", "bulla", "calcification")
WEIGHTS = st.sampled_from(["", *taxonomy.SIGNIFICANCES])
boxes_anywhere = st.builds(
    lambda x, y, w, h: (x, y, min(1.0, x + w), min(1.0, y + h)),
    *[st.floats(0, 0.9)] * 2,
    *[st.floats(0.02, 0.5)] * 2,
)
labels = st.sampled_from(LABELS)
ALONE = ("nodule_mass", "fracture", "pleural_thickening")
"""Labels of which none fits another."""
needs_vindr = pytest.mark.skipif(
    not VINDR.exists(), reason="the VinDr table is not in ../shared/data"
)


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


def test_the_rule_fits_the_attending():
    off = np.abs(attending.errors())
    assert len(off) >= 80
    assert off.mean() <= 3
    assert (off <= 10).mean() >= 0.9


@needs_vindr
def test_an_expert_against_two_others_scores_high():
    assert np.median(readers_scores(VINDR)) >= 90


@needs_vindr
def test_who_marks_at_random_or_everything_scores_low():
    guessing, flooding = players_scores(VINDR)
    assert guessing <= 15
    assert flooding <= 20


@pytest.mark.parametrize(
    ("drawn_box", "outcome"),
    [((0.0, 0.0, 0.5, 0.5), "hit"), ((0.0, 0.0, 0.5, 0.53), "poorly_located")],
)
def test_up_to_eight_times_its_size_a_box_around_a_finding_is_a_hit(drawn_box, outcome):
    eighth = (0.125, 0.125, 0.25, 0.375)  # a box that large earns half of the place
    result = clinical([drawn(eighth)], [mark(drawn_box)])
    assert [one.outcome for one in result.truths] == [outcome]


def test_a_mark_on_another_frame_counts_only_where_that_is_allowed():
    next_frame = mark(frame=1)
    assert score_clinical([drawn()], [next_frame], []).hits == 0
    assert score_clinical([drawn()], [next_frame], [], tolerance=1).hits == 1


def test_a_mark_far_away_takes_nothing_from_the_best_of_the_others():
    assert best_together([HERE], [HERE, (0.1, 0.7, 0.2, 0.8)]) == pytest.approx(1.0)


def test_a_point_on_something_that_has_an_extent_is_asked_for_it():
    nodule = Truth("t", "nodule_mass", "draw", (Region("r", HERE),))
    x, y = (HERE[0] + HERE[2]) / 2, (HERE[1] + HERE[3]) / 2
    result = clinical([nodule], [tip_mark(x, y, "nodule_mass")])
    assert result.truths[0].because == "extent"


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
    ("ticks", "outcome", "because"),
    [((), "missed", "missed"), (("cardiomegaly",), "hit", ""), (("fracture",), "missed", "missed")],
)
def test_a_finding_without_a_place_that_nobody_names_is_missed_and_nothing_else(
    ticks, outcome, because
):
    [row] = clinical([Truth("t", "cardiomegaly", "select")], ticks=ticks).truths
    assert (row.outcome, row.because) == (outcome, because)
