"""Object-CXR: foreign objects on chest films, as rectangles, ellipses and outlines (MIDL 2020)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from cases.importers.base import DatasetInfo, Importer, Item, Point, Problem
from cases.importers.columns import records, tables_of
from cases.importers.films import Films, Mark, box_of, cases_of
from cases.importers.folders import ImageFolders
from cases.importers.shapes import ellipse
from cases.importers.vocabulary import vocabulary

NEEDED = ("image_name", "annotation")
LABEL = "foreign object"
RECTANGLE, ELLIPSE, POLYGON = range(3)


def describe(path: Path) -> DatasetInfo:
    return DatasetInfo(
        slug="object-cxr",
        title="Object-CXR",
        version="2020",
        licence="CC BY-NC 4.0",
        attribution="JF Healthcare: Object-CXR, MIDL 2020 challenge",
        url="https://web.archive.org/web/2020/https://jfhealthcare.github.io/object-CXR/",
        access="registered",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """Films with foreign objects; of one without, other findings are not known."""
    films = Films()
    for table in tables_of(path, "*.csv"):
        for row in records(table, NEEDED):
            if isinstance(row, Problem):
                yield row
                continue
            film = films.of(row["image_name"])
            film.split = next((one for one in ("train", "dev", "test") if one in table.stem), "")
            for part in filter(str.strip, row["annotation"].split(";")):
                try:
                    corners = _corners(part)
                except ValueError:
                    said = f"“{part.strip()[:60]}” is no object; it was left out."
                    film.problems.append(Problem(row.where, said))
                else:
                    film.views[0].marks.append(Mark(LABEL, row.where, corners))
    for film in films.values():
        film.knows_findings = bool(film.views[0].marks)
    yield from cases_of(films.values(), ImageFolders(folders), vocabulary("object_cxr"))


def _corners(text: str) -> tuple[Point, ...]:
    """The corners of ``TYPE x1 y1 x2 y2 …``.

    Raises:
        ValueError: it is no such thing.
    """
    kind, *numbers = [float(part) for part in text.split()]
    if not all(map(math.isfinite, numbers)) or len(numbers) % 2:
        raise ValueError
    if kind == POLYGON and len(numbers) >= 6:
        return tuple(zip(numbers[::2], numbers[1::2], strict=True))
    if kind not in (RECTANGLE, ELLIPSE) or len(numbers) != 4:
        raise ValueError
    return box_of(numbers) if kind == RECTANGLE else ellipse(*numbers)


IMPORTER = Importer(name="object-cxr", describe=describe, read=read)
