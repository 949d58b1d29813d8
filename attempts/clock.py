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
