"""What curators upload from their browsers, until it is imported; and what was blacked out."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from cases.models.base import PublicIdModel
from cases.models.library import Dataset


class Upload(PublicIdModel):
    """Files that a curator chose at once: they arrive in pieces and are then imported."""

    class State(models.TextChoices):
        ARRIVING = "arriving", "Arriving"
        ASKING = "asking", "Waiting for you"
        WAITING = "waiting", "Waiting to be imported"
        IMPORTING = "importing", "Being imported"
        DONE = "done", "Imported"
        FAILED = "failed", "Stopped"

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="uploads",
    )
    title = models.CharField(max_length=200, help_text="Of the data set that its cases belong to")
    licence = models.CharField(max_length=200, blank=True)
    dataset = models.ForeignKey(
        Dataset, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(max_length=10, choices=State, default=State.ARRIVING)
    digest = models.CharField(
        max_length=64, help_text="Of its files' names, sizes and times: the same choice goes on"
    )
    refused = models.JSONField(
        default=list, blank=True, help_text="Files that were left out: name and sentence"
    )
    questions = models.JSONField(
        default=dict,
        blank=True,
        db_default={},
        help_text="What its curator is asked before it is imported: tables, and studies of stacks",
    )
    answers = models.JSONField(
        null=True, blank=True, help_text="What the curator answered; none: nobody did yet"
    )
    result = models.JSONField(default=dict, blank=True, help_text="What became of its cases")
    problem = models.TextField(blank=True, help_text="Why it stopped, as a sentence")
    cases_done = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(default=timezone.now, help_text="When a piece came last")
    queued_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(
        null=True, blank=True, help_text="When its import last showed that it lives"
    )
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "id"], name="upload_by_state")]

    def __str__(self) -> str:
        return f"{self.title} {self.state}"

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.DONE, self.State.FAILED)


class UploadFile(models.Model):
    """One file of an upload; its bytes lie in the folder of uploads under its number.

    Names may be those of patients: the rows go with the files once they are imported.
    """

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="files")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=300, help_text="With the folders that it was chosen in")
    size = models.BigIntegerField(help_text="Bytes")
    received = models.BigIntegerField(default=0, help_text="Bytes that are here, from the first")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["upload", "number"], name="upload_file_number_once"),
            models.CheckConstraint(
                condition=Q(received__gte=0, received__lte=F("size")),
                name="upload_file_within_size",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.upload_id} {self.number}"


class BlackOut(models.Model):
    """What a person took out of a picture: whichever case has it, it is never shown again."""

    source_sha256 = models.CharField(max_length=64, unique=True)
    boxes = models.JSONField(help_text="Fractions of the picture, x0 y0 x1 y1 each")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.source_sha256[:8]} {len(self.boxes)}"


class StudySeries(models.Model):
    """The stacks that a study came with, and which of them a curator had taken, in which order."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="study_series")
    source_key = models.CharField(max_length=200, help_text="That of the study's case")
    known = models.JSONField(default=list, help_text="Key and words of each, as last imported")
    chosen = models.JSONField(
        null=True, blank=True, help_text="Keys, the first one first; none: nobody chose"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "source_key"], name="series_once_a_study"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset_id}/{self.source_key}"
