from django.contrib import admin

from cases.models import Case, Dataset, Finding, ReferenceReport


class FindingInline(admin.TabularInline):
    model = Finding
    extra = 0
    fields = ("label", "side", "location", "severity", "significance", "sentence")


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
    inlines = [FindingInline, ReportInline]
