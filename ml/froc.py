"""Free-response figures of a reader: LLF, NLF, FROC, AFROC and (weighted) JAFROC.

Chakraborty DP, Berbaum KS. Observer studies involving detection and localization:
modeling, analysis, and validation. Med Phys 2004;31:2313-2330. Weighting (each
abnormal case counts the same): Chakraborty DP. Observer Performance Methods for
Diagnostic Imaging. CRC Press 2017. The formulas are in docs/scoring.md.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.localize.model import Mark, Result

Floats = NDArray[np.float64]
UNMARKED = -math.inf
"""The rating of a lesion without a mark, and of a case without false marks."""
BATCH = 256
"""Bootstrap draws held in memory at once."""


@dataclass(frozen=True)
class CaseRatings:
    """Mark-rating pairs of one case; a higher rating means more certain.

    `lesions` holds one rating a lesion of the case, None where it was not marked;
    `others` one rating a mark that hits no lesion. A case without lesions is normal.
    Raises ValueError for a rating that is not a finite number.
    """

    lesions: tuple[float | None, ...] = ()
    others: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for rating in (*self.lesions, *self.others):
            if rating is not None and not math.isfinite(rating):
                raise ValueError(f"a rating must be a finite number, got {rating!r}")


def ratings_of(result: Result, marks: Sequence[Mark]) -> CaseRatings | None:
    """The mark-rating pairs of a scored answer; a mark without confidence is rated 1.

    A lesion is a region, rated with its most confident mark, duplicates included. Every
    mark on no lesion (false, poorly located, wrong label) is one of the others. Findings
    that have only to be named have no place: their marks are left out, and a case that
    has no other finding gives None, since it is neither normal nor has it a lesion.
    """
    confidence = {mark.id: float(mark.confidence or 1) for mark in marks}
    lesions: dict[tuple[str, str], float | None] = {
        (row.truth, row.region): None for row in result.truths if row.region is not None
    }
    if result.truths and not lesions:
        return None
    others = []
    for row in result.marks:
        rating = confidence[row.mark]
        if row.outcome not in ("hit", "duplicate"):
            others.append(rating)
        elif row.truth is not None and row.region is not None:
            key = (row.truth, row.region)
            lesions[key] = max(rating, lesions[key] or rating)
    return CaseRatings(tuple(lesions.values()), tuple(others))


def lesion_fraction(cases: Sequence[CaseRatings], threshold: float = UNMARKED) -> float:
    """LLF: lesions marked with at least `threshold` over all lesions, in [0, 1].

    Raises ValueError when no case has a lesion.
    """
    ratings = _lesion_ratings(cases)
    return float(np.mean((ratings >= threshold) & (ratings > UNMARKED)))


def non_lesion_fraction(cases: Sequence[CaseRatings], threshold: float = UNMARKED) -> float:
    """NLF: marks beside every lesion with at least `threshold`, per case; 0 or more.

    Raises ValueError when there is no case.
    """
    return float(np.sum(_other_ratings(cases) >= threshold) / len(cases))


def froc_curve(cases: Sequence[CaseRatings]) -> tuple[Floats, Floats, Floats]:
    """Thresholds from strict to lenient with NLF and LLF at each; three arrays of one length.

    Empty arrays where nothing was marked. Raises ValueError when no case has a lesion.
    """
    lesions, others = _lesion_ratings(cases), _other_ratings(cases)
    marked = lesions[lesions > UNMARKED]
    thresholds = np.unique(np.concatenate([marked, others]))[::-1]
    nlf = _count_from(others, thresholds) / len(cases)
    llf = _count_from(marked, thresholds) / len(lesions)
    return thresholds, nlf, llf


def afroc_curve(
    cases: Sequence[CaseRatings], *, weighted: bool = True
) -> tuple[Floats, Floats, Floats]:
    """Thresholds, FPF and LLF of the AFROC, from (0, 0) to (1, 1).

    FPF is the fraction of normal cases with a false mark of at least the threshold, LLF
    that of lesions, weighted so that each abnormal case counts the same. The area
    under it by the trapezoidal rule is `jafroc`. The first threshold is infinite, the
    last minus infinite (every case and lesion counts). Raises as `jafroc`.
    """
    normal, abnormal = _split(cases)
    lesions, highest = _lesion_ratings(abnormal), _highest(normal)
    weights = _lesion_weights(abnormal, weighted)
    seen = np.unique(np.concatenate([lesions, highest, [UNMARKED]]))[::-1]
    fpf = _count_from(highest, seen) / len(highest)
    llf = (weights * (lesions >= seen[:, None])).sum(axis=1)
    return np.append(np.inf, seen), np.append(0.0, fpf), np.append(0.0, llf)


def jafroc(cases: Sequence[CaseRatings], *, weighted: bool = True) -> float:
    """Probability that a lesion is rated above the highest false mark of a normal case.

    In [0, 1], ties one half; unmarked counts below every mark. `weighted` (wJAFROC)
    gives each abnormal case the same weight, else each lesion. Raises ValueError
    without a normal and an abnormal case.
    """
    normal, abnormal = _split(cases)
    weights = _lesion_weights(abnormal, weighted)
    lesions, highest = _lesion_ratings(abnormal), np.sort(_highest(normal))
    below = np.searchsorted(highest, lesions, side="left")
    as_high = np.searchsorted(highest, lesions, side="right")
    figure = float(weights @ (below + as_high)) / (2 * len(highest))
    return min(1.0, max(0.0, figure))


def jafroc_interval(
    cases: Sequence[CaseRatings],
    *,
    weighted: bool = True,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile bootstrap interval of `jafroc`, normal and abnormal cases drawn apart.

    Cases are drawn, not lesions, because lesions of one case are not independent. With
    one normal or abnormal case its part of the spread is unseen. Raises as `jafroc`.
    """
    normal, abnormal = _split(cases)
    sizes = np.array([len(case.lesions) for case in abnormal], dtype=float)
    first = np.append(0, np.cumsum(sizes)[:-1]).astype(int)
    kernel = np.add.reduceat(_kernel(abnormal, normal), first, axis=0)
    if weighted:
        kernel, sizes = kernel / sizes[:, None], np.ones_like(sizes)
    rng = np.random.default_rng(seed)
    values = [
        _resampled(kernel, sizes, min(BATCH, draws - done), rng) for done in range(0, draws, BATCH)
    ]
    tail = 50 * (1 - level)
    low, high = np.percentile(np.concatenate(values), [tail, 100 - tail])
    return float(low), float(high)


