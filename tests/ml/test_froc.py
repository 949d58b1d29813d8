"""FROC figures against tables worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import froc
from ml.froc import (
    CaseRatings,
    afroc_curve,
    froc_curve,
    jafroc,
    jafroc_interval,
    lesion_fraction,
    non_lesion_fraction,
    pooled_jafroc,
    ratings_of,
)
from ml.localize import Mark, Region, Truth, score

pytestmark = pytest.mark.pure

CASES = [
    CaseRatings(lesions=(4.0, None)),
    CaseRatings(lesions=(2.0,), others=(3.0,)),
    CaseRatings(others=(1.0, 2.0)),
    CaseRatings(),
]


def test_fractions_by_hand():
    assert lesion_fraction(CASES) == pytest.approx(2 / 3)
    assert lesion_fraction(CASES, 3) == pytest.approx(1 / 3)
    assert non_lesion_fraction(CASES) == pytest.approx(3 / 4)
    assert non_lesion_fraction(CASES, 2) == pytest.approx(2 / 4)


def test_the_curve_rises_from_strict_to_lenient():
    thresholds, nlf, llf = froc_curve(CASES)
    assert thresholds.tolist() == [4, 3, 2, 1]
    assert nlf == pytest.approx(np.array([0, 0.25, 0.5, 0.75]))
    assert llf == pytest.approx(np.array([1, 1, 2, 2]) / 3)


def test_jafroc_by_hand():
    # Highest false marks of the normals: 2 and none. Lesions: 4 → 1, unmarked → (0 + ½)/2,
    # 2 → (½ + 1)/2. Per lesion: (1 + 0.25 + 0.75)/3; per case: ((1 + 0.25)/2 + 0.75)/2.
    assert jafroc(CASES, weighted=False) == pytest.approx(2 / 3)
    assert jafroc(CASES) == pytest.approx((0.625 + 0.75) / 2)


def test_a_perfect_reader_has_1_and_one_who_marks_nothing_one_half():
    perfect = [CaseRatings(lesions=(5.0,)), CaseRatings()]
    silent = [CaseRatings(lesions=(None,)), CaseRatings()]
    assert jafroc(perfect) == 1
    assert jafroc(silent) == 0.5


def test_the_interval_holds_the_value():
    low, high = jafroc_interval(CASES * 5, draws=300)
    assert 0 <= low <= jafroc(CASES * 5) <= high <= 1


@pytest.mark.parametrize("cases", [[], [CaseRatings()], [CaseRatings(lesions=(1.0,))]])
def test_without_normal_and_abnormal_cases_there_is_no_figure(cases):
    with pytest.raises(ValueError, match="at least one"):
        jafroc(cases)


ratings = st.integers(1, 5).map(float)
normals = st.builds(CaseRatings, others=st.lists(ratings, max_size=3).map(tuple))
abnormals = st.builds(
    CaseRatings,
    lesions=st.lists(st.none() | ratings, min_size=1, max_size=3).map(tuple),
    others=st.lists(ratings, max_size=3).map(tuple),
)
readers = st.tuples(
    st.lists(normals, min_size=1, max_size=6), st.lists(abnormals, min_size=1, max_size=6)
).map(lambda pair: pair[0] + pair[1])


@given(readers, st.booleans())
def test_the_area_under_the_afroc_is_the_figure_of_merit(cases, weighted):
    thresholds, fpf, llf = afroc_curve(cases, weighted=weighted)
    assert thresholds[0] == np.inf
    assert (fpf[0], llf[0]) == (0, 0)
    assert (fpf[-1], llf[-1]) == pytest.approx((1, 1))
    assert np.trapezoid(llf, fpf) == pytest.approx(jafroc(cases, weighted=weighted))


@given(readers, st.randoms(), st.booleans())
def test_figures_stay_in_range_and_the_order_of_cases_does_not_matter(cases, random, weighted):
    figure = jafroc(cases, weighted=weighted)
    shuffled = random.sample(cases, len(cases))
    assert 0 <= figure <= 1
    assert jafroc(shuffled, weighted=weighted) == pytest.approx(figure)
    assert lesion_fraction(shuffled) == lesion_fraction(cases)


@given(readers)
def test_only_the_order_of_ratings_matters(cases):
    louder = [
        CaseRatings(
            tuple(None if r is None else r**3 - 7 for r in case.lesions),
            tuple(r**3 - 7 for r in case.others),
        )
        for case in cases
    ]
    assert jafroc(louder) == jafroc(cases)
    for before, after in zip(froc_curve(cases)[1:], froc_curve(louder)[1:], strict=True):
        assert before.tolist() == after.tolist()


@given(readers, ratings)
def test_a_false_mark_on_a_normal_case_never_raises_the_figure(cases, rating):
    first = cases[0]
    worse = [CaseRatings((), (*first.others, rating)), *cases[1:]]
    assert jafroc(worse) <= jafroc(cases) + 1e-12


@given(readers)
def test_the_curve_agrees_with_the_fractions_and_never_falls(cases):
    thresholds, nlf, llf = froc_curve(cases)
    assert (np.diff(nlf) >= 0).all()
    assert (np.diff(llf) >= 0).all()
    assert nlf.tolist() == [non_lesion_fraction(cases, t) for t in thresholds]
    assert llf == pytest.approx(np.array([lesion_fraction(cases, t) for t in thresholds]))


def test_both_weightings_agree_where_every_case_has_one_lesion():
    cases = [CaseRatings(lesions=(3.0,)), CaseRatings(lesions=(None,)), CaseRatings(others=(2.0,))]
    assert jafroc(cases) == jafroc(cases, weighted=False) == 0.5


@given(readers, st.booleans())
@settings(max_examples=20)
def test_the_interval_lies_in_range(cases, weighted):
    low, high = jafroc_interval(cases, weighted=weighted, draws=60)
    assert -1e-12 <= low <= high <= 1 + 1e-12


def test_more_cases_make_a_narrower_interval_and_the_seed_repeats_it():
    few, many = jafroc_interval(CASES * 5), jafroc_interval(CASES * 50)
    assert many[1] - many[0] < 0.5 * (few[1] - few[0])
    assert jafroc_interval(CASES * 5) == few


@pytest.mark.parametrize("weighted", [True, False])
def test_the_interval_is_that_of_drawing_whole_cases_one_by_one(weighted):
    rng = np.random.default_rng(7)
    cases = CASES * 5
    normal = [case for case in cases if not case.lesions]
    abnormal = [case for case in cases if case.lesions]
    figures = [
        jafroc(
            [normal[i] for i in rng.integers(len(normal), size=len(normal))]
            + [abnormal[i] for i in rng.integers(len(abnormal), size=len(abnormal))],
            weighted=weighted,
        )
        for _ in range(1000)
    ]
    expected = np.percentile(figures, [2.5, 97.5])
    assert jafroc_interval(cases, weighted=weighted) == pytest.approx(expected, abs=0.04)


@pytest.mark.parametrize("rating", [float("nan"), float("inf"), -float("inf")])
def test_a_rating_must_be_a_finite_number(rating):
    with pytest.raises(ValueError, match="finite"):
        CaseRatings(others=(rating,))


def test_curves_need_lesions_and_cases():
    with pytest.raises(ValueError, match="at least one lesion"):
        froc_curve([CaseRatings()])
    with pytest.raises(ValueError, match="at least one case"):
        non_lesion_fraction([])


HERE, THERE = (0.6, 0.2, 0.7, 0.3), (0.1, 0.6, 0.3, 0.8)


def rated(name, box, confidence, label="nodule_mass"):
    return Mark(name, label, box, confidence=confidence)


def test_a_scored_answer_gives_its_mark_rating_pairs():
    nodules = Truth("t", "nodule_mass", "draw", (Region("a", HERE), Region("b", THERE)))
    marks = [
        rated("hit", HERE, 2),
        rated("again", HERE, 4),
        rated("off", (0.4, 0.4, 0.5, 0.5), 3),
        rated("named", HERE, 5, "bulla"),
    ]
    result = score([nodules], marks, [])
    assert ratings_of(result, marks) == CaseRatings(lesions=(4.0, None), others=(3.0, 5.0))


def test_a_normal_case_has_no_lesion_and_one_to_be_named_no_ratings():
    marks = [rated("m", HERE, None)]
    assert ratings_of(score([], marks, []), marks) == CaseRatings(others=(1.0,))
    heart = Truth("h", "cardiomegaly", "select")
    assert ratings_of(score([heart], [], []), []) is None


@pytest.mark.parametrize("rule", ["standard", "clinical"])
def test_a_finding_that_is_only_to_be_named_is_neither_lesion_nor_false(rule):
    nodule = Truth("t", "nodule_mass", "draw", (Region("a", HERE),))
    heart = Truth("h", "cardiomegaly", "select")
    marks = [rated("lesion", HERE, 4), rated("heart", THERE, 5, "cardiomegaly")]
    result = score([nodule, heart], marks, [], rule=rule)
    assert ratings_of(result, marks) == CaseRatings(lesions=(4.0,))


@pytest.mark.parametrize("order", [1, -1])
def test_a_lesion_marked_twice_has_its_most_confident_rating_in_any_order(order):
    nodule = Truth("t", "nodule_mass", "draw", (Region("a", HERE),))
    marks = [rated("sure", HERE, 4), rated("unsure", (0.6, 0.2, 0.69, 0.3), 2)][::order]
    assert ratings_of(score([nodule], marks, []), marks) == CaseRatings(lesions=(4.0,))


def test_the_interval_weighs_lesions_as_its_figure_does():
    # One case in two has nine lesions, all found; the other has one, never found.
    cases = [CaseRatings((5.0,) * 9), CaseRatings((None,)), CaseRatings(), CaseRatings((), (1.0,))]
    cases *= 50
    for weighted, figure in ((True, 0.625), (False, 0.925)):
        low, high = jafroc_interval(cases, weighted=weighted)
        assert jafroc(cases, weighted=weighted) == pytest.approx(figure)
        assert figure - 0.1 < low < figure < high < figure + 0.1


@pytest.mark.parametrize("draws", [1, froc.BATCH, froc.BATCH + 1, 3 * froc.BATCH - 1])
def test_as_many_samples_are_drawn_as_asked_for(draws, monkeypatch):
    drawn = []

    def counted(kernel, sizes, count, rng, draw=froc._resampled):
        drawn.append(count)
        return draw(kernel, sizes, count, rng)

    monkeypatch.setattr(froc, "_resampled", counted)
    jafroc_interval(CASES, draws=draws)
    assert sum(drawn) == draws
    assert max(drawn) <= froc.BATCH


# Ratings 1 to 5 of computed tomograms, normal and abnormal: Hanley JA, McNeil BJ. The meaning and
# use of the area under a receiver operating characteristic (ROC) curve. Radiology 1982;143:29-36,
# table I.
NORMAL, ABNORMAL = (33, 6, 6, 11, 2), (3, 2, 2, 11, 33)


def hanley_and_mcneil() -> list[CaseRatings]:
    """Each normal tomogram with one false mark, each abnormal one with one lesion, as rated."""
    normal = [CaseRatings(others=(float(r),)) for r, n in enumerate(NORMAL, 1) for _ in range(n)]
    abnormal = [CaseRatings((float(r),)) for r, n in enumerate(ABNORMAL, 1) for _ in range(n)]
    return [*normal, *abnormal]


def test_with_one_lesion_and_one_mark_a_case_the_figure_is_the_published_roc_area():
    """0.893, the Wilcoxon statistic of that paper's table II."""
    assert jafroc(hanley_and_mcneil()) == pytest.approx(0.893, abs=5e-4)


