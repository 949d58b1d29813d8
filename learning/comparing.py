"""A learner's figures of late beside their own of before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from learning.models import CaseRecord
from ml.psychometrics import Interval, difference, proportion, rate

LATELY = timedelta(weeks=4)


@dataclass(frozen=True)
class Period:
    """What adds up over the cases of a time."""

    cases: int
    truths: int
    hits: int
    overcalls: int

    @property
    def found(self) -> Interval:
        return proportion(self.hits, self.truths)

    @property
    def false_marks(self) -> Interval:
        """For each case."""
        return rate(self.overcalls, self.cases)


@dataclass(frozen=True)
class OwnPast:
    """The last four weeks and all that was before."""

    late: Period
    before: Period

    @property
    def change(self) -> Interval:
        """How much more is found of late, as a share of what was shown."""
        return difference(self.late.hits, self.late.truths, self.before.hits, self.before.truths)

    @property
    def words(self) -> str:
        if self.change.is_above_zero:
            return "You find more than before, by more than chance."
        if self.change.is_below_zero:
            return "You find less than before, by more than chance."
        return "The difference may be chance."


def own_past(records: QuerySet[CaseRecord]) -> OwnPast | None:
    """Of one learner's records; None where one of the times had nothing to find. One query."""
    since = timezone.now() - LATELY
    parts = {"late": Q(submitted_at__gte=since), "before": Q(submitted_at__lt=since)}
    sums: dict[str, Any] = {}
    for name, part in parts.items():
        sums[f"{name}_cases"] = Count("id", filter=part)
        for field in ("truths", "hits", "overcalls"):
            sums[f"{name}_{field}"] = Sum(field, filter=part, default=0)
    found = records.aggregate(**sums)
    late, before = (
        Period(*(found[f"{name}_{field}"] for field in ("cases", "truths", "hits", "overcalls")))
        for name in parts
    )
    return OwnPast(late, before) if late.truths and before.truths else None
