"""Whether the parts of the installation work: what `/readyz` tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import DurationField, ExpressionWrapper, F, Min
from django.db.models.functions import Now

from attempts.models import Attempt
from radgame import reserve
from radgame.celery import app as celery
from radgame.models import Heartbeat
from radgame.periodic import PATIENCE, SWEEP, WORKER

WORKER_SECONDS = 150
"""Since a worker answered last; one is asked every minute."""
WAITING_SECONDS = 120
"""Since the oldest submission that waits for its score was handed in."""
ASK_SECONDS = 1


@dataclass(frozen=True)
class Part:
    """How one part is."""

    name: str
    is_well: bool
    word: str
    """A sentence where it is not well."""
    seconds: float | None = None
    """Age of what was heard of it last."""


def parts() -> list[Part]:
    """Every part, the database first; nothing but that one when it does not answer."""
    for database in (answers(), _has_tables()):
        if not database.is_well:
            return [database]
    sweep = _heard("periodic", SWEEP, settings.SWEEP_SECONDS * PATIENCE + 10)
    worker = _heard("worker", WORKER, WORKER_SECONDS)
    return [database, _redis(), _broker(), sweep, worker, _waiting(), _disk()]


def answers() -> Part:
    """Whether there is a database at all."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:  # of whatever kind, it is not there for pages
        return Part("database", False, "The database does not answer.")
    return Part("database", True, "")


def _has_tables() -> Part:
    try:
        Heartbeat.objects.exists()
    except DatabaseError:
        word = "The database has no tables of this version: manage.py migrate makes them."
        return Part("database", False, word)
    return Part("database", True, "")


def _disk() -> Part:
    scarce = reserve.is_scarce()
    return Part("disk", not scarce, "The disk of the data folder is all but full." * scarce)


def _redis() -> Part:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=ASK_SECONDS, socket_connect_timeout=ASK_SECONDS
    )
    try:
        client.ping()
    except redis.RedisError:
        return Part("redis", False, "Redis does not answer: pages find scores by asking.")
    finally:
        client.close()
    return Part("redis", True, "")


def _broker() -> Part:
    try:
        with celery.connection_for_write(connect_timeout=ASK_SECONDS) as broker:
            broker.ensure_connection(max_retries=0, timeout=ASK_SECONDS)
    except Exception:  # each kind of broker has errors of its own
        return Part("broker", False, "The broker does not answer: submissions wait.")
    return Part("broker", True, "")


def _heard(part: str, name: str, patience: float) -> Part:
    age = ExpressionWrapper(Now() - F("done_at"), output_field=DurationField())
    found = Heartbeat.objects.filter(name=name, done_at__isnull=False).annotate(age=age).first()
    if found is None:
        return Part(part, False, f"Nothing was heard of the {part} process yet.")
    seconds = found.age.total_seconds()
    # One that was heard of in the future was heard of before the clock was set back.
    if -1 <= seconds <= patience:
        return Part(part, True, "", seconds)
    return Part(part, False, f"Nothing was heard of the {part} process for a while.", seconds)


def _waiting() -> Part:
    waiting = Attempt.objects.filter(state=Attempt.State.SUBMITTED)
    age: timedelta | None = waiting.aggregate(
        age=ExpressionWrapper(Now() - Min("submitted_at"), output_field=DurationField())
    )["age"]
    seconds = age.total_seconds() if age else 0.0
    if seconds <= WAITING_SECONDS:
        return Part("scoring", True, "", seconds)
    return Part("scoring", False, "A submission waits too long for its score.", seconds)
