"""The drawing game's scorer: truth and answer from the database into `ml.localize` and back."""

from __future__ import annotations

from typing import Any

from cases.models import Case, Finding
from feedback.models import Attempt, Outcome
from feedback.registry import Game, OutcomeRow, Scored
from localize.answers import clean_answer
from ml import localize as rules

KIND = "localize"
FRAME_TOLERANCE = 2
"""Frames of a stack that a mark may lie beside the truth's own."""


def truths_of(findings: list[Finding]) -> list[rules.Truth]:
    """Findings with prefetched regions and images, as the rules take them."""
    return [_truth(finding) for finding in findings]


def _truth(finding: Finding) -> rules.Truth:
    own, others = [], []
    for region in finding.regions.all():
        image = region.image.public_id
        if region.alternate:
            alternate = rules.Alternate(region.box, region.reader, region.public_id)
            others.append((alternate, image, region.frame))
        else:
            own.append(
                rules.Region(region.public_id, region.box, image, region.frame, region.reader)
            )
    regions = rules.attach_alternates(own, others)
    return rules.Truth(finding.public_id, finding.label, finding.mode, regions)


def findings_of(case: Case) -> list[Finding]:
    return list(case.findings.prefetch_related("regions__image"))


def marks_of(answer: dict[str, Any]) -> list[rules.Mark]:
    return [
        rules.Mark(
            mark["id"],
            mark["label"],
            tuple(mark["box"]),
            mark["image"],
            mark["frame"],
            mark["confidence"],
        )
        for mark in answer.get("marks", [])
    ]


def score(attempt: Attempt) -> Scored:
    """Score a submitted attempt; the truth it was scored against is frozen into the result."""
    findings = findings_of(attempt.case)
    truths = truths_of(findings)
    marks = marks_of(attempt.answer)
    result = rules.score(
        truths,
        marks,
        attempt.answer.get("ticked", []),
        rule=attempt.rule or "standard",
        frame_tolerance=FRAME_TOLERANCE,
    )
    data = {
        "rule": result.rule,
        "score": result.score,
        "hits": result.hits,
        "misses": result.misses,
        "false_marks": result.false_marks,
        "case_version": attempt.case.version,
        "truths": _truth_rows(result, truths, findings),
        "marks": _mark_rows(result, marks),
        "ticked": [
            {"label": row.label, "outcome": row.outcome, "truth": row.truth} for row in result.ticks
        ],
    }
    return Scored(
        scorer=result.rule,
        version=rules.SCORER_VERSION,
        score=result.score,
        data=data,
        outcomes=_outcomes(result, findings, marks),
    )


def _truth_rows(
    result: rules.Result, truths: list[rules.Truth], findings: list[Finding]
) -> list[dict[str, Any]]:
    regions = {(t.id, r.id): r for t in truths for r in t.regions}
    by_id = {finding.public_id: finding for finding in findings}
    rows = []
    for row in result.truths:
        finding = by_id[row.truth]
        places = _places(row, finding, regions)
        rows.append(
            {
                "id": row.region or row.truth,
                "finding": row.truth,
                "label": row.label,
                "mode": finding.mode,
                "outcome": row.outcome,
                "iou": row.iou,
                "mark": row.mark,
                "reader": row.reader,
                "sentence": finding.sentence,
                "side": finding.side,
                "location": finding.location,
                "size_mm": finding.size_mm,
                "severity": finding.severity,
                "significance": finding.significance,
                **places,
            }
        )
    return rows


def _places(
    row: rules.TruthOutcome, finding: Finding, regions: dict[tuple[str, str], rules.Region]
) -> dict[str, Any]:
    """Where to show a finding: its region, or the first box of one that only had to be named."""
    region = regions.get((row.truth, row.region or ""))
    if region is None:
        drawn = [r for (truth, _), r in regions.items() if truth == row.truth]
        if not drawn:
            return {"image": None, "frame": 0, "box": None, "others": [], "readers": 0}
        region = drawn[0]
    readers = {box.reader for box in finding.regions.all()}
    return {
        "image": region.image,
        "frame": region.frame,
        "box": list(region.box),
        "others": [list(alternate.box) for alternate in region.alternates],
        "readers": len(readers),
        "boxed_by": len({region.reader, *(a.reader for a in region.alternates)}),
    }


def _mark_rows(result: rules.Result, marks: list[rules.Mark]) -> list[dict[str, Any]]:
    by_id = {mark.id: mark for mark in marks}
    return [
        {
            "id": row.mark,
            "label": row.label,
            "image": by_id[row.mark].image,
            "frame": by_id[row.mark].frame,
            "box": list(by_id[row.mark].box),
            "confidence": by_id[row.mark].confidence,
            "outcome": row.outcome,
            "iou": row.iou,
            "truth": row.region or row.truth,
        }
        for row in result.marks
    ]


def _outcomes(
    result: rules.Result, findings: list[Finding], marks: list[rules.Mark]
) -> list[OutcomeRow]:
    keys = {finding.public_id: finding.pk for finding in findings}
    confidence = {mark.id: mark.confidence for mark in marks}
    truth, mark = Outcome.About.TRUTH.value, Outcome.About.MARK.value
    return [
        *(
            OutcomeRow(truth, row.label, row.outcome, keys[row.truth], row.iou)
            for row in result.truths
        ),
        *(
            OutcomeRow(
                mark,
                row.label,
                row.outcome,
                keys.get(row.truth or ""),
                row.iou,
                confidence[row.mark],
            )
            for row in result.marks
        ),
        *(
            OutcomeRow(mark, row.label, row.outcome, keys.get(row.truth or ""))
            for row in result.ticks
        ),
    ]


GAME = Game(
    kind=KIND,
    clean_answer=clean_answer,
    score=score,
    url_name="localize:case",
    attempt_url_name="localize:attempt",
)
