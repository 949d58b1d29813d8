"""The writing game's scorer: texts from the database into `ml.evaluate` and `ml.style` and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cases.models import Case, ReferenceReport
from feedback.models import Attempt, Mode, Outcome
from feedback.registry import AnswerProblem, Game, Hint, OutcomeRow, Scored
from ml.regions import place_in_words
from report import opinions
from report.answers import clean_answer, languages_of
from report.hints import next_hint
from report.queries import regions_covered

if TYPE_CHECKING:
    from ml.evaluate import Evaluation

KIND = "report"
ENGINE = "rules"
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


def compared(case: Case, reference: str, text: str, language: str) -> Evaluation:
    """A text against a reference of the case."""
    from ml import evaluate

    return evaluate.evaluate(
        reference,
        text,
        age=case.age,
        sex=case.sex or None,
        indication=case.indication,
        language=language,
    )


def language_of(attempt: Attempt) -> str:
    return str(attempt.answer.get("language") or languages_of(attempt.case)[0])


def score(attempt: Attempt) -> Scored:
    """Score a submitted report; the reference it was compared with is frozen into the result."""
    from ml import style

    case = attempt.case
    language = language_of(attempt)
    reference = reference_text(reference_of(case, language))
    text = attempt.answer.get("text", "")
    evaluation = compared(case, reference, text, language)
    # Time that runs out on an empty page is no statement that the study is normal.
    unanswered = bool(attempt.closed_because) and not text.strip()
    points = 0.0 if unanswered else evaluation.score
    data = {
        "engine": evaluation.engine,
        "version": evaluation.version,
        "language": language,
        "case_version": case.version,
        "text": text,
        "reference": reference,
        "raw": evaluation.raw,
        "score": points,
        "unanswered": unanswered,
        "crimson": evaluation.crimson.to_json(),
        "evaluation": evaluation.to_json(),
        "style": style.score(text, language).to_json(),
        "regions": _regions(case),
    }
    return Scored(
        scorer=evaluation.engine,
        version=evaluation.version,
        score=points,
        data=data,
        outcomes=_outcomes(evaluation.to_json()),
        remaining=_remaining(evaluation),
    )


def _remaining(evaluation: Evaluation) -> list[str]:
    """The region of each abnormal finding that the text does not have."""
    missing = evaluation.errors.missing_findings
    return [
        place_in_words(finding.label or "", finding.side or "")
        for finding in evaluation.reference_findings
        if finding.id in missing
    ]


def hint(attempt: Attempt, request: dict[str, Any]) -> Hint:
    """The next hint on a region of the reference, in the language written in."""
    if not languages_of(attempt.case):
        raise AnswerProblem("This case has no reference report any more.")
    language = language_of(attempt)
    try:
        reference = reference_text(reference_of(attempt.case, language))
    except NoReference:
        raise AnswerProblem("There is no reference report in this language any more.") from None
    findings = compared(attempt.case, reference, "", language).reference_findings
    return next_hint(attempt, findings, request.get("region"))


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


def kept(attempt: Attempt) -> dict[str, Any]:
    """Of a saved draft the page learns which regions its text speaks of."""
    return {"regions": regions_covered(attempt, attempt.answer)}


GAME = Game(
    kind=KIND,
    clean_answer=clean_answer,
    kept=kept,
    score=score,
    url_name="report:case",
    attempt_url_name="report:attempt",
    modes=tuple(Mode),
    rules=(ENGINE,),
    hint=hint,
    hint_modes=(Mode.GUIDED,),
    opinions=opinions.names,
    opinion=opinions.opinion,
)
