"""What classes put on a learner's own pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import User
from accounts.prepared import prepared
from accounts.requests import UserRequest
from attempts.models import Series
from classroom.comparing import comparisons
from classroom.models import Invitation, Membership, Run
from classroom.queries import invitations_for
from classroom.work import work_of
from learning.queries import ENOUGH_CASES
from report.scoring import KIND as REPORT

MOST_ON_START_PAGE = 5


def due(request: UserRequest) -> str:
    """What is to be done, what is due first, first; and invitations that wait for an answer."""
    waiting = [one for one in work_of(request.user) if one.is_to_do or one.opens_later]
    invited = list(invitations_for(request.user)) if _invited(request.user.pk) else []
    if not waiting and not invited:
        return ""
    context = {
        "work": waiting[:MOST_ON_START_PAGE],
        "more": max(0, len(waiting) - MOST_ON_START_PAGE),
        "invited": invited,
    }
    return render_to_string("classroom/_due.html", context, request)


@prepared
def _invited(user: int) -> QuerySet[Invitation, Any]:
    """Whether there is anything to ask for: most have no invitation that waits."""
    unused = Invitation.objects.filter(user=user, used=0, revoked_at__isnull=True)
    return unused.values_list("pk")[:1]


def compared(request: UserRequest, kind: str, rule: str) -> str:
    """The learner's figures of a game beside the medians of classes they chose."""
    found = comparisons(request.user, kind, rule)
    claims = "False claims" if kind == REPORT else "False marks"
    context = {"compared": found, "enough_cases": ENOUGH_CASES, "claims": claims}
    return render_to_string("classroom/_compared.html", context, request) if found else ""


def plays_no_game(user: User) -> bool:
    """Whether a class that the user learns in has the elements of the game switched off."""
    return bool(_without_game(user.pk))


@prepared
def _without_game(user: int) -> QuerySet[Membership, Any]:
    own = Membership.objects.filter(user=user, left_at=None, cohort__archived_at=None)
    return own.filter(cohort__plays_game=False).values_list("pk")[:1]


def page_of(series: Series) -> str:
    """The page of the assignment that the series is a try or a preview of."""
    run = Run.objects.filter(series=series).select_related("assignment").first()
    if run is None:
        return ""
    page = "classroom:assignment" if run.is_preview else "classroom:given"
    return reverse(page, args=[run.assignment.public_id])
