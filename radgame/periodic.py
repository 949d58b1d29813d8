"""What is done again and again, by whichever process comes first.

`manage.py periodic` does each job when its time has come; web processes do one whose time is long
past (`radgame.lifespan`). A job is claimed in its row of `Heartbeat`, by the database's clock, so
that of any number of processes one does it. Nothing else is kept, and no broker is needed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from celery import signature
from django.conf import settings
from django.core.management import call_command
from django.db.models import Q
from django.db.models.functions import Now

from accounts import retention as accounts
from attempts import retention as attempts
from attempts import scoring, series
from cases import uploading
from classroom import retention as classroom
from learning import columns, daily, difficulties, records, skills
from learning.endless import stock
from radgame import reserve
from radgame.models import Heartbeat

logger = logging.getLogger(__name__)

PATIENCE = 3
"""How many times its `seconds` a job may be behind before another process does it."""
SWEEP, WORKER = "sweep", "worker"


@dataclass(frozen=True)
class Job:
    """Something to do every so many seconds."""

    name: str
    seconds: float
    do: Callable[[], object]
    done_by_a_task: bool = False
    """Whether it only asks for a Celery task, which notes itself that it was done."""


def sweep() -> None:
    """Close what ran out of time; queue again what a lost queue or killed worker left behind."""
    series.sweep()
    scoring.sweep()
    uploading.sweep()


def forget() -> None:
    """Delete what was kept for as long as the settings say (docs/privacy.md)."""
    call_command("clearsessions")
    attempts.forget()
    classroom.forget()
    accounts.forget()


def keep_figures() -> None:
    """Make up for records that are lacking, and pack those that are new."""
    records.sweep()
    columns.sweep()


def refit() -> None:
    """Learn how hard cases are from a day's attempts, and what people can do by that; pack what
    the sweep did not see, such as records that are gone.
    """
    difficulties.refit(logger.info)
    skills.rebuild()
    columns.rebuild()


def ask_worker() -> None:
    """Queue a task that tells by its row that broker, worker and database work together."""
    signature("radgame.tasks.answer").apply_async()


def jobs() -> list[Job]:
    return [
        Job(SWEEP, settings.SWEEP_SECONDS, sweep),
        Job(WORKER, 60, ask_worker, done_by_a_task=True),
        Job("reserve", 60, reserve.keep),
        Job("figures", 60, keep_figures),
        Job("skills", 60, skills.sweep),
        Job("difficulties", 60, difficulties.keep_missing),
        Job("films", 60, stock.wake),
        Job("daily", 60, daily.keep),
        Job("refit", 86_400, refit),
        Job("retention", 86_400, forget),
    ]


def run_due(patience: float = 1) -> list[str]:
    """Do every job that is `patience` times its seconds behind; the names of those done.

    An error is logged and costs that job alone, until its time comes again.
    """
    done = []
    for job in jobs():
        if not _claim(job, patience):
            continue
        try:
            job.do()
        except Exception:  # a broker or database that is away, of any kind
            logger.exception("The periodic job “%s” met an error.", job.name)
            continue
        if not job.done_by_a_task:
            note_done(job.name)
        done.append(job.name)
    return done


def note_done(name: str) -> None:
    Heartbeat.objects.filter(name=name).update(done_at=Now())


def _claim(job: Job, patience: float) -> bool:
    """Whether this process is the one to do the job now.

    One begun in the future was begun before the clock was set back: its time has come too.
    """
    row = Heartbeat.objects.filter(name=job.name)
    long_ago = Now() - timedelta(seconds=job.seconds * patience)
    due = row.filter(Q(begun_at__lt=long_ago) | Q(begun_at__gt=Now() + timedelta(seconds=1)))
    if not due.exists():
        if row.exists():
            return False
        Heartbeat.objects.get_or_create(name=job.name)
    return due.update(begun_at=Now()) == 1
