"""Rule ``clinical``: what a name that does not fit earns and costs, also on normal films."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import taxonomy
from ml.localize import Mark, Region, Tick, Truth, score

pytestmark = pytest.mark.pure

HERE, ELSEWHERE = (0.6, 0.2, 0.7, 0.3), (0.2, 0.6, 0.3, 0.7)
HARMLESS = [
    slug for slug, label in taxonomy.labels().items() if label.default_significance == "benign"
]
GRAVE = ("nodule_mass", "pneumothorax", "cavity", "fracture", "consolidation", "pleural_thickening")
GRID = [(x / 20, y / 20, (x + 1) / 20, (y + 1) / 20) for x in range(20) for y in range(20)]


def clinical(truths, marks=(), ticks=()):
    return score(list(truths), list(marks), list(ticks), rule="clinical")


def drawn(label, box=HERE, name="t", **more):
    return Truth(name, label, "draw", (Region(f"{name}.0", box),), **more)


def mark(label, box=HERE, name="m", **more):
    return Mark(name, label, box, **more)


@pytest.mark.parametrize("truth", GRAVE)
@pytest.mark.parametrize("said", HARMLESS)
def test_a_finding_called_harmless_is_nearly_missed(truth, said):
    assert 0 < clinical([drawn(truth)], [mark(said)]).score <= 10


@pytest.mark.parametrize("said", ["nipple_shadow", "skin_fold", "degenerative_spine"])
def test_who_calls_everything_harmless_has_found_nothing(said):
    truths = [drawn("nodule_mass"), drawn("consolidation", (0.2, 0.5, 0.45, 0.8), "u")]
    flood = [mark(said, box, f"m{number}") for number, box in enumerate(GRID)]
    assert clinical(truths, flood).score <= 10


def test_a_benign_finding_is_not_dismissed_by_a_harmless_name():
    truths = [drawn("calcification", significance="benign"), drawn("nodule_mass", ELSEWHERE, "u")]
    assert clinical(truths, [mark("nipple_shadow")]).truths[0].earned > 0.1


@pytest.mark.parametrize("wrong", ["fracture", "consolidation", "bulla", "atelectasis"])
def test_an_urgent_finding_under_a_name_that_can_wait_earns_a_quarter_at_most(wrong):
    assert clinical([drawn("pneumothorax")], [mark(wrong)]).score <= 25.01


def test_the_graver_the_finding_the_less_is_left_of_it_under_the_same_harmless_name():
    shares = [
        clinical([drawn("cavity", significance=weight)], [mark("bulla")]).score
        for weight in ("actionable", "urgent")
    ]
    assert shares[1] < shares[0]


@pytest.mark.parametrize(
    ("named", "missed"),
    [("cardiomegaly", "nodule_mass"), ("pneumothorax", "fracture"), ("edema", "hiatal_hernia")],
)
def test_a_mark_that_names_a_finding_without_place_does_not_find_another(named, missed):
    truths = [Truth("n", named, "select"), drawn(missed)]
    ticked, marked = clinical(truths, [], [named]), clinical(truths, [mark(named)])
    assert marked.score == ticked.score
    assert marked.truths[0].outcome == "missed"


def test_marks_without_end_of_what_needs_no_place_are_false():
    truths = [Truth("e", "pleural_effusion", "select"), drawn("nodule_mass")]
    few = [mark("lung_opacity", box, f"m{n}") for n, box in enumerate(GRID[:8])]
    many = [mark("lung_opacity", box, f"m{n}") for n, box in enumerate(GRID)]
    assert clinical(truths, few).cost == 0
    assert clinical(truths, many).score <= 20


@pytest.mark.parametrize(
    ("claims", "dearer"),
    [("scoliosis", "cardiomegaly"), ("cardiomegaly", "pneumothorax"),
     ("degenerative_spine", "scoliosis"), ("cardiomegaly", "device_malposition")],
)  # fmt: skip
def test_a_normal_film_loses_more_by_a_graver_claim(claims, dearer):
    assert clinical([], [], [dearer]).score < clinical([], [], [claims]).score


def test_a_needless_alarm_on_a_device_costs_as_one_and_not_as_a_device():
    tip = {"point": (0.5, 0.3), "box": (0.49, 0.29, 0.51, 0.31)}
    silent, alarm = (mark("central_line", position=said, **tip) for said in ("", "wrong"))
    ticked = clinical([], [], ["device_malposition"])
    assert clinical([], [alarm]).score == ticked.score < clinical([], [silent]).score


def test_an_alarm_at_the_tip_under_the_name_of_another_device_is_half_right():
    tip = {"point": (0.34, 0.68), "box": (0.33, 0.67, 0.35, 0.69)}
    region = Region("r", tip["box"], point=tip["point"])
    tube = Truth("t", "feeding_tube", "draw", (region,), position="wrong")
    alarm = mark("central_line", position="wrong", **tip)
    assert 35 <= clinical([tube], [alarm]).score <= 75


places = st.builds(
    lambda x, y, w, h: (x, y, min(1.0, x + w), min(1.0, y + h)),
    *[st.floats(0, 0.9)] * 2,
    *[st.floats(0.02, 0.5)] * 2,
)
labels = st.sampled_from(sorted(taxonomy.labels()))


@given(st.lists(st.tuples(labels, places), max_size=3), labels, places, places)
@settings(max_examples=80)
def test_a_true_claim_more_never_lowers_the_score_beside_any_name(others, label, box, near):
    truths = [drawn(label, box), Truth("c", "cardiomegaly", "select")]
    marks = [mark(one, where, f"m{n}") for n, (one, where) in enumerate(others)]
    marks.append(mark("nipple_shadow", near, "x"))
    before = clinical(truths, marks).score
    assert clinical(truths, [*marks, mark(label, box, "right")]).score >= before - 1e-9
    assert clinical(truths, marks, [Tick("cardiomegaly")]).score >= before - 1e-9


@given(labels, places, places, labels)
@settings(max_examples=80)
def test_a_wrong_name_never_earns_more_than_the_place_of_one_finding(label, box, near, wrong):
    if taxonomy.are_compatible(label, wrong) or taxonomy.is_variant(label):
        return
    truths = [drawn(label, box), Truth("c", "cardiomegaly", "select")]
    before, after = clinical(truths), clinical(truths, [mark(wrong, near)])
    if taxonomy.clinical_group_of(wrong) != taxonomy.clinical_group_of(label):
        assert after.truths[0].earned <= 0.63 * before.truths[0].possible
