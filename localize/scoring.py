"""The drawing game's scorer: truth and answer from the database into `ml.localize` and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from attempts.aids import hinted_in_drafts
from attempts.games import Game, Hint, OutcomeRow, Scored
from attempts.models import Attempt, Mode, Outcome
from cases.models import Case, Finding, Image
from cases.queries import findings_with_places, keep_images
from localize import changes, tips
from localize.answers import clean_answer
from localize.hints import (
    Target,
    arithmetic,
    costs_of,
    deduction,
    next_hint,
    score_after,
    targets_of,
)
from localize.places import NEAR_FRAMES, size_of
from localize.queries import with_all_places
from localize.result import MarkRow, Places, ResultData, TruthRow, VariantRow
from ml import localize as rules
from ml import taxonomy

KIND = "localize"
SIDES = ("left", "right", "bilateral")
TEST_THRESHOLD = 0.25
"""IoU of rule ``radgame`` in tests; in practice it is `ml.localize.RADGAME_THRESHOLD`."""
MARK_FIELDS = (
    "id",
    "label",
    "image",
    "frame",
    "box",
    "confidence",
    "point",
    "position",
    "change",
)
"""Of a mark's row in a result what the learner gave."""
NORMAL = "no_abnormality"
"""The label of the outcome of a film that was called normal."""


def truths_of(findings: list[Finding], rule: str = "") -> list[rules.Truth]:
    """Findings with prefetched regions and images, as a rule takes them."""
    return [_truth(finding, rule) for finding in findings]


def _truth(finding: Finding, rule: str) -> rules.Truth:
    own, others = [], []
    for region in finding.regions.all():
        image, key, frame = region.image.public_id, region.public_id, region.frame
        box = tips.box_under(rule, region.box, region.path)
        tip = region.tip if tips.are_points(rule) else None
        if region.alternate:
            others.append((rules.Alternate(box, region.reader, key, frame, tip), image, frame))
        else:
            own.append(rules.Region(key, box, image, frame, region.reader, point=tip))
    regions = rules.attach_alternates(rules.join_slices(own), others)
    side = finding.side if finding.side in SIDES else ""
    return rules.Truth(
        finding.public_id,
        finding.label,
        finding.mode,
        regions,
        finding.significance,
        side,
        finding.position,
        changes.known(finding.progression),
    )


def findings_of(case: Case) -> list[Finding]:
    return findings_with_places(case)


def marks_of(answer: dict[str, Any]) -> list[rules.Mark]:
    return [
        rules.Mark(
            mark["id"],
            mark["label"],
            tuple(mark["box"]),
            mark["image"],
            mark["frame"],
            mark["confidence"],
            point=tuple(mark["point"]) if mark.get("point") else None,
            position=mark.get("position") or "",
            change=mark.get("change"),
        )
        for mark in answer.get("marks", [])
    ]


def ticks_of(answer: dict[str, Any]) -> list[rules.Tick]:
    """The ticked findings: labels, or objects with label and side."""
    return [
        rules.Tick(entry["label"], entry["side"]) if isinstance(entry, dict) else rules.Tick(entry)
        for entry in answer.get("ticked", [])
    ]


def sizes_of(images: Iterable[Image]) -> dict[str, rules.Size]:
    """The images' sizes: in mm where the spacing is known, else in widths of each."""
    return {image.public_id: size_of(image) for image in images}


@dataclass(frozen=True)
class Judged:
    """An answer compared with the truth of its case."""

    result: rules.Result
    truths: list[rules.Truth]
    findings: list[Finding]
    marks: list[rules.Mark]
    targets: list[Target]
    sizes: dict[str, rules.Size]


def judge(attempt: Attempt) -> Judged:
    """Compare an attempt's answer, as it stands, with the truth."""
    keep_images(attempt.case)
    findings = findings_of(attempt.case)
    truths = truths_of(findings, attempt.rule)
    marks = marks_of(attempt.answer)
    images = {image.public_id: image for image in attempt.case.images.all()}
    sizes = sizes_of(images.values())
    result = rules.score(
        truths,
        marks,
        ticks_of(attempt.answer),
        rule=attempt.rule or rules.RULES[0],
        threshold=threshold_of(attempt),
        frame_tolerance=NEAR_FRAMES,
        sizes=sizes,
    )
    targets = targets_of(result, truths, findings, images)
    return Judged(result, truths, findings, marks, targets, sizes)


