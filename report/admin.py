from django.contrib import admin

from report.models import Contest


@admin.register(Contest)
class ContestAdmin(admin.ModelAdmin):
    list_display = ("said", "why", "engine", "engine_version", "state", "created_at")
    list_filter = ("state", "engine")
    list_editable = ("state",)
    search_fields = ("said", "why", "reference_text", "learner_text")
    readonly_fields = (
        *("attempt", "note", "engine", "engine_version"),
        *("said", "reference_text", "learner_text", "why"),
    )

    def has_add_permission(self, request: object) -> bool:
        return False