@dataclass(frozen=True)
class PooledFigure:
    """The figure of several readers together, with an interval over readers."""

    value: float
    low: float
    high: float


def pooled_jafroc(
    readers: Sequence[Sequence[CaseRatings]],
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> PooledFigure | None:
    """wJAFROC of all readers' cases together; readers are drawn for its percentile interval.

    Readers are the clusters, since the answers of one are not independent (Field CA, Welsh AH.
    Bootstrapping clustered data. J R Stat Soc B 2007;69:369-390). None for less than two readers,
    or without a normal and an abnormal case.
    """
    every = [case for cases in readers for case in cases]
    if len(readers) < 2 or len({bool(case.lesions) for case in every}) < 2:
        return None
    scale = np.unique(
        np.concatenate([_lesion_ratings([c for c in every if c.lesions]), _highest(every)])
    )
    lesions, normals = (np.zeros((len(readers), len(scale))) for _ in range(2))
    for row, cases in enumerate(readers):
        for case, times in Counter(cases).items():  # many are rated alike
            if case.lesions:
                found = np.searchsorted(scale, _lesion_ratings([case]))
                np.add.at(lesions[row], found, times / len(case.lesions))
            else:
                normals[row, np.searchsorted(scale, _highest([case]))] += times
    return pooled_of(lesions, normals, draws=draws, level=level, seed=seed)


def pooled_of(
    lesions: Floats, normals: Floats, *, draws: int, level: float, seed: int
) -> PooledFigure:
    """From the weight of lesions and the number of normal cases at each rating, lowest first;
    both have shape (readers, ratings).
    """
    readers, ratings = lesions.shape
    wins = np.tri(ratings, k=-1) + 0.5 * np.eye(ratings)
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, readers, size=(draws, readers)) + readers * np.arange(draws)[:, None]
    times = np.bincount(chosen.ravel(), minlength=draws * readers)
    weights = times.reshape(draws, readers).astype(np.float64)
    with np.errstate(invalid="ignore"):  # a draw without a normal or an abnormal case
        drawn = _won(weights @ lesions, weights @ normals, wins)
    value = _won(lesions.sum(axis=0)[None], normals.sum(axis=0)[None], wins)
    tail = 50 * (1 - level)
    low, high = np.nanpercentile(drawn, [tail, 100 - tail])
    return PooledFigure(float(value[0]), float(low), float(high))


