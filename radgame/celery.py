"""The Celery application: `celery -A radgame worker`."""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

from celery import Celery, Task, signals
from django.conf import settings
from django.db import close_old_connections
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radgame.settings")

KEPT_SECONDS = 600
"""That a worker keeps a connection to PostgreSQL: as long as SQLite's (`radgame.settings`)."""

app = Celery("radgame")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Celery opens the database anew for every task: on SQLite that is to read the whole schema.
# Django's own rule closes what is too old or broken, as around each request.
app.conf["CELERY_DB_REUSE_MAX"] = sys.maxsize
signals.task_prerun.connect(close_old_connections)
signals.task_postrun.connect(close_old_connections)


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


@signals.worker_init.connect
def keep_connections(**kwargs: Any) -> None:
    """Keep a connection to PostgreSQL from one task to the next, as SQLite's is.

    It may have been started again since the last task, so that its connection is tried first.
    """
    database: Any = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.postgresql":
        database.update(CONN_MAX_AGE=KEPT_SECONDS, CONN_HEALTH_CHECKS=True)


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
