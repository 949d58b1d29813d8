"""The image rows of a case and their files: what an import would change of them, and doing it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from cases.duplicates import set_fingerprint
from cases.imaging import PreparedImage, htj2k
from cases.imaging.fingerprint import fingerprint
from cases.imaging.lettering import text_boxes
from cases.imaging.pixels import Gray
from cases.imaging.render import pixels_of, thumbnail_bytes
from cases.importers.base import Box, ImportedCase, ImportedImage
from cases.importers.child import BLACKED_OUT, recipe_of
from cases.importers.wire import KeptImage, KnownImage, Prepared
from cases.models import BlackOut, Dataset, Image, new_token, rendition_path

THUMBNAIL = "thumb.webp"
DESCRIPTION = ("view", "study", "study_label")
"""What a curator may correct of an image."""
MEASURED = (
    *("source_width", "source_height", "width", "height", "bits", "max_value", "view"),
    *("pixel_aspect", "orientation", "value_scale", "value_offset"),
)


@dataclass(frozen=True)
class ImagePlan:
    """What an import does to one image of a case."""

    image: Image
    values: dict[str, Any]
    """Fields that change."""
    sha256: str = ""
    """Of the source's files; empty when the source has the image no more."""
    prepared: PreparedImage | None = None
    """With files to be written."""
    mends: bool = False
    """Whether files that the library should have are missing or empty."""

    @property
    def is_gone(self) -> bool:
        return not self.sha256

    @property
    def changes(self) -> bool:
        return bool({*self.values} - {"doubt"}) or self.mends or self.is_gone

    @property
    def is_of_same_source(self) -> bool:
        return self.image.pk is not None and self.sha256 == self.image.source_sha256

    @property
    def shows_anew(self) -> bool:
        """Whether its pixels are others, so that no browser may go on with those it has."""
        return "rendition_sha256" in self.values

    @property
    def describes_anew(self) -> bool:
        return any(name in self.values for name in DESCRIPTION)

    def without_description(self) -> ImagePlan:
        values = {name: value for name, value in self.values.items() if name not in DESCRIPTION}
        return replace(self, values=values)


def known_images(dataset: Dataset | None, case: ImportedCase) -> list[KnownImage | None]:
    """The stored images by position; None where the files must be made (again)."""
    found = Image.objects.filter(case__dataset=dataset, case__source_key=case.key)
    known = {
        image.position: KnownImage(
            image.source_sha256, image.recipe, image.frame_order, image.doubt
        )
        for image in found
        if has_all_files(image)
    }
    return [known.get(position) for position in range(len(case.images))]


def has_all_files(image: Image) -> bool:
    """Whether the thumbnail and every frame are in the storage, and none is empty."""
    try:
        return all(default_storage.size(name) > 0 for name in file_names(image))
    except FileNotFoundError:
        return False


def plan_images(
    stored: Sequence[Image], imported: Sequence[ImportedImage], images: Sequence[Prepared]
) -> tuple[ImagePlan, ...]:
    """What becomes of each image by position; those beyond the source's are gone."""
    by_position = {image.position: image for image in stored}
    taken_out = _taken_out(images)
    plans = []
    for position, (source, prepared) in enumerate(zip(imported, images, strict=True)):
        image = by_position.pop(position, None) or Image(position=position)
        made = prepared if isinstance(prepared, PreparedImage) else None
        if made and _is_blacked_out(image, prepared.sha256):
            made = None  # what a person took out of it stays out
        boxes = taken_out.get(prepared.sha256)
        if made and boxes:  # of another case, or of another place in this one
            made = _without(made, boxes)
        values = _values(source, made) if made else _description(image, source)
        if isinstance(prepared, KeptImage):
            values["doubt"] = prepared.doubt
        if made and boxes:
            values["recipe"] = BLACKED_OUT
        changed = {name: value for name, value in values.items() if getattr(image, name) != value}
        mends = bool(made) and image.pk is not None and not has_all_files(image)
        plans.append(ImagePlan(image, changed, prepared.sha256, made, mends))
    return (*plans, *(ImagePlan(image, {}) for image in by_position.values()))


