"""F1 between labels of reports: micro, macro, and of one pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml.chexbert.labels import OBSERVATIONS, POSITIVE, TOP_FIVE

Labels = Mapping[str, str]
"""Observation → class."""


@dataclass(frozen=True)
class F1:
    """Over all five or fourteen observations, 0 to 1; None where there is nothing to count.

    Nothing to count means that neither side states any of the observations: the published code
    gives 0 there, which would tell a learner that a right normal report is worthless.
    """

    top5: float | None
    all14: float | None


@dataclass(frozen=True)
class Counts:
    """Reports that state one observation: both sides, only the candidate, only the reference."""

    both: int
    candidate: int
    reference: int

    @property
    def f1(self) -> float | None:
        total = 2 * self.both + self.candidate + self.reference
        return 2 * self.both / total if total else None


def counts(candidates: Sequence[Labels], references: Sequence[Labels], observation: str) -> Counts:
    """ValueError when the two lists differ in length."""
    pairs = [
        (candidate[observation] in POSITIVE, reference[observation] in POSITIVE)
        for candidate, reference in zip(candidates, references, strict=True)
    ]
    return Counts(
        sum(a and b for a, b in pairs),
        sum(a and not b for a, b in pairs),
        sum(b and not a for a, b in pairs),
    )


def micro(candidates: Sequence[Labels], references: Sequence[Labels]) -> F1:
    """F1 of all observations counted together."""
    return F1(
        _micro(candidates, references, TOP_FIVE), _micro(candidates, references, OBSERVATIONS)
    )


def macro(candidates: Sequence[Labels], references: Sequence[Labels]) -> F1:
    """Mean of the observations' own F1; one that nobody states counts as 0, as published."""
    return F1(
        _macro(candidates, references, TOP_FIVE), _macro(candidates, references, OBSERVATIONS)
    )


def pair(candidate: Labels, reference: Labels) -> F1:
    """F1 of one report against its reference."""
    return micro([candidate], [reference])


def _micro(
    candidates: Sequence[Labels], references: Sequence[Labels], names: Sequence[str]
) -> float | None:
    each = [counts(candidates, references, name) for name in names]
    return Counts(
        sum(c.both for c in each), sum(c.candidate for c in each), sum(c.reference for c in each)
    ).f1


def _macro(
    candidates: Sequence[Labels], references: Sequence[Labels], names: Sequence[str]
) -> float | None:
    each = [counts(candidates, references, name).f1 for name in names]
    if all(value is None for value in each):
        return None
    return sum(value or 0.0 for value in each) / len(each)
