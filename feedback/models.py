"""An attempt's life: draft → submitted → scored (or failed, and why)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from cases.models import Case, Finding


class Attempt(models.Model):
    """One learner's go at one case."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        SCORED = "scored", "Scored"
        FAILED = "failed", "Failed"

    class Mode(models.TextChoices):
        PRACTICE = "practice", "Practice"
        TEST = "test", "Test"
        SPRINT = "sprint", "Timed sprint"
        GUIDED = "guided", "Guided"
        SECOND_LOOK = "second_look", "Second look"

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="attempts"
    )
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="attempts")
    case_version = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, help_text="The game: localize or report")
    mode = models.CharField(max_length=12, choices=Mode, default=Mode.PRACTICE)
    rule = models.CharField(max_length=20, blank=True, help_text="Scoring rule or engine")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    answer = models.JSONField(default=dict, help_text="What the learner has marked or written")
    draft_version = models.PositiveIntegerField(default=0, help_text="Raised by every save")
    draft_writer = models.UUIDField(null=True, help_text="The window that saved last")
    submission = models.UUIDField(
        null=True, unique=True, help_text="Made by the client: sending twice makes one attempt"
    )
    started_at = models.DateTimeField(auto_now_add=True)
    saved_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    scored_at = models.DateTimeField(null=True)
    queued_at = models.DateTimeField(null=True, help_text="When scoring was last asked for")
    elapsed_ms = models.PositiveIntegerField(null=True)
    tries = models.PositiveSmallIntegerField(default=0, help_text="Scorings begun")
    problem = models.TextField(blank=True, help_text="Why it failed, in one sentence")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "case", "kind", "mode"],
                condition=Q(state="draft"),
                name="one_draft_a_case",
            ),
        ]
        indexes = [
            models.Index(
                fields=["queued_at"], condition=Q(state="submitted"), name="attempts_to_sweep"
            ),
            models.Index(fields=["user", "kind", "-id"], name="attempts_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def group(self) -> str:
        """The channel group that is told when this attempt's state changes."""
        return f"attempt.{self.public_id}"


class Result(models.Model):
    """What one scorer version says of one attempt."""

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="results")
    scorer = models.CharField(max_length=50, help_text="Name of rule or engine")
    scorer_version = models.CharField(max_length=50)
    counts = models.BooleanField(default=True, help_text="False for one shown beside the score")
    score = models.FloatField(help_text="0 to 100")
    data = models.JSONField(help_text="All that the feedback page needs, the truth included")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "scorer", "scorer_version"], name="result_once_a_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.scorer} {self.score}"


class Outcome(models.Model):
    """What scoring says of one truth finding, one mark or one tick."""

    class About(models.TextChoices):
        TRUTH = "truth", "A finding of the case"
        MARK = "mark", "A mark of the learner"

    result = models.ForeignKey(Result, on_delete=models.CASCADE, related_name="outcomes")
    about = models.CharField(max_length=5, choices=About)
    finding = models.ForeignKey(Finding, null=True, on_delete=models.SET_NULL)
    label = models.CharField(max_length=40)
    outcome = models.CharField(max_length=20)
    iou = models.FloatField(null=True)
    confidence = models.PositiveSmallIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["label", "outcome"], name="outcome_by_label")]

    def __str__(self) -> str:
        return f"{self.label} {self.outcome}"
