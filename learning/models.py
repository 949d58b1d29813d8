"""Figures kept for pages: what each counted result comes to (`learning.records`, decision 029).

All of it can be made anew from results and outcomes: `manage.py rebuild_figures`.
"""

from __future__ import annotations

import zoneinfo
from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from attempts.models import Attempt, Result, Series
from cases.models import Case


def check_time_zone(name: str) -> None:
    """Refuse what is no time zone of the IANA database."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"“{name}” is no time zone: choose one such as Europe/Berlin.")


class CaseRecord(models.Model):
    """What one result that counts (`attempts.queries.counted_results`) comes to.

    A finding that a hint led to is none that was found. What was lost is counted by its kind:
    nothing marked (search), another name (recognition), the place or a detail (precision), and
    what is not there (overcall).
    """

    result = models.OneToOneField(Result, on_delete=models.CASCADE, related_name="record")
    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="records")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="case_records"
    )
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="records")
    kind = models.CharField(max_length=10, help_text="The game")
    rule = models.CharField(max_length=50, help_text="Scoring rule or engine")
    submitted_at = models.DateTimeField()
    score = models.FloatField(help_text="0 to 100")
    elapsed_ms = models.PositiveIntegerField(null=True)
    is_normal = models.BooleanField(help_text="Nothing was there to find")
    truths = models.PositiveSmallIntegerField()
    hits = models.PositiveSmallIntegerField()
    search = models.PositiveSmallIntegerField()
    recognition = models.PositiveSmallIntegerField()
    precision = models.PositiveSmallIntegerField()
    overcalls = models.PositiveSmallIntegerField()
    sure = models.PositiveSmallIntegerField(help_text="Claims with confidence 4 or 5")
    sure_wrong = models.PositiveSmallIntegerField(help_text="Of these the wrong ones")
    sureness = models.TextField(blank=True, help_text="Each claim's confidence, right + or wrong -")
    ratings = models.TextField(
        blank=True,
        help_text="Lesions' ratings (0: unmarked) | those of other marks; empty: no part of FROC",
    )

    class Meta:
        indexes = [
            models.Index(fields=["user", "kind", "rule", "submitted_at"], name="record_by_learner"),
            models.Index(fields=["case", "kind", "rule"], name="record_by_case"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.case_id} {self.rule}"


class LabelRecord(models.Model):
    """The findings of one label in a counted result, and the claims of it."""

    record = models.ForeignKey(CaseRecord, on_delete=models.CASCADE, related_name="labels")
    label = models.CharField(max_length=40)
    truths = models.PositiveSmallIntegerField(default=0)
    hits = models.PositiveSmallIntegerField(default=0)
    search = models.PositiveSmallIntegerField(default=0)
    recognition = models.PositiveSmallIntegerField(default=0)
    precision = models.PositiveSmallIntegerField(default=0)
    overcalls = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["record", "label"], name="label_once_a_record"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.hits}/{self.truths}"


class Mistake(models.Model):
    """Something to name: what a finding was taken for, or an error of a report."""

    MISTAKEN = "mistaken"

    record = models.ForeignKey(CaseRecord, on_delete=models.CASCADE, related_name="mistakes")
    kind = models.CharField(
        max_length=20, help_text="mistaken, or a kind of error (report.mistakes)"
    )
    label = models.CharField(max_length=40, blank=True, help_text="Of the finding")
    called = models.CharField(max_length=40, blank=True, help_text="What it was taken for")
    significance = models.CharField(max_length=30, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.label} {self.called}"


class PackedRecords(models.Model):
    """A learner's records of one game and rule as arrays, for pages that read those of a class.

    A copy, kept by the worker (`learning.columns`): whoever reads it asks first whether the records
    are still those it was made from, and reads them themselves where they are not.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="packed_records"
    )
    kind = models.CharField(max_length=10, help_text="The game")
    rule = models.CharField(max_length=50, help_text="Scoring rule or engine")
    form = models.PositiveSmallIntegerField(help_text="Of the arrays; others are not read")
    cases = models.PositiveIntegerField(help_text="Records in it")
    last = models.BigIntegerField(help_text="Key of the newest of them")
    rows = models.BinaryField()
    labels = models.BinaryField()
    mistakes = models.BinaryField()
    words = models.JSONField(help_text="What numbers in labels and mistakes stand for")

    class Meta:
        verbose_name_plural = "packed records"
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "rule"], name="packed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind} {self.rule}"


