"""Rows of attempts, for tests of what each step of an attempt's life writes."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.utils import timezone

from attempts import services
from attempts.models import Attempt

NOON = datetime(2026, 3, 4, 12, tzinfo=timezone.get_default_timezone())
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
A, B = (uuid.UUID(int=number) for number in (1, 2))

NORMAL = {"marks": [], "ticked": [], "normal": True}


def now(attempt):
    """The attempt as it is in the database."""
    return Attempt.objects.get(pk=attempt.pk)


def values(attempt, *names):
    return tuple(getattr(now(attempt), name) for name in names)


def hand_in(attempt, *, answer=None, submission=A, elapsed_ms=900, **said):
    given = {"submission": submission, "answer": answer or {}, "elapsed_ms": elapsed_ms}
    return services.submit(attempt_id=attempt.pk, **given, **said)
