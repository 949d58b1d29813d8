"""Which case comes next, and why."""

from __future__ import annotations

import random
from dataclasses import dataclass

from django.db.models import Exists, Max, OuterRef, QuerySet

from accounts.models import User
from cases.models import Case, ReferenceReport
from feedback.models import Attempt


@dataclass(frozen=True)
class NextCase:
    """A case to play and the reason it was chosen, in words for the learner."""

    case: Case
    reason: str


def playable(kind: str) -> QuerySet[Case]:
    """Published cases of one game: Report needs a reference report."""
    cases = Case.objects.filter(status=Case.Status.PUBLISHED)
    if kind == "report":
        cases = cases.filter(Exists(ReferenceReport.objects.filter(case=OuterRef("pk"))))
    return cases


def next_case_for(user: User, kind: str, *, after: Case | None = None) -> NextCase | None:
    """An unfinished case first, then one never seen, then the one seen longest ago.

    `after` is the case just played, which does not come again at once. None when
    nothing is published.
    """
    own = Attempt.objects.filter(user=user, kind=kind)
    cases = playable(kind).exclude(pk=after.pk) if after else playable(kind)
    begun = (
        own.filter(state=Attempt.State.DRAFT, case__in=cases, saved_at__isnull=False)
        .select_related("case")
        .order_by("-saved_at")
        .first()
    )
    if begun:
        return NextCase(begun.case, "You began this case and have not submitted it.")
    unseen = cases.exclude(
        Exists(own.exclude(state=Attempt.State.DRAFT).filter(case=OuterRef("pk")))
    ).order_by("pk")
    count = unseen.count()
    if count:
        case = unseen[random.randrange(count)]
        return NextCase(case, f"New to you; {count} unseen case{'s' if count > 1 else ''} left.")
    oldest = (
        own.filter(case__in=cases)
        .values("case_id")
        .annotate(last=Max("submitted_at"))
        .order_by("last")
        .first()
    )
    if oldest:
        return NextCase(Case.objects.get(pk=oldest["case_id"]), "You saw this one longest ago.")
    # The only published case is the one just played.
    return NextCase(after, "The only case there is.") if after and after.is_playable else None
