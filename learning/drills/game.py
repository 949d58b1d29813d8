"""Drills: short exercises of one question, played and kept as attempts of a game of their own.

The rule of an attempt names its drill. Truth is read by the scorer alone, in the worker, and frozen
into the result; nothing of a drill enters the figures of the games (`Game.is_exercise`).
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from attempts.games import AnswerProblem, Game, OutcomeRow, Scored
from attempts.models import Attempt, Mode, Outcome
from cases.models import Case, Finding, Region
from learning.drills import pairs, twice
from localize.places import size_of
from localize.scoring import NORMAL, findings_of, playable, sizes_of, truths_of
from ml import localize as rules
from ml import taxonomy
from ml.boxes import around
from ml.localize.credit import box_distance
from ml.simulate.changes import CHANGES, TECHNIQUES
from ml.simulate.verdicts import bounds

KIND = "drill"
CALLS, TIP, PAIR, NODULE = "normal", "tip", pairs.RULE, "nodule"
MACHINE, CHANGE = "machine", "change"
TWICE = (MACHINE, CHANGE)
"""Drills on two films of one person (`learning.drills.twice`)."""
NAMES = {
    CALLS: "Normal or not",
    TIP: "Tube check",
    PAIR: "Look-alikes",
    NODULE: "Find the nodule",
    MACHINE: "Same film, other machine",
    CHANGE: "Two films of one patient",
}
NODULE_LABEL = "nodule_mass"
ABNORMAL = "abnormal"
SHOWN = "shown"
"""In place of an outcome, of a finding that was told and not asked for."""
VERSION = "1"
ACCEPTED_MM, ACCEPTED = 10.0, 0.03
"""Beside the box of a nodule a tap still counts: in mm, or as a fraction of the width."""
CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    CALLS: {"glance": ("normal", "abnormal"), "free": ("normal", "abnormal")},
    TIP: {"position": ("right", "wrong")},
    PAIR: {"film": ("first", "second")},
    NODULE: {},
    MACHINE: {"patient": ("changed", "same"), "technique": TECHNIQUES},
    CHANGE: {"change": CHANGES},
}
POINTED = (TIP, NODULE)


def clean_answer(attempt: Attempt, answer: Any) -> dict[str, Any]:
    """An answer to the question of the attempt's drill; what is not said yet is left out.

    What was called at a glance stays, whatever is sent later.
    """
    if not isinstance(answer, dict):
        raise AnswerProblem("The answer must be a JSON object.")
    found: dict[str, Any] = {}
    for name, choices in CHOICES.get(attempt.rule, {}).items():
        said = answer.get(name)
        if said in (None, ""):
            continue
        if said not in choices:
            several = ", ".join(choices[:-1])
            raise AnswerProblem(f"“{name}” must be {several} or {choices[-1]}.")
        found[name] = said
    if attempt.rule == CALLS:
        if answer.get("looked") is True or attempt.answer.get("looked"):
            found["looked"] = True
        if before := attempt.answer.get("glance"):
            found["glance"] = before
    if attempt.rule in POINTED and answer.get("point") is not None:
        found["point"] = _clean_point(answer["point"])
    if attempt.rule == NODULE and answer.get("none") is True:
        if "point" in found:
            raise AnswerProblem("“No nodule” cannot be given together with a place.")
        found["none"] = True
    return found


def _clean_point(point: Any) -> list[float]:
    numbers = point if isinstance(point, list) and len(point) == 2 else []
    if not numbers or not all(_is_share(one) for one in numbers):
        raise AnswerProblem("“point” must be two numbers from 0 to 1: x, y.")
    return [float(one) for one in numbers]


def _is_share(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and 0 <= value <= 1


def asked_of(findings: list[Finding]) -> list[Finding]:
    """What there is to find: normal variants and pitfalls are none."""
    return [one for one in findings if not taxonomy.is_variant(one.label)]


def device_of(case: Case) -> Finding | None:
    """The device that a tube check asks for: the first with a tip and a verdict."""
    tips = Region.objects.filter(shape=Region.Shape.POINT, image__position=0)
    known = case.findings.exclude(position="").filter(regions__in=tips)
    return known.order_by("pk").first()


def score(attempt: Attempt) -> Scored:
    """Score a submitted attempt of any drill; 100 for a right answer, of a tube's parts 50 each."""
    findings = findings_of(attempt.case)
    if attempt.rule == PAIR:
        return _paired(attempt, findings)
    scorers = {CALLS: _called, TIP: _tip, NODULE: _nodule, MACHINE: _machine, CHANGE: _change}
    return scorers[attempt.rule](attempt, findings)


