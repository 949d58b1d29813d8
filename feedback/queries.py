"""What pages read of attempts."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from accounts.models import User
from feedback.models import Attempt, Result


def attempt_for(user: User, public_id: Any) -> Attempt | None:
    """The attempt when it is the user's own, else None: nobody else's is shown to exist."""
    return (
        Attempt.objects.select_related("case", "case__dataset")
        .filter(public_id=public_id, user=user)
        .first()
    )


def next_url(attempt: Attempt) -> str:
    """Where the learner goes on to after this attempt."""
    address = reverse("learning:next", args=[attempt.kind])
    return f"{address}?after={attempt.case.public_id}"


def counting_result(attempt: Attempt) -> Result | None:
    """The result that gives the attempt its score."""
    return attempt.results.filter(counts=True).order_by("-id").first()


def latest_scored(user: User, kind: str, limit: int = 10) -> list[Result]:
    """The user's last results of one game, newest first."""
    return list(
        Result.objects.filter(attempt__user=user, attempt__kind=kind, counts=True)
        .select_related("attempt", "attempt__case")
        .order_by("-attempt_id")[:limit]
    )


def has_answered(user: User, case_id: int, kind: str) -> bool:
    """Whether the user has submitted this case in this game, so that its truth may be shown."""
    return (
        Attempt.objects.filter(user=user, case_id=case_id, kind=kind)
        .exclude(state=Attempt.State.DRAFT)
        .exists()
    )
