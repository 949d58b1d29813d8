"""Abilities and difficulties from many outcomes at once, and which cases do not fit.

The same Rasch model as `ml.learning.ability`, with normal priors on all parts, by its largest
posterior density: ``scipy.optimize`` (L-BFGS) with the exact gradient. Fit statistics are
the mean squares of Wright & Masters (Rating Scale Analysis, 1982): *outfit* is the mean squared
standardized residual, *infit* the same weighted by information; both are 1 where a case behaves as
its difficulty says, and above 1.3 where able learners miss it and weak ones find it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ml.learning.ability import GENERAL_VARIANCE, OWN_VARIANCE
from ml.learning.difficulty import PRIOR_VARIANCE

ODD = 1.3
"""Infit or outfit from which on a case is odd (Linacre, Rasch Measurement Transactions 8, 1994)."""
ENOUGH = 10
"""Outcomes below which no case is called odd."""


@dataclass(frozen=True)
class Seen:
    """One outcome: who, which label, which case (any hashable ids), from 0 missed to 1 found."""

    learner: int
    label: str
    case: int
    success: float


@dataclass(frozen=True)
class CaseFit:
    difficulty: float
    variance: float
    """Of the difficulty, squared logits (the curvature at the maximum)."""
    count: int
    outfit: float
    infit: float

    @property
    def is_odd(self) -> bool:
        return self.count >= ENOUGH and max(self.outfit, self.infit) >= ODD


@dataclass(frozen=True)
class Fit:
    cases: Mapping[tuple[int, str], CaseFit]
    """By case and label."""
    general: Mapping[int, float]
    own: Mapping[tuple[int, str], float]


def fit(outcomes: Sequence[Seen], priors: Mapping[tuple[int, str], float]) -> Fit:
    """All parts at once; `priors` holds the difficulty that each case and label starts from.

    A pair that `priors` lacks starts from 0. The same outcomes in any order give the same numbers.
    """
    if not outcomes:
        return Fit({}, {}, {})
    from scipy.optimize import minimize

    rows = sorted(outcomes, key=lambda one: (one.learner, one.label, one.case, one.success))
    learners, who = _indexed([one.learner for one in rows])
    pairs, which = _indexed([(one.learner, one.label) for one in rows])
    items, what = _indexed([(one.case, one.label) for one in rows])
    success = np.array([one.success for one in rows])
    start = np.array([priors.get(item, 0.0) for item in items])
    cut = np.cumsum([len(learners), len(pairs)])

    def parts(x: np.ndarray) -> list[np.ndarray]:
        return np.split(x, cut)

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        general, own, hard = parts(x)
        z = general[who] + own[which] - hard[what]
        left = _chance(z) - success
        value = np.sum(np.logaddexp(0, z) - success * z)
        value += np.sum(general**2) / (2 * GENERAL_VARIANCE) + np.sum(own**2) / (2 * OWN_VARIANCE)
        value += np.sum((hard - start) ** 2) / (2 * PRIOR_VARIANCE)
        slope = np.concatenate(
            [
                np.bincount(who, left, len(learners)) + general / GENERAL_VARIANCE,
                np.bincount(which, left, len(pairs)) + own / OWN_VARIANCE,
                -np.bincount(what, left, len(items)) + (hard - start) / PRIOR_VARIANCE,
            ]
        )
        return float(value), slope

    first = np.concatenate([np.zeros(cut[-1]), start])
    best = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    general, own, hard = parts(best.x)
    p = _chance(general[who] + own[which] - hard[what])
    information = np.maximum(p * (1 - p), 1e-6)
    squared = (success - p) ** 2
    count = np.bincount(what, minlength=len(items))
    summed = np.bincount(what, information, len(items))
    outfit = np.bincount(what, squared / information, len(items)) / count
    infit = np.bincount(what, squared, len(items)) / summed
    fits = {
        item: CaseFit(
            float(hard[i]),
            float(1 / (summed[i] + 1 / PRIOR_VARIANCE)),
            int(count[i]),
            float(outfit[i]),
            float(infit[i]),
        )
        for i, item in enumerate(items)
    }
    return Fit(
        fits,
        dict(zip(learners, map(float, general), strict=True)),
        dict(zip(pairs, map(float, own), strict=True)),
    )


def _chance(z: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return np.asarray(expit(z))


def _indexed(values: list) -> tuple[list, np.ndarray]:
    """The values without repeats in their first order, and the place of each in them."""
    places: dict = {}
    index = np.array([places.setdefault(value, len(places)) for value in values])
    return list(places), index
