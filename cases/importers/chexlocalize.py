"""CheXlocalize: radiologists' outlines on films of CheXpert (Saporta et al., 2022).

Both of its files are read: ``gt_annotations_*.json`` (outlines in pixels) and, where that is not
there, ``gt_segmentations_*.json`` (masks in COCO's run lengths).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases.importers.base import DatasetInfo, Importer, Item, Point, Problem
from cases.importers.columns import tables_of
from cases.importers.films import Film, Films, Mark, View, cases_of, view_of
from cases.importers.folders import ImageFolders
from cases.importers.masks import from_coco_counts, outlines
from cases.importers.tables import json_entries
from cases.importers.vocabulary import vocabulary

TABLES = ("gt_annotations*.json", "gt_segmentations*.json")
NAME = re.compile(r"(patient\d+)_(study\d+)_(view\d+_(frontal|lateral))")
SIZE = "img_size"
FEWEST_CORNERS = 3


def describe(path: Path) -> DatasetInfo:
    return DatasetInfo(
        slug="chexlocalize",
        title="CheXlocalize",
        version="1",
        licence="Stanford University Dataset Research Use Agreement",
        attribution="Stanford AIMI: CheXlocalize (Saporta et al., 2022); images of CheXpert",
        url="https://stanfordaimi.azurewebsites.net/datasets/23c56a0d-15de-405b-87c8-99c30138950c",
        access="registered",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """A case for each study, of all its views that are named."""
    films = Films()
    for table in tables_of(path, *TABLES):
        for name, entry in json_entries(table):
            where = f"{table.name}, {name}"
            parts = NAME.fullmatch(name)
            if parts is None or not isinstance(entry, dict):
                yield Problem(
                    where, "It is not patient_study_view with an object; skipped.", "case"
                )
                continue
            patient, study, view, side = parts.groups()
            film = films.setdefault(f"{patient}/{study}", Film(f"{patient}/{study}"))
            film.patient = patient
            film.split = next((one for one in ("val", "test") if one in table.stem), "")
            file = f"{patient}/{study}/{view}.jpg"
            if any(one.name == file for one in film.views):
                film.problems.append(Problem(where, "The view occurs again; left out."))
                continue
            film.views.append(_view(file, view_of(side), entry, where, film.problems))
    yield from cases_of(films.values(), ImageFolders(folders), vocabulary("chexlocalize"))


def _view(file: str, side: str, entry: dict[str, Any], where: str, problems: list[Problem]) -> View:
    found = View(file, view="" if side == "FRONTAL" else side)
    size = entry.get(SIZE)
    if isinstance(size, list) and len(size) == 2 and all(isinstance(s, int) for s in size):
        found.size = (size[1], size[0]) if min(size) > 0 else None
    for label, value in entry.items():
        if label == SIZE:
            continue
        try:
            parts = _outlines(value)
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            said = f"The outline of “{label}” cannot be read ({error}); it was left out."
            problems.append(Problem(where, said))
            continue
        found.marks += [Mark(label, where, corners) for corners in parts]
    return found


def _outlines(value: Any) -> list[tuple[Point, ...]]:
    """The outlines of one label: lists of pairs, or a mask with its size."""
    if isinstance(value, dict):
        rows, columns = (int(side) for side in value["size"])
        return outlines(from_coco_counts(value["counts"], rows, columns))
    parts = [tuple((float(x), float(y)) for x, y in part) for part in value]
    return [part for part in parts if len(part) >= FEWEST_CORNERS]


IMPORTER = Importer(name="chexlocalize", describe=describe, read=read)
