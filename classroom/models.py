"""Classes: who teaches and who learns in them, how one joins, and the work that is set.

An assignment is played as a series (`attempts.models.Series`): each learner has a `Run` a try, and
its series holds the cases, the limits, and when the truth is told. Nothing of `attempts` knows of
classes.
"""

from __future__ import annotations

import zoneinfo
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.services import short_code
from attempts.models import Attempt, Mode, Series
from cases.models import Case, PublicIdModel
from learning.models import check_time_zone

INVITATION_LASTS = timedelta(days=30)


def invitation_ends() -> Any:
    return timezone.now() + INVITATION_LASTS


class Cohort(PublicIdModel):
    """A class: on pages it is called so, in code not, since `class` is a word of Python's."""

    name = models.CharField(max_length=100)
    time_zone = models.CharField(
        max_length=50,
        default="UTC",
        validators=[check_time_zone],
        help_text="Opening and due times are in this time zone",
    )
    is_pseudonymous = models.BooleanField(
        "codes instead of names",
        default=False,
        help_text="Learners are shown by codes everywhere; a key that is taken once names them",
    )
    consent = models.TextField(
        blank=True, help_text="What learners agree to when they join; kept with their membership"
    )
    instructors = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="cohorts_taught", blank=True
    )
    learners = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="cohorts"
    )
    plays_game = models.BooleanField(
        "points, badges, weekly goals and the daily film",
        default=True,
        db_default=True,
        help_text="Off: none of them is shown to who learns in this class",
    )
    has_leaderboard = models.BooleanField(
        "leaderboard",
        default=False,
        db_default=False,
        help_text="Of learners who choose to be on it, by their codes (classroom.leaderboard)",
    )
    is_simulated = models.BooleanField(
        default=False, help_text="Its learners are simulated, which is said wherever it is shown"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "class"
        verbose_name_plural = "classes"

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None


class Invitation(models.Model):
    """A code by which one joins a class: for everybody who has the link, or for one person."""

    cohort = models.ForeignKey(Cohort, on_delete=models.CASCADE, related_name="invitations")
    code = models.CharField(max_length=12, unique=True, default=short_code, editable=False)
    email = models.EmailField(blank=True, help_text="Whom it was sent to")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="class_invitations",
        help_text="Somebody who has an account already: nobody else can use it",
    )
    is_personal = models.BooleanField(default=False, help_text="One person joins by it, once")
    places = models.PositiveSmallIntegerField(null=True, help_text="How many may join; no limit")
    used = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(default=invitation_ends)
    revoked_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True, help_text="When the letter went out")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "email"],
                condition=~Q(email="") & Q(revoked_at__isnull=True),
                name="one_invitation_an_address",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def refusal(self) -> str:
        """Why nobody can join by it any more, in a sentence; empty while they can."""
        if self.cohort.is_archived:
            return "This class is over: nobody joins it any more."
        if self.revoked_at:
            return "This invitation was taken back. Ask your instructor for a new one."
        if self.expires_at <= timezone.now():
            return "This invitation has expired. Ask your instructor for a new one."
        if self.is_personal and self.used:
            return "This invitation was used already. Each of these codes lets one person in."
        if self.places is not None and self.used >= self.places:
            return "All places of this invitation are taken. Ask your instructor for a new one."
        return ""


