"""Whether a learner was shown the truth of a film, or part of it: one notion for both games.

Used where cases are chosen, attempts are counted and pages say what is new. A film is *seen* once
feedback on it was told in either game and any mode, or a hint was given; *met* already when an
answer to it was submitted, whose feedback may come any moment.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import User
from accounts.prepared import prepared
from attempts.models import Attempt, SeriesCase, holding
from cases.models import Case

FILM = Coalesce("case__duplicate_of_id", "case_id")
"""Of an attempt the key of what its case is now: of one that was merged into another, that one."""


def tellings(user: User | int) -> QuerySet[Attempt]:
    """The attempts by which truth was shown to the user.

    What was scored since a series holds the case was not shown.
    """
    held = SeriesCase.objects.filter(
        holding("series__"),
        case=OuterRef("case"),
        series__user=user,
        series__started_at__lte=OuterRef("scored_at"),
    )
    told = Q(state=Attempt.State.SCORED) & ~Exists(held)
    return Attempt.objects.filter(told | ~Q(aids=[]), user=user)


def truth_was_seen(user: int, case: int, *, but: int = 0) -> bool:
    """Whether a user has seen a case's truth, by keys; `but` is an attempt to leave out."""
    return bool(_tellings_of(user, case, but))


@prepared
def _tellings_of(user: int, case: int, but: int) -> QuerySet[Attempt, Any]:
    told = tellings(user).filter(Q(case=case) | Q(case__duplicate_of=case))
    return told.exclude(pk=but).values_list("pk")[:1]


def met(user: User) -> QuerySet[Attempt]:
    """The attempts after which a film is new to the user no more.

    By the moment of submitting, not the state: a second look is a draft again of a case seen.
    """
    return Attempt.objects.filter(Q(submitted_at__isnull=False) | ~Q(aids=[]), user=user)


def new_to(user: User, cases: QuerySet[Case]) -> QuerySet[Case]:
    """Of these cases those that the user has met in no game."""
    return without(met(user), cases)


def without(attempts: QuerySet[Attempt], cases: QuerySet[Case]) -> QuerySet[Case]:
    """Of these cases those that none of the attempts is of; nor of one that was merged into it."""
    # One list of what was met, not a look for each case: a library holds many more.
    merged = attempts.filter(case__duplicate_of__isnull=False)
    return cases.exclude(pk__in=attempts.values("case_id")).exclude(
        pk__in=merged.values("case__duplicate_of")
    )
