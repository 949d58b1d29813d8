from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest

from accounts.administration import NotDeleted
from feedback import ratings
from feedback.models import Explanation


class RatedFilter(admin.SimpleListFilter):
    """By what learners said of a text."""

    title = "learners' rating"
    parameter_name = "rated"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(ratings.WRONG, "Called wrong"), (ratings.HELPFUL, "Called helpful only")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        if self.value() == ratings.WRONG:
            return queryset.filter(wrong__gt=0)
        if self.value() == ratings.HELPFUL:
            return queryset.filter(wrong=0, helpful__gt=0)
        return queryset


@admin.register(Explanation)
class ExplanationAdmin(NotDeleted):
    """Models' texts, to correct and approve; a corrected one begins without ratings."""

    list_display = (
        *("label", "outcome", "text", "rated_helpful", "rated_wrong"),
        *("model", "reviewed_by", "created_at"),
    )
    list_filter = (RatedFilter, "outcome", "model", "label")
    search_fields = ("text", "label")
    raw_id_fields = ("reviewed_by",)
    readonly_fields = (
        *("key", "facts", "case", "label", "outcome", "rated_helpful", "rated_wrong"),
        *("model", "prompt_version", "asked_by", "created_at"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Explanation]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                helpful=Count("ratings", filter=Q(ratings__helpful=True)),
                wrong=Count("ratings", filter=Q(ratings__helpful=False)),
            )
        )

    @admin.display(description="Helpful", ordering="helpful")
    def rated_helpful(self, explanation: Any) -> int:
        return explanation.helpful

    @admin.display(description="Wrong", ordering="wrong")
    def rated_wrong(self, explanation: Any) -> int:
        return explanation.wrong

    def save_model(self, request: HttpRequest, obj: Explanation, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "text" in form.changed_data:
            ratings.forget(obj)
