"""Template tags for showing a case with its truth (curators and instructors)."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from accounts.models import User
from cases import doubts
from cases.models import Case, Finding, Image, Region

register = template.Library()


@register.inclusion_tag("cases/_overlay.html")
def truth_overlay(image: Image, case: Case) -> dict[str, Any]:
    """The thumbnail with the boxes that lie on it, in pixels of the rendition made square."""
    regions = [
        {
            "name": finding.name,
            "x": region.x0 * image.width,
            "y": region.y0 * image.true_height,
            "width": (region.x1 - region.x0) * image.width,
            "height": (region.y1 - region.y0) * image.true_height,
            "line": " ".join(
                f"{x * image.width:f},{y * image.true_height:f}" for x, y in region.points
            ),
            "closed": bool(region.outline),
        }
        for finding, region in _places_on(image, case)
        if region.frame == image.middle_frame
    ]
    return {**small_image(image), "regions": regions}


@register.simple_tag
def places_elsewhere(image: Image, case: Case) -> str:
    """Which slices of a stack beside the one of its thumbnail have places of the truth."""
    frames = {region.frame for _, region in _places_on(image, case)} - {image.middle_frame}
    if not frames:
        return "no other has places"
    first, last = min(frames) + 1, max(frames) + 1
    return f"places on slice {first}" if first == last else f"places on slices {first} to {last}"


def _places_on(image: Image, case: Case) -> list[tuple[Finding, Region]]:
    return [
        (finding, region)
        for finding in case.findings.all()
        for region in finding.regions.all()
        if region.image_id == image.pk
    ]


@register.inclusion_tag("cases/_thumbnail.html")
def small_image(image: Image | None) -> dict[str, Any]:
    """An image in small, in true proportion; a black square where there is none."""
    if image is None:
        return {"image": None}
    source = reverse("cases:thumbnail", args=[image.public_id, image.token])
    return {"image": image, "source": source}


@register.inclusion_tag("cases/_new_answers.html")
def new_answers(user: User) -> dict[str, Any]:
    """A notice of answers to doubts that the learner has not read; nothing of any truth."""
    return {"answers": doubts.unseen_by(user)}


@register.inclusion_tag("cases/_answers.html")
def answers_to(user: User, address: str) -> dict[str, Any]:
    """What curators answered to the learner's doubts, on the feedback of the attempt."""
    return {"answers": doubts.answers_at(address, user)}
