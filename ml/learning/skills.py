"""What one learner can do in one game: folded from the cases played, one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ml.learning import ability
from ml.learning.ability import GENERAL, OWN, Belief, Tendency
from ml.learning.memory import Memory, reviewed

DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Finding:
    """A label of a case: what share of its findings was found (0 to 1), and how hard it is."""

    label: str
    success: float
    difficulty: float


@dataclass(frozen=True)
class Played:
    """A case that was new to the learner; `alarms` are labels claimed and not there."""

    at: datetime
    findings: tuple[Finding, ...] = ()
    alarms: frozenset[str] = frozenset()


@dataclass
class LabelSkill:
    own: Belief = OWN
    shown: int = 0
    """Cases that had it."""
    found: float = 0.0
    alarms: int = 0
    memory: Memory | None = None
    last_at: datetime | None = None


@dataclass
class Skills:
    """`labels` holds those met or claimed; every other is as the general ability says."""

    general: Belief = GENERAL
    cases: int = 0
    normals: int = 0
    unharmed: int = 0
    """Normal cases in which nothing was claimed."""
    last_at: datetime | None = None
    labels: dict[str, LabelSkill] = field(default_factory=dict)

    def of(self, label: str) -> Belief:
        """Ability to find the label, logits."""
        known = self.labels.get(label)
        return self.general + (known.own if known else OWN)

    def tendency(self, label: str) -> Tendency:
        known = self.labels.get(label)
        if known is None:
            return Tendency(0, self.cases)
        return Tendency(known.alarms, max(known.alarms, self.cases - known.shown))


def learn(skills: Skills, played: Played) -> set[str]:
    """Add one case to `skills`; the labels that it changed."""
    skills.general = _rested(skills.general, skills.last_at, played.at, ability.GENERAL_VARIANCE)
    there = {one.label for one in played.findings}
    alarms = played.alarms - there
    for one in sorted(played.findings, key=lambda one: one.label):
        known = skills.labels.setdefault(one.label, LabelSkill())
        own = _rested(known.own, known.last_at, played.at, ability.OWN_VARIANCE)
        skills.general, known.own = ability.updated(
            skills.general, own, one.difficulty, one.success
        )
        known.shown += 1
        known.found += one.success
        known.memory = reviewed(known.memory, one.success, played.at)
        known.last_at = played.at
    for label in alarms:
        skills.labels.setdefault(label, LabelSkill()).alarms += 1
    skills.cases += 1
    if not there:
        skills.normals += 1
        skills.unharmed += not alarms
    skills.last_at = played.at
    return there | alarms


def of_all(played: Iterable[Played]) -> Skills:
    """The skills after these cases, which come in their order."""
    skills = Skills()
    for one in played:
        learn(skills, one)
    return skills


def _rested(belief: Belief, last: datetime | None, now: datetime, prior: float) -> Belief:
    if last is None:
        return belief
    return ability.rested(belief, (now - last).total_seconds() / DAY_SECONDS, prior)
