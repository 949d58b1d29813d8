"""RSNA Pneumonia Detection Challenge 2018: boxes of pneumonia on films of NIH ChestX-ray14.

Shih et al., Radiology: Artificial Intelligence 2019. A row without a box says that the film shows
no pneumonia, which is no normal film: the detailed class table tells those.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cases.importers.base import DatasetInfo, Importer, Item, Problem
from cases.importers.columns import records, table_of
from cases.importers.films import Films, Mark, box_of, cases_of
from cases.importers.folders import ImageFolders
from cases.importers.tables import files_like
from cases.importers.vocabulary import vocabulary

TABLES = ("*stage_2_train_labels*.csv", "*train_labels*.csv")
CLASSES = "*detailed_class_info*.csv"
NEEDED = ("patientid", "x", "y", "width", "height", "target")
LABEL = "Lung Opacity"
NORMAL = "normal"
SIDE = 1024
"""Pixels of both sides of the challenge's films."""


def describe(path: Path) -> DatasetInfo:
    return DatasetInfo(
        slug="rsna-pneumonia",
        title="RSNA Pneumonia Detection Challenge",
        version="2018, stage 2",
        licence="Terms of the RSNA Pneumonia Detection Challenge",
        attribution="RSNA and STR; images of NIH ChestX-ray14 (Shih et al., 2019)",
        url="https://www.rsna.org/rsnai/ai-image-challenge/rsna-pneumonia-detection-challenge-2018",
        access="registered",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    table = table_of(path, *TABLES)
    films = Films()
    for row in records(table, NEEDED):
        if isinstance(row, Problem):
            yield row
            continue
        film = films.of(row["patientid"])
        film.views[0].size = (SIDE, SIDE)
        film.split = "train"
        try:
            box = row.numbers("x", "y", "width", "height")
        except ValueError:
            film.problems.append(Problem(row.where, "The box is not four numbers; left out."))
            continue
        is_positive = row["target"] in ("1", "1.0")
        if is_positive and box:
            corners = box_of(box, is_extent=True)
            film.views[0].marks.append(Mark(LABEL, row.where, corners))
        elif is_positive or box:
            film.problems.append(Problem(row.where, "Target and box contradict each other."))
    classes = _classes(table)
    for film in films.values():
        if not film.views[0].marks and not film.problems:
            film.knows_findings = classes.get(film.key) == NORMAL
    yield from cases_of(films.values(), ImageFolders(folders), vocabulary("rsna"))


def _classes(table: Path) -> dict[str, str]:
    """Patient → class of the detailed table; empty where it is not there."""
    found = files_like(table.parent, CLASSES)
    rows = records(found[0], ("patientid", "class")) if found else ()
    return {
        row["patientid"]: row["class"].casefold() for row in rows if not isinstance(row, Problem)
    }


IMPORTER = Importer(name="rsna", describe=describe, read=read)