def _taken_out(images: Sequence[Prepared]) -> dict[str, list[Box]]:
    """What persons took out of these pictures, by the digest of their files."""
    made = [image.sha256 for image in images if isinstance(image, PreparedImage)]
    found = BlackOut.objects.filter(source_sha256__in=made)
    return {one.source_sha256: [tuple(box) for box in one.boxes] for one in found}


def _without(prepared: PreparedImage, boxes: Sequence[Box]) -> PreparedImage:
    """The same image with these boxes black."""
    renditions = []
    thumbnail = prepared.thumbnail
    for number, content in enumerate(prepared.renditions):
        pixels = blackened(content, boxes)
        renditions.append(htj2k.encode(pixels))
        if number == len(prepared.renditions) // 2:
            thumbnail = thumbnail_bytes(pixels, prepared.window)
    seen = fingerprint(thumbnail)
    return replace(prepared, renditions=tuple(renditions), thumbnail=thumbnail, fingerprint=seen)


def blackened(content: bytes, boxes: Sequence[Box]) -> Gray:
    """The pixels of a rendition, with what lies in these boxes (fractions, x0 y0 x1 y1) black."""
    pixels = pixels_of(content).copy()
    for box in boxes:
        pixels[_inside(box, pixels.shape)] = 0
    return pixels


def _is_blacked_out(image: Image, sha256: str) -> bool:
    return (image.recipe, image.source_sha256) == (BLACKED_OUT, sha256)


def _values(source: ImportedImage, prepared: PreparedImage) -> dict[str, Any]:
    """The fields of an image that was decoded."""
    digest = hashlib.sha256()
    for content in (*prepared.renditions, prepared.thumbnail):
        digest.update(content)
    row_spacing, column_spacing = prepared.spacing_mm or (None, None)
    return {
        **{name: getattr(prepared, name) for name in MEASURED},
        "source_name": source.name[:300],
        "study": source.study,
        "study_label": source.study_label,
        "source_sha256": prepared.sha256,
        "recipe": recipe_of(source.source),
        "doubt": prepared.doubt,
        "rendition_sha256": digest.hexdigest(),
        "frames": len(prepared.renditions),
        "frame_order": list(prepared.frame_order),
        "window_center": prepared.window.center,
        "window_width": prepared.window.width,
        "row_spacing": row_spacing,
        "column_spacing": column_spacing,
    }


def _description(image: Image, source: ImportedImage) -> dict[str, Any]:
    """What the table says anew of an image whose file is the same."""
    said: dict[str, Any] = {"study": source.study, "study_label": source.study_label}
    if source.source.view:
        said["view"] = source.source.view
    extent = source.source.extent_mm
    if extent is None and source.source.spacing_mm:
        rows_mm, columns_mm = source.source.spacing_mm
        extent = (rows_mm * image.source_height, columns_mm * image.source_width)
    if extent:
        said |= {"row_spacing": extent[0] / image.height, "column_spacing": extent[1] / image.width}
    return said


def carry_out(plan: ImagePlan, case_id: int, written: list[str]) -> None:
    """Bring one image's row and files to what its plan says.

    The names of new files are added to `written`, for whoever has to take them back.
    """
    image = plan.image
    old = file_names(image) if image.pk else []
    if plan.is_gone:
        drop_layers(image)
        image.delete()
        transaction.on_commit(partial(delete_files, old))
        return
    image.case_id = case_id
    if plan.shows_anew and image.pk:
        drop_layers(image)
    for name, value in plan.values.items():
        setattr(image, name, value)
    if plan.shows_anew:
        image.token = new_token()
    if plan.prepared:
        _write_files(image, plan.prepared, old, written)
    if plan.prepared or plan.values:
        image.save()