def test_readers_together_have_the_figure_of_all_their_cases():
    cases = hanley_and_mcneil()
    readers = [cases[start::5] for start in range(5)]
    found = pooled_jafroc(readers)
    assert found is not None
    assert found.value == pytest.approx(jafroc(cases))
    assert found.low <= found.value <= found.high
    assert pooled_jafroc(readers) == found, "the seed repeats it"


def test_one_reader_or_one_kind_of_case_has_no_figure_over_readers():
    assert pooled_jafroc([CASES]) is None
    assert pooled_jafroc([[CaseRatings()], [CaseRatings()]]) is None
    assert pooled_jafroc([[CaseRatings((1.0,))], [CaseRatings((2.0,))]]) is None


def test_lesions_of_one_case_share_its_weight_over_readers_too():
    readers = [CASES, [CaseRatings((None, 3.0), (2.0,)), CaseRatings(others=(3.0,))]]
    every = [case for cases in readers for case in cases]
    assert pooled_jafroc(readers).value == pytest.approx(jafroc(every))


def test_an_interval_of_no_width_is_the_middle_of_the_draws():
    low, high = jafroc_interval(CASES * 5, draws=301, level=0.0)
    assert low == high
    pooled = pooled_jafroc([CASES, CASES * 2, [*CASES, CASES[0]]], draws=301, level=0.0)
    assert pooled.low == pooled.high
