"""The game around the games: points, level, weekly goal, badges and personal records.

All of it is computed when asked from records of films that were new: nothing is stored, so that
nothing can be lost, and a film that a series still holds is left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.prepared import prepared_models
from attempts.queries import held_cases
from learning import assigned
from learning.models import CaseDifficulty, CaseRecord, LabelRecord, Preferences
from ml.learning import goals
from report.scoring import KIND as REPORT

SWITCHES = ("plays_for_points", "shows_badges", "shows_streak", "plays_daily_film")
"""Fields of `Preferences`: what a learner or a class may switch off."""
SUBTLE = 1.0
"""Logits from which on a nodule is subtle, by its features alone: what is learned of how hard it is
changes by the day, and a badge that was reached would go.
"""


@dataclass(frozen=True)
class Badge:
    name: str
    meaning: str
    count: int
    needed: int

    @property
    def is_earned(self) -> bool:
        return self.count >= self.needed


@dataclass(frozen=True)
class Standing:
    """What a learner has reached."""

    points: int
    cases: int
    level: goals.Level
    this_week: int
    goal: int
    run: goals.Run
    badges: list[Badge]
    best_day: int
    """Most cases on one day."""
    best_week: int
    """Most points in one week."""

    @property
    def share(self) -> int:
        """Percent of this week's goal, at most 100."""
        return min(100, round(100 * self.this_week / self.goal))


def preferences_of(user: User) -> Preferences:
    """The learner's own, or unsaved ones with what the fields begin with."""
    found = next(iter(_preferences(user.pk)), None) or Preferences(user=user)
    found.user = user
    return found


@prepared_models
def _preferences(user: int) -> QuerySet[Preferences]:
    return Preferences.objects.filter(user=user)


def shown_to(user: User) -> Preferences:
    """The learner's own with all that a class has switched off; not to be saved."""
    found = preferences_of(user)
    if assigned.plays_no_game(user):
        for name in SWITCHES:
            setattr(found, name, False)
    return found


def keep(user: User, chosen: dict[str, Any]) -> None:
    """Keep what a learner chose, by the fields of `Preferences`.

    Another weekly goal holds from this week on, of two in one week the last: weeks before keep
    theirs, so that nothing that was reached goes.
    """
    with transaction.atomic():
        # Another window may have made the row since.
        row, _ = Preferences.objects.select_for_update().get_or_create(user=user)
        old, week = row.weekly_goal, goals.week_of(timezone.now(), row.time_zone).isoformat()
        for name, value in chosen.items():
            setattr(row, name, value)
        last = row.earlier_goals[-1][0] if row.earlier_goals else ""
        if row.weekly_goal != old and last < week:
            row.earlier_goals = [*row.earlier_goals, [week, old]]
        row.save(update_fields=[*chosen, "earlier_goals"])


def standing_of(user: User, chosen: Preferences, now: datetime | None = None) -> Standing:
    """Everything, in four queries."""
    records = CaseRecord.objects.filter(user=user)
    records = records.exclude(case__in=held_cases(user).values("case_id")).order_by("result_id")
    rows = {
        row[0]: row
        for row in records.values_list(
            "attempt_id", "submitted_at", "score", "is_normal", "overcalls", "kind"
        )
    }
    by_week: Counter[date] = Counter()
    by_day: Counter[date] = Counter()
    points: Counter[date] = Counter()
    reports: dict[date, set[date]] = defaultdict(set)
    unharmed = 0
    for _, at, score, is_normal, overcalls, kind in rows.values():
        week = goals.week_of(at, chosen.time_zone)
        by_week[week] += 1
        day = at.astimezone(chosen.zone).date()
        by_day[day] += 1
        points[week] += goals.points_of(score)
        unharmed += is_normal and not overcalls
        if kind == REPORT:
            reports[week].add(day)
    this_week = goals.week_of(now or timezone.now(), chosen.time_zone)
    total = sum(points.values())
    days = max(map(len, reports.values()), default=0)
    return Standing(
        points=total,
        cases=len(rows),
        level=goals.level_of(total),
        this_week=by_week[this_week],
        goal=chosen.weekly_goal,
        run=goals.run_of(by_week, chosen.goal_of, this_week),
        badges=[
            Badge("Unharmed", "Normal films in which nothing was claimed", unharmed, 20),
            Badge("Fine eye", "Subtle nodules found", _subtle(user), 10),
            Badge("A week of reports", "Days of one week with a report", days, 5),
        ],
        best_day=max(by_day.values(), default=0),
        best_week=max(points.values(), default=0),
    )


def _subtle(user: User) -> int:
    """Subtle nodules found in films that may be told of."""
    found = LabelRecord.objects.filter(record__user=user, label="nodule_mass", hits__gt=0)
    found = found.exclude(record__case__in=held_cases(user).values("case_id"))
    cases = found.values("record__case")
    subtle = CaseDifficulty.objects.filter(
        case__in=cases, label="nodule_mass", kind="localize", prior__gte=SUBTLE
    )
    return subtle.count()
