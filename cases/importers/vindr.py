"""VinDr-CXR and the VinBigData challenge: boxes of up to three readers a film.

Nguyen et al., "VinDr-CXR", Scientific Data 2022. A label holds where at least two of an image's
readers gave it; the test set's consensus names no readers and is taken as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cases.importers.base import DatasetInfo, Importer, Item, Problem
from cases.importers.columns import records, tables_of
from cases.importers.films import Film, Films, Mark, box_of, cases_of
from cases.importers.folders import ImageFolders
from cases.importers.vocabulary import folded, vocabulary

TABLES = ("annotations*.csv", "*train*.csv")
NEEDED = ("image_id", "class_name", "x_min", "y_min", "x_max", "y_max")
NO_FINDING = "no finding"


def describe(path: Path) -> DatasetInfo:
    return DatasetInfo(
        slug="vindr-cxr",
        title="VinDr-CXR",
        version="1.0.0",
        licence="PhysioNet Credentialed Health Data License 1.5.0",
        attribution="VinBigData: VinDr-CXR (Nguyen et al., Scientific Data 2022)",
        url="https://physionet.org/content/vindr-cxr/1.0.0/",
        access="credentialed",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    films = Films()
    for table in tables_of(path, *TABLES):
        for row in records(table, NEEDED):
            if isinstance(row, Problem):
                yield row
                continue
            film = films.of(row["image_id"])
            film.split = film.split or _split(table)
            if row["rad_id"]:
                film.readers.add(row["rad_id"])
            if folded(row["class_name"]) == NO_FINDING:
                continue
            try:
                box = row.numbers("x_min", "y_min", "x_max", "y_max")
                size = row.numbers("width", "height") if row["width"] else None
            except ValueError:
                said = f"The box of “{row['class_name']}” is not four numbers; it was left out."
                film.problems.append(Problem(row.where, said))
                box = size = None
            if size:  # of the original, beside smaller copies of the films
                film.views[0].size = (size[0], size[1])
            corners = box_of(box) if box else ()
            mark = Mark(row["class_name"], row.where, corners, row["rad_id"])
            film.views[0].marks.append(mark)
    yield from _doubtful(films)
    yield from cases_of(films.values(), ImageFolders(folders), vocabulary("vindr", "vindr"))


def _split(table: Path) -> str:
    return next((part for part in ("train", "test") if part in table.name.lower()), "")


def _doubtful(films: dict[str, Film]) -> Iterator[Problem]:
    """One line for what single readers saw: it is left out of the truth, and nobody's fault."""
    lone = 0
    for film in films.values():
        who: dict[str, set[str]] = {}
        for mark in film.views[0].marks:
            who.setdefault(folded(mark.label), set()).add(mark.reader)
        lone += sum(len(readers) < min(2, len(film.readers)) for readers in who.values())
    if lone:
        said = f"{lone:,} labels that one reader of several gave are no consensus and left out."
        yield Problem("readers", said, count=lone)


IMPORTER = Importer(name="vindr", describe=describe, read=read)
