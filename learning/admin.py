from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.administration import ReadOnly
from learning.models import CaseDifficulty


@admin.register(CaseDifficulty)
class CaseDifficultyAdmin(ReadOnly):
    """How hard cases are; the odd ones may have a wrong truth. Made by themselves."""

    list_display = (
        "case_link",
        "label",
        "kind",
        "difficulty",
        "count",
        "outfit",
        "infit",
        "is_odd",
    )
    list_filter = ("is_odd", "kind")
    search_fields = ("label", "case__public_id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CaseDifficulty]:
        return super().get_queryset(request).select_related("case").order_by("-is_odd", "-outfit")

    @admin.display(description="Case")
    def case_link(self, row: CaseDifficulty) -> SafeString:
        """A link to the case with its images and truth."""
        address = reverse("cases:detail", args=[row.case.public_id])
        return format_html('<a href="{}">{}</a>', address, row.case.public_id)
