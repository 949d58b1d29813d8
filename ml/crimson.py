"""CRIMSON: from the pairing and errors of two reports to one number in (-1, 1].

Source: Baharoon et al., "CRIMSON: A Clinically-Grounded LLM-Based Metric for
Generative Radiology Report Evaluation", arXiv:2603.06183 (2026). For the findings
of the reference with weights w, and the significance weights below:

    credit       c = Σ over matched reference findings of w · w / (w + Σ a)
    false weight f = Σ of the weights of false findings
    reference    n = Σ of the weights of all reference findings
    S = (c − f) / n                    when S ≥ 0
    −e / (1 + e), with e = f − c       when S < 0

where Σ a sums the attribute errors of that finding. Where n = 0 (a normal study, or
only benign findings) the score is 1 when nothing false weighs anything and −f′/(1 + f′)
otherwise, f′ being the false weight. So 1 is a faultless report, 0 is worth no more
than a normal template, and below zero more was wrong than right.

Findings are known here by id and significance only: this is arithmetic, whatever wrote them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

SIGNIFICANCE_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "urgent": 1.0,
        "actionable_not_urgent": 0.5,
        "not_actionable_not_urgent": 0.25,
        "benign_expected": 0.0,
    }
)
ATTRIBUTE_WEIGHTS: Mapping[str, float] = MappingProxyType({"significant": 0.5, "negligible": 0.0})
SLIGHT_WEIGHT = 1 / 6
"""Of our own severity *slight*: three quarters of an actionable finding are earned."""
ALL_ATTRIBUTE_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {**ATTRIBUTE_WEIGHTS, "slight": SLIGHT_WEIGHT}
)


@dataclass(frozen=True)
class Term:
    """What one finding adds to the sum."""

    kind: Literal["matched", "missing", "false"]
    finding_id: str
    weight: float
    """Significance weight w, 0 to 1."""
    error_weight: float
    """Σ a of a matched finding; 0 for the others."""
    value: float
    """Credit of a matched finding (0 to w), 0 for a missing one, −w for a false one."""


@dataclass(frozen=True)
class CrimsonScore:
    """The score with its arithmetic, for a page to show."""

    raw: float
    """CRIMSON, in (-1, 1]."""
    reference_weight: float
    credit: float
    false_weight: float
    terms: tuple[Term, ...]

    @property
    def points(self) -> float:
        """What the page shows: 100 · max(0, raw), in [0, 100]."""
        return 100.0 * max(0.0, self.raw)

    def to_json(self) -> dict[str, object]:
        """A JSON object; the terms in the order of the findings."""
        return {
            "raw": self.raw,
            "points": self.points,
            "reference_weight": self.reference_weight,
            "credit": self.credit,
            "false_weight": self.false_weight,
            "terms": [vars(term) for term in self.terms],
        }


def matched_credit(weight: float, error_weight: float) -> float:
    """w · w / (w + Σ a): the whole weight without errors, less with each; 0 for weight 0."""
    total = weight + error_weight
    return weight * weight / total if total > 0 else 0.0


def combine(credit: float, false_weight: float, reference_weight: float) -> float:
    """The score in (-1, 1] from the three sums (see the module's formula)."""
    excess = false_weight - credit
    if reference_weight <= 0:
        return 1.0 if false_weight <= 0 else -false_weight / (1.0 + false_weight)
    if excess <= 0:
        return (credit - false_weight) / reference_weight
    return -excess / (1.0 + excess)


def score(
    reference: Mapping[str, str],
    false: Mapping[str, str],
    matched: Container[str],
    mistakes: Iterable[tuple[str, str]] = (),
) -> CrimsonScore:
    """Score one comparison of two reports.

    Args:
        reference: id → significance of every finding of the reference.
        false: id → significance of the candidate's findings that the reference does not have.
        matched: ids of the reference's findings that the candidate has.
        mistakes: (id of the reference's finding, severity) of every attribute error.

    KeyError for a significance or severity without a weight.
    """
    terms = (*_reference_terms(reference, matched, mistakes), *_false_terms(false))
    credit = sum(term.value for term in terms if term.kind == "matched")
    false_weight = sum(term.weight for term in terms if term.kind == "false")
    reference_weight = sum(term.weight for term in terms if term.kind != "false")
    raw = combine(credit, false_weight, reference_weight)
    return CrimsonScore(raw, reference_weight, credit, false_weight, terms)


def _reference_terms(
    reference: Mapping[str, str], matched: Container[str], mistakes: Iterable[tuple[str, str]]
) -> list[Term]:
    errors: dict[str, float] = {}
    for name, severity in mistakes:
        errors[name] = errors.get(name, 0.0) + ALL_ATTRIBUTE_WEIGHTS[severity]
    terms = []
    for name, significance in reference.items():
        weight = SIGNIFICANCE_WEIGHTS[significance]
        if name in matched:
            wrong = errors.get(name, 0.0)
            terms.append(Term("matched", name, weight, wrong, matched_credit(weight, wrong)))
        else:
            terms.append(Term("missing", name, weight, 0.0, 0.0))
    return terms


def _false_terms(false: Mapping[str, str]) -> list[Term]:
    weights = {name: SIGNIFICANCE_WEIGHTS[significance] for name, significance in false.items()}
    return [Term("false", name, weight, 0.0, -weight) for name, weight in weights.items()]
