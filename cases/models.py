"""The case library: data sets, cases, images and their truth.

Coordinates are normalised to the image, origin top left: ``x0 y0 x1 y1`` in [0, 1].
"""

from __future__ import annotations

import hashlib
import secrets

from django.db import models
from django.db.models import F, Q

from ml import taxonomy


def new_public_id() -> str:
    """An opaque identifier (72 random bits) that says nothing of source or order."""
    return secrets.token_urlsafe(9)


class PublicIdModel(models.Model):
    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)

    class Meta:
        abstract = True


class Dataset(models.Model):
    """Where cases come from, and on which terms."""

    class Access(models.TextChoices):
        OPEN = "open", "Open"
        REGISTERED = "registered", "After registration"
        CREDENTIALED = "credentialed", "Credentialed users only"
        PRIVATE = "private", "This institution only"

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    version = models.CharField(max_length=50, blank=True)
    licence = models.CharField(max_length=200, blank=True)
    attribution = models.TextField(blank=True)
    url = models.URLField(blank=True)
    access = models.CharField(max_length=12, choices=Access, default=Access.REGISTERED)
    simulated = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.title


class Case(PublicIdModel):
    """One study shown to a learner: images, patient context and truth."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        REVIEW = "review", "In review"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    class Sex(models.TextChoices):
        FEMALE = "F", "Female"
        MALE = "M", "Male"
        OTHER = "O", "Other"
        UNKNOWN = "", "Not known"

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="cases")
    source_key = models.CharField(max_length=200, help_text="The data set's own name of the study")
    version = models.PositiveIntegerField(default=1, help_text="Raised when the truth changes")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    age = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Years")
    sex = models.CharField(max_length=1, choices=Sex, default=Sex.UNKNOWN, blank=True)
    indication = models.TextField(blank=True)
    comparison = models.TextField(blank=True)
    has_truth_boxes = models.BooleanField(
        default=True, help_text="False when findings are known but nobody drew where they are"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "source_key"], name="case_once_a_dataset"),
        ]
        indexes = [models.Index(fields=["status", "id"], name="case_by_status")]

    def __str__(self) -> str:
        return f"{self.dataset_id}/{self.source_key}"

    @property
    def is_playable(self) -> bool:
        return self.status == self.Status.PUBLISHED


def rendition_path(image: Image, filename: str) -> str:
    return f"renditions/{image.public_id[:2]}/{image.public_id}/{filename}"


class Image(PublicIdModel):
    """One view, or one stack of frames, of a case.

    The rendition is a greyscale PNG of 8 or 16 bits holding stored values from
    0 to `max_value`, at most 2048 pixels on its long side. A stack has one
    rendition a frame, named by `frame_path`.
    """

    class View(models.TextChoices):
        PA = "PA", "PA"
        AP = "AP", "AP"
        LATERAL = "LATERAL", "Lateral"
        FRONTAL = "FRONTAL", "Frontal"
        CT = "CT", "CT"
        OTHER = "OTHER", "Other"

    class Study(models.TextChoices):
        CURRENT = "current", "This study"
        PRIOR = "prior", "A prior study"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="images")
    position = models.PositiveSmallIntegerField(default=0)
    view = models.CharField(max_length=8, choices=View, default=View.FRONTAL)
    study = models.CharField(
        max_length=8,
        choices=Study,
        default=Study.CURRENT,
        help_text="Prior ones are only shown",
    )
    study_label = models.CharField(
        max_length=60, blank=True, help_text="What learners are told of a prior study: 2 years ago"
    )
    source_name = models.CharField(max_length=300)
    source_sha256 = models.CharField(max_length=64, db_index=True)
    source_width = models.PositiveIntegerField(help_text="Pixels")
    source_height = models.PositiveIntegerField(help_text="Pixels")
    width = models.PositiveIntegerField(help_text="Pixels of the rendition")
    height = models.PositiveIntegerField(help_text="Pixels of the rendition")
    bits = models.PositiveSmallIntegerField(default=8)
    max_value = models.PositiveIntegerField(default=255)
    frames = models.PositiveIntegerField(default=1)
    window_center = models.FloatField(help_text="Stored values of the rendition")
    window_width = models.FloatField(help_text="Stored values of the rendition")
    value_offset = models.FloatField(
        default=0, help_text="Add to a stored value to get Hounsfield units (CT only)"
    )
    row_spacing = models.FloatField(null=True, blank=True, help_text="mm a rendition pixel")
    column_spacing = models.FloatField(null=True, blank=True, help_text="mm a rendition pixel")
    rendition = models.FileField(upload_to=rendition_path, max_length=200)
    thumbnail = models.FileField(upload_to=rendition_path, max_length=200)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["case", "position"], name="image_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.view} {self.position}"

    @property
    def digest(self) -> str:
        """Changes with the pixels: part of addresses and file names.

        Mixed with the random public id, so that it does not tell the source's own digest.
        """
        return hashlib.sha256(f"{self.public_id} {self.source_sha256}".encode()).hexdigest()[:8]

    def frame_name(self, frame: int) -> str:
        """The name under which the rendition of one frame is stored."""
        return rendition_path(self, f"{self.digest}-{frame:04d}.png")

    def frame_path(self, frame: int) -> str:
        """Where the rendition of one frame lies in the media storage."""
        return self.rendition.name if frame == 0 else self.frame_name(frame)


class Finding(PublicIdModel):
    """One truth statement of a case."""

    class Significance(models.TextChoices):
        URGENT = "urgent", "Urgent"
        ACTIONABLE = "actionable", "Actionable"
        MINOR = "minor", "Minor"
        BENIGN = "benign", "Benign"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="findings")
    label = models.CharField(max_length=40, help_text="A slug of the taxonomy")
    source_label = models.CharField(max_length=200, blank=True)
    side = models.CharField(max_length=10, blank=True)
    location = models.CharField(max_length=200, blank=True)
    size_mm = models.FloatField(null=True, blank=True)
    severity = models.CharField(max_length=20, blank=True)
    progression = models.CharField(max_length=20, blank=True)
    significance = models.CharField(max_length=10, choices=Significance)
    sentence = models.TextField(blank=True)
    conspicuity = models.FloatField(
        null=True, blank=True, help_text="Contrast-to-noise ratio, simulated cases only"
    )

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["label"], name="finding_by_label")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        known = taxonomy.labels().get(self.label)
        return known.name if known else self.label

    @property
    def mode(self) -> str:
        known = taxonomy.labels().get(self.label)
        return known.mode if known else "select"


class Region(PublicIdModel):
    """A reader's box for a finding on an image (and frame)."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="regions")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="regions")
    frame = models.PositiveIntegerField(default=0)
    reader = models.CharField(max_length=50, blank=True)
    alternate = models.BooleanField(
        default=False, help_text="Another reader's box, which may stand in for the first reader's"
    )
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
