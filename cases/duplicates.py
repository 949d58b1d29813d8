"""Images of other cases that look the same, found by their fingerprints in an index."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from cases.imaging.fingerprint import bands_of, distance, fingerprint
from cases.models import Case, Image

NEAR = 3
"""Bits of 128 by which two images of one film differ at most (docs/decisions/044)."""
MOST = 20
BANDS = ("band0", "band1", "band2", "band3")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Twin:
    """An image of another case that looks like one of this case."""

    image: Image
    case: Case
    bits: int


def note_fingerprint(image: Image, thumbnail: bytes) -> None:
    """Set an image's fingerprint from its thumbnail; it is not saved. A damaged one has none."""
    try:
        found = fingerprint(thumbnail)
    except (OSError, ValueError):
        logger.warning("The thumbnail of image %s cannot be read.", image.public_id)
        found = ""
    set_fingerprint(image, found)


def set_fingerprint(image: Image, found: str) -> None:
    """Set an image's fingerprint, empty for none, and what finds it; it is not saved."""
    image.fingerprint = found
    bands = bands_of(image.fingerprint) if image.fingerprint else [None] * len(BANDS)
    for name, value in zip(BANDS, bands, strict=True):
        setattr(image, name, value)


def fill_fingerprints(images: Iterable[Image]) -> int:
    """Compute the fingerprints that images of earlier releases lack; how many there were."""
    done = 0
    for image in images:
        if image.fingerprint or not image.thumbnail:
            continue
        try:
            with image.thumbnail.open() as stream:
                note_fingerprint(image, stream.read())
        except FileNotFoundError:
            continue
        Image.objects.filter(pk=image.pk).update(
            fingerprint=image.fingerprint, **{name: getattr(image, name) for name in BANDS}
        )
        done += 1
    return done


def twins_of(images: Iterable[Image]) -> list[Twin]:
    """Near-duplicates in other cases, the nearest first; one query for all of the images."""
    known = [image for image in images if image.fingerprint and image.study == "current"]
    like = Q(pk__in=[])
    for image in known:
        for name, value in zip(BANDS, bands_of(image.fingerprint), strict=True):
            like |= Q(**{name: value})
    own = {image.case_id for image in known}
    found = Image.objects.filter(like).exclude(case__in=own).select_related("case__dataset")
    twins = [
        Twin(other, other.case, min(distance(other.fingerprint, one.fingerprint) for one in known))
        for other in found.defer("frame_order")[:500]
    ]
    near = sorted((one for one in twins if one.bits <= NEAR), key=lambda one: one.bits)
    return near[:MOST]
