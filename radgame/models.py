"""What the running parts leave in the database about themselves."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import models

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Heartbeat(models.Model):
    """When a job that is done again and again was begun and done last, by the database's clock."""

    name = models.CharField(max_length=40, unique=True)
    begun_at = models.DateTimeField(default=LONG_AGO, help_text="By whoever claimed it")
    done_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
