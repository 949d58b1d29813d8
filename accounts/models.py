"""Who uses RadGame: trainees, instructors and curators."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models


class Role(models.TextChoices):
    TRAINEE = "trainee", "Trainee"
    INSTRUCTOR = "instructor", "Instructor"
    CURATOR = "curator", "Curator"


ADMINISTERED: dict[str, tuple[str, ...]] = {
    Role.CURATOR: (
        *("cases.", "attempts.view_", "feedback.view_", "feedback.change_explanation"),
        *("report.view_", "localize.view_", "learning.view_casedifficulty"),
    )
}
"""Role → beginnings of the permissions that staff of this role have in the administration."""


class User(AbstractUser):
    """An account with one role; a superuser may do what every role may."""

    role = models.CharField(max_length=10, choices=Role, default=Role.TRAINEE)
    is_guest = models.BooleanField(
        "guest",
        default=False,
        help_text="Signed up by themselves: plays cases of open data sets only",
    )

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Django's own permissions, and for staff what their role administers."""
        return super().has_perm(perm, obj) or self._administers(perm)

    def has_module_perms(self, app_label: str) -> bool:
        return super().has_module_perms(app_label) or (
            self.is_active
            and self.is_staff
            and any(entry.startswith(f"{app_label}.") for entry in ADMINISTERED.get(self.role, ()))
        )

    def _administers(self, perm: str) -> bool:
        return (
            self.is_active
            and self.is_staff
            and perm.startswith(ADMINISTERED.get(self.role, ("none",)))
        )

    def has_role(self, *roles: str) -> bool:
        return self.is_superuser or self.role in roles

    @property
    def is_only_trainee(self) -> bool:
        """A trainee without any right of staff: an instructor may give it a new password."""
        return self.role == Role.TRAINEE and not self.is_staff and not self.is_superuser

    @property
    def sees_truth(self) -> bool:
        """Instructors and curators may see a case's truth without answering it."""
        return self.has_role(Role.INSTRUCTOR, Role.CURATOR)
