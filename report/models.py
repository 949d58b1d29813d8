"""What the writing game keeps beside attempts: a learner's macros, and contested pairings."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from attempts.models import Attempt


class Macro(models.Model):
    """A piece of text of the learner's own, written by its name."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="report_macros"
    )
    name = models.CharField(max_length=40)
    text = models.TextField(max_length=2000)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="macro_name_once")]

    def __str__(self) -> str:
        return self.name


class Contest(models.Model):
    """A learner's word that the engine paired or judged wrongly: material for curators."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        AGREED = "agreed", "The learner is right"
        REFUSED = "refused", "The engine is right"

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="contests")
    note = models.CharField(max_length=20, help_text="Which note of the feedback")
    engine = models.CharField(max_length=50)
    engine_version = models.CharField(max_length=50)
    said = models.TextField(help_text="What the feedback says")
    reference_text = models.TextField()
    learner_text = models.TextField()
    why = models.TextField(max_length=1000)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "note"], name="contest_once_a_note"),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.note}"