def _write_files(
    image: Image, prepared: PreparedImage, old: Sequence[str], written: list[str]
) -> None:
    """Write renditions and thumbnail under the image's public id; those of before go on commit.

    The names hold a token that is new with other pixels, so that such files never meet: a
    transaction that fails leaves the old ones as they were.
    """
    names = [image.frame_name(index) for index in range(len(prepared.renditions))]
    files = [*zip(names, prepared.renditions, strict=True)]
    files.append((rendition_path(image, f"{image.token}-{THUMBNAIL}"), prepared.thumbnail))
    for name, content in files:
        if name not in old:
            written.append(name)
        default_storage.delete(name)  # damaged, or left by an import that was cut off
        default_storage.save(name, ContentFile(content))
    image.rendition.name = names[0]
    image.thumbnail.name = files[-1][0]
    set_fingerprint(image, prepared.fingerprint)
    gone = set(old) - {name for name, _ in files}
    transaction.on_commit(partial(delete_files, sorted(gone)))


def lettering_of(image: Image) -> list[Box]:
    """Where letters seem to be burned into an image's rendition, of a stack its middle frame.

    Boxes that overlap are one.
    """
    return _joined(text_boxes(pixels_of(read_file(image.frame_path(image.middle_frame)))))


def _joined(boxes: Sequence[Box]) -> list[Box]:
    """Boxes none of which overlaps another: around those that do."""
    left, found = list(boxes), []
    while left:
        one = left.pop()
        near = [other for other in left if _overlap(one, other)]
        if near:  # the larger one may reach further boxes
            left = [other for other in left if other not in near]
            every = [one, *near]
            low = (min(box[0] for box in every), min(box[1] for box in every))
            left.append((*low, max(box[2] for box in every), max(box[3] for box in every)))
        else:
            found.append(one)
    return sorted(found, key=lambda box: (box[1], box[0]))


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _inside(box: Box, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The pixels that a box touches."""
    rows, columns = shape[:2]
    x0, y0, x1, y1 = box
    return (
        slice(math.floor(y0 * rows), math.ceil(y1 * rows)),
        slice(math.floor(x0 * columns), math.ceil(x1 * columns)),
    )


def convert(image: Image) -> int:
    """Keep an image's PNG renditions as HTJ2K from now on; the bytes saved.

    The pixels, and so its token, stay; whoever has the old address gets a PNG from it. Cut off, it
    can be done again: the old files go when the new ones are in the database.

    Raises:
        FileNotFoundError: a file is missing.
        htj2k.Damaged: a file cannot be decoded; the image stays as it was.
    """
    old = [image.frame_path(frame) for frame in range(image.frames)]
    new = [image.frame_name(frame) for frame in range(image.frames)]
    digest = hashlib.sha256()
    saved = 0
    for before, after in zip(old, new, strict=True):
        content = read_file(before)
        smaller = htj2k.encode(pixels_of(content))
        digest.update(smaller)
        saved += len(content) - len(smaller)
        default_storage.delete(after)
        default_storage.save(after, ContentFile(smaller))
    digest.update(read_file(str(image.thumbnail.name)))
    values = {"rendition": new[0], "rendition_sha256": digest.hexdigest()}
    unchanged = Image.objects.filter(pk=image.pk, rendition=image.rendition.name)
    is_kept = bool(unchanged.update(**values))
    delete_files(old if is_kept else new)  # an import may have replaced it meanwhile
    return saved if is_kept else 0


def read_file(name: str) -> bytes:
    """The bytes of a file of the media storage; FileNotFoundError where it is missing."""
    with default_storage.open(name) as stream:
        return bytes(stream.read())


def drop_layers(image: Image) -> None:
    """What lies behind an image goes: it is of other pixels. To be called in a transaction."""
    names = [str(layer.file.name) for layer in image.layers.all()]
    image.layers.all().delete()
    transaction.on_commit(partial(delete_files, names))


def delete_files(names: Sequence[str]) -> None:
    for name in names:
        default_storage.delete(name)


def file_names(image: Image) -> list[str]:
    """The names in the media storage of the renditions and the thumbnail."""
    return [*map(image.frame_path, image.frame_order), str(image.thumbnail.name)]
