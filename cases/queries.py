"""What pages read of the case library."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.urls import reverse

from accounts.models import User
from cases.models import Case, Image


def case_to_play(public_id: str) -> Case:
    """A published case by its public id; Http404 for any other, retired ones included."""
    case = Case.objects.select_related("dataset").filter(public_id=public_id).first()
    if case is None:
        raise Http404("There is no such case.")
    if not case.is_playable:
        raise Http404("This case is not open for playing (any more).")
    return case


def image_for(user: User, public_id: str) -> Image | None:
    """The image when the user may see its case, else None.

    Learners may see what is published, and what they have an attempt of (a
    retired case stays readable in their history).
    """
    image = Image.objects.select_related("case").filter(public_id=public_id).first()
    if image is None:
        return None
    allowed = (
        image.case.is_playable or user.sees_truth or image.case.attempts.filter(user=user).exists()
    )
    return image if allowed else None


def image_url(image: Image, frame: int = 0) -> str:
    """An address that changes with the pixels, so that it can be cached for ever."""
    return reverse("cases:frame", args=[image.public_id, image.digest, frame])


def viewer_image(image: Image) -> dict[str, Any]:
    """What the viewer needs of an image: no truth, no telling name."""
    spacing = None
    if image.row_spacing and image.column_spacing:
        spacing = [image.row_spacing, image.column_spacing]
    return {
        "id": image.public_id,
        "view": image.view,
        "study": image.study,
        "study_label": image.study_label,
        "url": image_url(image),
        "frame_urls": [image_url(image, frame) for frame in range(image.frames)]
        if image.frames > 1
        else [],
        "thumbnail": reverse("cases:thumbnail", args=[image.public_id, image.digest]),
        "width": image.width,
        "height": image.height,
        "bits": image.bits,
        "max": image.max_value,
        "frames": image.frames,
        "window": {"center": image.window_center, "width": image.window_width},
        "offset": image.value_offset,
        "photometric": "MONOCHROME2",
        "spacing_mm": spacing,
    }


def first_images(case: Case) -> list[str]:
    """The addresses of what is seen first of a case: each image, of a stack its first frame."""
    return [image_url(image) for image in case.images.all()]


def cases_for_desk(status: str = "", dataset: str = "", text: str = "") -> QuerySet[Case]:
    """The curator's work list, newest first."""
    found = (
        Case.objects.select_related("dataset")
        .annotate(
            finding_count=Count("findings", distinct=True),
            image_count=Count("images", distinct=True),
        )
        .order_by("-id")
    )
    if status:
        found = found.filter(status=status)
    if dataset:
        found = found.filter(dataset__slug=dataset)
    if text:
        found = found.filter(
            Q(source_key__icontains=text)
            | Q(indication__icontains=text)
            | Q(findings__label__icontains=text)
        ).distinct()
    return found
