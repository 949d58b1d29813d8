"""ChestX-Det and ChestX-Det10: boxes and outlines of 13 or 10 labels on films of NIH ChestX-ray14.

Liu et al., arXiv:2006.10550; Lian et al., IEEE TMI 2021.
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
    contradicted,
    text_of,
    twice,
)
from cases.importers.columns import tables_of
from cases.importers.films import Film, Films, Mark, box_of, cases_of
from cases.importers.folders import ImageFolders
from cases.importers.tables import json_of
from cases.importers.vocabulary import vocabulary

TABLES = ("*chestx*det*.json", "train.json", "test.json", "*.json")
SIDE = 1024
"""Pixels of both sides of the films."""
FEWEST_CORNERS = 3


def describe(path: Path) -> DatasetInfo:
    return DatasetInfo(
        slug="chestx-det",
        title="ChestX-Det",
        version="2021",
        licence="Annotations Apache-2.0; images of NIH ChestX-ray14, open with attribution",
        attribution="Deepwise AI Lab: ChestX-Det (Lian et al., 2021); images NIH Clinical Center",
        url="https://github.com/Deepwise-AILab/ChestX-Det-Dataset",
        access="open",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    films = Films()
    tables = tables_of(path, *TABLES)
    for table in [one for one in tables if one.name.lower() != "package.json"]:
        entries = json_of(table)
        if not isinstance(entries, list):
            raise SourceProblem(f"{table.name} is not a JSON list of films.")
        named = [(_name(entry), entry) for entry in entries]
        doubted = contradicted(named)
        for number, (name, entry) in enumerate(named, start=1):
            where = f"{table.name}, entry {number}"
            if not name:
                yield Problem(where, "It is not an object with a file_name; skipped.", "case")
            elif name in films:
                yield Problem(
                    f"{where} ({name})", "The film occurs a second time; skipped.", "case"
                )
            else:
                film = films.of(name)
                film.split = next((one for one in ("train", "test") if one in table.stem), "")
                film.problems += [twice(name)] if name in doubted else []
                _read_entry(film, entry, where)
    yield from cases_of(
        films.values(), ImageFolders(folders), vocabulary("chestx_det", "chestx_det")
    )


def _name(entry: Any) -> str:
    return text_of(entry, "file_name") if isinstance(entry, dict) else ""


def _read_entry(film: Film, entry: dict[str, Any], where: str) -> None:
    lists = {name: entry.get(name) for name in ("syms", "boxes", "polygons")}
    if not isinstance(lists["syms"], list):
        film.problems.append(Problem(where, "It has no list “syms”."))
        return
    view = film.views[0]
    view.size = (SIDE, SIDE)
    for number, label in enumerate(lists["syms"]):
        at = f"{where}, “{label}” {number + 1}"
        outline, box = (_part(lists[name], number) for name in ("polygons", "boxes"))
        try:
            corners = _outline(outline) or _box(box)
        except (OverflowError, TypeError, ValueError):
            film.problems.append(Problem(at, "Its box or outline is no list of numbers; left out."))
            corners = ()
        view.marks.append(Mark(str(label), at, corners))


def _part(values: Any, number: int) -> Any:
    return values[number] if isinstance(values, list) and number < len(values) else None


def _outline(value: Any) -> tuple[Point, ...]:
    """The corners of a list of pairs; empty where there are too few for an outline."""
    corners = tuple((float(x), float(y)) for x, y in value or ())
    return corners if len(corners) >= FEWEST_CORNERS else ()


def _box(value: Any) -> tuple[Point, ...]:
    return box_of([float(side) for side in value]) if value else ()


IMPORTER = Importer(name="chestx-det", describe=describe, read=read)
