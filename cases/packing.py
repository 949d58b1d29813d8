"""Packs: a data set's cases in one file, for another installation (docs/datasets.md).

A ZIP archive of ``manifest.json`` (its form is ``docs/pack.schema.json``), ``signature.json`` over
its bytes, ``LICENSE.txt`` and the renditions, whose SHA-256 the manifest holds. It is read by
`cases.importers.pack`.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage

from cases import signing
from cases.behind import LAYER
from cases.imaging import htj2k
from cases.imaging.render import pixels_of
from cases.models import Case, Dataset, Image
from cases.truth import said_by_library

FORMAT, VERSION = "radgame-pack", 1
MANIFEST, SIGNATURE, LICENSE = "manifest.json", "signature.json", "LICENSE.txt"
DATASET = ("slug", "title", "version", "licence", "attribution", "url", "access", "simulated")
IMAGE = (
    *("view", "study", "study_label", "source_sha256", "recipe", "source_width"),
    *("source_height", "max_value", "window_center", "window_width", "value_offset", "value_scale"),
    *("row_spacing", "column_spacing", "pixel_aspect", "orientation", "frame_order"),
)
STATUSES = (Case.Status.PUBLISHED, Case.Status.REVIEW)


@dataclass
class Written:
    """What a pack holds."""

    cases: int = 0
    images: int = 0
    files: int = 0
    missing: int = 0
    """Cases left out because a rendition is missing or damaged."""


def write_pack(path: Path, dataset: Dataset, cases: Iterable[Case] | None = None) -> Written:
    """Write a data set's published and held cases, or these, to a file; nothing or all of it.

    Raises:
        OSError: it cannot be written; a file that was there stays.
    """
    if cases is None:
        cases = (
            dataset.cases.filter(status__in=STATUSES, made_for=None)
            .order_by("pk")
            .iterator(chunk_size=200)
        )
    partial = path.with_name(f"{path.name}.part")
    written = Written()
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
            entries = list(_entries(archive, cases, written))
            manifest = {
                "format": FORMAT,
                "version": VERSION,
                "dataset": {name: getattr(dataset, name) for name in DATASET},
                "cases": entries,
            }
            content = json.dumps(manifest, ensure_ascii=False, sort_keys=True).encode()
            _add(archive, MANIFEST, content)
            _add(archive, SIGNATURE, json.dumps(signing.signature_of(content)).encode())
            terms = f"{dataset.title}\n\n{dataset.licence}\n{dataset.attribution}\n{dataset.url}\n"
            _add(archive, LICENSE, terms.encode())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return written


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(name, content, zipfile.ZIP_DEFLATED)


def _entries(
    archive: zipfile.ZipFile, cases: Iterable[Case], written: Written
) -> Iterator[dict[str, Any]]:
    for case in cases:
        try:
            files = [_files(image) for image in case.images.all()]
        except (FileNotFoundError, htj2k.Damaged):
            written.missing += 1
            continue
        written.cases += 1
        yield _entry(archive, case, files, written)


def _files(image: Image) -> list[bytes]:
    """The renditions of an image as HTJ2K, in the order they are shown in."""
    found = []
    for frame in range(image.frames):
        with default_storage.open(image.frame_path(frame)) as stream:
            content = bytes(stream.read())
        pixels = pixels_of(content)  # damaged ones are told here, not where it is read
        found.append(content if content.startswith(htj2k.MAGIC) else htj2k.encode(pixels))
    return found


def _entry(
    archive: zipfile.ZipFile, case: Case, files: list[list[bytes]], written: Written
) -> dict[str, Any]:
    said = said_by_library(case)
    images = list(case.images.all())
    for finding in said["findings"]:
        for region in finding["regions"]:  # frames count as in the source, as importers tell them
            region["frame"] = images[region["image"]].frame_order[region["frame"]]
    return {
        "key": case.source_key,
        "status": case.status,
        "split": case.split,
        "patient": case.patient,
        "explanation": case.explanation,
        **said["context"],
        "findings": said["findings"],
        "reports": said["reports"],
        "unmapped": case.unmapped,
        "before": said["before"],
        "knows_findings": case.knows_findings,
        "review_reasons": case.review_reasons,
        "images": [
            _image(archive, image, frames, written)
            for image, frames in zip(images, files, strict=True)
        ],
        "behind": list(_behind(archive, images[0], written)) if images else [],
    }


def _behind(archive: zipfile.ZipFile, image: Image, written: Written) -> Iterator[dict[str, Any]]:
    """What lies behind a case's first image; what is lost of it is left out."""
    for number, layer in enumerate(image.layers.all()):
        try:
            with default_storage.open(str(layer.file.name)) as stream:
                content = bytes(stream.read())
        except FileNotFoundError:
            continue
        name = f"behind/{written.images:06d}/{number:04d}{Path(str(layer.file.name)).suffix}"
        archive.writestr(name, content)
        written.files += 1
        described = {name: getattr(layer, name) for name in LAYER}
        yield {**described, "name": name, "sha256": hashlib.sha256(content).hexdigest()}


def _image(
    archive: zipfile.ZipFile, image: Image, frames: list[bytes], written: Written
) -> dict[str, Any]:
    written.images += 1
    members = []
    for number, content in enumerate(frames):
        name = f"images/{written.images:06d}/{number:04d}{htj2k.SUFFIX}"
        archive.writestr(name, content)
        members.append({"name": name, "sha256": hashlib.sha256(content).hexdigest()})
    written.files += len(members)
    described = {name: getattr(image, name) for name in IMAGE}
    return {"name": image.source_name, **described, "files": members}
