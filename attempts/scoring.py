"""What becomes of what was handed in: tries, a result or a failure, and a sweep for what is lost.

Whoever holds the attempt's row decides; all of it may be done twice, and changes nothing then.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.prepared import prepared, prepared_models, prepared_update
from attempts import clock, services
from attempts.aids import give_second_look
from attempts.games import Scored, game_of
from attempts.models import Attempt, Mode, Outcome, Result
from attempts.queries import holds
from attempts.services import Conflict, locked
from attempts.signals import attempt_scored
from attempts.telling import tell_group

logger = logging.getLogger(__name__)


def sweep(attempts: QuerySet[Attempt] | None = None) -> int:
    """Queue again what stayed submitted too long; give up on what failed every time.

    Of these attempts, or of all. Any process may, at any time: each row is claimed before it is
    queued. Returns the number of attempts queued.
    """
    attempts = Attempt.objects.all() if attempts is None else attempts
    lost = attempts.filter(services.stuck())
    for attempt in lost.filter(tries__gte=settings.SCORING_MAX_TRIES)[:100]:
        fail(attempt.pk, "Scoring stopped before it was done, several times in a row.")
    queued = 0
    for attempt_id in list(lost.order_by("submitted_at").values_list("pk", flat=True)[:500]):
        # One sweep of several claims the row; the others find it queued just now.
        if lost.filter(pk=attempt_id).update(queued_at=Now()):
            services.queue_scoring(attempt_id)
            queued += 1
    waiting = attempts.filter(state=Attempt.State.SUBMITTED, queued_at__isnull=True)
    for user_id in list(waiting.order_by().values_list("user_id", flat=True).distinct()):
        services.queue_next(user_id)
    return queued


def look_after(attempt: Attempt) -> None:
    """What the sweep would do for this one attempt, done when its page asks how it stands."""
    if attempt.is_open and services.is_late(attempt):
        services.close_draft(attempt.pk, Attempt.Closed.TIME)
        attempt.refresh_from_db(fields=["state"])
    elif attempt.state == Attempt.State.SUBMITTED:
        sweep(Attempt.objects.filter(pk=attempt.pk))


def begin_scoring(attempt_id: int, *, again: bool = True) -> Attempt | None:
    """Count one try; None when there is nothing to score (any more).

    The first try is counted by what ends it, in one transaction with that. Whoever comes `again`
    to what did not end, or was queued anew, counts before: it may never end.
    """
    if not again:
        found = next(iter(_to_score(attempt_id)), None)
        if found and found.state == Attempt.State.SUBMITTED and _is_first(found):
            return found
    return next(iter(_to_score(attempt_id)), None) if _count_try(attempt_id) else None


def _is_first(attempt: Attempt) -> bool:
    """Whether nobody began to score it, as far as the database and the queue can know."""
    return attempt.tries == 0 and attempt.queued_at == attempt.submitted_at


@prepared_update
def _count_try(attempt: int) -> tuple[QuerySet[Attempt], dict[str, Any]]:
    waiting = Attempt.objects.filter(pk=attempt, state=Attempt.State.SUBMITTED)
    return waiting, {"tries": F("tries") + 1}


@prepared_models
def _to_score(attempt: int) -> QuerySet[Attempt]:
    return Attempt.objects.select_related("case", "user").filter(pk=attempt)


def keep_result(attempt_id: int, scored: Scored, *, of_round: int = 1) -> bool:
    """Store a result with its outcomes and close the attempt, or open it for a second look.

    False when that was done before.
    """
    with transaction.atomic():
        attempt = locked(attempt_id)
        if attempt.round != of_round:
            return False  # a slow worker: another one has scored that round meanwhile
        counts = attempt.mode != Mode.GUIDED and attempt.round == 1
        counts = counts and not game_of(attempt.kind).is_exercise
        # Who holds the attempt's row is the only one to look and then store.
        made = (of_round,) not in _kept_rounds(attempt_id, scored.scorer, scored.version)
        if made:
            result = Result.objects.create(
                attempt=attempt,
                scorer=scored.scorer,
                scorer_version=scored.version,
                round=of_round,
                score=scored.score,
                data=scored.data,
                counts=counts,
            )
            keep_outcomes(result, scored)
        waits = attempt.state == Attempt.State.SUBMITTED
        if waits:
            transaction.on_commit(lambda: _closed(attempt))
            # What remains is itself told of the truth, so nothing while a series holds the case.
            held = holds(attempt.user_id, attempt.case_id)
            if held or not give_second_look(attempt, scored):
                attempt.state = Attempt.State.SCORED
                attempt.scored_at = timezone.now()
                attempt.tries = attempt.tries or 1
                attempt.save(update_fields=["state", "scored_at", "tries"])
        if made:
            attempt_scored.send_robust(Result, result=result)
            if transaction.get_rollback():  # else it would be left without a word
                raise OperationalError("A listener left nothing of the transaction to be stored.")
    return waits


@prepared
def _kept_rounds(attempt: int, scorer: str, version: str) -> QuerySet[Result, Any]:
    own = Result.objects.filter(attempt=attempt, scorer=scorer, scorer_version=version)
    return own.filter(truth=0).values_list("round")


def keep_outcomes(result: Result, scored: Scored) -> None:
    """Store the outcomes of a new result."""
    Outcome.objects.bulk_create(
        Outcome(
            result=result,
            about=row.about,
            finding_id=row.finding_id,
            label=row.label,
            outcome=row.outcome,
            iou=row.iou,
            confidence=row.confidence,
            aided=row.aided,
        )
        for row in scored.outcomes
    )


def fail(attempt_id: int, problem: str) -> None:
    """Close an attempt that cannot be scored; the answer is kept."""
    with transaction.atomic():
        attempt = locked(attempt_id)
        if attempt.state != Attempt.State.SUBMITTED:
            return
        attempt.state = Attempt.State.FAILED
        attempt.problem = problem
        attempt.tries = attempt.tries or 1
        attempt.save(update_fields=["state", "problem", "tries"])
        transaction.on_commit(lambda: _closed(attempt))


@transaction.atomic
def score_again(attempt_id: int) -> Attempt:
    """Put a failed attempt back in the queue."""
    attempt = locked(attempt_id)
    if attempt.state != Attempt.State.FAILED:
        raise Conflict("Only an attempt whose scoring failed can be scored again.", attempt)
    if not attempt.case.is_playable:
        raise Conflict("This case is retired: nothing is scored on it.", attempt)
    attempt.state = Attempt.State.SUBMITTED
    attempt.tries = 0
    attempt.problem = ""
    attempt.queued_at = clock.now()
    attempt.save(update_fields=["state", "tries", "problem", "queued_at"])
    transaction.on_commit(lambda: services.queue_scoring(attempt.pk))
    return attempt


def _closed(attempt: Attempt) -> None:
    tell(attempt)
    services.queue_next(attempt.user_id)


def tell(attempt: Attempt) -> None:
    """Tell the attempt's page its state; a channel layer that is away costs only the push."""
    message = {"type": "attempt.state", "state": attempt.state}
    try:
        tell_group(attempt.group, message)
    except Exception:  # the page polls as well
        logger.warning("Nobody could be told of attempt %s.", attempt.pk, exc_info=True)
