from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.administration import Work
from localize.models import Flag


@admin.register(Flag)
class FlagAdmin(Work):
    """Truths that learners doubt, the last changed first; they are answered at the desk."""

    list_display = ("said", "why", "case", "state", "changed_at")
    lists_learners = False
    list_filter = ("state", "label")
    search_fields = ("said", "why", "attempt__case__public_id")
    readonly_fields = ("case",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flag]:
        return super().get_queryset(request).select_related("attempt__case")

    @admin.display(description="Case")
    def case(self, flag: Flag) -> SafeString:
        """A link to the case with its images and truth."""
        public_id = flag.attempt.case.public_id
        address = reverse("cases:detail", args=[public_id])
        return format_html('<a href="{}">{}</a>', address, public_id)
