"""Signal detection of calls, and the staircase for nodules, against figures worked out by hand."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.learning.detection import Calls, detection
from ml.learning.threshold import GUESS, LAPSE, Staircase, Trial

pytestmark = pytest.mark.pure
counts = st.integers(0, 60)


def test_it_works():
    found = detection(Calls(hits=12, misses=3, alarms=4, rejections=11))
    assert found.sensitivity.value == 0.8
    assert found.specificity.value == pytest.approx(11 / 15)
    # 12.5 of 16 and 4.5 of 16: normal quantiles 0.776 and -0.579.
    assert found.d_prime.value == pytest.approx(1.355, abs=0.002)
    assert found.criterion.value == pytest.approx(-0.099, abs=0.002)
    assert found.d_prime.low < 1.355 < found.d_prime.high


def test_the_variance_is_the_published_one():
    """By its formula at rates 0.84 and 0.16 of 100 films each, both quantiles 1 from the middle."""
    found = detection(Calls(hits=84, misses=16, alarms=16, rejections=84))
    rate, density = 84.5 / 101, 0.2469  # of the normal at 0.979
    variance = 2 * rate * (1 - rate) / (101 * density**2)
    half = (found.d_prime.high - found.d_prime.low) / 2
    assert half == pytest.approx(1.96 * math.sqrt(variance), rel=0.01)


@given(counts, counts, counts, counts)
def test_extreme_rates_are_finite_and_bias_has_its_sign(hits, misses, alarms, rejections):
    found = detection(Calls(hits, misses, alarms, rejections))
    if hits + misses == 0 or alarms + rejections == 0:
        assert found is None
        return
    assert all(map(math.isfinite, (found.d_prime.low, found.d_prime.high)))
    assert found.criterion.low <= found.criterion.value <= found.criterion.high
    swapped = detection(Calls(rejections, alarms, misses, hits))
    assert swapped.d_prime.value == pytest.approx(found.d_prime.value)
    assert swapped.criterion.value == pytest.approx(-found.criterion.value)


def test_counts_below_zero_are_refused():
    with pytest.raises(ValueError, match="below 0"):
        Calls(-1, 0, 0, 0)


def observer(threshold: float, films: int, seed: int) -> Staircase:
    rng, stairs = random.Random(seed), Staircase()
    library = [2 ** (step / 40 - 2) for step in range(220)]
    for _ in range(films):
        contrast = library.pop(stairs.next_of(library))
        seen = 1 / (1 + math.exp(-2.5 * math.log2(contrast / threshold)))
        stairs.add(Trial(contrast, rng.random() < GUESS + (1 - GUESS - LAPSE) * seen))
    return stairs


@pytest.mark.parametrize("threshold", [1.0, 2.4])
def test_thirty_films_find_the_threshold(threshold):
    found = [observer(threshold, 30, seed).estimate() for seed in range(12)]
    errors = [math.log2(one.value / threshold) for one in found]
    assert abs(sum(errors) / len(errors)) < 0.25, "no bias worth the name"
    assert sum(one.low <= threshold <= one.high for one in found) >= 9
    assert all(one.trials == 30 for one in found)


def test_more_films_narrow_the_interval():
    assert observer(2.0, 60, 1).estimate().octaves < observer(2.0, 10, 1).estimate().octaves


def test_the_film_chosen_lies_near_what_is_found_half_of_the_time():
    stairs = observer(2.0, 40, 3)
    contrasts = [0.3, 2.0, 15.0]
    assert stairs.next_of(contrasts) == 1


def test_the_order_of_answers_is_none():
    trials = [Trial(1.0, False), Trial(3.0, True), Trial(2.0, False)]
    one, other = Staircase(trials).estimate(), Staircase(trials[::-1]).estimate()
    assert one.value == pytest.approx(other.value)
    assert one.chance(one.value) == pytest.approx(GUESS + (1 - GUESS - LAPSE) / 2)


@pytest.mark.parametrize("contrasts", [[], [0.0], [-1.0, 2.0]])
def test_no_film_and_no_contrast_are_refused(contrasts):
    with pytest.raises(ValueError, match=r"no film|above 0"):
        Staircase().next_of(contrasts)
