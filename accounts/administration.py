"""What the administration only shows: rows that learners' work is made of, or that come of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class NotDeleted(admin.ModelAdmin):
    """Rows that come about by themselves and stay: nobody, superuser or not, adds or deletes one.

    They go with the account they hang on, which `personal.erase` erases as a whole.
    """

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnly(NotDeleted):
    """Rows that nobody changes here either: services alone do."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
