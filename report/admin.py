from django.contrib import admin

from accounts.administration import Work
from report.models import Contest


@admin.register(Contest)
class ContestAdmin(Work):
    """Notes that learners contest; they are answered at the desk."""

    list_display = ("said", "why", "engine", "engine_version", "state", "created_at")
    lists_learners = False
    list_filter = ("state", "engine")
    search_fields = ("said", "why", "reference_text", "learner_text")
