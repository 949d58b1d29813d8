"""The Celery tasks of an attempt's life. Each is idempotent: running it twice changes nothing."""

from __future__ import annotations

import logging
from typing import Any

from celery import Task, shared_task
from django.db import OperationalError
from structlog.contextvars import bind_contextvars

from accounts.models import User
from attempts import rescoring, scoring
from attempts.games import game_of
from cases.models import Case

logger = logging.getLogger(__name__)


@shared_task(bind=True)
def score_attempt(self: Task[Any, Any], attempt_id: int) -> None:
    """Score one submitted attempt and tell its page."""
    sent_back = (self.request.delivery_info or {}).get("redelivered")  # by a worker that died
    attempt = scoring.begin_scoring(attempt_id, again=bool(sent_back))
    if attempt is None:
        return
    bind_contextvars(attempt=str(attempt.public_id))
    try:
        scored = game_of(attempt.kind).score(attempt)
    except OperationalError:
        # The database is away or busy: the attempt stays submitted, and the sweep comes back.
        raise
    except Exception:
        logger.exception("Attempt %s could not be scored.", attempt.public_id)
        scoring.fail(
            attempt_id, "Scoring met an error. Your answer is kept; it can be scored again."
        )
        return
    try:
        scoring.keep_result(attempt_id, scored, of_round=attempt.round)
    except attempt.DoesNotExist:
        logger.info("Attempt %s was erased while it was scored.", attempt.public_id)


@shared_task
def score_by_truth(case_id: int, by_id: int | None, why: str, after: int = 0) -> None:
    """Score answers to a case by the truth it has now, as a curator asked for: a batch, and the
    rest by a task of its own. Without a worker for that the case's page counts what is left.
    """
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        return
    by = None if by_id is None else User.objects.filter(pk=by_id).first()
    batch = rescoring.score_by_truth(case, by, why, after=after)
    if batch.last is not None:
        rescoring.queue(case, by, why, batch.last)