class Membership(models.Model):
    """A learner in a class. Who leaves and comes back has the same one again."""

    class Training(models.TextChoices):
        UNKNOWN = "", "Not said"
        STUDENT = "student", "Medical student"
        PGY1 = "pgy1", "PGY-1"
        PGY2 = "pgy2", "PGY-2"
        PGY3 = "pgy3", "PGY-3"
        PGY4 = "pgy4", "PGY-4"
        PGY5 = "pgy5", "PGY-5"
        PGY6 = "pgy6", "PGY-6 and later"
        FELLOW = "fellow", "Fellow"
        ATTENDING = "attending", "Attending"
        TECHNOLOGIST = "technologist", "Technologist"
        OTHER = "other", "Other"

    cohort = models.ForeignKey(Cohort, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    code = models.CharField(max_length=12, help_text="Stands for the name in a pseudonymous class")
    training = models.CharField(
        max_length=12, choices=Training, default=Training.UNKNOWN, blank=True
    )
    joined_at = models.DateTimeField(
        default=timezone.now, help_text="What was played before is not shown to the instructors"
    )
    left_at = models.DateTimeField(null=True, blank=True)
    invitation = models.ForeignKey(
        Invitation, null=True, on_delete=models.SET_NULL, related_name="memberships"
    )
    consent = models.TextField(blank=True, help_text="The text that was agreed to, as it was then")
    consented_at = models.DateTimeField(null=True)
    compares = models.BooleanField(
        default=False, help_text="Sees the class's median, and enters it (the learner's choice)"
    )
    ranks = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Is on the class's leaderboard, where it has one (the learner's choice)",
    )
    key_taken_at = models.DateTimeField(
        null=True, help_text="When the line of code and name was downloaded: once"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cohort", "user"], name="member_once_a_class"),
            models.UniqueConstraint(fields=["cohort", "code"], name="code_once_a_class"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.cohort_id}"

    @property
    def is_active(self) -> bool:
        return self.left_at is None

    @property
    def name(self) -> str:
        """What the class's pages and exports call the learner: the code in a pseudonymous class."""
        return self.code if self.cohort.is_pseudonymous else self.user.get_username()


class Assignment(PublicIdModel):
    """Cases that a class is to play, how, and until when."""

    class Order(models.TextChoices):
        FIXED = "fixed", "The same for everybody"
        SHUFFLED = "shuffled", "Shuffled for each learner"

    class Told(models.TextChoices):
        AT_ONCE = "at_once", "After each case"
        AFTER_LAST = "after_last", "After the last case"
        AFTER_DUE = "after_due", "After the due time"

    class Late(models.TextChoices):
        CLOSED = "closed", "Nothing is taken after the due time"
        MARKED = "marked", "Taken, and marked as late"
        REDUCED = "reduced", "Taken, and counts for less"

    class Counting(models.TextChoices):
        BEST = "best", "The best try"
        FIRST = "first", "The first try"
        LAST = "last", "The last try"

    cohort = models.ForeignKey(Cohort, on_delete=models.CASCADE, related_name="assignments")
    title = models.CharField(max_length=120)
    text = models.TextField("instructions", blank=True)
    kind = models.CharField("game", max_length=10, help_text="localize or report")
    mode = models.CharField(max_length=12, choices=Mode, default=Mode.PRACTICE)
    rule = models.CharField(max_length=20, blank=True, help_text="Scoring rule or report engine")
    cases = models.ManyToManyField(Case, through="AssignmentCase", related_name="assignments")
    choice = models.JSONField(
        default=dict, blank=True, help_text="The rule that chose the cases (classroom.choosing)"
    )
    order = models.CharField(max_length=8, choices=Order, default=Order.FIXED)
    opens_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    late = models.CharField("late work", max_length=8, choices=Late, default=Late.CLOSED)
    late_percent = models.PositiveSmallIntegerField(
        default=20,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="How much less late work counts for",
    )
    late_until = models.DateTimeField(null=True, blank=True, help_text="Empty: for ever")
    minutes = models.PositiveSmallIntegerField(
        "minutes for all of it",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(240)],
    )
    case_seconds = models.PositiveSmallIntegerField(
        "seconds for each case",
        null=True,
        blank=True,
        validators=[MinValueValidator(5), MaxValueValidator(3600)],
    )
    tries = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    counting = models.CharField(
        "which try counts", max_length=5, choices=Counting, default=Counting.BEST
    )
    told = models.CharField("the truth is shown", max_length=10, choices=Told, default=Told.AT_ONCE)
    copied_from = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True, help_text="When it was changed while published")
    published_at = models.DateTimeField(null=True, help_text="Learners see it from then on")
    archived_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["cohort", "due_at"], name="assignment_by_due_time")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_published(self) -> bool:
        return self.published_at is not None

    @property
    def is_over(self) -> bool:
        """Whether it was taken back, or its class is archived: nothing of it is played any more."""
        return self.archived_at is not None or self.cohort.is_archived

    @property
    def closes_at(self) -> Any:
        """The time after which nothing is taken, without anybody's extra time; None: never."""
        return self.due_at if self.late == self.Late.CLOSED else self.late_until


