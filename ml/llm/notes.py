"""Sentences for the learner from a language model's evaluation, worded as the rules' are."""

from __future__ import annotations

from collections.abc import Iterator

from ml.evaluate.explain import WEIGHT_WORDS
from ml.evaluate.schema import EvaluatedFinding, Evaluation, Note


def notes_of(evaluation: Evaluation) -> tuple[Note, ...]:
    """A note a finding or pair: matched, missing, false, then the attribute errors."""
    return tuple(_notes(evaluation))


def _notes(evaluation: Evaluation) -> Iterator[Note]:
    for match in evaluation.matched_findings:
        wanted, given = evaluation.finding(match.ref_id), evaluation.finding(match.pred_id)
        yield Note(
            "matched",
            match.ref_id,
            match.pred_id,
            wanted.clinical_significance,
            f"You reported: {_named(wanted)}.",
            reference_spans=wanted.spans,
            candidate_spans=given.spans,
        )
    for identity in evaluation.errors.missing_findings:
        finding = evaluation.finding(identity)
        yield Note(
            "missing",
            identity,
            None,
            finding.clinical_significance,
            f"Not in your report: {_named(finding)} ({_weight(finding)}).",
            reference_spans=finding.spans,
        )
    for identity in evaluation.errors.false_findings:
        finding = evaluation.finding(identity)
        yield Note(
            "false",
            None,
            identity,
            finding.clinical_significance,
            f"The reference has no {_named(finding)} ({_weight(finding)}).",
            candidate_spans=finding.spans,
        )
    for error in evaluation.errors.attribute_errors:
        wanted, given = evaluation.finding(error.ref_id), evaluation.finding(error.pred_id)
        kinds = ", ".join(error.error_types)
        yield Note(
            "attribute",
            error.ref_id,
            error.pred_id,
            wanted.clinical_significance,
            error.explanation or f"Described differently from the reference ({kinds}).",
            error_types=error.error_types,
            severity=error.severity,
            reference_spans=wanted.spans,
            candidate_spans=given.spans,
        )


def _named(finding: EvaluatedFinding) -> str:
    return finding.name or f"“{finding.finding}”"


def _weight(finding: EvaluatedFinding) -> str:
    return WEIGHT_WORDS[finding.clinical_significance]
