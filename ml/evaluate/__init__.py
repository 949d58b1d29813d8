"""A candidate report against a reference: matched, missing, false and wrongly described.

`evaluate` runs the `rules` engine, which needs no model and no download. Other
engines answer the same `Evaluation`; `ml.crimson` scores either.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ml.evaluate import checks, rules, tongue
from ml.evaluate.patient import patient_of
from ml.evaluate.schema import (
    AttributeMistake,
    Errors,
    EvaluatedFinding,
    Evaluation,
    Match,
    Note,
    Unread,
    from_json,
)
from ml.findings.unread import unread

__all__ = [
    "AttributeMistake",
    "Errors",
    "EvaluatedFinding",
    "Evaluation",
    "Match",
    "Note",
    "Unread",
    "answer_line",
    "evaluate",
    "from_json",
]


def evaluate(
    reference: str,
    candidate: str,
    *,
    age: float | str | None = None,
    sex: str | None = None,
    indication: str | None = None,
    language: str = "en",
) -> Evaluation:
    """Compare a candidate report with a reference of the same study.

    Texts are plain text of at most `checks.LONGEST_TEXT` characters; markup is read as text. `age`
    is in years or like ``082Y``, `language` one of `ml.findings.LANGUAGES`. Spans of the answer
    point into the texts as given. An empty candidate is answered (all that the reference has is
    missing) with a remark; an empty reference is a ValueError, as is any value that does not fit.
    """
    checks.check_texts(reference, candidate, language)
    patient = patient_of(age, sex, indication)
    evaluation, given = rules.evaluate(reference, candidate, patient, language)
    evaluation = replace(evaluation, unread=_unread(candidate, language))
    return checks.with_remarks(evaluation, reference, candidate, language, given)


def _unread(text: str, language: str) -> tuple[Unread, ...]:
    """What of a report was not understood; one in another language is told as a whole."""
    if tongue.other_language(text, language):
        return ()
    return tuple(
        Unread(item.words, (item.start, item.end), item.advice) for item in unread(text, language)
    )


def answer_line(item: dict[str, Any]) -> dict[str, Any]:
    """One line of ``python -m ml evaluate``.

    In: `reference`, `candidate` and optionally `age`, `sex`, `indication`,
    `language`. Out: `crimson` (raw, in (-1, 1]), `evaluation`, `style` of the
    candidate and `metrics` (counts and weights). ValueError names what is missing or wrong.
    """
    from ml import style

    for key in ("reference", "candidate"):
        if key not in item:
            raise ValueError(f"missing key {key!r}")
    language = item.get("language") or "en"
    evaluation = evaluate(
        item["reference"],
        item["candidate"],
        age=item.get("age"),
        sex=item.get("sex"),
        indication=item.get("indication"),
        language=language,
    )
    return {
        "crimson": evaluation.raw,
        "evaluation": evaluation.to_json(),
        "style": style.score(item["candidate"], language).to_json(),
        "metrics": metrics_of(evaluation),
    }


def metrics_of(evaluation: Evaluation) -> dict[str, Any]:
    """Counts a kind of error and the sums behind the score."""
    kinds: dict[str, int] = {}
    for error in evaluation.errors.attribute_errors:
        for kind in error.error_types:
            kinds[kind] = kinds.get(kind, 0) + 1
    score = evaluation.crimson
    return {
        "score": evaluation.score,
        "matched": len({match.ref_id for match in evaluation.matched_findings}),
        "missing": len(evaluation.errors.missing_findings),
        "false": len(evaluation.errors.false_findings),
        "attribute_errors": kinds,
        "reference_weight": score.reference_weight,
        "credit": score.credit,
        "false_weight": score.false_weight,
    }
