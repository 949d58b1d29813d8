"""What is true of a case: its findings, where they lie, and the radiologist's reports.

Coordinates are normalized to the image, origin top left: ``x0 y0 x1 y1`` in [0, 1].
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from cases.models.base import PublicIdModel, label_choices
from cases.models.library import Case, Image
from ml import taxonomy


class Finding(PublicIdModel):
    """One truth statement of a case."""

    class Significance(models.TextChoices):
        URGENT = "urgent", "Urgent"
        ACTIONABLE = "actionable", "Actionable"
        MINOR = "minor", "Minor"
        BENIGN = "benign", "Benign"

    class Position(models.TextChoices):
        RIGHT = "right", "Right"
        WRONG = "wrong", "Wrong"
        UNKNOWN = "", "Not known"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="findings")
    label = models.CharField(max_length=40, choices=label_choices)
    source_label = models.CharField(max_length=200, blank=True)
    side = models.CharField(max_length=10, blank=True)
    location = models.CharField(max_length=200, blank=True)
    size_mm = models.FloatField(null=True, blank=True)
    severity = models.CharField(max_length=20, blank=True)
    progression = models.CharField(max_length=20, blank=True)
    significance = models.CharField(max_length=10, choices=Significance)
    sentence = models.TextField(blank=True)
    position = models.CharField(
        max_length=5,
        choices=Position,
        default=Position.UNKNOWN,
        db_default="",
        blank=True,
        help_text="Whether a device lies where it should; learners are asked where it is known",
    )
    conspicuity = models.FloatField(
        null=True, blank=True, help_text="Contrast-to-noise ratio, simulated cases only"
    )

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["label"], name="finding_by_label")]

    def __str__(self) -> str:
        return self.name

    @property
    def has_known_label(self) -> bool:
        return self.label in taxonomy.labels()

    @property
    def name(self) -> str:
        known = taxonomy.labels().get(self.label)
        return known.name if known else self.label

    @property
    def mode(self) -> taxonomy.Mode:
        known = taxonomy.labels().get(self.label)
        return known.mode if known else "select"


class Region(PublicIdModel):
    """Where a finding lies on an image (and frame), as one reader drew it.

    `points` are ``[x, y]`` pairs: none of a box, the corners of an outline in their order, and of
    a point the way along the device to its tip, which is the last (and may be the only one). The
    box ``x0 y0 x1 y1`` is there for every shape: around the outline, or close around the tip.
    """

    class Shape(models.TextChoices):
        BOX = "box", "Box"
        POINT = "point", "Point"
        POLYGON = "polygon", "Outline"

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="regions")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="regions")
    frame = models.PositiveIntegerField(default=0)
    reader = models.CharField(max_length=50, blank=True)
    alternate = models.BooleanField(
        default=False, help_text="Another reader's box, which may stand in for the first reader's"
    )
    shape = models.CharField(max_length=8, choices=Shape, default=Shape.BOX, db_default="box")
    points = models.JSONField(default=list, db_default=[], blank=True)
    x0 = models.FloatField()
    y0 = models.FloatField()
    x1 = models.FloatField()
    y1 = models.FloatField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(x0__gte=0, y0__gte=0, x1__lte=1, y1__lte=1)
                & Q(x0__lt=F("x1"))
                & Q(y0__lt=F("y1")),
                name="region_inside_image",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.box}"

    @property
    def box(self) -> tuple[float, float, float, float]:
        return (self.x0, self.y0, self.x1, self.y1)

    @property
    def tip(self) -> tuple[float, float] | None:
        """Of a device; None for other shapes."""
        return tuple(self.points[-1]) if self.shape == self.Shape.POINT else None

    @property
    def path(self) -> list[list[float]]:
        """The way to the tip; empty where it is not known, and for other shapes."""
        return self.points if self.shape == self.Shape.POINT and len(self.points) > 1 else []

    @property
    def outline(self) -> list[list[float]]:
        return self.points if self.shape == self.Shape.POLYGON else []


class ReferenceReport(models.Model):
    """The radiologist's text of a case, in one language."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="reports")
    language = models.CharField(max_length=5, default="en")
    findings = models.TextField(blank=True)
    impression = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "language"], name="report_once_a_language"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.language}"
