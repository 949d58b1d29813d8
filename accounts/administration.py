"""What the administration only shows: rows that learners' work is made of, or that come of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse

from accounts.signals import work_shown


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


class Work(ReadOnly):
    """What learners did: whoever opens it, superuser or not, is told to them (`work_shown`)."""

    to_attempt = "attempt"
    """Field of a row that holds its attempt; empty: the row is one."""
    lists_learners = True
    """Whether the list of rows tells whose they are, or scores."""

    def attempt_of(self, row: Any) -> Any:
        """The attempt that the page of a row shows."""
        return getattr(row, self.to_attempt) if self.to_attempt else row

    def learner_of(self, row: Any) -> int:
        """The key of whose work it is."""
        return self.attempt_of(row).user_id

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        answer = super().changeform_view(request, object_id, form_url, extra_context)
        row = self.get_object(request, unquote(object_id)) if object_id else None
        if row is not None and answer.status_code == 200:
            self._tell(request, [self.learner_of(row)], self.attempt_of(row))
        return answer

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer = super().changelist_view(request, extra_context)
        listed = getattr(answer, "context_data", None) or {}
        if self.lists_learners and "cl" in listed:
            self._tell(request, [self.learner_of(row) for row in listed["cl"].result_list], None)
        return answer

    def _tell(self, request: HttpRequest, learners: list[int], attempt: Any) -> None:
        work_shown.send(type(self), viewer=request.user, learners=learners, attempt=attempt)
