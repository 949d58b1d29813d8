"""What the modes add to an attempt's life: being shown the truth, and asking for hints."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from attempts import aids, services
from attempts.games import AnswerProblem, Hint, game_of
from attempts.models import Attempt, Mode, Series
from attempts.queries import holding_series
from attempts.seen import truth_was_seen
from cases.models import Case


@transaction.atomic
def open_guided(
    *, user: User, case: Case, kind: str, rule: str = "", series: Series | None = None
) -> Attempt:
    """An attempt that is there to be shown the truth: submitted empty, and it counts nowhere."""
    now = timezone.now()
    attempt = Attempt.objects.create(
        user=user,
        case=case,
        kind=kind,
        mode=Mode.GUIDED,
        rule=rule,
        series=series,
        case_version=case.version,
        state=Attempt.State.SUBMITTED,
        submitted_at=now,
        queued_at=now,
        truth_seen=truth_was_seen(user.pk, case.pk),
    )
    transaction.on_commit(lambda: services.queue_scoring(attempt.pk))
    return attempt


@transaction.atomic
def give_hint(*, attempt_id: int, request: dict[str, Any]) -> Hint:
    """The next hint on the draft as saved last, kept with the attempt before it is told."""
    attempt = services.locked(attempt_id)
    game = game_of(attempt.kind)
    if not attempt.is_open:
        raise services.Conflict("This attempt was already submitted.", attempt)
    if game.hint is None or attempt.mode not in game.hint_modes:
        raise AnswerProblem("There are no hints in this mode.")
    if holding_series(attempt.user, attempt.case):
        raise AnswerProblem("This case is part of an open series: no hints until it closes.")
    hint = game.hint(attempt, request)
    attempt.aids = [*attempt.aids, aids.of_hint(hint)]
    attempt.save(update_fields=["aids"])
    return hint
