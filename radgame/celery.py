"""The Celery application: `celery -A radgame worker`."""

from __future__ import annotations

import gc
import os
from typing import Any

from celery import Celery, Task, signals
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radgame.settings")

app = Celery("radgame")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.setup_logging.connect
def log_as_django_does(**kwargs: Any) -> None:
    """Leave a worker's log to Django's settings: Celery sets none up where somebody listens."""


@signals.worker_init.connect
def have_ready(**kwargs: Any) -> None:
    """Load what scoring loads late, before processes are forked: no learner waits for it.

    What is there by then is there for good: the garbage collector need not look through it again
    while a long report is read, nor write to memory that the processes share.
    """
    import scipy.optimize  # noqa: F401

    from ml import evaluate, style

    evaluate.evaluate("No effusion.", "Small effusion.")
    style.score("No effusion.")
    gc.collect()
    gc.freeze()


@signals.before_task_publish.connect
def send_request_along(headers: dict[str, Any], **kwargs: Any) -> None:
    """Let the task's lines in the log name the request that asked for it."""
    if request := get_contextvars().get("request"):
        headers["asked_by"] = request


@signals.task_prerun.connect
def bind_ids(task_id: str, task: Task, **kwargs: Any) -> None:
    clear_contextvars()
    bind_contextvars(task=task.name, task_id=task_id)
    if request := task.request.get("asked_by"):
        bind_contextvars(request=request)


@signals.task_postrun.connect
def forget_ids(**kwargs: Any) -> None:
    clear_contextvars()
