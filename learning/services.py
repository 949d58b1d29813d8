"""Which case comes next, and why; beginning the modes that are begun on the start page."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, Max, OuterRef, QuerySet

from accounts.models import User
from cases.models import Case
from feedback import series
from feedback.models import Attempt, Mode, Series
from feedback.queries import held_cases
from localize.queries import with_all_places
from report.answers import scorable_reports


@dataclass(frozen=True)
class NextCase:
    """A case to play and the reason it was chosen, in words for the learner."""

    case: Case
    reason: str
    mode: str = Mode.PRACTICE


def playable(kind: str) -> QuerySet[Case]:
    """Published cases of one game: Report needs a reference report that can be scored."""
    cases = Case.objects.filter(status=Case.Status.PUBLISHED)
    if kind == "report":
        cases = cases.filter(Exists(scorable_reports().filter(case=OuterRef("pk"))))
    return cases


def next_case_for(
    user: User, kind: str, *, after: Case | None = None, mode: str | None = None
) -> NextCase | None:
    """An unfinished case first, then one never seen, then the one seen longest ago.

    `after` is the case just played, which does not come again at once; `mode` the one to
    play in (any for what was begun, else practice). Cases of an open series are left out.
    None when nothing is published.
    """
    own = Attempt.objects.filter(user=user, kind=kind)
    cases = free_cases(user, kind).exclude(pk=after.pk) if after else free_cases(user, kind)
    begun = own.filter(
        state=Attempt.State.DRAFT, case__in=cases, saved_at__isnull=False, series=None
    )
    if mode:
        begun = begun.filter(mode=mode)
    last = begun.select_related("case").order_by("-saved_at").first()
    if last:
        return NextCase(last.case, "You began this case and have not submitted it.", last.mode)
    mode = mode or Mode.PRACTICE
    unseen = _unseen(own, cases).order_by("pk")
    count = unseen.count()
    if count:
        # The same again until the learner has seen one more: its images can be fetched ahead.
        chance = random.Random(f"{user.pk} {kind} {count}")
        case = unseen[chance.randrange(count)]
        reason = f"New to you; {count} unseen case{'s' if count > 1 else ''} left."
        return NextCase(case, reason, mode)
    oldest = _seen(own, cases)[:1]
    if oldest:
        return NextCase(Case.objects.get(pk=oldest[0]), "You saw this one longest ago.", mode)
    # The only published case is the one just played.
    if after and after.is_playable and not held_cases(user).filter(case=after).exists():
        return NextCase(after, "The only case there is.", mode)
    return None


def free_cases(user: User, kind: str) -> QuerySet[Case]:
    """Playable cases that no open series of the user holds."""
    return playable(kind).exclude(pk__in=held_cases(user).values("case_id"))


def _unseen(own: QuerySet[Attempt], cases: QuerySet[Case]) -> QuerySet[Case]:
    # By the moment, not the state: a second look is a draft again of a case that was seen.
    submitted = own.filter(submitted_at__isnull=False)
    return cases.exclude(Exists(submitted.filter(case=OuterRef("pk"))))


def _seen(own: QuerySet[Attempt], cases: QuerySet[Case]) -> QuerySet[Attempt]:
    """Keys of the cases seen, the one seen longest ago first."""
    by_case = own.filter(case__in=cases, submitted_at__isnull=False).values("case_id")
    return (
        by_case.annotate(last=Max("submitted_at"))
        .order_by("last")
        .values_list("case_id", flat=True)
    )


def begin_series(user: User, kind: str, chosen: dict[str, Any]) -> Series | None:
    """Start a sprint or a test as chosen (see `learning.forms`); None when there is no case.

    Cases never seen come first, in random order, then those seen longest ago.
    """
    own, cases = Attempt.objects.filter(user=user, kind=kind), free_cases(user, kind)
    if chosen["rule"] == "radgame":
        cases = with_all_places(cases)  # the rule has no answer to a box that nobody drew
    unseen = list(_unseen(own, cases).values_list("pk", flat=True))
    random.shuffle(unseen)
    keys = [*unseen, *_seen(own, cases)][: chosen["cases"]]
    if not keys:
        return None
    found = Case.objects.in_bulk(keys)
    minutes = chosen["minutes"] if chosen["mode"] == Mode.TEST else None
    return series.start_series(
        user=user,
        kind=kind,
        mode=chosen["mode"],
        cases=[found[key] for key in keys],
        rule=chosen["rule"],
        case_seconds=chosen["seconds"] if chosen["mode"] == Mode.SPRINT else None,
        total_seconds=60 * minutes if minutes else None,
    )
