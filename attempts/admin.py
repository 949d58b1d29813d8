from django.contrib import admin

from attempts.models import Attempt, Result, Series


@admin.register(Attempt)
class AttemptAdmin(admin.ModelAdmin):
    list_display = ("public_id", "user", "case", "kind", "mode", "state", "submitted_at")
    list_filter = ("kind", "state", "mode")
    raw_id_fields = ("user", "case")


@admin.register(Result)
class ResultAdmin(admin.ModelAdmin):
    list_display = ("attempt", "round", "scorer", "scorer_version", "score", "counts")
    raw_id_fields = ("attempt",)


@admin.register(Series)
class SeriesAdmin(admin.ModelAdmin):
    list_display = ("public_id", "user", "kind", "mode", "started_at", "closed_because")
    list_filter = ("kind", "mode", "closed_because")
    raw_id_fields = ("user",)
