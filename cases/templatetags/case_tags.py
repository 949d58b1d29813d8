"""Template tags for showing a case with its truth (curators and instructors)."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from cases.models import Case, Image

register = template.Library()


@register.inclusion_tag("cases/_overlay.html")
def truth_overlay(image: Image, case: Case) -> dict[str, Any]:
    """The thumbnail with the boxes that lie on it, in thumbnail-independent units."""
    regions = [
        {
            "name": finding.name,
            "x": region.x0 * image.width,
            "y": region.y0 * image.height,
            "width": (region.x1 - region.x0) * image.width,
            "height": (region.y1 - region.y0) * image.height,
        }
        for finding in case.findings.all()
        for region in finding.regions.all()
        if region.image_id == image.pk
    ]
    source = reverse("cases:thumbnail", args=[image.public_id, image.digest])
    return {"image": image, "source": source, "regions": regions}
