"""The writing game's scorer: texts from the database into `ml.evaluate` and `ml.style` and back."""

from __future__ import annotations

from typing import Any

from cases.models import Case, ReferenceReport
from feedback.models import Attempt, Outcome
from feedback.registry import Game, OutcomeRow, Scored
from report.answers import clean_answer, languages_of

KIND = "report"
UNLABELLED = "other"
"""What outcomes call a finding that no label of the taxonomy fits."""


class NoReference(ValueError):
    """The case has no reference report in the language asked for."""


def reference_of(case: Case, language: str) -> ReferenceReport:
    found = case.reports.filter(language=language).first()
    if found is None:
        raise NoReference(f"case {case.public_id} has no report in {language!r}")
    return found


def reference_text(report: ReferenceReport) -> str:
    """Findings and impression as one text, a paragraph each."""
    return "\n\n".join(part for part in (report.findings, report.impression) if part)


def score(attempt: Attempt) -> Scored:
    """Score a submitted report; the reference it was compared with is frozen into the result."""
    from ml import evaluate, style

    case = attempt.case
    language = attempt.answer.get("language") or languages_of(case)[0]
    reference = reference_text(reference_of(case, language))
    text = attempt.answer.get("text", "")
    evaluation = evaluate.evaluate(
        reference,
        text,
        age=case.age,
        sex=case.sex or None,
        indication=case.indication,
        language=language,
    )
    data = {
        "engine": evaluation.engine,
        "version": evaluation.version,
        "language": language,
        "case_version": case.version,
        "text": text,
        "reference": reference,
        "raw": evaluation.raw,
        "score": evaluation.score,
        "crimson": evaluation.crimson.to_json(),
        "evaluation": evaluation.to_json(),
        "style": style.score(text, language).to_json(),
        "regions": _regions(case),
    }
    return Scored(
        scorer=evaluation.engine,
        version=evaluation.version,
        score=evaluation.score,
        data=data,
        outcomes=_outcomes(evaluation.to_json()),
    )


def _regions(case: Case) -> list[dict[str, Any]]:
    """The case's boxes, to show where a missed finding lies."""
    return [
        {
            "label": finding.label,
            "side": finding.side,
            "image": region.image.public_id,
            "frame": region.frame,
            "box": list(region.box),
        }
        for finding in case.findings.prefetch_related("regions__image")
        for region in finding.regions.all()
        if not region.alternate
    ]


def _outcomes(evaluation: dict[str, Any]) -> list[OutcomeRow]:
    errors = evaluation["errors"]
    missing, false = set(errors["missing_findings"]), set(errors["false_findings"])
    misdescribed = {error["ref_id"] for error in errors["attribute_errors"]}
    truth, mark = Outcome.About.TRUTH.value, Outcome.About.MARK.value
    rows = []
    for finding in evaluation["reference_findings"]:
        outcome = "misdescribed" if finding["id"] in misdescribed else "hit"
        outcome = "missed" if finding["id"] in missing else outcome
        rows.append(OutcomeRow(truth, finding["label"] or UNLABELLED, outcome))
    for finding in evaluation["predicted_findings"]:
        outcome = "false" if finding["id"] in false else "hit"
        rows.append(OutcomeRow(mark, finding["label"] or UNLABELLED, outcome))
    return rows


GAME = Game(
    kind=KIND,
    clean_answer=clean_answer,
    score=score,
    url_name="report:case",
    attempt_url_name="report:attempt",
)
