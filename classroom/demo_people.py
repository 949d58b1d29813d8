"""Simulated learners, and how they answer a case: from known ability, and by chance.

Their answers go in as anybody's and are scored at once; only the times are then set back, so that
there are weeks to look at.
"""

from __future__ import annotations

import math
import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from attempts import services, tasks
from attempts.models import Attempt
from cases.models import Case, Finding
from learning.records import keep_records_of
from ml import taxonomy


@dataclass
class Person:
    """What is known of a simulated learner."""

    user: User
    ability: float
    """Log odds of finding a finding of middle difficulty, at first."""
    learns: float
    """Log odds gained by each sitting."""
    forgets: float
    """Share of what was gained that is lost between two sittings, 0 to 1."""
    bias: float
    """False marks for each case, on average."""
    overconfident: bool
    seconds: float
    """For a case, on average."""
    expected: float = 0.0
    """Sum over findings of the chance to find them: what the figures must give back."""
    findings: int = 0


def elapsed_of(person: Person, rng: random.Random) -> int:
    """Milliseconds that a case takes this time."""
    return round(1000 * person.seconds * math.exp(rng.gauss(0, 0.3)))


def hand_in(
    attempt: Attempt, answer: dict[str, Any], *, elapsed_ms: int, submitted: datetime
) -> None:
    """Submit and score an open attempt through the services, then set its times back.

    All in one transaction, so that nothing of it waits in the queue before what learners hand in.
    """
    timed = answer | {"marks": _timed(answer["marks"], elapsed_ms)} if "marks" in answer else answer
    with transaction.atomic():
        services.submit(
            attempt_id=attempt.pk,
            submission=uuid.uuid4(),
            answer=timed,
            elapsed_ms=elapsed_ms,
            queues=False,
        )
        tasks.score_attempt(attempt.pk)
        Attempt.objects.filter(pk=attempt.pk).update(
            started_at=submitted - timedelta(milliseconds=elapsed_ms),
            submitted_at=submitted,
            scored_at=submitted + timedelta(seconds=1),
        )
        keep_records_of(attempt.pk)


def _timed(marks: list[dict[str, Any]], elapsed_ms: int) -> list[dict[str, Any]]:
    """The marks in the order in which they were drawn, spread over the time, the last fifth left
    for a last look.
    """
    rng = random.Random(elapsed_ms)  # of its own: times change no answer
    times = sorted(round(elapsed_ms * rng.uniform(0.15, 0.8)) for _ in marks)
    return [mark | {"drawn_ms": time} for mark, time in zip(marks, times, strict=True)]


def difficulty_of(finding: Finding) -> float:
    """Log odds, about -1 to 1, the same for one label in all cases."""
    return random.Random(finding.label).uniform(-1, 1)


def marks_of(person: Person, case: Case, ability: float, rng: random.Random) -> dict[str, Any]:
    """An answer of the drawing game."""
    marks: list[dict[str, Any]] = []
    ticked: list[Any] = []
    for finding in case.findings.all():
        if not taxonomy.is_variant(finding.label):
            _answer_finding(person, finding, ability, rng, marks, ticked)
    image = next(iter(case.images.all()))
    while rng.random() < person.bias / (1 + person.bias):
        marks.append(_false_mark(person, image.public_id, len(marks), rng))
    return {"marks": marks, "ticked": ticked, "normal": not (marks or ticked)}


def _answer_finding(
    person: Person,
    finding: Finding,
    ability: float,
    rng: random.Random,
    marks: list[dict[str, Any]],
    ticked: list[Any],
) -> None:
    """Find the finding with the chance that ability gives; else miss it or call it otherwise."""
    chance = 1 / (1 + math.exp(difficulty_of(finding) - ability))
    regions = [one for one in finding.regions.all() if not one.alternate]
    found = rng.random() < chance
    if finding.mode == "select":
        person.expected += chance
        person.findings += 1
        if found:
            side = finding.side if taxonomy.labels()[finding.label].is_sided else ""
            ticked.append({"label": finding.label, "side": side} if side else finding.label)
        return
    person.expected += chance * len(regions)
    person.findings += len(regions)
    for region in regions:
        if not found and rng.random() > 0.3:
            continue  # nothing was seen there
        label = finding.label if found else _other_label(finding.label, rng)
        place: dict[str, Any] = {"box": _near(region.box, rng)}
        if region.tip and found:
            place = {"point": list(region.tip)}
            if finding.position:
                place["position"] = finding.position
        marks.append(
            {
                "id": f"m{len(marks)}",
                "label": label,
                "image": region.image.public_id,
                "frame": region.frame,
                "confidence": _confidence(person, found, rng),
                **place,
            }
        )


def _near(box: tuple[float, float, float, float], rng: random.Random) -> list[float]:
    """A box that is drawn with a hand's error of some percent of its size."""
    x0, y0, x1, y1 = box
    across, down = 0.06 * (x1 - x0), 0.06 * (y1 - y0)
    moved = (rng.gauss(0, 1) for _ in range(4))
    sides = [
        side + error * step
        for side, error, step in zip(box, moved, (across, down, across, down), strict=True)
    ]
    return [min(1.0, max(0.0, side)) for side in sides]


def _other_label(label: str, rng: random.Random) -> str:
    """Something of the same group to draw, where there is any."""
    known = taxonomy.labels()
    alike = [
        one.slug
        for one in known.values()
        if one.mode == "draw" and one.group == known[label].group and one.slug != label
    ]
    return rng.choice(alike or ["nodule_mass"])


def _false_mark(person: Person, image: str, number: int, rng: random.Random) -> dict[str, Any]:
    x, y = rng.uniform(0.1, 0.8), rng.uniform(0.1, 0.8)
    width, height = rng.uniform(0.05, 0.12), rng.uniform(0.05, 0.12)
    label = rng.choice(("nodule_mass", "consolidation", "atelectasis", "fracture"))
    return {
        "id": f"m{number}",
        "label": label if label in taxonomy.labels() else "nodule_mass",
        "image": image,
        "frame": 0,
        "box": [x, y, x + width, y + height],
        "confidence": _confidence(person, False, rng),
    }


def _confidence(person: Person, right: bool, rng: random.Random) -> int:
    middle = 4.6 if person.overconfident else 3.9 if right else 2.3
    return max(1, min(5, round(rng.gauss(middle, 0.8))))
