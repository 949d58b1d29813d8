"""One clock for all machines: the database's. A deadline and a claim are judged by no other."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """The database's time, UTC; on SQLite, which has none of its own, this machine's.

    In queries `django.db.models.functions.Now` is the same without a round trip.
    """
    if connection.vendor == "sqlite":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        return cursor.fetchone()[0]


def stamp() -> float:
    """The same as seconds since 1970, for a task that is worth nothing when it is taken late.

    Celery's own `expires` is judged by the worker's clock: one that is ahead would throw all away.
    """
    return now().timestamp()


def is_late(asked: float | None, seconds: float) -> bool:
    """Whether a task that was asked for at that `stamp` is taken more than so many seconds later.

    One without a stamp is not, nor one of the future, from before the clock was set back.
    """
    return asked is not None and stamp() - asked > seconds
