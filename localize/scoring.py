"""The drawing game's scorer: truth and answer from the database into `ml.localize` and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cases.models import Case, Finding
from feedback.aids import hinted_in_drafts
from feedback.models import Attempt, Mode, Outcome
from feedback.registry import Game, Hint, OutcomeRow, Scored
from localize.answers import clean_answer
from localize.explained import subject_of
from localize.hints import (
    Target,
    arithmetic,
    costs_of,
    next_hint,
    score_after,
    targets_of,
)
from ml import localize as rules

KIND = "localize"
RULES = ("standard", "radgame")
TEST_THRESHOLD = 0.25
"""IoU of rule ``radgame`` in tests; in practice it is `ml.localize.RADGAME_THRESHOLD`."""
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
            alternate = rules.Alternate(region.box, region.reader, region.public_id, region.frame)
            others.append((alternate, image, region.frame))
        else:
            own.append(
                rules.Region(region.public_id, region.box, image, region.frame, region.reader)
            )
    regions = rules.attach_alternates(rules.join_slices(own), others)
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


@dataclass(frozen=True)
class Judged:
    """An answer compared with the truth of its case."""

    result: rules.Result
    truths: list[rules.Truth]
    findings: list[Finding]
    marks: list[rules.Mark]
    targets: list[Target]


def judge(attempt: Attempt) -> Judged:
    """Compare an attempt's answer, as it stands, with the truth."""
    findings = findings_of(attempt.case)
    truths = truths_of(findings)
    marks = marks_of(attempt.answer)
    result = rules.score(
        truths,
        marks,
        attempt.answer.get("ticked", []),
        rule=attempt.rule or RULES[0],
        threshold=threshold_of(attempt),
        frame_tolerance=FRAME_TOLERANCE,
    )
    images = {image.public_id: image for image in attempt.case.images.all()}
    return Judged(result, truths, findings, marks, targets_of(result, truths, findings, images))


def threshold_of(attempt: Attempt) -> float:
    """The IoU that rule ``radgame`` asks for: less in tests, as the published app does."""
    return TEST_THRESHOLD if attempt.mode == Mode.TEST else rules.RADGAME_THRESHOLD


def score(attempt: Attempt) -> Scored:
    """Score a submitted attempt; the truth it was scored against is frozen into the result."""
    judged = judge(attempt)
    result, truths, findings, marks = judged.result, judged.truths, judged.findings, judged.marks
    hit = {target.id for target in judged.targets if target.hit}
    hints = costs_of(attempt, hit)
    deducted = round(sum(row["cost"] for row in hints), 3)
    points = score_after(result, deducted) if deducted else result.score
    data = {
        "rule": result.rule,
        "threshold": threshold_of(attempt),
        "score": points,
        "hits": result.hits,
        "misses": result.misses,
        "false_marks": result.false_marks,
        "case_version": attempt.case.version,
        "truths": _truth_rows(result, truths, findings),
        "marks": _mark_rows(result, marks),
        "ticked": [
            {"label": row.label, "outcome": row.outcome, "truth": row.truth} for row in result.ticks
        ],
        "hints": [{"text": row["text"], "cost": row["cost"]} for row in hints],
    }
    if result.rule == "radgame":
        data["rule_name"] = f"RadGame rule (IoU ≥ {data['threshold']:g})"
    if deducted:
        data["arithmetic"] = arithmetic(result, deducted, points)
    if _unanswered(attempt):
        points = data["score"] = 0.0
        data["arithmetic"] = "No answer before the time was up: 0."
    hinted = {row["about"] for row in hints} | hinted_in_drafts(attempt)
    return Scored(
        scorer=result.rule,
        version=rules.SCORER_VERSION,
        score=points,
        data=data,
        outcomes=_outcomes(result, findings, marks, hinted),
        remaining=[target.place for target in judged.targets if not target.hit],
    )


def _unanswered(attempt: Attempt) -> bool:
    """Whether time ran out before anything was said: that is not to call a case normal."""
    answer = attempt.answer
    said = answer.get("marks") or answer.get("ticked") or answer.get("normal")
    return bool(attempt.closed_because) and not said


def hint(attempt: Attempt, request: dict[str, Any]) -> Hint:
    return next_hint(attempt, judge(attempt).targets)


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
            return {
                "image": None,
                "frame": 0,
                "box": None,
                "others": [],
                "slices": [],
                "readers": 0,
            }
        region = drawn[0]
    readers = {box.reader for box in finding.regions.all()}
    return {
        "image": region.image,
        "frame": region.frame,
        "box": list(region.box),
        "others": [list(alternate.box) for alternate in region.alternates],
        "slices": [{"frame": one.frame, "box": list(one.box)} for one in region.slices],
        "reader_boxes": [
            {"reader": box.reader, "box": list(box.box)} for box in (region, *region.alternates)
        ],
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
    result: rules.Result, findings: list[Finding], marks: list[rules.Mark], hinted: set[str]
) -> list[OutcomeRow]:
    keys = {finding.public_id: finding.pk for finding in findings}
    confidence = {mark.id: mark.confidence for mark in marks}
    truth, mark = Outcome.About.TRUTH.value, Outcome.About.MARK.value
    return [
        *(
            OutcomeRow(
                truth,
                row.label,
                row.outcome,
                keys[row.truth],
                row.iou,
                aided=(row.region or row.truth) in hinted,
            )
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
    explained=subject_of,
    kind=KIND,
    clean_answer=clean_answer,
    score=score,
    url_name="localize:case",
    attempt_url_name="localize:attempt",
    modes=tuple(Mode),
    rules=RULES,
    hint=hint,
    hint_modes=(Mode.PRACTICE,),
    guided_shows=True,
)
