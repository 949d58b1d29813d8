"""What classes keep of a person: where they learn, what was said to them, and who looked."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from accounts.models import User
from accounts.personal import Part, Row, part
from attempts.personal import told
from classroom.models import Comment, Extension, Invitation, Membership, Run, WorkView


def _comments(user: User) -> Iterable[Row]:
    """On attempts of which nothing is held back: a comment names what was missed."""
    found = Comment.objects.filter(attempt__in=told(user)).order_by("pk")
    return found.values(
        *("attempt__public_id", "author_name", "about", "text", "created_at", "seen_at")
    )


def erase_invitations(sender: type[User], user: User, **kwargs: object) -> None:
    """Delete the personal invitations that hold an address of who is erased."""
    theirs = Q(memberships__user=user, is_personal=True)
    if user.email:
        theirs |= Q(email__iexact=user.email)
    Invitation.objects.filter(pk__in=Invitation.objects.filter(theirs).values("pk")).delete()


PARTS = (
    part(
        "memberships",
        Membership,
        "user",
        *("cohort__public_id", "cohort__name", "code", "training", "joined_at", "left_at"),
        *("consent", "consented_at", "compares", "ranks", "key_taken_at"),
    ),
    part("invitations", Invitation, "user", "cohort__name", "email", "created_at", "declined_at"),
    part(
        "assignments",
        Run,
        "user",
        *("assignment__public_id", "number", "series__public_id", "is_preview", "created_at"),
    ),
    part(
        "extra-time",
        Extension,
        "membership__user",
        *("assignment__public_id", "due_at", "percent", "created_at"),
    ),
    Part("comments", Comment, _comments),
    part("comments-written", Comment, "author", "attempt__public_id", "text", "created_at"),
    part(
        "looked-at",
        WorkView,
        "learner",
        *("viewer_name", "cohort__name", "what", "attempt__public_id", "viewed_at"),
    ),
)