class CaseDifficulty(models.Model):
    """How hard one label of a case is in one game, logits (`ml.learning.difficulty`).

    A case without findings has one row with an empty label. Made from its features when it is
    published or first played, and learned from attempts by `manage.py refit_difficulty`.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="difficulties")
    case_version = models.PositiveIntegerField(help_text="Of the truth that the prior is of")
    kind = models.CharField(max_length=10, help_text="The game")
    label = models.CharField(max_length=40, blank=True)
    prior = models.FloatField(help_text="From its features alone, logits")
    difficulty = models.FloatField(help_text="Logits: larger is harder")
    count = models.PositiveIntegerField(default=0, help_text="Outcomes it was learned from")
    outfit = models.FloatField(null=True, help_text="Mean square, 1 where the case fits")
    infit = models.FloatField(null=True, help_text="Mean square, 1 where the case fits")
    is_odd = models.BooleanField(default=False, help_text="Does not fit: for a curator to look at")

    class Meta:
        verbose_name_plural = "case difficulties"
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind", "label"], name="difficulty_once_a_label"
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "label", "difficulty", "case"], name="hard_by_label"),
            models.Index(fields=["is_odd"], condition=models.Q(is_odd=True), name="odd_cases"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.label} {self.difficulty:.1f}"


class Skill(models.Model):
    """What a learner can do with one label in one game; an empty label: what all have in common.

    Folded from the records of cases that were new to the learner, in the order of submission
    (`learning.skills`). Ability is in logits: of the empty label the general one, of others what
    they differ from it.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="skills"
    )
    kind = models.CharField(max_length=10, help_text="The game")
    label = models.CharField(max_length=40, blank=True)
    ability = models.FloatField(default=0)
    variance = models.FloatField(default=1)
    shown = models.PositiveIntegerField(default=0, help_text="Cases with it; empty label: all")
    found = models.FloatField(default=0, help_text="Of these; empty label: normal ones unharmed")
    alarms = models.PositiveIntegerField(default=0, help_text="Cases without it where claimed")
    normals = models.PositiveIntegerField(default=0, help_text="Empty label only")
    stability = models.FloatField(null=True, help_text="Days until the chance to recall is 90 %")
    memory_difficulty = models.FloatField(null=True, help_text="1 to 10, of FSRS")
    due_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    folded = models.PositiveIntegerField(default=0, help_text="Attempts; empty label only")
    folded_attempt = models.PositiveBigIntegerField(default=0, help_text="The last of them")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "label"], name="skill_once_a_label"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind} {self.label} {self.ability:.2f}"


class Preferences(models.Model):
    """How a learner wants to be taught; who has no row has what the fields begin with."""

    class Strategy(models.TextChoices):
        ADAPTIVE = "adaptive", "Chosen to fit me"
        RANDOM = "random", "In random order"
        SEQUENTIAL = "sequential", "In the order of the library"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="learning_preferences"
    )
    strategy = models.CharField(max_length=10, choices=Strategy, default=Strategy.ADAPTIVE)
    time_zone = models.CharField(
        max_length=50,
        default="UTC",
        validators=[check_time_zone],
        help_text="A week is the learner's",
    )
    plays_for_points = models.BooleanField(default=True, help_text="Points and levels")
    shows_badges = models.BooleanField(default=True, db_default=True, help_text="Badges, records")
    shows_streak = models.BooleanField(
        default=True, db_default=True, help_text="The weekly goal and weeks in a row"
    )
    plays_daily_film = models.BooleanField(
        default=True, db_default=True, help_text="Whether the daily film is offered"
    )
    weekly_goal = models.PositiveSmallIntegerField(
        default=20, validators=[MinValueValidator(1), MaxValueValidator(500)], help_text="Cases"
    )

    earlier_goals = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        editable=False,
        help_text="Of weeks before a Monday, and the goal that held: the oldest first",
    )

    films_wanted_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When films made for the learner were last asked for (learning.endless)",
    )
    pairs_wanted = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        editable=False,
        help_text="Of which drills with two films of one person they were asked for",
    )

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"{self.user_id} {self.strategy}"

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    def goal_of(self, week: date) -> int:
        """The goal of the week of a Monday: of past weeks the one that held then."""
        held = (goal for monday, goal in self.earlier_goals if week < date.fromisoformat(monday))
        return next(held, self.weekly_goal)

    @property
    def plays(self) -> bool:
        """Whether anything that was reached is shown at all."""
        return self.plays_for_points or self.shows_badges or self.shows_streak


