from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cases.models import Case, Dataset, Finding, Image, ReferenceReport
from cases.services import tell_if_published


class FindingInline(admin.TabularInline):
    model = Finding
    extra = 0
    fields = ("label", "side", "location", "severity", "significance", "sentence")


class ImageInline(admin.TabularInline):
    model = Image
    extra = 0
    fields = ("position", "view", "study", "study_label")
    readonly_fields = ("position",)
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Case | None = None) -> bool:
        return False  # images come by import, with their files


class ReportInline(admin.StackedInline):
    model = ReferenceReport
    extra = 0


@admin.register(Dataset)
class DatasetAdmin(admin.ModelAdmin):
    list_display = ("title", "slug", "access", "simulated")


@admin.register(Case)
class CaseAdmin(admin.ModelAdmin):
    list_display = ("public_id", "dataset", "source_key", "status", "version")
    list_filter = ("status", "dataset")
    search_fields = ("source_key", "public_id")
    inlines = [ImageInline, FindingInline, ReportInline]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        tell_if_published(form.instance)
