"""An attempt's life: draft → submitted → scored (or failed, and why)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from cases.models import Case, Finding


class Mode(models.TextChoices):
    """How a case is played (docs/modes.md)."""

    PRACTICE = "practice", "Practice"
    SECOND_LOOK = "second_look", "Second look"
    GUIDED = "guided", "Guided"
    SPRINT = "sprint", "Timed sprint"
    TEST = "test", "Test"


def holding(prefix: str = "") -> Q:
    """Condition on series, found by way of `prefix`: nothing is told yet of any of their cases."""
    told_later = Q(**{f"{prefix}closed_at__isnull": True}) | Q(**{f"{prefix}told_from__gt": Now()})
    return told_later & Q(**{f"{prefix}tells_at_once": False})


class Series(models.Model):
    """Cases played one after the other; nothing is told of any of them before it is closed.

    A series that was assigned may tell of each case at once instead, or only from a time on.
    """

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
    title = models.CharField(
        max_length=120, blank=True, db_default="", help_text="Of an assigned one"
    )
    is_assigned = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Not begun by its learner: others may be open too",
    )
    opens_at = models.DateTimeField(null=True, help_text="No case of it opens before")
    closes_at = models.DateTimeField(
        null=True, help_text="Nothing of an assigned one is taken after"
    )
    begun_at = models.DateTimeField(
        null=True, help_text="When the first case of an assigned one opened"
    )
    total_seconds = models.PositiveIntegerField(
        null=True, help_text="Limit for all of an assigned one, from when it is begun"
    )
    tells_at_once = models.BooleanField(
        default=False, db_default=False, help_text="Each case is told of when it is scored"
    )
    told_from = models.DateTimeField(
        null=True, help_text="Nothing is told before this time, even if it is closed"
    )
    started_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)
    closed_because = models.CharField(max_length=10, choices=Closed, default=Closed.OPEN)

    class Meta:
        verbose_name_plural = "series"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind"],
                condition=Q(closed_at__isnull=True, is_assigned=False),
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

    @property
    def tells(self) -> bool:
        """Whether what was answered of it is told of now (`holding` for many)."""
        waits = self.told_from is not None and self.told_from > timezone.now()
        return self.tells_at_once or not (self.is_open or waits)

    @property
    def name(self) -> str:
        """What pages call it: its title where it was assigned, else its mode."""
        return self.title or self.get_mode_display()


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
        default=list, help_text="What was told of the truth while it was played (attempts.aids)"
    )
    truth_seen = models.BooleanField(
        default=False, help_text="The learner had been shown this case's truth before submitting"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "case", "kind", "mode"],
                condition=Q(state="draft", series__isnull=True),
                name="one_draft_a_case",
            ),
            models.UniqueConstraint(
                fields=["series", "case"],
                condition=Q(state="draft", series__isnull=False),
                name="one_draft_a_place",
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
    truth = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="Version of the case's truth, where it was scored again by a later one; else 0",
    )
    counts = models.BooleanField(
        default=True, help_text="False for one that is shown, but enters no figure"
    )
    score = models.FloatField(help_text="0 to 100")
    data = models.JSONField(help_text="All that the feedback page needs, the truth included")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "scorer", "scorer_version", "round", "truth"],
                name="result_once_a_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.scorer} {self.score}"


class Outcome(models.Model):
    """What scoring says of one truth finding, one mark, one tick, or the call of normal."""

    class About(models.TextChoices):
        TRUTH = "truth", "A finding of the case"
        MARK = "mark", "A mark of the learner"
        CASE = "case", "The film as a whole: called normal"

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