def _called(attempt: Attempt, findings: list[Finding]) -> Scored:
    asked = asked_of(findings)
    truth = "abnormal" if asked else "normal"
    right = attempt.answer.get("free") == truth
    # No single finding was asked for: the film as a whole is right or wrong.
    wrong = "missed" if asked else "false"
    label = ABNORMAL if asked else NORMAL
    outcomes = [OutcomeRow(Outcome.About.CASE, label, "hit" if right else wrong)]
    data = {"truth": truth, "right": right, "truths": _rows(asked)}
    return _scored(attempt, right, data, outcomes)


def _tip(attempt: Attempt, findings: list[Finding]) -> Scored:
    """By the clinical rule's distance of tips; its tolerance is a hit."""
    device = device_of(attempt.case)
    if device is None:
        raise ValueError(f"case {attempt.case.public_id} has no device to check any more")
    finding = next(one for one in findings if one.pk == device.pk)
    (truth,) = truths_of([finding], "clinical")
    first = attempt.case.images.get(position=0)
    region = next(one for one in truth.regions if one.image == first.public_id)
    point = attempt.answer.get("point")
    said = attempt.answer.get("position", "")
    marks = []
    if point:
        x, y = point
        tip = around((x, y))
        marks = [rules.Mark("own", finding.label, tip, region.image, point=(x, y), position=said)]
    result = rules.score(
        [truth], marks, [], rule="clinical", sizes=sizes_of(attempt.case.images.all())
    )
    row = next(one for one in result.truths if one.region == region.id)
    near = row.distance is not None and row.because in ("", "position", "unsaid_position")
    judged = said == finding.position
    size = size_of(first)
    data = {
        "right": near and judged,
        "near": near,
        "judged": judged,
        "position": finding.position,
        "distance": row.distance,
        "in_mm": size.in_mm,
        "truths": _rows([finding], near),
        "point": point,
    }
    return _scored(
        attempt, near and judged, data, [_of_truth(finding, found=near)], 50 * (near + judged)
    )


def _nodule(attempt: Attempt, findings: list[Finding]) -> Scored:
    there = [one for one in findings if one.label == NODULE_LABEL]
    point, hit = attempt.answer.get("point"), None
    for finding in there if point else []:
        for region in finding.regions.all():
            if region.image.position:
                continue  # the first image alone was shown
            size = size_of(region.image)
            reach = ACCEPTED_MM if size.in_mm else ACCEPTED * size.width
            if box_distance(region.box, (point[0], point[1]), size) <= reach:
                hit = finding
    right = hit is not None if there else attempt.answer.get("none") is True
    # Of several nodules nobody knows which one was looked for.
    contrast = there[0].conspicuity if len(there) == 1 else None
    data = {
        "right": right,
        "there": bool(there),
        "contrast": contrast,
        "truths": _rows(there, right),
        "point": point,
    }
    outcomes = [_of_truth(one, found=one is hit) for one in there]
    if not asked_of(findings):
        outcomes.append(OutcomeRow(Outcome.About.CASE, NORMAL, "hit" if right else "false"))
    return _scored(attempt, right, data, outcomes)


def _paired(attempt: Attempt, findings: list[Finding]) -> Scored:
    question = pairs.question_of(attempt)
    if question is None:  # the other film of a pair, told together with it
        asked = asked_of(findings)
        beside = {"beside": True, "right": None, "truths": _rows(asked)}
        return _scored(attempt, True, beside, [])
    right = attempt.answer.get("film") == question.film
    shown = [*findings, *findings_of(question.other)]
    own = [one for one in shown if one.label in (question.label, question.mimic)]
    told = [one for one in findings if one in own]
    outcomes = [_of_truth(one, found=right) for one in told]
    data = {
        "right": right,
        "film": question.film,
        "label": question.label,
        "mimic": question.mimic,
        "truths": _rows(own, right),
    }
    return _scored(attempt, right, data, outcomes)


