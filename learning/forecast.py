"""What a learner can do by finding, and what of it will be forgotten: from the kept skills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ml.learning import ability
from ml.learning.difficulty import BY_LABEL
from ml.learning.memory import Memory
from ml.learning.skills import Skills
from ml.psychometrics import Interval

USUAL = 0.2
"""Difficulty of a usual case of a label that has none of its own, logits (`BY_LABEL`)."""
WEEK, MONTH = timedelta(days=7), timedelta(days=30)


@dataclass(frozen=True)
class Remembered:
    """The chance to remember what a finding looks like, 0 to 1, without another look at it."""

    now: float
    in_a_week: float
    in_a_month: float
    due_at: datetime
    is_due: bool


@dataclass(frozen=True)
class Skill:
    """One finding in one game."""

    finds: Interval
    """The chance to find a usual case of it."""
    claims: float
    """How often it is claimed where it is not, 0 to 1."""
    remembered: Remembered | None
    """None for what was never met."""


def skill_of(skills: Skills, label: str, now: datetime) -> Skill:
    """Of any label: one hardly met is as the others say, with an interval that says so."""
    belief, usual = skills.of(label), BY_LABEL.get(label, USUAL)
    low, high = belief.interval()
    known = skills.labels.get(label)
    return Skill(
        finds=Interval(
            ability.expected(belief, usual),
            ability.chance(low - usual),
            ability.chance(high - usual),
        ),
        claims=skills.tendency(label).rate,
        remembered=_remembered(known.memory, now) if known and known.memory else None,
    )


def _remembered(memory: Memory, now: datetime) -> Remembered:
    return Remembered(
        now=memory.recall(now),
        in_a_week=memory.recall(now + WEEK),
        in_a_month=memory.recall(now + MONTH),
        due_at=memory.due_at,
        is_due=memory.due_at <= now,
    )


def to_be_forgotten(skills: Skills, now: datetime, most: int = 10) -> list[tuple[str, Remembered]]:
    """The findings met, with what will be least remembered in a week first."""
    rows = [
        (label, _remembered(known.memory, now))
        for label, known in skills.labels.items()
        if known.memory
    ]
    return sorted(rows, key=lambda row: (row[1].in_a_week, row[0]))[:most]
