"""Explanations made before anybody asks: the truth part of the findings of published cases."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from itertools import islice
from threading import Event
from typing import Any

from celery import signature
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from cases.models import Case, Finding
from feedback import backends, explanations
from feedback.models import Explanation
from feedback.subjects import Subject, subject_of_finding
from ml import taxonomy, vlm
from ml.llm.backend import Backend
from ml.llm.breaker import CircuitBreaker
from ml.models import ModelProblem

logger = logging.getLogger(__name__)

BATCH = 200
"""Findings read at once."""
LAST = 9
"""Redis' lowest priority: a learner who waits for a text is served before whole data sets."""
_broker = CircuitBreaker(failures=1, pause=60)
"""A broker that is away is asked once a minute, not once for each case of an import."""


@dataclass(frozen=True)
class Ahead:
    """What became of one finding."""

    finding: Finding
    explanation: Explanation | None
    """None: what the model wrote may not be shown, and the atlas explains."""
    asked: bool
    """Whether the model was asked now; else this was settled before."""


def findings_to_explain() -> QuerySet[Finding]:
    """Those of the published cases, in the order they are explained in."""
    known = list(taxonomy.labels())
    published = Finding.objects.filter(
        case__status=Case.Status.PUBLISHED, case__made_for=None, label__in=known
    )
    return published.select_related("case").order_by("pk")


def explain(
    findings: Iterable[Finding], *, at_once: int, most: int | None = None
) -> Iterator[Ahead]:
    """Explain findings, so many at once; yields each as it is done, in no order.

    The model is asked at most `most` times. It is asked in threads; the database is used in
    the caller's only.

    Raises:
        ModelProblem: the model does not answer; what it wrote before that has been kept.
    """
    backend = backends.vision_model()
    left = iter(findings)
    with ThreadPoolExecutor(at_once, thread_name_prefix="explain") as pool:
        while batch := list(islice(left, BATCH)):
            open_ = []
            for finding in batch:
                subject = subject_of_finding(finding)
                found = explanations.kept(subject)
                if found or explanations.was_refused(subject, backend):
                    yield Ahead(finding, found, asked=False)
                else:
                    open_.append((finding, subject))
            open_ = open_[:most]
            yield from _asked(pool, backend, open_)
            if most is not None:
                most -= len(open_)
                if most <= 0:
                    return


def _asked(
    pool: ThreadPoolExecutor, backend: Backend, open_: list[tuple[Finding, Subject]]
) -> Iterator[Ahead]:
    ended = Event()

    def written(subject: Subject) -> vlm.Explanation:
        """One that begins after the model's failure, before anybody cancels it, asks nothing."""
        if ended.is_set():
            raise CancelledError
        try:
            return explanations.written(backend, subject)
        except ModelProblem:
            ended.set()
            raise

    asked: dict[Future[vlm.Explanation], tuple[Finding, Subject]] = {
        pool.submit(written, subject): (finding, subject) for finding, subject in open_
    }
    problem = None
    try:
        for future in as_completed(asked):
            finding, subject = asked[future]
            try:
                explanation = explanations.keep(subject, backend, future.result())
            except CancelledError:
                continue
            except OSError as error:
                logger.warning("Finding %s is not explained: %s", finding.pk, error)
                explanation = None
            except ModelProblem as error:
                problem = problem or error
                _cancel(asked)
                continue
            yield Ahead(finding, explanation, asked=True)
    finally:
        _cancel(asked)
    if problem:
        raise problem


def _cancel(futures: Iterable[Future[Any]]) -> None:
    """Begin no more of them; those under way come to their end."""
    for future in futures:
        future.cancel()


def when_published(sender: object, case: Case, **_: Any) -> None:
    """Receiver of `cases.signals.case_published`."""
    if backends.has_eyes():
        transaction.on_commit(partial(_queue, case.pk), robust=True)


def _queue(case_id: int) -> None:
    """Hand a case to the worker for models, behind what learners wait for."""
    if _broker.wait():
        return
    priority = LAST if settings.CELERY_BROKER_URL.startswith("redis") else None
    try:
        signature("feedback.tasks.explain_case", (case_id,)).apply_async(priority=priority)
    except Exception as error:  # any broker's own error: the case is published all the same
        _broker.failed()
        logger.warning(
            "Explanations could not be queued (%s); `manage.py explain_cases` makes them.", error
        )
    else:
        _broker.succeeded()


def explain_case(case_id: int) -> None:
    """Explain what is open of a case, one after the other; nothing where it is not published."""
    if not backends.has_eyes():
        return
    try:
        for _ in explain(findings_to_explain().filter(case=case_id), at_once=1):
            pass
    except ModelProblem as problem:
        logger.warning("Case %s is not explained ahead: %s", case_id, problem)
