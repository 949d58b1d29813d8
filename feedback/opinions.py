"""Second opinions: what models say beside a result, asked for after it and never waited for."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from celery import signature
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.prepared import prepared_models
from attempts import clock
from attempts.models import Result
from feedback.explainers import explainer_of
from feedback.models import SecondOpinion
from ml.models import ModelProblem

logger = logging.getLogger(__name__)

PATIENCE = timedelta(minutes=10)
"""After that, by the database's clock, a page stops asking for an opinion, and a worker that comes
only then does not ask the model: nobody would read it."""
LATE = "It did not answer in time."
FAILED = "It met an error."


def await_for(result: Result) -> list[int]:
    """Note which opinions on a new result are awaited; their ids, for `queue`.

    Belongs into the transaction that stores the result, so that its page knows of them.
    """
    explainer = explainer_of(result.attempt.kind)
    try:
        names = explainer.opinions(result) if explainer.opinions else []
    except Exception:  # whatever is wrong with models, the score stands
        logger.exception("No opinion on result %s is asked for.", result.pk)
        return []
    made = [SecondOpinion.objects.create(result=result, name=name).pk for name in names]
    if made:
        SecondOpinion.objects.filter(pk__in=made).update(asked_at=Now())
    return made


def when_scored(sender: object, result: Result, **_: Any) -> None:
    """Receiver of `attempts.signals.attempt_scored`, within its transaction."""
    with transaction.atomic():  # an error here must not undo the score with it
        awaited = await_for(result)
    if awaited:
        transaction.on_commit(lambda: queue(awaited))


def queue(opinion_ids: list[int]) -> None:
    """Hand them to the worker for models; a broker that is away costs only the opinions."""
    try:
        for opinion_id in opinion_ids:
            signature("feedback.tasks.second_opinion", (opinion_id,)).apply_async()
    except Exception:
        logger.warning("Opinions %s could not be queued.", opinion_ids, exc_info=True)


def answer(opinion_id: int) -> None:
    """Ask the model and keep what it says, or why it says nothing."""
    opinion = (
        SecondOpinion.objects.select_related("result__attempt__case")
        .filter(pk=opinion_id, answered_at=None, asked_at__gt=Now() - PATIENCE)
        .first()
    )
    if opinion is None:
        return
    say = explainer_of(opinion.result.attempt.kind).opinion
    try:
        opinion.data = say(opinion.result, opinion.name) if say else None
    except ModelProblem as problem:
        opinion.problem = str(problem)
    except Exception:
        logger.exception("Opinion %s on result %s failed.", opinion.name, opinion.result_id)
        opinion.problem = FAILED
    # It may be gone, with an account that was erased meanwhile.
    SecondOpinion.objects.filter(pk=opinion_id).update(
        data=opinion.data, problem=opinion.problem, answered_at=timezone.now()
    )


def of(result: Result) -> list[dict[str, Any]]:
    """The opinions on a result for a page: `name`, `data` or `problem`, or `awaited`."""
    opinions = _opinions(result.pk)
    # The database is asked for its time only while something is awaited.
    is_waiting = any(one.answered_at is None for one in opinions)
    late = (clock.now() if is_waiting else timezone.now()) - PATIENCE
    rows = []
    for opinion in opinions:
        awaited = opinion.answered_at is None and opinion.asked_at > late
        unanswered = opinion.answered_at is None and not awaited
        rows.append(
            {
                "name": opinion.name,
                "data": opinion.data,
                "problem": LATE if unanswered else opinion.problem,
                "awaited": awaited,
            }
        )
    return rows


@prepared_models
def _opinions(result: int) -> QuerySet[SecondOpinion]:
    return SecondOpinion.objects.filter(result=result)


def models_wanted() -> bool:
    """Whether anything is configured that a worker for models would do."""
    installed = settings.MODELS_DIR.is_dir() and any(settings.MODELS_DIR.glob("*/installed.json"))
    return installed or bool(settings.LLM_URL or settings.VLM_URL)
