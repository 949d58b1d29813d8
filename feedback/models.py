"""An attempt's life: draft → submitted → scored (or failed, and why)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from cases.models import Case, Finding


class Mode(models.TextChoices):
    """How a case is played (docs/modes.md)."""

    PRACTICE = "practice", "Practice"
    SECOND_LOOK = "second_look", "Second look"
    GUIDED = "guided", "Guided"
    SPRINT = "sprint", "Timed sprint"
    TEST = "test", "Test"


class Series(models.Model):
    """Cases played one after the other; nothing is told of any of them before it is closed."""

    class Closed(models.TextChoices):
        OPEN = "", "Open"
        FINISHED = "finished", "Every case answered"
        TIME = "time", "Time was up"
        ENDED = "ended", "Ended before the last case"

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="series"
    )
    kind = models.CharField(max_length=10, help_text="The game: localize or report")
    mode = models.CharField(max_length=12, choices=Mode)
    rule = models.CharField(max_length=20, blank=True, help_text="Scoring rule or engine")
    cases = models.ManyToManyField(Case, through="SeriesCase", related_name="series")
    case_seconds = models.PositiveIntegerField(null=True, help_text="Limit for each case")
    ends_at = models.DateTimeField(null=True, help_text="Limit for all of it")
    started_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)
    closed_because = models.CharField(max_length=10, choices=Closed, default=Closed.OPEN)

    class Meta:
        verbose_name_plural = "series"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind"],
                condition=Q(closed_at__isnull=True),
                name="one_open_series_a_game",
            ),
        ]
        indexes = [
            models.Index(
                fields=["ends_at"], condition=Q(closed_at__isnull=True), name="series_to_close"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.mode} {self.public_id}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class SeriesCase(models.Model):
    """The place of a case in a series, from 1."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="places")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["series", "case"], name="case_once_a_series"),
            models.UniqueConstraint(fields=["series", "position"], name="place_once_a_series"),
        ]

    def __str__(self) -> str:
        return f"{self.series_id} {self.position}"


class Attempt(models.Model):
    """One learner's go at one case."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        SCORED = "scored", "Scored"
        FAILED = "failed", "Failed"

    class Closed(models.TextChoices):
        LEARNER = "", "Submitted by the learner"
        TIME = "time", "Time was up: the last saved draft was taken"
        ENDED = "ended", "The series was ended: the last saved draft was taken"

    Mode = Mode

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="attempts"
    )
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="attempts")
    case_version = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, help_text="The game: localize or report")
    mode = models.CharField(max_length=12, choices=Mode, default=Mode.PRACTICE)
    series = models.ForeignKey(Series, null=True, on_delete=models.CASCADE, related_name="attempts")
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
    deadline = models.DateTimeField(null=True, help_text="When the last saved draft is taken")
    closed_because = models.CharField(
        max_length=10, choices=Closed, default=Closed.LEARNER, blank=True
    )
    round = models.PositiveSmallIntegerField(default=1, help_text="2 is the second look")
    aids = models.JSONField(
        default=list, help_text="What was told of the truth while it was played (feedback.aids)"
    )
    truth_seen = models.BooleanField(
        default=False, help_text="The learner had been shown this case's truth before submitting"
    )

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
            models.Index(fields=["deadline"], condition=Q(state="draft"), name="attempts_to_close"),
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
    """What one scorer version says of one attempt, or of one round of it."""

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="results")
    scorer = models.CharField(max_length=50, help_text="Name of rule or engine")
    scorer_version = models.CharField(max_length=50)
    round = models.PositiveSmallIntegerField(default=1)
    counts = models.BooleanField(
        default=True, help_text="False for one that is shown, but enters no figure"
    )
    score = models.FloatField(help_text="0 to 100")
    data = models.JSONField(help_text="All that the feedback page needs, the truth included")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "scorer", "scorer_version", "round"],
                name="result_once_a_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.scorer} {self.score}"


class SecondOpinion(models.Model):
    """What a model says beside a result; it enters no figure."""

    result = models.ForeignKey(Result, on_delete=models.CASCADE, related_name="opinions")
    name = models.CharField(max_length=30, help_text="Which metric or engine")
    data = models.JSONField(null=True, help_text="What it says; empty while it is awaited")
    problem = models.TextField(blank=True, help_text="Why it says nothing, in one sentence")
    asked_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["result", "name"], name="opinion_once_a_result"),
        ]

    def __str__(self) -> str:
        return f"{self.result_id} {self.name}"


class Explanation(models.Model):
    """What a vision-language model wrote on one finding or mark, as it passed the checks."""

    key = models.CharField(max_length=64, unique=True, help_text="Digest of facts and model")
    facts = models.CharField(max_length=64, db_index=True, help_text="Digest of the facts alone")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="explanations")
    label = models.CharField(max_length=40)
    outcome = models.CharField(max_length=20)
    text = models.TextField(blank=True, help_text="Empty: what it wrote did not pass the checks")
    model = models.CharField(max_length=200)
    prompt_version = models.CharField(max_length=20)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["asked_by", "created_at"], name="explanations_asked")]

    def __str__(self) -> str:
        return f"{self.label} {self.outcome} {self.model}"


class ExplanationRating(models.Model):
    """What one learner thinks of one model's text, until it is corrected."""

    explanation = models.ForeignKey(Explanation, on_delete=models.CASCADE, related_name="ratings")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="explanation_ratings"
    )
    helpful = models.BooleanField(help_text="No: the learner calls it wrong")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["explanation", "user"], name="rating_once_an_explanation"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.explanation_id} {'helpful' if self.helpful else 'wrong'}"


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
    aided = models.BooleanField(default=False, help_text="A hint had led to it")

    class Meta:
        indexes = [models.Index(fields=["label", "outcome"], name="outcome_by_label")]

    def __str__(self) -> str:
        return f"{self.label} {self.outcome}"
