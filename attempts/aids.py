"""What a learner is told of the truth while playing, as kept in `Attempt.aids`.

A row has `kind` (hint or second_look), `text`, and for hints `about`, `step`, `cost`,
`place`. What the page gets of it is `shown`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.prepared import prepared_models
from attempts.games import Hint, Scored
from attempts.models import Attempt, Mode
from ml.regions import remaining_in_words

HINT, SECOND_LOOK = "hint", "second_look"


def _second_look(remaining: Sequence[str]) -> dict[str, Any]:
    """The row that tells how many findings remain, and in which regions."""
    return {"kind": SECOND_LOOK, "text": remaining_in_words(remaining), "at": _now()}


def of_hint(hint: Hint) -> dict[str, Any]:
    return {
        "kind": HINT,
        "about": hint.about,
        "step": hint.step,
        "text": hint.text,
        "cost": hint.cost,
        "place": hint.place,
        "at": _now(),
    }


def hints(attempt: Attempt) -> list[dict[str, Any]]:
    """The hints given, in order."""
    return [row for row in attempt.aids if row["kind"] == HINT]


def hinted_in_drafts(attempt: Attempt) -> set[str]:
    """What hints led to in drafts of the same case: they are known in this attempt as well."""
    drafts = _drafts(attempt.user_id, attempt.case_id, attempt.kind, attempt.pk)
    return {row["about"] for draft in drafts for row in hints(draft)}


@prepared_models
def _drafts(user: int, case: int, kind: str, but: int) -> QuerySet[Attempt]:
    own = Attempt.objects.filter(user=user, case=case, kind=kind, state=Attempt.State.DRAFT)
    return own.exclude(pk=but)


def shown(attempt: Attempt) -> list[dict[str, Any]]:
    """The rows as the page may have them: without what they are about."""
    keys = ("kind", "step", "text", "cost", "place")
    return [{key: row[key] for key in keys if key in row} for row in attempt.aids]


def give_second_look(attempt: Attempt, scored: Scored) -> bool:
    """Open the attempt again, once, where something remains; False when it is over."""
    if attempt.mode != Mode.SECOND_LOOK or attempt.round > 1 or not scored.remaining:
        return False
    opened_anew = Attempt.objects.filter(
        user=attempt.user_id,
        case=attempt.case_id,
        kind=attempt.kind,
        mode=attempt.mode,
        series=attempt.series_id,
        state=Attempt.State.DRAFT,
    )
    if opened_anew.exists():
        return False
    attempt.state = Attempt.State.DRAFT
    attempt.round = 2
    attempt.tries = 0
    attempt.aids = [*attempt.aids, _second_look(scored.remaining)]
    attempt.save(update_fields=["state", "round", "tries", "aids"])
    return True


def _now() -> str:
    return timezone.now().isoformat()
