"""Sets that are uploaded with their truth: a pack, or pictures with an annotation file."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeTree

from cases.imaging import ImageProblem, digest_of
from cases.imaging.zipped import DAMAGED
from cases.importers import coco, cvat, label_studio, pack
from cases.importers.base import DatasetInfo, ImportedCase, Item, Problem, SourceProblem
from cases.importers.studies.archive import stored_name
from cases.packing import MANIFEST, SIGNATURE

LARGEST_DOCUMENT = 256 << 20
"""Bytes of an annotation file."""
READERS = {"coco": coco.IMPORTER, "cvat": cvat.IMPORTER, "label-studio": label_studio.IMPORTER}


def is_pack(path: Path) -> bool:
    """Whether a ZIP is a pack of this game, whoever signed it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {MANIFEST, SIGNATURE} <= set(archive.namelist())
    except (OSError, ValueError, *DAMAGED):
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


def document_kind(path: Path) -> str:
    """Which annotation file this is: a key of `READERS`, or empty where it is none of them."""
    suffix = path.suffix.lower()
    if suffix not in (".json", ".xml") or path.stat().st_size > LARGEST_DOCUMENT:
        return ""
    if suffix == ".xml":
        return "cvat" if _is_cvat(path) else ""
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return ""
    if isinstance(document, dict):
        is_coco = all(isinstance(document.get(name), list) for name in coco.LISTS)
        return "coco" if is_coco else ""
    return "label-studio" if isinstance(document, list) and _are_tasks(document) else ""


def _is_cvat(path: Path) -> bool:
    try:
        for _, element in SafeTree.iterparse(path, events=("start",)):
            return bool(element.tag == cvat.ROOT)
    except (ParseError, DefusedXmlException, OSError):
        pass
    return False


def _are_tasks(document: list[Any]) -> bool:
    tasks = [one for one in document if isinstance(one, dict) and isinstance(one.get("data"), dict)]
    answers = (one.get("annotations", one.get("completions")) for one in tasks)
    return len(tasks) == len(document) and any(isinstance(one, list) for one in answers)


def cases_of_document(document: Path, files: Mapping[Path, str], folder: Path) -> Iterator[Item]:
    """The cases that an annotation file makes of these pictures, which lie in `folder` by name.

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
        for item in READERS[document_kind(document)].read(document, (folder,)):
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
