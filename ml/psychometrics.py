"""Figures of tests and readers: intervals, items, and whether being sure means being right.

Pure functions on numbers. Proportions are from 0 to 1; intervals are of 95 % unless said otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Numbers = Sequence[float] | NDArray[np.float64]
LEVEL = 0.95
Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
FEWEST_FOR_CORRELATION = 4
"""Pairs: below that a correlation has no interval (Fisher's transform divides by n - 3)."""


@dataclass(frozen=True)
class Interval:
    """A figure between its limits."""

    value: float
    low: float
    high: float

    @property
    def is_below_zero(self) -> bool:
        return self.high < 0

    @property
    def is_above_zero(self) -> bool:
        return self.low > 0


def proportion(hits: int, total: int) -> Interval:
    """`hits` of `total` with Wilson's score interval.

    Wilson EB. Probable inference, the law of succession, and statistical inference. J Am Stat
    Assoc 1927;22:209-212. Raises ValueError for a total of 0 or hits out of range.
    """
    if not 0 <= hits <= total or total == 0:
        raise ValueError(f"{hits} of {total} is no proportion")
    share, squared = hits / total, Z * Z / total
    middle = (share + squared / 2) / (1 + squared)
    half = Z * math.sqrt((share * (1 - share) + squared / 4) / total) / (1 + squared)
    # At the ends the limit is the end itself, which rounding would miss.
    low = 0.0 if hits == 0 else middle - half
    high = 1.0 if hits == total else middle + half
    return Interval(share, low, high)


def difference(hits: int, total: int, other_hits: int, other_total: int) -> Interval:
    """The first proportion less the second, from two independent samples.

    Newcombe RG. Interval estimation for the difference between independent proportions:
    comparison of eleven methods. Stat Med 1998;17:873-890, method 10. Raises as `proportion`.
    """
    one, two = proportion(hits, total), proportion(other_hits, other_total)
    value = one.value - two.value
    down = math.hypot(one.value - one.low, two.high - two.value)
    up = math.hypot(one.high - one.value, two.value - two.low)
    return Interval(value, value - down, value + up)


def rate(count: int, exposure: int) -> Interval:
    """Events per unit of exposure, such as false marks per case, with the exact Poisson interval.

    Garwood F. Fiducial limits for the Poisson distribution. Biometrika 1936;28:437-442. Raises
    ValueError for an exposure of 0 or a negative count.
    """
    if count < 0 or exposure <= 0:
        raise ValueError(f"{count} in {exposure} is no rate")
    from scipy.special import gammainccinv, gammaincinv  # only who asks for figures waits

    tail = (1 - LEVEL) / 2
    low = gammaincinv(count, tail) if count else 0.0
    high = gammainccinv(count + 1, tail)
    return Interval(count / exposure, float(low) / exposure, float(high) / exposure)


def difficulty(scores: Numbers) -> float:
    """The mean score of an item, 0 (nobody) to 1 (everybody): the classical item difficulty.

    Crocker L, Algina J. Introduction to Classical and Modern Test Theory. 1986, chapter 14. Higher
    is easier, as usual. Raises ValueError without a score.
    """
    if len(scores) == 0:
        raise ValueError("an item that nobody answered has no difficulty")
    return math.fsum(scores) / len(scores)


def discrimination(item: Numbers, rest: Numbers) -> Interval | None:
    """The corrected item-total correlation: of the scores in an item with those in all others.

    Henrysson S. Correction of item-total correlations in item analysis. Psychometrika
    1963;28:211-218; the interval by Fisher's z. `rest` holds for each learner the total or mean of
    the other items, without this one. None where one of the two does not vary, or below
    `FEWEST_FOR_CORRELATION` learners. Raises ValueError for two lengths.
    """
    if len(item) != len(rest):
        raise ValueError("each learner needs a score in the item and one in the rest")
    own, others = (np.asarray(one, dtype=np.float64) for one in (item, rest))
    if len(own) < FEWEST_FOR_CORRELATION or not (np.ptp(own) and np.ptp(others)):
        return None
    own, others = own - own.mean(), others - others.mean()
    product = float(own @ others) / math.sqrt(float(own @ own) * float(others @ others))
    value = min(1.0, max(-1.0, product))
    if abs(value) == 1:
        return Interval(value, value, value)
    middle, half = math.atanh(value), Z / math.sqrt(len(item) - 3)
    return Interval(value, math.tanh(middle - half), math.tanh(middle + half))


def resolution(right: Mapping[int, int], wrong: Mapping[int, int]) -> float | None:
    """Goodman and Kruskal's gamma of confidence and being right, -1 to 1.

    How much more often one is right when surer; 0 says that being sure tells nothing. `right` and
    `wrong` count answers by level of confidence. Goodman LA, Kruskal WH. Measures of association
    for cross classifications. J Am Stat Assoc 1954;49:732-764; for confidence: Nelson TO. A
    comparison of current measures of the accuracy of feeling-of-knowing predictions. Psychol
    Bull 1984;95:109-133. None where no pair of answers differs in both.
    """
    agree = sum(r * w for a, r in right.items() for b, w in wrong.items() if a > b)
    differ = sum(r * w for a, r in right.items() for b, w in wrong.items() if a < b)
    return (agree - differ) / (agree + differ) if agree + differ else None
