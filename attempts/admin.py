from django.contrib import admin

from accounts.administration import ReadOnly
from attempts.models import Attempt, Result, Series


@admin.register(Attempt)
class AttemptAdmin(ReadOnly):
    list_display = ("public_id", "user", "case", "kind", "mode", "state", "submitted_at")
    list_filter = ("kind", "state", "mode")


@admin.register(Result)
class ResultAdmin(ReadOnly):
    list_display = ("attempt", "round", "scorer", "scorer_version", "score", "counts")


@admin.register(Series)
class SeriesAdmin(ReadOnly):
    list_display = ("public_id", "user", "kind", "mode", "started_at", "closed_because")
    list_filter = ("kind", "mode", "closed_because")
