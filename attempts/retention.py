"""How long drafts are kept that nobody has handed in."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Now

from attempts.models import Attempt


def forget() -> None:
    """Delete what is older than the setting allows; 0 days: kept for ever."""
    if settings.KEEP_DRAFTS_DAYS:
        deserted().delete()


def deserted() -> QuerySet[Attempt]:
    """First drafts that nobody has touched for `KEEP_DRAFTS_DAYS`.

    Not those with a hint, which say that the film is known, and not those of an open series.
    """
    long_ago = Now() - timedelta(days=settings.KEEP_DRAFTS_DAYS)
    idle = Attempt.objects.annotate(touched_at=Coalesce("saved_at", "started_at")).filter(
        state=Attempt.State.DRAFT, submitted_at=None, aids=[], touched_at__lt=long_ago
    )
    return idle.filter(Q(series=None) | Q(series__closed_at__isnull=False))