def _machine(attempt: Attempt, findings: list[Finding]) -> Scored:
    """Whether the patient has changed and what of the technique is otherwise, half of it each."""
    known = _compared(attempt)
    judged = attempt.answer.get("patient") == ("changed" if known.is_changed else "same")
    named = attempt.answer.get("technique") == known.technique
    data = {
        "right": judged and named,
        "judged": judged,
        "named": named,
        "change": known.change,
        "changed": known.is_changed,
        "technique": known.technique,
        "truths": _of_both_films(known, judged),
    }
    outcomes = _of_change(known, judged)
    return _scored(attempt, judged and named, data, outcomes, 50 * (judged + named))


def _change(attempt: Attempt, findings: list[Finding]) -> Scored:
    known = _compared(attempt)
    right = attempt.answer.get("change") == known.change
    data = {
        "right": right,
        "change": known.change,
        "truths": _of_both_films(known, right),
    }
    return _scored(attempt, right, data, _of_change(known, right))


def _compared(attempt: Attempt) -> twice.Compared:
    known = twice.compared(attempt.case)
    if known is None or not twice.can_be_asked(attempt.case, attempt.rule):
        raise ValueError(f"of case {attempt.case.public_id} nobody knows any more what has changed")
    return known


def _of_change(known: twice.Compared, right: bool) -> list[OutcomeRow]:
    asked = [_of_truth(one, found=right) for one in known.findings]
    nothing = OutcomeRow(Outcome.About.CASE, NORMAL, "hit" if right else "false")
    return asked or [nothing]


def _of_both_films(known: twice.Compared, right: bool) -> list[dict[str, Any]]:
    """What is told of the later film, and of the earlier one what was marked on it."""
    rows = _rows(list(known.findings), right)
    for number, finding in enumerate(known.before):
        same = {
            "name": f"{taxonomy.labels()[finding['label']].name}, earlier",
            "sentence": finding.get("sentence", ""),
            "outcome": "hit" if right else "missed",
            "image": known.earlier.public_id,
            "frame": 0,
            "point": None,
            "path": [],
        }
        rows += [
            {
                **same,
                "id": f"earlier-{number}-{place}",
                "box": list(bounds(region)),
                "outline": region.get("polygon", []),
            }
            for place, region in enumerate(finding.get("regions", ()))
        ]
    return rows


def _of_truth(finding: Finding, *, found: bool) -> OutcomeRow:
    outcome = "hit" if found else "missed"
    return OutcomeRow(Outcome.About.TRUTH, finding.label, outcome, finding.pk)


def _rows(findings: list[Finding], found: bool | None = None) -> list[dict[str, Any]]:
    """Findings with whether they were found, None for what was not asked for.

    The first reader's regions, as the page draws them; a row without a place for the others.
    """
    rows = []
    for finding in findings:
        regions = [
            one for one in finding.regions.all() if not one.alternate and not one.image.position
        ]
        same = {
            "name": finding.name,
            "sentence": finding.sentence,
            "outcome": SHOWN if found is None else "hit" if found else "missed",
        }
        rows += [
            {
                **same,
                "id": region.public_id,
                "image": region.image.public_id,
                "frame": region.frame,
                "box": list(region.box),
                "point": list(region.tip) if region.tip else None,
                "path": region.path,
                "outline": region.outline,
            }
            for region in regions
        ] or [{**same, "id": finding.public_id, "box": None}]
    return rows


def _scored(
    attempt: Attempt,
    right: bool,
    data: dict[str, Any],
    outcomes: list[OutcomeRow],
    points: float | None = None,
) -> Scored:
    full = 100.0 if right else 0.0
    return Scored(attempt.rule, VERSION, full if points is None else float(points), data, outcomes)


def _playable(cases: QuerySet[Case], rule: str) -> QuerySet[Case]:
    return playable(cases, "")


GAME = Game(
    kind=KIND,
    name="Drills",
    clean_answer=clean_answer,
    score=score,
    handed_in=pairs.hand_in_other,
    beside=pairs.beside,
    playable=_playable,
    modes=(Mode.PRACTICE,),
    opened_by_address=(),
    rules=tuple(NAMES),
    rule_names=NAMES,
    is_exercise=True,
)
