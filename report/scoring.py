"""The writing game's scorer: texts from the database into `ml.evaluate` and `ml.style` and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.db.models import Exists, OuterRef, QuerySet

from attempts.games import AnswerProblem, Game, Hint, OutcomeRow, Scored
from attempts.models import Attempt, Mode, Outcome
from cases.models import Case, ReferenceReport
from cases.queries import findings_with_places
from ml.regions import place_in_words
from report.answers import clean_answer, languages_of, scorable_reports
from report.hints import next_hint
from report.queries import regions_covered
from report.result import CrimsonData, EvaluationData, RegionRow, ReportData, StyleData

if TYPE_CHECKING:
    from ml.evaluate import Evaluation

KIND = "report"
ENGINE = "rules"
UNLABELED = "other"
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
    case = attempt.case
    language = language_of(attempt)
    reference = reference_text(reference_of(case, language))
    text = attempt.answer.get("text", "")
    evaluation = compared(case, reference, text, language)
    # Time that runs out on an empty page is no statement that the study is normal.
    unanswered = bool(attempt.closed_because) and not text.strip()
    share = _share_written(evaluation, text, language) if attempt.closed_because else 1.0
    points = 0.0 if unanswered else evaluation.score * share
    told = cast("EvaluationData", evaluation.to_json())
    data: ReportData = {
        "engine": evaluation.engine,
        "version": evaluation.version,
        "language": language,
        "case_version": case.version,
        "text": text,
        "reference": reference,
        "raw": evaluation.raw,
        "score": points,
        "unanswered": unanswered,
        "share": share,
        "crimson": cast("CrimsonData", evaluation.crimson.to_json()),
        "evaluation": told,
        "style": _style(evaluation, text, reference, language),
        "regions": _regions(case),
    }
    return Scored(
        scorer=evaluation.engine,
        version=evaluation.version,
        score=points,
        data=cast("dict[str, Any]", data),
        outcomes=_outcomes(told),
        remaining=_remaining(evaluation),
    )


def _style(evaluation: Evaluation, text: str, reference: str, language: str) -> StyleData:
    """The style of the text, with what the reference and its own findings ask to be told."""
    from ml import style
    from ml.crimson import SIGNIFICANCE_WEIGHTS

    found = [
        style.Reported(finding.spans, SIGNIFICANCE_WEIGHTS[finding.clinical_significance])
        for finding in evaluation.predicted_findings
    ]
    scored = style.score(text, language, reference=reference, found=found)
    return cast("StyleData", scored.to_json())


def _share_written(evaluation: Evaluation, text: str, language: str) -> float:
    """What part of a normal study a report describes that time closed, 0 to 1.

    Silence is right on a normal study, so what was not written must not be paid: counted are
    lungs, pleura and heart in finished sentences. What there is to find CRIMSON counts.
    """
    from ml import style

    if evaluation.crimson.reference_weight:
        return 1.0
    said = style.coverage(_finished(text, language), language)
    return sum(bool(said[region]) for region in style.ESSENTIAL) / len(style.ESSENTIAL)


def _finished(text: str, language: str) -> str:
    """A text without its last words, where no mark ends them and they state nothing."""
    from ml import findings

    end = max(text.rfind(mark) for mark in ".!?;\n") + 1
    return text if findings.extract(text[end:], language) else text[:end]


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


def _regions(case: Case) -> list[RegionRow]:
    """The case's places, to show where a missed finding lies."""
    return [
        {
            "label": finding.label,
            "side": finding.side,
            "image": region.image.public_id,
            "frame": region.frame,
            "box": list(region.box),
            "point": region.tip,
            "path": region.path,
            "outline": region.outline,
        }
        for finding in findings_with_places(case)
        for region in finding.regions.all()
        if not region.alternate
    ]


def _outcomes(evaluation: EvaluationData) -> list[OutcomeRow]:
    errors = evaluation["errors"]
    missing, false = set(errors["missing_findings"]), set(errors["false_findings"])
    misdescribed = {error["ref_id"] for error in errors["attribute_errors"]}
    truth, mark = Outcome.About.TRUTH.value, Outcome.About.MARK.value
    rows = []
    for finding in evaluation["reference_findings"]:
        outcome = "misdescribed" if finding["id"] in misdescribed else "hit"
        outcome = "missed" if finding["id"] in missing else outcome
        rows.append(OutcomeRow(truth, finding["label"] or UNLABELED, outcome))
    for finding in evaluation["predicted_findings"]:
        outcome = "false" if finding["id"] in false else "hit"
        rows.append(OutcomeRow(mark, finding["label"] or UNLABELED, outcome))
    return rows


def kept(attempt: Attempt) -> dict[str, Any]:
    """Of a saved draft the page learns which regions its text speaks of."""
    return {"regions": regions_covered(attempt, attempt.answer)}


def playable(cases: QuerySet[Case], rule: str) -> QuerySet[Case]:
    """Those with a reference report that can be scored."""
    return cases.filter(Exists(scorable_reports().filter(case=OuterRef("pk"))))


GAME = Game(
    kind=KIND,
    name="Report",
    clean_answer=clean_answer,
    kept=kept,
    score=score,
    playable=playable,
    modes=tuple(Mode),
    opened_by_address=(Mode.PRACTICE, Mode.SECOND_LOOK, Mode.GUIDED),
    rules=(ENGINE,),
    hint=hint,
    hint_modes=(Mode.GUIDED,),
    sprint_seconds=180,
)
