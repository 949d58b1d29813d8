"""Sets that are uploaded with their truth: a pack, or pictures with a COCO file."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from cases.imaging import ImageProblem, digest_of
from cases.importers import coco, pack
from cases.importers.base import DatasetInfo, ImportedCase, Item, Problem, SourceProblem
from cases.importers.studies.archive import stored_name
from cases.packing import MANIFEST, SIGNATURE

LARGEST_DOCUMENT = 256 << 20
"""Bytes of a COCO file."""


def is_pack(path: Path) -> bool:
    """Whether a ZIP is a pack of this game, whoever signed it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {MANIFEST, SIGNATURE} <= set(archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def terms_of(path: Path) -> DatasetInfo | None:
    """What a pack says of its data set; None where it is none that is trusted."""
    with suppress(SourceProblem):
        return pack.describe(path)
    return None


def cases_of_pack(path: Path, name: str) -> Iterator[Item]:
    """The cases of a pack; the reason where it cannot be taken."""
    try:
        yield from pack.read(path, ())
    except SourceProblem as problem:
        yield Problem(name, str(problem).replace(path.name, name), "case")


def is_coco(path: Path) -> bool:
    """Whether a file is an object detection file of COCO."""
    if path.suffix.lower() != ".json" or path.stat().st_size > LARGEST_DOCUMENT:
        return False
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and all(
        isinstance(document.get(name), list) for name in coco.LISTS
    )


def cases_of_coco(document: Path, files: Mapping[Path, str], folder: Path) -> Iterator[Item]:
    """The cases that a COCO file makes of these pictures, which lie in `folder` by their names.

    As of every upload a case is known by its picture's bytes, and nothing of it holds a name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, (path, name) in enumerate(files.items()):
        parts = [stored_name(part) for part in PurePosixPath(name.replace("\\", "/")).parts]
        place = folder.joinpath(*parts)
        if place.exists():  # beside it, so that the name fits two files and is taken for none
            place = folder.joinpath(f"again-{number}", *parts)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, place)
    try:
        for item in coco.read(document, (folder,)):
            yield _unnamed(item) if isinstance(item, ImportedCase) else item
    except SourceProblem as problem:
        yield Problem(files.get(document, document.name), str(problem), "case")


def _unnamed(case: ImportedCase) -> Item:
    paths = [path for image in case.images for path in image.source.paths]
    try:
        key = f"film-{digest_of(paths)[:24]}"
    except ImageProblem as problem:
        return Problem(case.key, problem.sentence, "case")
    return replace(
        case,
        key=key,
        images=tuple(
            replace(image, name=key, source=replace(image.source, look_for_text=True))
            for image in case.images
        ),
        problems=tuple(replace(problem, where=key) for problem in case.problems),
    )
