"""NIH ChestX-ray14: labels mined from reports, and boxes for 880 of its images.

Wang et al., "ChestX-ray8", CVPR 2017. Both tables have headers of more cells than columns,
so columns are taken by position.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
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
    each_of,
    sex_of,
)
from cases.importers.folders import ImageFolders, NameProblem
from cases.importers.tables import Table, only_file, open_table
from ml import taxonomy

TABLES = {"boxes": "*bbox_list_2017*", "entries": "*data_entry_2017*"}
"""Names of the tables, in any case of letters."""
SUFFIXES = (".csv", ".tsv", ".txt")
FIRST_COLUMN = "Image Index"
BOX_CELLS, ENTRY_CELLS = 6, 7
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
    is_normal: bool = False
    """Whether the row says "No Finding"."""
    age: int | None = None
    sex: str = ""
    view: str = ""
    extent_mm: tuple[float, float] | None = None


@dataclass
class Reading:
    """What the two tables say, and by image what of it could not be read."""

    entries: dict[str, Entry] | None = None
    """None without an entry table."""
    boxes: dict[str, dict[str, list[Box]]] = field(default_factory=dict)
    """Image → label (case folded) → boxes, normalized."""
    problems: dict[str, list[Problem]] = field(default_factory=dict)

    def note(self, name: str, where: str, sentence: str) -> None:
        self.problems.setdefault(name, []).append(Problem(where, sentence))


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
        SourceProblem: neither table is there, or one cannot be read.
    """
    reading = _reading(path)
    images = ImageFolders(folders)
    yield from images.problems()
    absent = 0
    for name in dict.fromkeys((*(reading.entries or ()), *reading.boxes)):
        problems = tuple(reading.problems.pop(name, ()))
        try:
            file = images.find(name)
        except NameProblem as error:
            yield Problem(name, f"The image's name {error}; the case was skipped.", "case")
            continue
        if file is None:
            absent += 1
            continue
        yield from each_of(name, partial(_case, name, file, reading, problems))
    for left in reading.problems.values():
        yield from left
    if absent:
        yield Problem("images", f"{absent:,} images of the tables are not here.", "absent", absent)


def _reading(path: Path) -> Reading:
    tables = {role: _table(path, pattern) for role, pattern in TABLES.items()}
    if not any(tables.values()):
        raise SourceProblem(f"{path} holds neither {' nor '.join(TABLES.values())} as CSV.")
    reading = Reading()
    if tables["entries"]:
        reading.entries = {}
        _read_entries(open_table(tables["entries"], FIRST_COLUMN), reading)
    if tables["boxes"]:
        _read_boxes(open_table(tables["boxes"], FIRST_COLUMN), reading)
    if not reading.entries and not reading.boxes and not reading.problems:
        names = " and ".join(table.name for table in tables.values() if table)
        raise SourceProblem(f"{names}: there are no rows after the header.")
    return reading


def _table(path: Path, pattern: str) -> Path | None:
    """The named file where it is this table, else the one of the folder."""
    if path.is_file() and not any(_is_table(path, one) for one in TABLES.values()):
        raise SourceProblem(f"{path.name} is named like neither {' nor '.join(TABLES.values())}.")
    if _is_table(path, pattern):
        return path
    folder = path if path.is_dir() else path.parent
    return only_file(folder, *(f"{pattern}{suffix}" for suffix in SUFFIXES))


def _is_table(path: Path, pattern: str) -> bool:
    name = path.name.lower()
    return fnmatch(name, pattern) and name.endswith(SUFFIXES) and path.is_file()


def _rows(table: Table, least: int, reading: Reading) -> Iterator[tuple[str, list[str], str]]:
    """Image, cells and place of each row; rows that are too short or broken become problems."""
    for row in table.rows():
        where = f"{table.path.name}, line {row.line}"
        if row.is_broken:
            reading.note(row.start, where, "The row's quotes are broken; it was left out.")
        elif len(row.cells) < least or not row.cells[0]:
            said = f"The row has {len(row.cells)} cells instead of {least}"
            said = said if row.cells[0] else "The row names no image"
            reading.note(row.cells[0], where, f"{said}; it was left out.")
        else:
            yield row.cells[0], list(row.cells), where


