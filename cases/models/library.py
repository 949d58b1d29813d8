"""The case library: data sets, cases and their images."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from cases.imaging import OLDEST, htj2k
from cases.models.base import PublicIdModel, new_token

FORBID_SERVING = (
    *("non-public", "no redistribution", "data use agreement", "credentialed", "physionet"),
)
"""Words of licenses under which images may not be shown to everybody."""


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
    access = models.CharField(
        max_length=12,
        choices=Access,
        default=Access.REGISTERED,
        help_text="Guests, who signed up by themselves, get cases of open data sets only",
    )
    simulated = models.BooleanField(default=False)
    needs_second_reading = models.BooleanField(
        "second reading",
        default=False,
        db_default=False,
        help_text="A second curator reads each case blind before it is published",
    )
    terms_confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who said that an agreement allows to show it to everybody, whatever its license",
    )
    terms_confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    source_said = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        editable=False,
        help_text="What its source said of it when it was last imported",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.title

    @property
    def web_address(self) -> str:
        """Its address for a link; empty where an import brought anything else than one."""
        return self.url if self.url.startswith(("https://", "http://")) else ""

    @property
    def may_be_open(self) -> bool:
        """Whether its terms let everybody see it, or somebody confirmed that they do."""
        forbids = any(word in self.licence.casefold() for word in FORBID_SERVING)
        return not forbids or self.terms_confirmed_at is not None

    def take_license(self, licence: str) -> None:
        """Have another license; what was confirmed of the one before holds no more."""
        if licence != self.licence:
            self.licence, self.terms_confirmed_by, self.terms_confirmed_at = licence, None, None


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

    class Split(models.TextChoices):
        PRACTICE = "practice", "Practice"
        TEST = "test", "Tests only"
        HELD_OUT = "held_out", "Held out"

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="cases")
    source_key = models.CharField(max_length=200, help_text="The data set's own name of the study")
    version = models.PositiveIntegerField(default=1, help_text="Raised when the truth changes")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    age = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(OLDEST)],
        help_text="Years; 90 stands for all over 89",
    )
    sex = models.CharField(max_length=1, choices=Sex, default=Sex.UNKNOWN, blank=True)
    indication = models.TextField(blank=True)
    comparison = models.TextField(blank=True)
    split = models.CharField(
        max_length=10,
        choices=Split,
        default=Split.PRACTICE,
        db_default="practice",
        help_text="Where it is offered: held out, only where an instructor assigns it",
    )
    patient = models.CharField(
        max_length=25,
        blank=True,
        db_default="",
        editable=False,
        help_text="A pseudonym of the installation: cases of one patient are offered together",
    )
    explanation = models.TextField(
        blank=True, db_default="", help_text="A curator's words on the case, told with the feedback"
    )
    has_truth_boxes = models.BooleanField(
        default=True, help_text="False when findings are known but nobody drew where they are"
    )
    review_reasons = models.JSONField(
        default=list, blank=True, help_text="Sentences: what its truth lacked when it was imported"
    )
    held_by_import = models.BooleanField(
        default=False, editable=False, help_text="An import, not a person, put it in review"
    )
    knows_findings = models.BooleanField(
        default=True,
        db_default=True,
        help_text="False when its source names no findings: then it is no case for Localize",
    )
    unmapped = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text="What its source names and the taxonomy has not: label, sentence and regions",
    )
    before = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        editable=False,
        help_text="What its prior film is known to show: findings, and what became of each",
    )
    source_truth = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="What its source says, beside what a person made of it; empty until corrected",
    )
    source_digest = models.CharField(
        max_length=64, blank=True, help_text="Of what its source said when it was last taken over"
    )
    edited_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person last corrected its truth or context"
    )
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    duplicate_of = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="duplicates",
        help_text="The case of the same film that was kept, where this one was retired for it",
    )
    made_for = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="made_cases",
        help_text="The one learner it was made for, until a curator promotes it; empty: everybody",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "source_key"], name="case_once_a_dataset"),
        ]
        indexes = [
            models.Index(fields=["status", "id"], name="case_by_status"),
            models.Index(
                fields=["id"], condition=~Q(review_reasons=[]), name="case_with_review_reasons"
            ),
            models.Index(fields=["id"], condition=~Q(unmapped=[]), name="case_with_unmapped"),
            models.Index(
                fields=["dataset", "patient"], condition=~Q(patient=""), name="case_by_patient"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset_id}/{self.source_key}"

    @property
    def shown_age(self) -> str:
        """Years, ``90+`` for all over 89, ``under 1`` for infants; empty where it is unknown."""
        if self.age is None:
            return ""
        if self.age < 1:
            return "under 1"
        return f"{OLDEST}+" if self.age >= OLDEST else str(self.age)

    @property
    def is_playable(self) -> bool:
        return self.status == self.Status.PUBLISHED

    @property
    def is_corrected(self) -> bool:
        """Whether a person changed what the source says; imports keep such a case."""
        return self.edited_at is not None


def rendition_path(image: Image, filename: str) -> str:
    return f"renditions/{image.public_id[:2]}/{image.public_id}/{filename}"


class Image(PublicIdModel):
    """One view, or one stack of frames, of a case.

    The rendition is a gray HTJ2K codestream (of earlier releases a PNG) of 8 or 16 bits holding
    stored values from 0 to `max_value`, at most 2048 pixels on its long side. A stack has one
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
    recipe = models.CharField(
        max_length=100, blank=True, help_text="What the renditions depend on beside the source"
    )
    rendition_sha256 = models.CharField(max_length=64, blank=True)
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
    pixel_aspect = models.FloatField(
        default=1, help_text="Height of a rendition's pixel over its width"
    )
    orientation = models.CharField(
        max_length=2,
        blank=True,
        help_text="Where rows and columns run to in the patient (LF); empty: unknown",
    )
    value_scale = models.FloatField(
        null=True, blank=True, help_text="Hounsfield units of one stored step; empty: unknown"
    )
    frame_order = models.JSONField(
        default=list, blank=True, help_text="The source's frames in the order they are shown in"
    )
    token = models.CharField(
        max_length=16,
        default=new_token,
        db_default="-",
        editable=False,
        help_text="Random, new with other pixels: part of addresses, says nothing of the source",
    )
    doubt = models.TextField(  # noqa: DJ001  # unlike empty, none says that nobody looked
        null=True,
        blank=True,
        help_text="What a curator should look at of its pixels; none: nobody looked yet",
    )
    fingerprint = models.CharField(
        max_length=32,
        blank=True,
        db_default="",
        help_text="128 bits of what it looks like, in hexadecimal; empty: not computed yet",
    )
    band0 = models.BigIntegerField(null=True, help_text="The fingerprint's first 32 bits")
    band1 = models.BigIntegerField(null=True)
    band2 = models.BigIntegerField(null=True)
    band3 = models.BigIntegerField(null=True)
    rendition = models.FileField(upload_to=rendition_path, max_length=200)
    thumbnail = models.FileField(upload_to=rendition_path, max_length=200)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["case", "position"], name="image_position_once"),
        ]
        indexes = [
            models.Index(fields=[name], name=f"image_by_{name}")
            for name in ("band0", "band1", "band2", "band3")
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.view} {self.position}"

    @property
    def middle_frame(self) -> int:
        """The frame that the thumbnail shows."""
        return self.frames // 2

    @property
    def true_height(self) -> int:
        """The rendition's height in widths of its pixels: with `width` the true proportion."""
        return max(1, round(self.height * self.pixel_aspect))

    def side_toward(self, dx: float) -> str:
        """The patient's side, left or right, toward `dx` on the screen; empty where it is unknown.

        `dx` is positive toward the right edge. Lateral views have no side, and an image whose
        orientation nobody knows may be mirrored.
        """
        row = self.orientation[:1]
        if row not in ("L", "R") or dx == 0:
            return ""
        return "left" if (dx > 0) == (row == "L") else "right"

    @property
    def kind(self) -> str:
        """How the files of its renditions end: ``jhc`` for HTJ2K, ``png`` for earlier ones."""
        return (self.rendition.name or "").rpartition(".")[2]

    def frame_name(self, frame: int) -> str:
        """The name under which the rendition of one frame is to be stored."""
        return rendition_path(self, f"{self.token}-{frame:04d}{htj2k.SUFFIX}")

    def frame_path(self, frame: int) -> str:
        """Where the rendition of one frame lies in the media storage: beside the first one's."""
        before, _, after = (self.rendition.name or "").rpartition("0000")
        return f"{before}{frame:04d}{after}"