class AssignmentCase(models.Model):
    """The place of a case in an assignment, from 1; left out, it enters no score of it."""

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="places")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    left_out_at = models.DateTimeField(null=True)
    left_out_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["assignment", "case"], name="case_once_an_assignment"),
        ]

    def __str__(self) -> str:
        return f"{self.assignment_id} {self.position}"

    @property
    def counts(self) -> bool:
        """Whether it enters the score: neither left out nor retired meanwhile."""
        return self.left_out_at is None and self.case.is_playable


class Extension(models.Model):
    """Extra time of one learner in one assignment."""

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="extensions")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="extensions")
    due_at = models.DateTimeField(null=True, blank=True, help_text="In place of the due time")
    percent = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(300)],
        help_text="Longer limits, of the whole and of each case: 25 is a quarter more",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "membership"], name="extension_once"),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} in {self.assignment_id}"


class Run(models.Model):
    """One try of one learner at an assignment, or an instructor's preview of it.

    It is there from the moment the assignment is published, so that the truth of its cases is held
    from then on; it is begun when the learner opens the first case (`Series.begun_at`).
    """

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="runs")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="runs"
    )
    number = models.PositiveSmallIntegerField(default=1, help_text="Which try")
    series = models.OneToOneField(Series, on_delete=models.CASCADE, related_name="run")
    is_preview = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "user", "number"],
                name="run_once_a_try",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.assignment_id} {self.number}"


class WorkView(models.Model):
    """Somebody looked at the work of a learner: logged, and shown to that learner."""

    class What(models.TextChoices):
        FIGURES = "figures", "Your figures"
        ATTEMPT = "attempt", "A case of yours as you saw it"
        CASE = "case", "Your marks beside those of the class"
        EXPORT = "export", "Your results, downloaded"
        KEY = "key", "Your name behind your code"

    viewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    viewer_name = models.CharField(max_length=150, help_text="Kept when the account is gone")
    learner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="work_views"
    )
    cohort = models.ForeignKey(Cohort, null=True, on_delete=models.SET_NULL, related_name="+")
    what = models.CharField(max_length=10, choices=What)
    attempt = models.ForeignKey(Attempt, null=True, on_delete=models.SET_NULL, related_name="+")
    viewed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["learner", "-viewed_at"], name="views_of_learner")]

    def __str__(self) -> str:
        return f"{self.viewer_name} {self.what} {self.learner_id}"


class Comment(models.Model):
    """What an instructor says to a learner of an attempt, or of one finding of it."""

    cohort = models.ForeignKey(Cohort, null=True, on_delete=models.SET_NULL, related_name="+")
    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_name = models.CharField(max_length=150, help_text="Kept when the account is gone")
    subject = models.CharField(
        max_length=60, blank=True, help_text="Key of the finding or mark; empty: the whole attempt"
    )
    about = models.CharField(max_length=200, help_text="The subject in words")
    text = models.TextField(max_length=2000)
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(null=True, help_text="When the learner first saw it")

    class Meta:
        indexes = [models.Index(fields=["attempt", "seen_at"], name="comments_of_attempt")]

    def __str__(self) -> str:
        return f"{self.author_name} on {self.attempt_id}"
