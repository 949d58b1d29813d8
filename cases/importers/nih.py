"""NIH ChestX-ray14: labels mined from reports, and boxes for 880 of its images.

Wang et al., "ChestX-ray8", CVPR 2017. Both tables have headers of more cells than columns,
so columns are taken by position.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cases.imaging import Source
from cases.importers.base import (
    Box,
    DatasetInfo,
    ImportedCase,
    ImportedFinding,
    ImportedImage,
    ImportedRegion,
    Importer,
    Item,
    Problem,
    SourceProblem,
    age_of,
    checked_box,
    sex_of,
)
from cases.importers.folders import ImageFolders, UnsafeName
from ml import taxonomy

BOX_TABLE = "*BBox_List_2017*.csv"
ENTRY_TABLE = "*Data_Entry_2017*.csv"
NO_FINDING = "no finding"
SIDE = 1024
"""Pixels of both sides of the images that the boxes were drawn on."""
SPELLINGS = {"infiltrate": "infiltration"}
"""The box table's spelling → the entry table's."""
VIEWS = ("PA", "AP")


@dataclass(frozen=True)
class Entry:
    """One row of the entry table."""

    labels: tuple[str, ...]
    age: int | None = None
    sex: str = ""
    view: str = ""
    extent_mm: tuple[float, float] | None = None


def describe(path: Path) -> DatasetInfo:
    return DatasetInfo(
        slug="nih-chestxray14",
        title="NIH ChestX-ray14",
        version="2017",
        licence="Open, with attribution",
        attribution="NIH Clinical Center; Wang et al., ChestX-ray8, CVPR 2017",
        url="https://nihcc.app.box.com/v/ChestXray-NIHCC",
        access="open",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """Cases of all images that are there; one line tells how many are not.

    Raises:
        SourceProblem: neither table is there.
    """
    folder = path if path.is_dir() else path.parent
    problems: list[Problem] = []
    boxes = _boxes(_table(folder, BOX_TABLE), problems)
    entries = _entries(_table(folder, ENTRY_TABLE), problems)
    if not boxes and not entries:
        raise SourceProblem(f"{folder} holds neither {BOX_TABLE} nor {ENTRY_TABLE} with rows.")
    images = ImageFolders(folders)
    absent = 0
    for name in dict.fromkeys((*entries, *boxes)):
        try:
            file = images.find(name)
        except UnsafeName as error:
            yield Problem(name, f"The image's name {error}; the case was skipped.", "case")
            continue
        if file is None:
            absent += 1
            continue
        entry = entries.get(name) or Entry(labels=())
        findings = _findings(name, entry, boxes.get(name, {}), problems)
        yield ImportedCase(
            key=name,
            images=(ImportedImage(name, _source(file, entry)),),
            findings=findings,
            age=entry.age,
            sex=entry.sex,
        )
        yield from problems
        problems.clear()
    yield from problems
    if absent:
        yield Problem("images", f"{absent:,} images of the tables are not here.", "absent", absent)


def _table(folder: Path, pattern: str) -> Path | None:
    return next(iter(sorted(folder.glob(pattern))), None)


def _rows(table: Path | None, cells: int, problems: list[Problem]) -> Iterator[list[str]]:
    """Rows after the header with at least so many cells; shorter ones become problems."""
    if table is None:
        return
    with table.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
        reader = csv.reader(stream)
        next(reader, None)
        for row in reader:
            if len(row) >= cells and row[0].strip():
                yield row
            elif any(cell.strip() for cell in row):
                problems.append(
                    Problem(
                        f"{table.name}, line {reader.line_num}",
                        f"The row has {len(row)} cells instead of {cells}; it was skipped.",
                    )
                )


def _boxes(table: Path | None, problems: list[Problem]) -> dict[str, dict[str, list[Box]]]:
    """Image → label (case folded) → boxes, normalised."""
    found: dict[str, dict[str, list[Box]]] = {}
    for row in _rows(table, 6, problems):
        name, label = row[0].strip(), _spelled(row[1])
        try:
            x, y, width, height = (float(cell) / SIDE for cell in row[2:6])
            box = checked_box((x, y, x + width, y + height))
        except ValueError as error:
            what = (
                str(error)
                if str(error).startswith(("is", "holds", "lies", "has"))
                else ("is not four numbers")
            )
            problems.append(Problem(name, f"The box of “{row[1]}” {what}; it was left out."))
            continue
        found.setdefault(name, {}).setdefault(label, []).append(box)
    return found


def _spelled(label: str) -> str:
    folded = label.strip().casefold()
    return SPELLINGS.get(folded, folded)


def _entries(table: Path | None, problems: list[Problem]) -> dict[str, Entry]:
    return {row[0].strip(): _entry(row) for row in _rows(table, 7, problems)}


def _entry(row: list[str]) -> Entry:
    labels = tuple(_spelled(part) for part in row[1].split("|") if part.strip())
    view = row[6].strip().upper()
    return Entry(
        labels=tuple(label for label in labels if label != NO_FINDING),
        age=age_of(row[4]),
        sex=sex_of(row[5]),
        view=view if view in VIEWS else "",
        extent_mm=_extent(row[7:11]),
    )


def _extent(cells: list[str]) -> tuple[float, float] | None:
    """Height and width in mm: the published PNG were resampled, the extent was not."""
    try:
        width, height, column_mm, row_mm = (float(cell) for cell in cells)
    except ValueError:
        return None
    extent = (height * row_mm, width * column_mm)
    return extent if all(0 < side < 10_000 for side in extent) else None


def _source(file: Path, entry: Entry) -> Source:
    return Source((file,), view=entry.view, extent_mm=entry.extent_mm)


def _findings(
    name: str, entry: Entry, boxes: dict[str, list[Box]], problems: list[Problem]
) -> tuple[ImportedFinding, ...]:
    """One finding a taxonomy label; Nodule and Mass are one label and share a finding."""
    known = taxonomy.names_of("nih")
    sources: dict[str, list[str]] = {}
    for label in dict.fromkeys((*entry.labels, *boxes)):
        slug = known.get(label)
        if slug:
            sources.setdefault(slug, []).append(label)
        else:
            problems.append(
                Problem(name, f"The label “{label}” is not in the taxonomy; it was left out.")
            )
    return tuple(
        ImportedFinding(
            label=slug,
            source_label=", ".join(own),
            regions=tuple(
                ImportedRegion(box, reader="1") for label in own for box in boxes.get(label, ())
            ),
        )
        for slug, own in sources.items()
    )


IMPORTER = Importer(name="nih", describe=describe, read=read)
