"""Intervals and item figures equal to worked examples of the literature."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.psychometrics import difference, difficulty, discrimination, proportion, rate, resolution

pytestmark = pytest.mark.pure

# LSAT section 6: Bock RD, Lieberman M. Fitting a response model for n dichotomously scored items.
# Psychometrika 1970;35:179-197, table 1. How many of 1,000 answered the five items so.
LSAT6 = {
    "00000": 3,
    "00001": 6,
    "00010": 2,
    "00011": 11,
    "00100": 1,
    "00101": 1,
    "00110": 3,
    "00111": 4,
    "01000": 1,
    "01001": 8,
    "01011": 16,
    "01101": 3,
    "01110": 2,
    "01111": 15,
    "10000": 10,
    "10001": 29,
    "10010": 14,
    "10011": 81,
    "10100": 3,
    "10101": 28,
    "10110": 15,
    "10111": 80,
    "11000": 16,
    "11001": 56,
    "11010": 21,
    "11011": 173,
    "11100": 11,
    "11101": 61,
    "11110": 28,
    "11111": 298,
}


def answers(item: int) -> tuple[list[float], list[float]]:
    """Of each of the 1,000 the score in an item and the total of the other four."""
    rows = [pattern for pattern, count in LSAT6.items() for _ in range(count)]
    own = [float(row[item]) for row in rows]
    return own, [row.count("1") - float(row[item]) for row in rows]


@pytest.mark.parametrize(
    ("item", "easy", "corrected"),
    [
        (0, 0.924, 0.1128),
        (1, 0.709, 0.1531),
        (2, 0.553, 0.1727),
        (3, 0.763, 0.1444),
        (4, 0.870, 0.1215),
    ],
)
def test_items_are_as_difficult_and_tell_as_much_as_published(item, easy, corrected):
    """The point-biserial correlations without the item, as package ltm gives them (Rizopoulos D.
    J Stat Softw 2006;17(5), section 3.1), which divides by the deviation of a sample.
    """
    own, rest = answers(item)
    assert len(own) == 1000
    assert difficulty(own) == pytest.approx(easy)
    found = discrimination(own, rest)
    assert found.value * math.sqrt(999 / 1000) == pytest.approx(corrected, abs=5e-5)
    assert found.low < found.value < found.high


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_interval_is_that_of_newcombes_table(hits, total, low, high):
    """Newcombe RG. Two-sided confidence intervals for the single proportion. Stat Med
    1998;17:857-872, table I, method 3.
    """
    found = proportion(hits, total)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((10, 10, 0, 20), 0.6791, 1.0),
    ],
)
def test_the_difference_is_that_of_newcombes_table(table, low, high):
    """Newcombe RG. Stat Med 1998;17:873-890, table II, method 10."""
    found = difference(*table)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572)])
def test_the_poisson_interval_is_garwoods(count, low, high):
    """Garwood F. Biometrika 1936;28:437-442: 2.5 % and 97.5 % limits."""
    found = rate(count, 1)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-4)


def test_gamma_of_a_small_table_counted_by_hand():
    # right 3 at level 5 and 1 at 2; wrong 2 at 2 and 1 at 5: 6 pairs agree, 1 differs.
    assert resolution({5: 3, 2: 1}, {2: 2, 5: 1}) == pytest.approx((6 - 1) / (6 + 1))
    assert resolution({3: 4}, {3: 2}) is None


def test_an_item_that_all_answer_alike_tells_nothing():
    assert discrimination([1.0] * 9, list(range(9))) is None
    assert discrimination([0.0, 1.0, 1.0], [1, 2, 3]) is None


def test_what_is_no_figure_is_refused():
    for wrong in (lambda: proportion(1, 0), lambda: proportion(3, 2), lambda: rate(-1, 2)):
        with pytest.raises(ValueError, match="is no"):
            wrong()
    with pytest.raises(ValueError, match="nobody answered"):
        difficulty([])
    with pytest.raises(ValueError, match="each learner"):
        discrimination([1.0], [])


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 50), st.integers(1, 50))
def test_a_difference_turned_around_changes_its_sign(hits, more, other, rest):
    one = difference(hits, hits + more, other, other + rest)
    two = difference(other, other + rest, hits, hits + more)
    assert math.isclose(one.low, -two.high, abs_tol=1e-9)
    assert -1 <= one.low <= one.value <= one.high <= 1
