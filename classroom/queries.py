"""What an instructor sees: figures over all trainees."""

from __future__ import annotations

from django.db.models import Avg, Count, Max, Q, QuerySet

from accounts.models import Role, User
from feedback.models import Attempt


def trainees() -> QuerySet[User]:
    """Every trainee with `scored` attempts, `mean_score` (0-100) and `last_seen`."""
    # A second look that was never submitted enters no figure.
    counted = Q(attempts__results__counts=True, attempts__state=Attempt.State.SCORED)
    return (
        User.objects.filter(role=Role.TRAINEE, is_active=True)
        .annotate(
            scored=Count("attempts__results", filter=counted),
            mean_score=Avg("attempts__results__score", filter=counted),
            last_seen=Max("attempts__submitted_at"),
        )
        .order_by("username")
    )


def figures() -> dict[str, int]:
    """Totals for the head of the dashboard."""
    return Attempt.objects.aggregate(
        submitted=Count("id", filter=~Q(state=Attempt.State.DRAFT)),
        waiting=Count("id", filter=Q(state=Attempt.State.SUBMITTED)),
        failed=Count("id", filter=Q(state=Attempt.State.FAILED)),
    )
