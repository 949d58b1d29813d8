"""Celery tasks of the models, in a queue of their own. Running one twice changes nothing."""

from __future__ import annotations

from celery import shared_task

from attempts import clock
from feedback import ahead, explanations, opinions


@shared_task
def second_opinion(opinion_id: int) -> None:
    """Let a model say what it thinks of a result; slow."""
    opinions.answer(opinion_id)


@shared_task
def write_explanation(attempt_id: int, row: str, asked: float | None = None) -> None:
    """Let a model explain one row of an attempt's feedback, told to its page as it is written.

    `asked` is when, by `clock.stamp`: what waited for longer than its page does is left.
    """
    if not clock.is_late(asked, explanations.PATIENCE):
        explanations.write(attempt_id, row)


@shared_task
def explain_case(case_id: int) -> None:
    """Let a model explain the findings of a case that was published, before anybody asks."""
    ahead.explain_case(case_id)
