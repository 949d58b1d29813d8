"""What lies behind a simulated image."""

from __future__ import annotations

from django.db import models

from cases.models.base import PublicIdModel
from cases.models.library import Image


def layer_path(layer: Layer, filename: str) -> str:
    return f"renditions/{layer.image.public_id[:2]}/{layer.image.public_id}/{filename}"


class Layer(PublicIdModel):
    """Something that lies behind a simulated image: for the feedback, and never before it.

    Of the kind *anatomy* a gzip file of outlines with names; of the kind *ct* a WebP picture of all
    slices of the person's CT, side by side, of which `details` say how they lie and how the film
    sees them (`ml/simulate/person_ct.py`). Of any other a WebP picture of what is taken off: added
    to the film within `box`, its grays less 128 times `scale` stored values.
    """

    class Kind(models.TextChoices):
        ANATOMY = "anatomy", "Outlines"
        FINDING = "finding", "Without a finding"
        BONES = "bones", "Without bones"
        HEART = "heart", "Without heart and vessels"
        MARKINGS = "markings", "Without the lungs' markings"
        DEVICES = "devices", "Without all devices"
        BARE = "bare", "Without bones, heart and vessels"
        CT = "ct", "The CT behind it"

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="layers")
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=10, choices=Kind)
    label = models.CharField(max_length=40, blank=True, help_text="Of a finding")
    side = models.CharField(max_length=10, blank=True, help_text="Of a finding")
    box = models.JSONField(default=list, blank=True, help_text="What part of the image it covers")
    scale = models.FloatField(default=0, help_text="Stored values of one gray")
    details = models.JSONField(
        default=dict, blank=True, help_text="Of outlines their version, of a CT how it lies"
    )
    made_here = models.BooleanField(
        default=False, help_text="Whether this installation made it: no source brings or takes it"
    )
    sha256 = models.CharField(max_length=64, help_text="Of the file")
    file = models.FileField(upload_to=layer_path, max_length=200)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["image", "position"], name="layer_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.image_id} {self.kind} {self.position}"
