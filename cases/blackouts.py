"""Taking what persons see in pixels, as a name, out of images for good."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from accounts.models import User
from cases import history
from cases.duplicates import note_fingerprint
from cases.imaging import Window, htj2k
from cases.imaging.lettering import text_boxes
from cases.imaging.prepare import TEXT
from cases.imaging.render import thumbnail_bytes
from cases.importers.base import Box, checked_box
from cases.importers.child import BLACKED_OUT
from cases.models import BlackOut, Case, CaseChange, Image, new_token, rendition_path
from cases.renditions import THUMBNAIL, blackened, delete_files, drop_layers, read_file
from cases.services import keep_as_corrected
from cases.truth import said_by_library

TRIES = 3
"""How often it begins anew because an image changed while its frames were encoded."""


class ChangedMeanwhile(Exception):
    """An image changed again and again while its frames were encoded; nothing was kept."""

    def __init__(self) -> None:
        super().__init__("The image is being changed by somebody else: try again in a minute.")


@dataclass(frozen=True)
class _Made:
    """An image's files without what lay in some boxes, beside those it has."""

    pk: int
    before: tuple[str, str]
    """Token and first rendition of the image that they were made from."""
    values: dict[str, Any]
    """The fields that the image has with them."""
    thumbnail: bytes
    has_letters: bool


def black_out(*, image: Image, boxes: Sequence[Box], by: User) -> Image:
    """Take what lies in these boxes (fractions, x0 y0 x1 y1) out of an image, for good.

    Every frame and the thumbnail lose it, and so does the same picture in other cases, as where
    it is a prior film; no import of its file brings it back, wherever it comes in. Each case counts
    as corrected by this person, and has it in its history; whether it is published is for a person
    to decide.

    Frames are encoded before the transaction, which a stack would hold for half a minute; where
    one of the images became another one meanwhile, they are encoded anew.

    Raises:
        ValueError: no box, or one that cannot be; says which.
        OSError, htj2k.Damaged: a file is missing, damaged or cannot be written; nothing changed.
        ChangedMeanwhile: somebody else changes the image all the time; nothing changed.
    """
    if not boxes:
        raise ValueError("Draw at least one box.")
    checked = [checked_box(list(box)) for box in boxes]
    for _ in range(TRIES):
        written: list[str] = []
        try:
            image = Image.objects.get(pk=image.pk)
            same = Image.objects.filter(source_sha256=image.source_sha256).order_by("pk")
            made = [_without(one, checked, written) for one in same]
            _exchange(image.source_sha256, made, checked, by)
        except ChangedMeanwhile:
            delete_files(written)
        except BaseException:
            delete_files(written)
            raise
        else:
            return Image.objects.get(pk=image.pk)
    raise ChangedMeanwhile


def _without(image: Image, boxes: Sequence[Box], written: list[str]) -> _Made:
    """Write an image's files anew, black in these boxes, under names that nobody had.

    The names are added to `written`, for whoever has to take them back.
    """
    before = (image.token, str(image.rendition.name))
    old = [image.frame_path(frame) for frame in range(image.frames)]
    image.token = new_token()
    names = [image.frame_name(frame) for frame in range(image.frames)]
    digest, thumbnail, has_letters = hashlib.sha256(), b"", False
    for number, (source, name) in enumerate(zip(old, names, strict=True)):
        try:
            pixels = blackened(read_file(source), boxes)
        except FileNotFoundError:
            if _state(image.pk) != before:  # it went with the image that it was of
                raise ChangedMeanwhile from None
            raise
        content = htj2k.encode(pixels)
        digest.update(content)
        _write(name, content, written)
        if number == image.middle_frame:
            thumbnail = thumbnail_bytes(pixels, Window(image.window_center, image.window_width))
            has_letters = bool(text_boxes(pixels))
    digest.update(thumbnail)
    small = rendition_path(image, f"{image.token}-{THUMBNAIL}")
    _write(small, thumbnail, written)
    values = {
        "token": image.token,
        "rendition": names[0],
        "thumbnail": small,
        "rendition_sha256": digest.hexdigest(),
        "recipe": BLACKED_OUT,
    }
    return _Made(image.pk, before, values, thumbnail, has_letters)


def _write(name: str, content: bytes, written: list[str]) -> None:
    written.append(name)
    default_storage.save(name, ContentFile(content))


def _state(pk: int) -> tuple[str, str] | None:
    return Image.objects.filter(pk=pk).values_list("token", "rendition").first()


@transaction.atomic
def _exchange(sha256: str, made: Sequence[_Made], boxes: Sequence[Box], by: User) -> None:
    """Give every image of this source the files made for it; those of before go on commit.

    Raises:
        ChangedMeanwhile: an image is another one than its files were made from, or new.
    """
    _remember(sha256, boxes, by)
    same = Image.objects.filter(source_sha256=sha256)
    cases = Case.objects.select_for_update().filter(pk__in=same.values("case")).order_by("pk")
    locked = {case.pk: case for case in cases}
    images = {one.pk: one for one in same.select_for_update().order_by("pk")}
    now = {pk: (one.token, str(one.rendition.name)) for pk, one in images.items()}
    if now != {one.pk: one.before for one in made}:
        raise ChangedMeanwhile
    for one in made:
        image = images[one.pk]
        _take_over(image, one)
        if not one.has_letters:
            _clear_doubt(locked[image.case_id], image)
    for case in locked.values():
        history.note(case, CaseChange.What.CONTEXT, by=by, why="Blacked out in an image")
        if case.source_truth is None:
            case.source_truth = said_by_library(case)
        keep_as_corrected(case=case, by=by)


def _remember(sha256: str, boxes: Sequence[Box], by: User) -> None:
    kept, _ = BlackOut.objects.select_for_update().get_or_create(
        source_sha256=sha256, defaults={"boxes": [], "by": by}
    )
    kept.boxes = [*kept.boxes, *([*box] for box in boxes)]
    kept.by = by
    kept.save()


def _take_over(image: Image, made: _Made) -> None:
    gone = [*(image.frame_path(frame) for frame in range(image.frames)), str(image.thumbnail.name)]
    for name, value in made.values.items():
        setattr(image, name, value)
    note_fingerprint(image, made.thumbnail)
    image.save()
    drop_layers(image)
    transaction.on_commit(partial(delete_files, gone))


def _clear_doubt(case: Case, image: Image) -> None:
    """Take back that an image may hold text: no letters are seen in it any more."""
    doubt = TEXT if image.doubt is None else image.doubt
    if TEXT not in doubt:
        return
    image.doubt = doubt.replace(TEXT, "").strip()
    image.save(update_fields=["doubt"])
    where = f"{case.source_key}, image {image.position + 1}: "
    case.review_reasons = [
        reason
        for reason in case.review_reasons
        if not (reason.startswith(where) and reason.endswith(TEXT))
    ]
