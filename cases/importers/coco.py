"""COCO object detection: boxes, outlines and masks of any project (Lin et al., ECCV 2014).

Categories are called by the names of the game's labels or by a data set's that the taxonomy knows.
Readers, sentences and context may stand in further fields, as `export_coco` writes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases.importers.base import (
    DatasetInfo,
    Importer,
    Item,
    Point,
    Problem,
    SourceProblem,
    age_of,
    sex_of,
    text_of,
)
from cases.importers.columns import table_of
from cases.importers.films import Film, Films, Mark, box_of, cases_of, view_of
from cases.importers.folders import ImageFolders
from cases.importers.masks import from_coco_counts, outlines
from cases.importers.tables import json_of
from cases.importers.vocabulary import own_words

LISTS = ("images", "annotations", "categories")
FEWEST_CORNERS = 3


def describe(path: Path) -> DatasetInfo:
    document = _document(path)
    info = document.get("info")
    info = info if isinstance(info, dict) else {}
    licences = document.get("licenses")
    licence = licences[0] if isinstance(licences, list) and licences else {}
    stem = table_of(path, "*.json").stem.lower()
    slug = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in stem)
    return DatasetInfo(
        slug=(text_of(info, "slug") or f"coco-{slug}".strip("-"))[:50],
        title=(text_of(info, "description") or "Films annotated in COCO")[:200],
        version=str(info.get("version") or "")[:50],
        licence=text_of(licence, "name")[:200] if isinstance(licence, dict) else "",
        attribution=text_of(info, "contributor"),
        url=text_of(info, "url")[:200],
        access="private",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """A case for each image; one without annotations is normal."""
    document = _document(path)
    where = table_of(path, "*.json").name
    films, by_id = Films(), {}
    for number, entry in enumerate(document["images"], start=1):
        at = f"{where}, image {number}"
        name = text_of(entry, "file_name") if isinstance(entry, dict) else ""
        if not name:
            yield Problem(at, "It is not an object with a file_name; it was skipped.", "case")
        elif name in films:
            yield Problem(f"{at} ({name})", "The image occurs a second time; skipped.", "case")
        else:
            by_id[_identity(entry, "id")] = films.of(name)
            _read_image(films[name], entry)
    names = {
        _identity(entry, "id"): text_of(entry, "name")
        for entry in document["categories"]
        if isinstance(entry, dict)
    }
    for number, entry in enumerate(document["annotations"], start=1):
        at = f"{where}, annotation {number}"
        film = by_id.get(_identity(entry, "image_id")) if isinstance(entry, dict) else None
        if film is None:
            yield Problem(at, "It names no image of the file; it was left out.")
        else:
            _read_annotation(film, entry, names.get(_identity(entry, "category_id"), ""), at)
    yield from cases_of(films.values(), ImageFolders(folders), own_words(), look_for_text=True)


def _identity(entry: dict[str, Any], name: str) -> int | str:
    """What an entry is called, or what it calls another."""
    value = entry.get(name)
    return value if isinstance(value, int | str) else f"not an id: {value!r:.40}"


def _document(path: Path) -> dict[str, Any]:
    table = table_of(path, "*.json")
    document = json_of(table)
    if not isinstance(document, dict):
        raise SourceProblem(f"{table.name} is not a JSON object.")
    for name in LISTS:
        if not isinstance(document.get(name), list):
            raise SourceProblem(f"{table.name} has no list “{name}”: it is no COCO file.")
    return document


def _read_image(film: Film, entry: dict[str, Any]) -> None:
    given = entry.get("width"), entry.get("height")
    known = [one for one in given if isinstance(one, int) and 0 < one < 1 << 31]
    if len(known) == len(given):
        film.views[0].size = (known[0], known[1])
    film.views[0].view = view_of(text_of(entry, "view"))
    film.age, film.sex = age_of(entry.get("age")), sex_of(entry.get("sex"))
    film.indication = text_of(entry, "indication")
    film.patient, film.split = text_of(entry, "patient"), text_of(entry, "split")
    labels = entry.get("labels")
    for label in labels if isinstance(labels, list) else ():
        film.views[0].marks.append(Mark(str(label), film.key))


def _read_annotation(film: Film, entry: dict[str, Any], label: str, where: str) -> None:
    reader = str(entry.get("reader") or "")[:50]
    if not label:
        film.problems.append(Problem(where, "Its category is not in the file; it was left out."))
        return
    try:
        parts = _parts(entry, film.views[0].size)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        said = f"The place of “{label}” cannot be read ({error}); it was left out."
        film.problems.append(Problem(where, said))
        parts = [()]
    film.views[0].marks += [
        Mark(
            label,
            where,
            corners,
            reader,
            text_of(entry, "sentence"),
            text_of(entry, "side"),
            is_way=len(corners) == 1 or bool(entry.get("keypoints")),
            alternate=entry.get("alternate") is True,
        )
        for corners in parts
    ]


def _parts(entry: dict[str, Any], size: tuple[float, float] | None) -> list[tuple[Point, ...]]:
    """The outlines of an annotation, its points, or its box; one without a place if it has none."""
    points = entry.get("keypoints")
    if points:
        return [tuple((float(x), float(y)) for x, y in zip(points[::3], points[1::3], strict=True))]
    shape = entry.get("segmentation")
    if isinstance(shape, dict):
        columns, rows = size or (0, 0)
        rows, columns = shape.get("size") or (rows, columns)
        return [*outlines(from_coco_counts(shape["counts"], int(rows), int(columns)))]
    if isinstance(shape, list) and shape:
        parts = [
            tuple((float(x), float(y)) for x, y in zip(part[::2], part[1::2], strict=True))
            for part in shape
        ]
        whole = [part for part in parts if len(part) >= FEWEST_CORNERS]
        if whole:
            return whole
    box = entry.get("bbox")
    return [box_of([float(side) for side in box], is_extent=True)] if box else [()]


IMPORTER = Importer(name="coco", describe=describe, read=read)
