"""What the writing game reads for its pages; never the reference."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from accounts.prepared import prepared
from attempts.models import Attempt, Mode
from report.models import Macro

UNAIDED = (Mode.SPRINT, Mode.TEST)
"""Without the list of regions that the text speaks of."""


def macros_of(attempt: Attempt) -> list[dict[str, str]]:
    return [{"name": name, "text": text} for name, text in _macros(attempt.user_id)]


@prepared
def _macros(user: int) -> QuerySet[Macro, Any]:
    return Macro.objects.filter(user=user).values_list("name", "text")


def regions_covered(attempt: Attempt, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The regions of a systematic report and whether the text speaks of each; none when unaided."""
    from ml import style

    if attempt.mode in UNAIDED:
        return []
    part = style.score(answer["text"], answer["language"]).coverage
    return [
        {"what": item.what, "name": item.name, "covered": bool(item.spans)}
        for item in part.evidence
    ]
