"""What the drawing game keeps beside attempts."""

from __future__ import annotations

from django.db import models

from attempts.models import Attempt


class Flag(models.Model):
    """A learner's word that the truth of a case is doubtful: material for curators."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CHANGED = "changed", "The truth was changed"
        KEPT = "kept", "The truth stands"

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="flags")
    subject = models.CharField(
        max_length=60, help_text="The finding's public id, or the mark or tick called false"
    )
    label = models.CharField(max_length=40)
    said = models.CharField(max_length=300, help_text="What the feedback says of it")
    why = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-changed_at"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "subject"], name="flag_once_a_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.why}"
