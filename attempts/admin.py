from typing import Any

from django.contrib import admin

from accounts.administration import Work
from attempts.models import Attempt, Result, Series


@admin.register(Attempt)
class AttemptAdmin(Work):
    to_attempt = ""
    list_display = ("public_id", "user", "case", "kind", "mode", "state", "submitted_at")
    list_filter = ("kind", "state", "mode")


@admin.register(Result)
class ResultAdmin(Work):
    list_display = ("attempt", "round", "scorer", "scorer_version", "score", "counts")


@admin.register(Series)
class SeriesAdmin(Work):
    list_display = ("public_id", "user", "kind", "mode", "started_at", "closed_because")
    list_filter = ("kind", "mode", "closed_because")

    def attempt_of(self, row: Series) -> None:
        """None: its page has limits and times, and no answer."""

    def learner_of(self, row: Series) -> Any:
        return row.user_id
