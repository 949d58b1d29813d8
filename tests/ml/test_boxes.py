"""Overlap, hit rules and matching of boxes."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import boxes

pytestmark = pytest.mark.pure


@st.composite
def box(draw):
    x0, y0 = draw(st.floats(0, 0.9)), draw(st.floats(0, 0.9))
    return (x0, y0, draw(st.floats(x0 + 0.01, 1)), draw(st.floats(y0 + 0.01, 1)))


box_lists = st.lists(box(), min_size=1, max_size=6).map(boxes.as_boxes)


def test_iou_by_hand():
    # Overlap 0.1 × 0.2 = 0.02; union 0.04 + 0.04 − 0.02 = 0.06.
    first = boxes.as_boxes([(0, 0, 0.2, 0.2)])
    second = boxes.as_boxes([(0.1, 0, 0.3, 0.2), (0.5, 0.5, 0.6, 0.6)])
    assert boxes.iou_matrix(first, second) == pytest.approx(np.array([[1 / 3, 0]]))


@given(box_lists, box_lists)
def test_iou_is_symmetric_and_between_0_and_1(first, second):
    iou = boxes.iou_matrix(first, second)
    assert np.allclose(iou, boxes.iou_matrix(second, first).T)
    assert (iou >= 0).all()
    assert (iou <= 1 + 1e-12).all()


@given(box_lists)
def test_a_box_hits_itself(some):
    assert np.diag(boxes.iou_matrix(some, some)) == pytest.approx(np.ones(len(some)))
    assert np.diag(boxes.hits(some, some)).all()


@pytest.mark.parametrize(
    ("side", "threshold"), [(0.09, 0.10), (0.15, 0.15), (0.25, 0.20), (0.4, 0.25), (0.5, 0.30)]
)
def test_less_overlap_is_asked_of_small_regions(side, threshold):
    assert boxes.thresholds_of(boxes.as_boxes([(0, 0, side, side)])) == [threshold]


def test_boxes_that_hold_each_others_center_hit_below_the_threshold():
    truth = boxes.as_boxes([(0.0, 0.0, 0.8, 0.4)])
    mark = boxes.as_boxes([(0.3, 0.1, 0.5, 0.4)])
    assert boxes.iou_matrix(truth, mark)[0, 0] < boxes.thresholds_of(truth)[0]
    assert boxes.hits(truth, mark)[0, 0]


@pytest.mark.parametrize(("times", "is_hit"), [(5.9, True), (6.1, False)])
def test_concentric_boxes_hit_while_areas_differ_at_most_six_fold(times, is_hit):
    # IoU is 1 / times, below the 0.30 asked of a box this large.
    large = boxes.as_boxes([(0.1, 0.1, 0.9, 0.9)])
    half = 0.4 / times**0.5
    small = boxes.as_boxes([(0.5 - half, 0.5 - half, 0.5 + half, 0.5 + half)])
    assert boxes.hits(large, small)[0, 0] == is_hit
    assert boxes.centers_held(large, small)[0, 0] == boxes.centers_held(small, large)[0, 0]


def test_pairs_maximize_the_total_not_the_first():
    weights = np.array([[0.9, 0.8], [0.85, 0.0]])
    pairs = boxes.best_pairs(weights, weights > 0)
    assert sorted(pairs) == [(0, 1), (1, 0)]
    assert boxes.greedy_pairs(weights, 0.3) == [(0, 0)]


def test_an_allowed_pair_without_overlap_still_counts_more_than_none():
    assert boxes.best_pairs(np.zeros((1, 1)), np.ones((1, 1), bool)) == [(0, 0)]


def total_by_trying_all(weights, allowed):
    """The greatest total over all one-to-one pairings, found without an assignment solver."""
    value = np.where(allowed, weights, 0.0)
    if value.shape[0] > value.shape[1]:
        value = value.T
    rows = range(value.shape[0])
    return max(
        sum(value[row, column] for row, column in zip(rows, columns, strict=True))
        for columns in permutations(range(value.shape[1]), value.shape[0])
    )


@given(box_lists, box_lists)
def test_no_other_pairing_has_a_greater_total_and_no_free_two_could_be_paired(truth, marks):
    first, second = truth[:4], marks[:4]
    iou, allowed = boxes.iou_matrix(first, second), boxes.hits(first, second)
    pairs = boxes.best_pairs(iou, allowed)
    rows, columns = [row for row, _ in pairs], [column for _, column in pairs]
    assert all(allowed[pair] for pair in pairs)
    assert len(set(rows)) == len(set(columns)) == len(pairs)
    total = sum(iou[pair] for pair in pairs)
    assert total == pytest.approx(total_by_trying_all(iou, allowed), abs=1e-7)
    free = np.delete(np.delete(allowed, rows, axis=0), columns, axis=1)
    assert not free.any()


def test_of_equal_totals_the_one_of_more_pairs_wins():
    weights = np.array([[0.8, 0.4], [0.4, 0.0]])
    pairs = boxes.best_pairs(weights, weights > 0)
    assert sorted(pairs) == [(0, 1), (1, 0)]


@given(box_lists, box_lists)
def test_holding_each_others_center_is_mutual(first, second):
    assert (boxes.centers_held(first, second) == boxes.centers_held(second, first).T).all()


@given(box_lists, box_lists, st.floats(0.05, 0.95))
def test_greedy_pairs_are_one_to_one_and_reach_the_threshold(first, second, threshold):
    iou = boxes.iou_matrix(first, second)
    pairs = boxes.greedy_pairs(iou, threshold)
    assert all(iou[pair] >= threshold for pair in pairs)
    rows, columns = {row for row, _ in pairs}, {column for _, column in pairs}
    assert len(rows) == len(columns) == len(pairs)
    free = np.delete(np.delete(iou, list(rows), axis=0), list(columns), axis=1)
    assert (free < threshold).all()


def test_no_boxes_at_all_make_empty_arrays():
    none, one = boxes.as_boxes([]), boxes.as_boxes([(0, 0, 1, 1)])
    assert boxes.iou_matrix(none, one).shape == (0, 1)
    assert boxes.hits(one, none).shape == (1, 0)
    assert boxes.best_pairs(boxes.iou_matrix(none, one), boxes.hits(none, one)) == []
    assert boxes.greedy_pairs(boxes.iou_matrix(one, none), 0.3) == []


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ([0, 0, 1], "four numbers"),
        ("x", "four numbers"),
        ([0, 0, float("nan"), 1], "finite"),
        ([0, 0, float("inf"), 1], "finite"),
        ([0, 0, True, 1], "finite"),
        ([0, 0, 2, 1], "outside"),
        ([0.5, 0, 0.5, 1], "no area"),
        ([0.6, 0, 0.5, 1], "no area"),
    ],
)
def test_a_bad_box_is_refused_by_name(value, sentence):
    with pytest.raises(ValueError, match=f"the box.*{sentence}"):
        boxes.checked_box(value, "the box")


@pytest.mark.parametrize("flat", [(0.2, 0.2, 0.2, 0.5), (0.2, 0.5, 0.4, 0.5)])
def test_a_line_is_no_box(flat):
    with pytest.raises(ValueError, match="no area"):
        boxes.checked_box(flat, "box")


def test_a_box_outside_by_rounding_is_clipped_and_one_farther_out_refused():
    edge = boxes.EDGE
    assert boxes.checked_box((-edge, 0, 1, 1 + edge / 2), "box") == (0, 0, 1, 1)
    for sides in ((-2 * edge, 0, 1, 1), (0, 0, 1, 1 + 2 * edge)):
        with pytest.raises(ValueError, match="outside the image"):
            boxes.checked_box(sides, "box")


@pytest.mark.parametrize(
    ("point", "middle"),
    [((0.5, 0.25), (0.5, 0.25)), ((0.0, 1.0), (0.01, 0.99)), ((1.0, 0.0), (0.99, 0.01))],
)
def test_the_box_around_a_point_is_kept_inside_the_image(point, middle):
    x, y = middle
    around = boxes.around(point, 0.01)
    assert around == pytest.approx((x - 0.01, y - 0.01, x + 0.01, y + 0.01))
    assert boxes.center_of(around) == pytest.approx(middle)


def test_a_box_that_is_exactly_as_far_outside_as_rounding_goes_is_taken():
    edge = boxes.EDGE
    assert boxes.checked_box((-edge, -edge, 1 + edge, 1 + edge), "box") == (0, 0, 1, 1)


def test_a_pair_exactly_at_the_threshold_is_taken():
    assert boxes.greedy_pairs(np.array([[0.3, 0.2]]), 0.3) == [(0, 0)]


def test_areas_exactly_six_fold_apart_still_hold_each_other():
    large, small = boxes.as_boxes([(0, 0, 0.75, 0.5)]), boxes.as_boxes([(0.25, 0.125, 0.5, 0.375)])
    assert boxes.areas(large) / boxes.areas(small) == [6]
    assert boxes.centers_held(large, small)
    assert boxes.centers_held(small, large)