def threshold_of(attempt: Attempt) -> float:
    """The IoU that rule ``radgame`` asks for: less in tests, as the published app does."""
    return TEST_THRESHOLD if attempt.mode == Mode.TEST else rules.RADGAME_THRESHOLD


def score(attempt: Attempt) -> Scored:
    """Score a submitted attempt; the truth it was scored against is frozen into the result."""
    judged = judge(attempt)
    result, findings, marks = judged.result, judged.findings, judged.marks
    hit = {target.id for target in judged.targets if target.hit}
    hints = costs_of(attempt, hit)
    deducted = round(deduction(result, hints), 3)
    points = score_after(result, deducted) if deducted else result.score
    data: ResultData = {
        "rule": result.rule,
        "threshold": threshold_of(attempt),
        "score": points,
        "hits": result.hits,
        "misses": result.misses,
        "false_marks": result.false_marks,
        "earned": result.earned,
        "possible": result.possible,
        "cost": result.cost,
        "case_version": attempt.case.version,
        "truths": _truth_rows(judged),
        "marks": _mark_rows(result, marks),
        "ticked": [
            {
                "label": row.label,
                "outcome": row.outcome,
                "truth": row.truth,
                "side": row.side,
                "cost": row.cost,
            }
            for row in result.ticks
        ],
        "variants": _variant_rows(judged),
        "before": changes.before_rows(
            attempt.case, {image.position: image for image in attempt.case.images.all()}
        ),
        "hints": [{"text": row["text"], "cost": row["cost"]} for row in hints],
        "normal": attempt.answer.get("normal", False),
        "normal_confidence": attempt.answer.get("normal_confidence"),
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
        data=dict(data),
        outcomes=[
            *_outcomes(result, findings, marks, hinted),
            *_called_normal(attempt.answer, findings),
        ],
        remaining=[target.place for target in judged.targets if not target.hit],
    )


def _unanswered(attempt: Attempt) -> bool:
    """Whether time ran out before anything was said: that is not to call a case normal."""
    answer = attempt.answer
    said = answer.get("marks") or answer.get("ticked") or answer.get("normal")
    return bool(attempt.closed_because) and not said


def hint(attempt: Attempt, request: dict[str, Any]) -> Hint:
    return next_hint(attempt, judge(attempt).targets)


def _truth_rows(judged: Judged) -> list[TruthRow]:
    regions = {(t.id, r.id): r for t in judged.truths for r in t.regions}
    by_id = {finding.public_id: finding for finding in judged.findings}
    rows: list[TruthRow] = []
    for row in judged.result.truths:
        finding = by_id[row.truth]
        places = _places(row, finding, regions)
        size = judged.sizes.get(places["image"] or "")
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
                "earned": row.earned,
                "possible": row.possible,
                "because": row.because,
                "distance": row.distance,
                "distance_unit": "mm" if size and size.in_mm else "width",
                "position": finding.position,
                "change": changes.known(finding.progression),
                "said_change": row.said_change,
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


def _variant_rows(judged: Judged) -> list[VariantRow]:
    """A row for each place of a normal variant or pitfall; one for such a film as a whole."""
    rows: list[VariantRow] = []
    by_id = {finding.public_id: finding for finding in judged.findings}
    for truth in judged.truths:
        if not taxonomy.is_variant(truth.label):
            continue
        finding = by_id[truth.id]
        places = {(truth.id, region.id): region for region in truth.regions}
        regions: list[str | None] = [one.id for one in truth.regions]
        for region in regions or [None]:
            row = rules.TruthOutcome(truth.id, region, truth.label, "")
            rows.append(
                {
                    "id": region or truth.id,
                    "label": truth.label,
                    "sentence": finding.sentence,
                    **_places(row, finding, places),
                }
            )
    return rows


