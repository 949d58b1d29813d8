"""How long it is kept who looked at whose work."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from classroom.models import WorkView


def forget() -> None:
    """Delete what is older than the setting for logs allows; 0 days: kept for ever."""
    if settings.KEEP_LOGS_DAYS:
        long_ago = Now() - timedelta(days=settings.KEEP_LOGS_DAYS)
        WorkView.objects.filter(viewed_at__lt=long_ago).delete()
