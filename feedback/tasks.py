"""Celery tasks of an attempt's life. All are idempotent: running one twice changes nothing."""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import OperationalError

from feedback import ahead, explanations, opinions, series, services
from feedback.registry import game_of

logger = logging.getLogger(__name__)


@shared_task
def score_attempt(attempt_id: int) -> None:
    """Score one submitted attempt and tell its page."""
    attempt = services.begin_scoring(attempt_id)
    if attempt is None:
        return
    try:
        scored = game_of(attempt.kind).score(attempt)
    except OperationalError:
        # The database is away or busy: the attempt stays submitted, and the sweep comes back.
        raise
    except Exception:
        logger.exception("Attempt %s could not be scored.", attempt.public_id)
        services.fail(
            attempt_id, "Scoring met an error. Your answer is kept; it can be scored again."
        )
        return
    services.keep_result(attempt_id, scored, of_round=attempt.round)


@shared_task
def second_opinion(opinion_id: int) -> None:
    """Let a model say what it thinks of a result; slow, in the queue of models."""
    opinions.answer(opinion_id)


@shared_task
def write_explanation(attempt_id: int, row: str) -> None:
    """Let a model explain one row of an attempt's feedback, told to its page as it is written."""
    explanations.write(attempt_id, row)


@shared_task
def explain_case(case_id: int) -> None:
    """Let a model explain the findings of a case that was published, before anybody asks."""
    ahead.explain_case(case_id)


@shared_task
def sweep_submitted() -> None:
    """Close what ran out of time; queue again what a lost broker or killed worker left behind."""
    series.sweep()
    services.sweep()
