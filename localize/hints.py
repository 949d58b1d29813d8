"""The hint ladder of the drawing game: side, zone, outline; what each costs, and the sums.

Costs are shares of the credit of the finding that a hint leads to; docs/scoring.md has
the rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attempts import aids
from attempts.games import AnswerProblem, Hint
from attempts.models import Attempt
from cases.models import Finding, Image
from ml import localize as rules
from ml import taxonomy
from ml.localize.credit import WEIGHTS
from ml.regions import place_in_words

DRAWN = (("side", 0.1), ("zone", 0.2), ("outline", 0.4))
NAMED = (("side", 0.1), ("name", 0.6))
"""The ladder of a finding that has only to be named ends with its name."""
NOTHING = ("nothing", 0.1)
"""What it costs to be told that nothing remains, once."""
MIDLINE = 0.03
"""A box whose center lies nearer to the middle of a frontal image is on neither side."""
THIRDS = ("upper", "middle", "lower")


@dataclass(frozen=True)
class Target:
    """One row of the truth: a region, or a finding that has only to be named."""

    id: str
    finding: Finding
    region: rules.Region | None
    image: Image | None
    hit: bool

    @property
    def place(self) -> str:
        """“the right lung”."""
        return place_in_words(self.finding.label, self._side())

    def _side(self) -> str:
        if self.finding.side in ("left", "right") or self.region is None:
            return str(self.finding.side)
        offset = (self.region.box[0] + self.region.box[2]) / 2 - 0.5
        if self.image is None or abs(offset) < MIDLINE:
            return ""
        return self.image.side_toward(offset)

    @property
    def ladder(self) -> tuple[tuple[str, float], ...]:
        return DRAWN if self.region else NAMED


def targets_of(
    result: rules.Result,
    truths: list[rules.Truth],
    findings: list[Finding],
    images: dict[str, Image],
) -> list[Target]:
    """The truth's rows in order of importance."""
    regions = {(t.id, r.id): r for t in truths for r in t.regions}
    by_id = {finding.public_id: finding for finding in findings}
    rows = []
    for row in result.truths:
        region = regions.get((row.truth, row.region or ""))
        image = images.get(region.image) if region else None
        hit = row.outcome == "hit"
        rows.append(Target(row.region or row.truth, by_id[row.truth], region, image, hit))
    rank = taxonomy.SIGNIFICANCES.index
    return sorted(rows, key=lambda target: rank(target.finding.significance))


def next_hint(attempt: Attempt, targets: list[Target]) -> Hint:
    """The next step on the ladder of what is not found yet, the finding hinted at last first."""
    given: dict[str, int] = {}
    for row in aids.hints(attempt):
        given[row["about"]] = given.get(row["about"], 0) + 1
    last = next(reversed(given), "")
    left = sorted((t for t in targets if not t.hit), key=lambda target: target.id != last)
    if not left:
        step, cost = NOTHING
        cost = 0.0 if "" in given else cost
        return Hint("", step, "Nothing remains that a hint could lead to.", cost, last=True)
    steps = [
        (target, *rung) for target in left for rung in target.ladder[given.get(target.id, 0) :]
    ]
    if not steps:
        raise AnswerProblem("Every hint there is has been given.")
    target, step, cost = steps[0]
    place = _place(target, step)
    return Hint(target.id, step, _text(target, step), cost, place, last=len(steps) == 1)


def _text(target: Target, step: str) -> str:
    if step == "side":
        return f"One finding is in {target.place}{_task(target)}."
    if step == "name":
        return f"The finding in {target.place} is: {target.finding.name}."
    if step == "outline":
        return f"The finding in {target.place} is outlined. What is it?"
    return f"The finding in {target.place} is {_zone(target)}."


def _task(target: Target) -> str:
    if target.region:
        return ""
    if target.finding.mode == "draw":
        return ", but nobody drew where: any box with its name will do"
    return ", to be ticked rather than drawn"


def _zone(target: Target) -> str:
    region, image = target.region, target.image
    assert region is not None
    if image is not None and image.frames > 1:
        reach = max(1, image.frames // 10)
        first, last = max(1, region.frame + 1 - reach), min(image.frames, region.frame + 1 + reach)
        return f"between slices {first} and {last}"
    middle = (region.box[1] + region.box[3]) / 2
    view = f" ({image.get_view_display()} view)" if image else ""
    return f"in the {THIRDS[min(2, int(3 * middle))]} third of the image{view}"


def _place(target: Target, step: str) -> dict[str, Any] | None:
    if step != "outline" or target.region is None:
        return None
    region = target.region
    return {"image": region.image, "frame": region.frame, "box": list(region.box)}


def costs_of(attempt: Attempt, hit: set[str]) -> list[dict[str, Any]]:
    """Each hint with what it cost: a hint on something not found in the end costs nothing."""
    return [
        {
            "text": row["text"],
            "about": row["about"],
            "cost": row["cost"] if row["about"] in hit or not row["about"] else 0.0,
        }
        for row in aids.hints(attempt)
    ]


def deduction(result: rules.Result, costs: list[dict[str, Any]]) -> float:
    """What hints take off: findings' credit, under rule ``clinical`` by the findings' weights.

    On a film with nothing to weigh it is a share of the whole score, under all rules.
    """
    if not result.possible:
        return float(sum(row["cost"] for row in costs))
    weights = {row.region or row.truth: row.possible or 0.0 for row in result.truths}
    usual = result.possible / len(weights)
    return float(sum(row["cost"] * weights.get(row["about"], usual) for row in costs))


def score_after(result: rules.Result, deducted: float) -> float:
    """The rule's score with `deducted` taken off what was found; never below 0."""
    if result.rule == "clinical":
        share = deducted / result.possible if result.possible else result.score / 100 * deducted
        return max(0.0, result.score - 100.0 * share)
    if not result.hits + result.misses + result.false_marks:
        return max(0.0, 100.0 * (1 - deducted))
    kept = max(0.0, result.hits - deducted)
    return rules.score_of(kept, result.misses + result.hits - kept, result.false_marks)


def arithmetic(result: rules.Result, deducted: float, score: float) -> str:
    """The sums of a score with hints, in one line."""
    if result.rule == "clinical":
        sums = clinical_arithmetic(result.earned, result.possible, result.cost)
        return f"{sums}, less {deducted:g} for hints = {score:.0f}"
    hits, misses, false = result.hits, result.misses, result.false_marks
    if not hits + misses + false:
        return (
            f"Nothing to find and nothing marked: 100 × (1 − {deducted:g} for hints) = {score:.0f}"
        )
    return (
        f"100 × ({hits} hit − {deducted:g} for hints) / "
        f"({hits} hit + {misses} missed + {false} false) = {score:.0f}"
    )


def clinical_arithmetic(earned: float | None, possible: float | None, cost: float) -> str:
    """The sums of rule ``clinical``, without what they come to."""
    if not possible:
        if not cost:
            return "Nothing that needs to be found and nothing claimed falsely: 100"
        return f"Nothing that needs to be found: 100 × {WEIGHTS.normal:g}^{cost:g} for false claims"
    taken = f" − {WEIGHTS.cost * cost:g} for false claims" if cost else ""
    return f"100 × ({earned or 0:.2g} earned{taken}) / {possible:g} possible"
