"""The leaderboard that a class may turn on: of those who choose to be on it, by their codes.

Nobody is ordered by speed before their accuracy has reached a floor: fast and wrong is worth
nothing. Off by default: a controlled trial found no gain from one (docs/decisions/041).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean, median

from accounts.models import User
from attempts.games import game_of
from attempts.queries import held_cases
from classroom.figures import Scope
from classroom.models import Cohort
from localize.scoring import KIND

WEEKS = 4
ENOUGH = 10
"""New films from which on somebody is on it."""
FLOOR = 70.0
"""Mean score from which on speed counts."""
LEAST = 3
"""Learners of fewer of whom nothing is shown."""


@dataclass(frozen=True)
class Row:
    code: str
    cases: int
    score: float
    """Mean, 0 to 100."""
    seconds: float
    """Median for a case; it orders those who reached the floor alone."""
    is_own: bool

    @property
    def reached(self) -> bool:
        return self.score >= FLOOR


@dataclass(frozen=True)
class Board:
    rows: list[Row]
    """Best first; none where too few are on it."""
    weeks: int = WEEKS
    enough: int = ENOUGH
    floor: float = FLOOR
    least: int = LEAST


def board(cohort: Cohort, user: User) -> Board | None:
    """What the user sees of it; None where the class has none. Three queries."""
    if not cohort.has_leaderboard:
        return None
    chosen = cohort.memberships.filter(ranks=True, left_at=None)
    codes = dict(chosen.values_list("user", "code"))
    records = Scope(cohort, KIND, game_of(KIND).rules[0], weeks=WEEKS).records()
    records = records.filter(user__in=codes, elapsed_ms__isnull=False)
    records = records.exclude(case__in=held_cases(user).values("case_id"))
    played: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for learner, score, elapsed in records.order_by().values_list("user", "score", "elapsed_ms"):
        played[learner].append((score, (elapsed or 0) / 1000))
    rows = [
        Row(
            codes[learner],
            len(cases),
            fmean(score for score, _ in cases),
            median(seconds for _, seconds in cases),
            learner == user.pk,
        )
        for learner, cases in played.items()
        if len(cases) >= ENOUGH
    ]
    return Board(sorted(rows, key=_order) if len(rows) >= LEAST else [])


def _order(row: Row) -> tuple[bool, float, str]:
    return (not row.reached, row.seconds if row.reached else -row.score, row.code)