def _won(lesions: Floats, normals: Floats, wins: Floats) -> Floats:
    """How often a lesion is rated above a normal case, for each row of their numbers by rating."""
    won: Floats = np.einsum("dl,ln,dn->d", lesions, wins, normals)
    return won / (lesions.sum(axis=1) * normals.sum(axis=1))


def _resampled(kernel: Floats, sizes: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """The figure over `draws` resamples; `kernel` has shape (abnormal, normal) cases."""
    n_abnormal, n_normal = kernel.shape
    rows = rng.multinomial(n_abnormal, np.full(n_abnormal, 1 / n_abnormal), size=draws)
    columns = rng.multinomial(n_normal, np.full(n_normal, 1 / n_normal), size=draws)
    won: Floats = ((rows @ kernel) * columns).sum(axis=1)
    return won / (rows @ sizes * n_normal)


def _split(cases: Sequence[CaseRatings]) -> tuple[list[CaseRatings], list[CaseRatings]]:
    normal = [case for case in cases if not case.lesions]
    abnormal = [case for case in cases if case.lesions]
    if not normal or not abnormal:
        raise ValueError("JAFROC needs at least one normal and one abnormal case")
    return normal, abnormal


def _lesion_ratings(cases: Sequence[CaseRatings]) -> Floats:
    ratings = [UNMARKED if r is None else r for case in cases for r in case.lesions]
    if not ratings:
        raise ValueError("the lesion localization fraction needs at least one lesion")
    return np.array(ratings, dtype=np.float64)


def _other_ratings(cases: Sequence[CaseRatings]) -> Floats:
    if not cases:
        raise ValueError("the non-lesion localization fraction needs at least one case")
    return np.array([rating for case in cases for rating in case.others], dtype=np.float64)


def _highest(cases: Sequence[CaseRatings]) -> Floats:
    return np.array([max(case.others, default=UNMARKED) for case in cases], dtype=np.float64)


def _lesion_weights(abnormal: Sequence[CaseRatings], weighted: bool) -> Floats:
    """One weight a lesion; they sum to 1."""
    sizes = np.array([len(case.lesions) for case in abnormal])
    each = 1 / sizes if weighted else np.ones(len(sizes))
    weights: Floats = np.repeat(each, sizes)
    return weights / weights.sum()


def _kernel(abnormal: Sequence[CaseRatings], normal: Sequence[CaseRatings]) -> Floats:
    """1 where a lesion is rated above a normal case, one half where equal; (lesions, normal)."""
    lesions, highest = _lesion_ratings(abnormal)[:, None], _highest(normal)[None, :]
    return (lesions > highest) + 0.5 * (lesions == highest)


def _count_from(ratings: Floats, thresholds: Floats) -> Floats:
    """How many ratings are at least each threshold."""
    ordered = np.sort(ratings)
    return (len(ordered) - np.searchsorted(ordered, thresholds, side="left")).astype(np.float64)