def _read_boxes(table: Table, reading: Reading) -> None:
    for name, row, where in _rows(table, BOX_CELLS, reading):
        boxes = reading.boxes.setdefault(name, {}).setdefault(_spelled(row[1]), [])
        try:
            x, y, width, height = (table.number(cell) / SIDE for cell in row[2:BOX_CELLS])
        except ValueError:
            reading.note(name, where, f"The box of “{row[1]}” is not four numbers; left out.")
            continue
        try:
            boxes.append(checked_box((x, y, x + width, y + height)))
        except ValueError as error:
            reading.note(name, where, f"The box of “{row[1]}” {error}; it was left out.")


def _spelled(label: str) -> str:
    folded = label.strip().casefold()
    return SPELLINGS.get(folded, folded)


def _read_entries(table: Table, reading: Reading) -> None:
    entries = reading.entries
    assert entries is not None
    for name, row, where in _rows(table, ENTRY_CELLS, reading):
        entry = _entry(row, table)
        if name not in entries:
            entries[name] = entry
        elif entries[name] != entry:
            reading.note(name, where, "A second row says something else of it; left out.")


def _entry(row: list[str], table: Table) -> Entry:
    labels = tuple(_spelled(part) for part in row[1].split("|") if part.strip())
    view = row[6].upper()
    return Entry(
        labels=tuple(label for label in labels if label != NO_FINDING),
        is_normal=NO_FINDING in labels,
        age=age_of(row[4]),
        sex=sex_of(row[5]),
        view=view if view in VIEWS else "",
        extent_mm=_extent(row[7:11], table),
    )


def _case(
    name: str, file: Path, reading: Reading, problems: tuple[Problem, ...]
) -> Iterator[ImportedCase]:
    entry = (reading.entries or {}).get(name)
    boxes = reading.boxes.get(name, {})
    findings = _findings(entry.labels if entry else (), boxes)
    entry = entry or Entry(labels=())
    yield ImportedCase(
        key=name,
        images=(ImportedImage(name, _source(file, entry)),),
        findings=findings,
        age=entry.age,
        sex=entry.sex,
        patient=name.partition("_")[0] if "_" in name else "",
        problems=(*problems, *_contradictions(name, reading)),
    )


def _contradictions(name: str, reading: Reading) -> Iterator[Problem]:
    """Why the labels of an image are not believed to be all of them."""
    if reading.entries is None:
        return
    entry = reading.entries.get(name)
    if entry is None:
        yield Problem(name, "The entry table has no readable row of it: labels may be missing.")
    elif entry.is_normal and (entry.labels or name in reading.boxes):
        yield Problem(name, "It has “No Finding” and findings at once.")
    elif not entry.is_normal and not entry.labels:
        yield Problem(name, "Its row names no label, not even “No Finding”.")


def _extent(cells: list[str], table: Table) -> tuple[float, float] | None:
    """Height and width in mm: the published PNG were resampled, the extent was not."""
    try:
        width, height, column_mm, row_mm = (table.number(cell) for cell in cells)
    except ValueError:
        return None
    extent = (height * row_mm, width * column_mm)
    return extent if all(0 < side < 10_000 for side in extent) else None


def _source(file: Path, entry: Entry) -> Source:
    return Source((file,), view=entry.view, usual_view="FRONTAL", extent_mm=entry.extent_mm)


def _findings(labels: tuple[str, ...], boxes: dict[str, list[Box]]) -> tuple[ImportedFinding, ...]:
    """One finding a taxonomy label; Nodule and Mass are one label and share a finding."""
    known = taxonomy.names_of("nih")
    sources: dict[tuple[str, str], list[str]] = {}
    for label in dict.fromkeys((*labels, *boxes)):
        slug = known.get(label, "")
        sources.setdefault((slug, "" if slug else label), []).append(label)
    return tuple(
        ImportedFinding(
            label=slug,
            source_label=", ".join(own),
            regions=tuple(
                ImportedRegion(box, reader="1") for label in own for box in boxes.get(label, ())
            ),
        )
        for (slug, _), own in sources.items()
    )


IMPORTER = Importer(name="nih", describe=describe, read=read)
