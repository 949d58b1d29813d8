"""What curators do with cases: each change, mappings, second readings, answers to doubts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from cases.models.library import Case, Dataset


class CaseChange(models.Model):
    """One entry of a case's history: who did what, when and why.

    With a change of the truth `said` is all of it as it was from then on (`truth.said_by_library`),
    with one of the status what it was before and after, with originals that were kept the digests
    that they are called by.
    """

    class What(models.TextChoices):
        STATUS = "status", "Status"
        TRUTH = "truth", "Truth"
        CONTEXT = "context", "Context"
        DOUBT = "doubt", "Doubt answered"
        READING = "reading", "Second reading"
        ORIGINALS = "originals", "Originals kept"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="changes")
    what = models.CharField(max_length=10, choices=What)
    version = models.PositiveIntegerField(help_text="Of the case's truth, from then on")
    why = models.CharField(max_length=500, blank=True)
    said = models.JSONField(null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Empty: an import, or an account that is gone",
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.what} {self.version}"


class LabelMapping(models.Model):
    """What a data set's own label means here; imports of the data set follow it from then on."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="mappings")
    name = models.CharField(max_length=200, help_text="The data set's own label")
    label = models.CharField(
        max_length=40, blank=True, help_text="Of the taxonomy; empty: no finding, left out"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "name"], name="mapping_once_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} → {self.label or 'left out'}"


class SecondReading(models.Model):
    """What a second curator sees on a case without knowing its truth; one a version of it."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="readings")
    version = models.PositiveIntegerField(help_text="Of the truth that it was read beside")
    findings = models.JSONField(default=list, help_text="As `truth.said_by_library` gives them")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(
        null=True, blank=True, help_text="When what differs was settled; empty: not yet"
    )
    settled_version = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of the truth that came of it"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "version"], name="reading_once_a_version"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.version}"


class DoubtAnswer(models.Model):
    """What a curator tells a learner of a case: the answer to a doubt, or that a corrected truth
    scored their answer again.
    """

    class Kind(models.TextChoices):
        DOUBT = "doubt", "Answer to a doubt"
        RESCORED = "rescored", "Scored again"

    kind = models.CharField(max_length=8, choices=Kind, default=Kind.DOUBT, db_default="doubt")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="doubt_answers"
    )
    about = models.CharField(max_length=400, help_text="What was doubted, in words")
    why = models.CharField(max_length=1000, help_text="The learner's own words")
    accepted = models.BooleanField()
    sentence = models.CharField(max_length=500, blank=True, help_text="The curator's words")
    address = models.CharField(max_length=200, help_text="The page of the learner's attempt")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["to"], condition=Q(seen_at__isnull=True), name="doubt_answer_unseen"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {'accepted' if self.accepted else 'declined'}"