class Chosen(models.Model):
    """Why a case came to a learner: told once its truth is, since it tells of that."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="chosen_cases"
    )
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, help_text="The game")
    strategy = models.CharField(max_length=10, choices=Preferences.Strategy)
    why = models.CharField(max_length=200, help_text="A sentence")
    chosen_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "chosen cases"
        constraints = [
            models.UniqueConstraint(fields=["user", "case", "kind"], name="chosen_once_a_case"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.case_id} {self.strategy}"


class Kept(models.Model):
    """A past attempt that a learner keeps: a bookmark, with a note or without."""

    attempt = models.OneToOneField(Attempt, on_delete=models.CASCADE, related_name="kept")
    note = models.TextField(blank=True, max_length=2000)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "kept attempts"

    def __str__(self) -> str:
        return f"{self.attempt_id}"


class Deck(models.Model):
    """A series that its learner began to practice findings: theirs to end, whatever its title."""

    series = models.OneToOneField(Series, on_delete=models.CASCADE, related_name="deck")

    def __str__(self) -> str:
        return f"{self.series_id}"


class DailyFilm(models.Model):
    """The film of one day, UTC: the same for everybody whose account may play it."""

    day = models.DateField(unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="daily_films")

    def __str__(self) -> str:
        return f"{self.day}"


class DailyGo(models.Model):
    """A learner's one go at a daily film: a series of one case, told of the next day."""

    film = models.ForeignKey(DailyFilm, on_delete=models.CASCADE, related_name="goes")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="daily_goes"
    )
    series = models.OneToOneField(Series, on_delete=models.CASCADE, related_name="daily_go")

    class Meta:
        verbose_name_plural = "daily goes"
        constraints = [
            models.UniqueConstraint(fields=["film", "user"], name="one_go_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.film_id}"


class MadeFilm(models.Model):
    """A film to be made for one learner, and what came of it (`learning.endless`).

    The row says all that the film is made of: the same row and the same CT give the same film. One
    that was removed unplayed keeps its row, so that no number comes twice.
    """

    class Purpose(models.TextChoices):
        ENDLESS = "endless", "Endless"
        THRESHOLD = "threshold", "Detection threshold"
        MACHINE = "machine", "Same film, other machine"
        CHANGE = "change", "Two films of one patient"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="made_films"
    )
    number = models.PositiveIntegerField(help_text="From 1, of the learner")
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.ENDLESS)
    recipe = models.CharField(
        max_length=40, blank=True, help_text="Of ml.simulate.plans; empty: a normal film"
    )
    contrast = models.FloatField(
        null=True, help_text="Contrast-to-noise ratio wanted; empty: as it comes"
    )
    zone = models.CharField(max_length=6, blank=True, help_text="Third of the lung wanted")
    change = models.CharField(
        max_length=10,
        blank=True,
        db_default="",
        help_text="Of two films: what has become of the finding (ml.simulate.twice); empty: none",
    )
    technique = models.CharField(
        max_length=10,
        blank=True,
        db_default="",
        help_text="Of two films: what of the earlier one's technique is otherwise",
    )
    before = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text="Of two films: what the earlier one shows, as cases.json has findings",
    )
    seed = models.PositiveIntegerField()
    case = models.OneToOneField(
        Case, null=True, on_delete=models.SET_NULL, related_name="made_film"
    )
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes of its files")
    problem = models.CharField(
        max_length=200, blank=True, help_text="Why it was given up, or could not be made yet"
    )
    tries = models.PositiveSmallIntegerField(default=0, help_text="That failed")
    asked_at = models.DateTimeField(auto_now_add=True)
    begun_at = models.DateTimeField(null=True, help_text="When a worker last took it")
    made_at = models.DateTimeField(null=True, help_text="Empty: not made yet")
    given_up_at = models.DateTimeField(null=True, help_text="It passes no gates, or was removed")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "number"], name="film_number_once"),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=models.Q(made_at__isnull=True, given_up_at__isnull=True),
                name="films_to_make",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.number} {self.recipe or 'normal'}"

    @property
    def key(self) -> str:
        """The data set's own name of the case: says nothing of what it shows, nor for whom."""
        return f"made-{self.pk:08d}"
