"""What the pages of classes read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from classroom.access import members, taught_by
from classroom.models import Assignment, Cohort, Invitation, Membership


def classes_of(instructor: User) -> QuerySet[Cohort]:
    """The classes that the user teaches, with `size` and `set_work`, open ones first."""
    active = Q(memberships__left_at__isnull=True)
    return (
        taught_by(instructor)
        .annotate(
            size=Count("memberships", filter=active, distinct=True),
            set_work=Count(
                "assignments",
                filter=Q(assignments__published_at__isnull=False, assignments__archived_at=None),
                distinct=True,
            ),
        )
        .order_by("archived_at", "name", "pk")
    )


def memberships_of(learner: User) -> QuerySet[Membership]:
    """The classes that the user learns in now."""
    return (
        Membership.objects.filter(user=learner, left_at__isnull=True, cohort__archived_at=None)
        .select_related("cohort")
        .prefetch_related("cohort__instructors")
        .order_by("cohort__name", "pk")
    )


@dataclass(frozen=True)
class MemberRow:
    """A learner as the list of a class has them."""

    membership: Membership
    last_seen: datetime | None
    """When an answer that the class may see was submitted last."""


def member_rows(cohort: Cohort) -> list[MemberRow]:
    """The learners of a class, in the order of `members`."""
    found = members(cohort).annotate(last=Max("user__attempts__submitted_at"))
    return [
        MemberRow(
            membership,
            membership.last
            if membership.last and membership.last >= membership.joined_at
            else None,
        )
        for membership in found
    ]


def invitation_by(code: str) -> Invitation | None:
    """The invitation of a code as somebody typed it: letter case, blanks and hyphens aside."""
    plain = "".join(sign for sign in code.casefold() if sign.isalnum())
    if len(plain) != 8:
        return None
    return (
        Invitation.objects.filter(code=f"{plain[:4]}-{plain[4:]}").select_related("cohort").first()
    )


def current_link(cohort: Cohort) -> Invitation | None:
    """The invitation for everybody that is open, if there is one."""
    links = cohort.invitations.filter(is_personal=False, revoked_at__isnull=True)
    found = links.order_by("-pk").first()
    return found if found and not found.refusal else None


def personal_invitations(cohort: Cohort) -> QuerySet[Invitation]:
    """Those for one person each that are not taken back, unused ones first."""
    found = cohort.invitations.filter(is_personal=True, revoked_at__isnull=True)
    return found.select_related("cohort", "user").order_by("used", "pk")


def invitations_for(user: User) -> QuerySet[Invitation]:
    """The invitations made for the user that are still open."""
    found = Invitation.objects.filter(
        user=user, used=0, revoked_at__isnull=True, expires_at__gt=timezone.now()
    )
    return found.filter(cohort__archived_at=None).select_related("cohort", "created_by")


def assignments_of(cohort: Cohort) -> QuerySet[Assignment]:
    """What is set in a class or being prepared, with `size` and `begun`, drafts first, then the
    newest.
    """
    return (
        cohort.assignments.filter(archived_at__isnull=True)
        .annotate(
            size=Count("places", distinct=True),
            begun=Count(
                "runs__user",
                filter=Q(runs__is_preview=False, runs__series__begun_at__isnull=False),
                distinct=True,
            ),
        )
        .order_by(F("published_at").desc(nulls_first=True), "pk")
    )
