from django.contrib import admin

from accounts.administration import ReadOnly
from report.models import Contest


@admin.register(Contest)
class ContestAdmin(ReadOnly):
    """Notes that learners contest; they are answered at the desk."""

    list_display = ("said", "why", "engine", "engine_version", "state", "created_at")
    list_filter = ("state", "engine")
    search_fields = ("said", "why", "reference_text", "learner_text")
