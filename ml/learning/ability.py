"""Ability of one learner, label by label, on one logit scale with the difficulty of cases.

Rasch model (Rasch 1960): the chance to find a finding of label `l` in case `c` is
``1 / (1 + exp(-(general + own[l] - difficulty)))``. `general` is shared by all labels and `own` is
what one label differs by; both start from a normal prior, so that a label hardly met borrows from
the others and says how little is known of it (partial pooling).

Each outcome moves both by an Elo step whose size follows from how uncertain they are: the extended
Kalman form of Glickman's update (Parameter estimation in large dynamic paired comparison
experiments, J R Stat Soc C 48, 1999, 377-394), in education that of Pelánek (Applications of the
Elo rating system in adaptive educational systems, Computers & Education 98, 2016, 169-179), who
has the shared and the own part as here. Covariance between the two parts is left out; the batch
fit (`ml.learning.fitting`) says by how much that matters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

GENERAL_VARIANCE = 1.0
"""Prior variance of what all labels share, squared logits."""
OWN_VARIANCE = 1.0
"""Prior variance of what one label differs by, squared logits."""
DRIFT = 0.004
"""Variance that a day without play adds to either, squared logits: people change."""
NORMAL_95 = 1.959964


@dataclass(frozen=True)
class Belief:
    """A normal belief about a quantity in logits."""

    mean: float
    variance: float

    def interval(self) -> tuple[float, float]:
        """The central 95 %."""
        half = NORMAL_95 * math.sqrt(self.variance)
        return self.mean - half, self.mean + half

    def __add__(self, other: Belief) -> Belief:
        """The sum of two independent quantities."""
        return Belief(self.mean + other.mean, self.variance + other.variance)


GENERAL = Belief(0.0, GENERAL_VARIANCE)
OWN = Belief(0.0, OWN_VARIANCE)


def chance(logit: float) -> float:
    """Logits to a probability, safe for any size."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    growth = math.exp(logit)
    return growth / (1 + growth)


def logit(probability: float) -> float:
    """A probability strictly between 0 and 1 to logits."""
    return math.log(probability / (1 - probability))


def expected(ability: Belief, difficulty: float) -> float:
    """Chance of success, the uncertainty of ability averaged over.

    MacKay's approximation of the logistic-normal integral (Neural Computation 4, 1992, 720-736).
    """
    shrink = math.sqrt(1 + math.pi * ability.variance / 8)
    return chance((ability.mean - difficulty) / shrink)


def updated(
    general: Belief, own: Belief, difficulty: float, success: float
) -> tuple[Belief, Belief]:
    """Both beliefs after one outcome; `success` from 0 (missed) to 1 (found).

    Raises ValueError for a `success` outside of that range.
    """
    if not 0 <= success <= 1:
        raise ValueError(f"a success of {success} is not between 0 and 1")
    p = chance(general.mean + own.mean - difficulty)
    information = p * (1 - p)
    step = (success - p) / (1 + information * (general.variance + own.variance))
    return _moved(general, own, step, information), _moved(own, general, step, information)


def _moved(one: Belief, other: Belief, step: float, information: float) -> Belief:
    total = 1 + information * (one.variance + other.variance)
    left = (1 + information * other.variance) / total
    return Belief(one.mean + one.variance * step, one.variance * left)


def rested(belief: Belief, days: float, prior: float) -> Belief:
    """The belief after days without play: the same mean, less certain, never less than `prior`."""
    return Belief(belief.mean, min(prior, belief.variance + DRIFT * max(0.0, days)))


@dataclass(frozen=True)
class Tendency:
    """How often a learner claims a label where it is not, as a Beta belief; rates from 0 to 1."""

    alarms: int
    """Cases without the label in which it was claimed."""
    chances: int
    """Cases without the label."""

    TYPICAL = 0.03
    """Prior mean, about what novices do for one label of a list of sixty."""
    WEIGHT = 10.0
    """The prior counts as so many cases."""

    def __post_init__(self) -> None:
        if not 0 <= self.alarms <= self.chances:
            raise ValueError(f"{self.alarms} false alarms of {self.chances} chances")

    @property
    def rate(self) -> float:
        return (self.alarms + self.TYPICAL * self.WEIGHT) / (self.chances + self.WEIGHT)

    @property
    def logit(self) -> float:
        """The rate on the scale of abilities."""
        return logit(self.rate)

    def interval(self) -> tuple[float, float]:
        """The central 95 % of the rate."""
        from scipy.stats import beta  # slow to import: only who asks for it waits

        before = self.TYPICAL * self.WEIGHT
        low, high = beta.interval(
            0.95, before + self.alarms, self.WEIGHT - before + self.chances - self.alarms
        )
        return float(low), float(high)
