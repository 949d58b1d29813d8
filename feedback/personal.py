"""What the feedback keeps of a person: models' second opinions, and what they think of texts."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import User
from accounts.personal import Part, Row, part
from attempts.personal import told
from feedback.models import Explanation, ExplanationRating, SecondOpinion


def _opinions(user: User) -> Iterable[Row]:
    """Without what they say: that quotes the truth, and the feedback shows it."""
    of_told = SecondOpinion.objects.filter(result__attempt__in=told(user)).order_by("pk")
    return of_told.values("result__attempt__public_id", "name", "asked_at", "answered_at")


PARTS = (
    Part("second-opinions", SecondOpinion, _opinions),
    part(
        "ratings",
        ExplanationRating,
        "user",
        *("explanation__case__public_id", "helpful", "changed_at"),
    ),
    part("explanations-asked", Explanation, "asked_by", "case__public_id", "created_at"),
)
