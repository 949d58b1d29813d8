"""Hints by region for a guided report: how many findings, which, and the reference's words.

They cost nothing, because a guided report counts in no figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attempts import aids
from attempts.games import AnswerProblem, Hint
from attempts.models import Attempt
from ml.regions import NUMBERS, region_of

if TYPE_CHECKING:
    from ml.evaluate import EvaluatedFinding

REGION_NAMES = {
    "lungs": "Lungs",
    "pleura": "Pleura",
    "heart": "Heart",
    "mediastinum": "Mediastinum and hila",
    "bones": "Bones",
    "devices_abdomen": "Devices and abdomen",
}
STEPS = ("number", "names", "words")


def next_hint(attempt: Attempt, findings: Sequence[EvaluatedFinding], region: Any) -> Hint:
    """The next step for the region asked about."""
    if not isinstance(region, str) or region not in REGION_NAMES:
        raise AnswerProblem("A hint is asked for by region.")
    there = [finding for finding in findings if region_of(finding.label or "") == region]
    steps = sum(row["about"] == region for row in aids.hints(attempt))
    if steps >= len(STEPS) or (steps and not there):
        raise AnswerProblem("There is no further hint on this region.")
    text = f"{REGION_NAMES[region]}: {_text(there, STEPS[steps])}"
    return Hint(region, STEPS[steps], text, last=not there or steps + 1 == len(STEPS))


def _text(there: Sequence[EvaluatedFinding], step: str) -> str:
    if not there:
        return "the reference describes nothing abnormal."
    if step == "number":
        count = NUMBERS[len(there)] if len(there) < len(NUMBERS) else str(len(there))
        return f"{count} finding{'s' if len(there) > 1 else ''} to describe."
    if step == "names":
        return f"{'; '.join(dict.fromkeys(_name(finding) for finding in there))}."
    return " ".join(f"“{finding.finding}”" for finding in there)


def _name(finding: EvaluatedFinding) -> str:
    return finding.name or finding.finding
