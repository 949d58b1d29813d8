"""A learner beside the median of their class: of those who chose so, and of enough of them."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db.models import Count, Sum

from accounts.models import User
from attempts.queries import held_cases
from classroom.figures import Scope
from classroom.models import Cohort, Membership
from learning.queries import ENOUGH_CASES
from ml.psychometrics import Interval, proportion, rate

LEAST_MEMBERS = 8
"""Learners, the asking one among them, of fewer of whom no median is shown: it would name one."""


@dataclass(frozen=True)
class Comparison:
    """A learner's own figures and the medians of the class's learners who compare."""

    cohort: Cohort
    learners: int
    """Who compare and have played enough; below `LEAST_MEMBERS` there are no figures."""
    found: Interval | None = None
    found_median: float | None = None
    false_marks: Interval | None = None
    """For each case."""
    false_marks_median: float | None = None

    @property
    def least(self) -> int:
        return LEAST_MEMBERS


def comparing(cohort: Cohort) -> int:
    """How many learners of the class chose to compare."""
    return cohort.memberships.filter(compares=True, left_at=None).count()


def comparisons(user: User, kind: str, rule: str) -> list[Comparison]:
    """One for each class in which the user chose it. Two queries a class."""
    own = Membership.objects.filter(
        user=user, compares=True, left_at=None, cohort__archived_at=None
    ).select_related("cohort")
    held = set(held_cases(user).values_list("case_id", flat=True))
    return [
        _comparison(Scope(one.cohort, kind, rule), user, held) for one in own.order_by("cohort")
    ]


def _comparison(scope: Scope, user: User, held: set[int]) -> Comparison:
    chosen = scope.cohort.memberships.filter(compares=True, left_at=None).values("user")
    records = scope.records().filter(user__in=chosen).exclude(case__in=held)
    rows: list[Any] = list(
        records.order_by()
        .values("user")
        .annotate(cases=Count("id"), n_truths=Sum("truths"), n_hits=Sum("hits"))
        .annotate(n_overcalls=Sum("overcalls"))
        .filter(cases__gte=ENOUGH_CASES, n_truths__gt=0)
    )
    mine = next((row for row in rows if row["user"] == user.pk), None)
    if mine is None or len(rows) < LEAST_MEMBERS:
        return Comparison(scope.cohort, len(rows))
    return Comparison(
        scope.cohort,
        len(rows),
        proportion(mine["n_hits"], mine["n_truths"]),
        median(row["n_hits"] / row["n_truths"] for row in rows),
        rate(mine["n_overcalls"], mine["cases"]),
        median(row["n_overcalls"] / row["cases"] for row in rows),
    )
