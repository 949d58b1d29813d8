"""Who uses RadGame: trainees, instructors and curators."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models


class Role(models.TextChoices):
    TRAINEE = "trainee", "Trainee"
    INSTRUCTOR = "instructor", "Instructor"
    CURATOR = "curator", "Curator"


ADMINISTERED: dict[str, tuple[str, ...]] = {
    Role.CURATOR: (
        *("cases.", "feedback.view_", "feedback.change_explanation"),
        *("report.view_", "report.change_contest", "localize.view_", "localize.change_flag"),
    )
}
"""Role → beginnings of the permissions that staff of this role have in the administration."""


class User(AbstractUser):
    """An account with one role; a superuser may do what every role may."""

    role = models.CharField(max_length=10, choices=Role, default=Role.TRAINEE)

    def has_perm(self, perm: str, obj: object = None) -> bool:
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
    def sees_truth(self) -> bool:
        """Instructors and curators may see a case's truth without answering it."""
        return self.has_role(Role.INSTRUCTOR, Role.CURATOR)
