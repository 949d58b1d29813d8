"""The first sheet of an Excel workbook (XLSX) as delimited text, within bounds.

It is read by calamine, which runs no formula and follows no link: cells are what they showed last.
"""

from __future__ import annotations

import csv
import re
import tempfile
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from cases.imaging.zipped import DAMAGED
from cases.importers.base import SourceProblem, cleaned

SUFFIX = ".xlsx"
PART = "xl/workbook.xml"
"""What the archive of every workbook holds."""
LARGEST = 256 << 20
"""Bytes of all parts, unpacked."""
MOST_ROWS, MOST_COLUMNS = 200_000, 500
MOST_CELLS = 20_000_000
"""From the first to the farthest cell: so many take memory, whether they hold something or not."""
TOO_FAR = "has more rows or columns than a table of studies."
CELL = re.compile(rb"""<c\b[^>]*?\br=["']([A-Z]{1,4})([0-9]{1,9})["'][^>]*(?<!/)>(?!</c>)""")
CHUNK = 1 << 20
OVERLAP = 300


def is_workbook(path: Path) -> bool:
    """Whether a file is one, by its name and what it holds."""
    if path.suffix.lower() != SUFFIX:
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return PART in archive.namelist()
    except (OSError, ValueError, *DAMAGED):
        return False


def as_text(path: Path) -> Path:
    """A file of comma-separated values beside no other, which goes with the process's own.

    Raises:
        SourceProblem: it is no workbook, locked, or far too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(one.file_size for one in archive.infolist()) > LARGEST:
                raise SourceProblem(f"{path.name} is far too large: save its sheet as CSV.")
            if any(_reaches_too_far(archive, one) for one in archive.namelist()):
                raise SourceProblem(f"{path.name} {TOO_FAR}")
        rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    except (OSError, ValueError, *DAMAGED, CalamineError, IndexError) as error:
        said = cleaned(str(error))[:100]
        raise SourceProblem(
            f"{path.name} cannot be read ({said}): save its sheet as CSV."
        ) from None
    if len(rows) > MOST_ROWS or max(map(len, rows), default=0) > MOST_COLUMNS:
        raise SourceProblem(f"{path.name} {TOO_FAR}")
    with tempfile.NamedTemporaryFile(
        "w", suffix=".csv", prefix="radgame-sheet-", newline="", encoding="utf-8", delete=False
    ) as stream:
        csv.writer(stream).writerows([_told(cell) for cell in row] for row in rows)
    return Path(stream.name)


def _reaches_too_far(archive: zipfile.ZipFile, part: str) -> bool:
    """Whether a sheet has a cell so far from its first that reading it would fill the memory."""
    if not part.startswith("xl/worksheets/") or not part.endswith(".xml"):
        return False
    rows = columns = 0
    with archive.open(part) as stream:
        text = b""
        while chunk := stream.read(CHUNK):
            text = text[-OVERLAP:] + chunk
            for letters, number in CELL.findall(text):
                rows = max(rows, int(number))
                columns = max(columns, _column(letters))
            if rows > MOST_ROWS or columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
                return True
    return False


def _column(letters: bytes) -> int:
    """The number of a column, from 1, by its letters: A, B, … Z, AA."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _told(cell: Any) -> str:
    """A cell as one reads it: whole numbers without a point, days without a time."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and not (cell.hour or cell.minute or cell.second):
        return cell.date().isoformat()
    if isinstance(cell, date | datetime):
        return cell.isoformat()
    return cleaned(str(cell)) if cell is not None else ""