def _places(
    row: rules.TruthOutcome, finding: Finding, regions: dict[tuple[str, str], rules.Region]
) -> Places:
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
    stored = next((one for one in finding.regions.all() if one.public_id == region.id), None)
    return {
        "image": region.image,
        "frame": region.frame,
        "box": list(region.box),
        "point": list(region.point) if region.point else None,
        "path": stored.path if stored and region.point else [],
        "outline": stored.outline if stored else [],
        "others": [
            list(one.box) for one in region.alternates if _frame(one, region) == region.frame
        ],
        "slices": [{"frame": one.frame, "box": list(one.box)} for one in region.slices],
        "other_slices": [
            {"frame": _frame(one, region), "box": list(one.box)}
            for one in region.alternates
            if _frame(one, region) != region.frame
        ],
        "reader_boxes": [
            {"reader": reader, "box": list(box)}
            for reader, box in (
                (region.reader, region.box),
                *((other.reader, other.box) for other in _comparable(region)),
            )
        ],
        "readers": len(readers),
        "boxed_by": len({region.reader, *(a.reader for a in region.alternates)}),
    }


def _frame(alternate: rules.Alternate, region: rules.Region) -> int:
    return region.frame if alternate.frame is None else alternate.frame


def _comparable(region: rules.Region) -> list[rules.Alternate]:
    """The other readers' boxes to be set beside a region's own.

    Of a reader who drew on several frames of a stack the one nearest to the region's frame: boxes
    of one place on different slices are no disagreement.
    """
    if not (region.slices or any(_frame(one, region) != region.frame for one in region.alternates)):
        return list(region.alternates)
    nearest: dict[str, rules.Alternate] = {}
    for one in sorted(region.alternates, key=lambda one: abs(_frame(one, region) - region.frame)):
        nearest.setdefault(one.reader, one)
    return [nearest[reader] for reader in sorted(nearest)]


def _mark_rows(result: rules.Result, marks: list[rules.Mark]) -> list[MarkRow]:
    by_id = {mark.id: mark for mark in marks}
    return [
        {
            "id": row.mark,
            "label": row.label,
            "image": by_id[row.mark].image,
            "frame": by_id[row.mark].frame,
            "box": list(by_id[row.mark].box),
            "point": list(point) if (point := by_id[row.mark].point) else None,
            "position": by_id[row.mark].position,
            "change": by_id[row.mark].change,
            "confidence": by_id[row.mark].confidence,
            "outcome": row.outcome,
            "iou": row.iou,
            "truth": row.region or row.truth,
            "cost": row.cost,
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


def _called_normal(answer: dict[str, Any], findings: list[Finding]) -> list[OutcomeRow]:
    """The call of a normal film, with how sure it was: right where nothing needs to be found."""
    if not answer.get("normal"):
        return []
    asked = [one for one in findings if not taxonomy.is_variant(one.label)]
    needed = [one for one in asked if one.significance != "benign"]
    outcome = "false" if needed else "hit"
    sure = answer.get("normal_confidence")
    return [OutcomeRow(Outcome.About.CASE.value, NORMAL, outcome, confidence=sure)]


def answer_in(data: dict[str, Any]) -> dict[str, Any]:
    """The answer that a result was scored from, as it was stored."""
    given = set(MARK_FIELDS)
    marks = [{key: row[key] for key in row if key in given} for row in data["marks"]]
    for mark in marks:
        if mark.get("change") is None:  # it was not asked
            mark.pop("change", None)
    ticked = [
        {"label": row["label"], "side": row["side"]} if row.get("side") else row["label"]
        for row in data["ticked"]
    ]
    answer = {"marks": marks, "ticked": ticked, "normal": data.get("normal", False)}
    sure = data.get("normal_confidence")
    return {**answer, "normal_confidence": sure} if sure else answer


def playable(cases: QuerySet[Case], rule: str) -> QuerySet[Case]:
    """Those whose findings are known; rule ``radgame`` has no answer to a box that nobody drew."""
    cases = cases.filter(knows_findings=True)
    return with_all_places(cases) if rule == "radgame" else cases


GAME = Game(
    kind=KIND,
    name="Localize",
    clean_answer=clean_answer,
    score=score,
    answer_in=answer_in,
    playable=playable,
    modes=tuple(Mode),
    opened_by_address=(Mode.PRACTICE, Mode.SECOND_LOOK),
    rules=rules.RULES,
    rule_names={"clinical": "Clinical", "standard": "Standard", "radgame": "RadGame (IoU ≥ 0.25)"},
    hint=hint,
    hint_modes=(Mode.PRACTICE,),
    guided_shows=True,
)
