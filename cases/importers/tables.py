"""The tables that a data set comes with, as people's programs save them: delimited text and JSON.

Whatever cannot be read is told with its place; nothing is guessed where it could be wrong.
"""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from io import TextIOWrapper
from itertools import count
from pathlib import Path
from typing import Any

from cases.importers.base import SourceProblem

DELIMITERS = (",", ";", "\t", "|")
WINDOWS = "radgame-windows"
"""The name of the decoder's way with what is no UTF-8."""
LONGEST_LINE = 1 << 20
CHUNK = 1 << 20
LONGEST_ROW = 200
"""Lines that one row may take, where cells may hold line breaks."""
LONGEST_HEADING = 20
"""Lines that a row of headings may take."""
NO_TEXT = {
    b"PK": "a spreadsheet or an archive",
    b"\xd0\xcf\x11\xe0": "a spreadsheet",
    b"\x1f\x8b": "compressed",
}


@dataclass(frozen=True)
class Row:
    """One row of a table."""

    line: int
    """Where it begins, counted from 1."""
    cells: tuple[str, ...]
    """From the column that the table was asked for on; empty when the row is broken."""
    start: str = ""
    """Of a broken row what stands before the first delimiter."""

    @property
    def is_broken(self) -> bool:
        return not self.cells


@dataclass(frozen=True)
class Table:
    """A delimited text file whose header names a known column."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    """From the known column on, case folded."""
    skipped: int
    """Columns before the known one."""
    header_line: int

    def number(self, cell: str) -> float:
        """A cell's number; with a decimal comma where commas part no columns.

        Raises:
            ValueError: it is none.
        """
        return float(cell if self.delimiter == "," else cell.replace(",", "."))

    def rows(self, *, breaks: bool = False) -> Iterator[Row]:
        """All rows after the header that are not empty, broken ones too.

        `breaks` says that quoted cells may hold line breaks. A quote that is never closed
        costs its own line only.
        """
        with _text(self.path, self.encoding) as stream:
            lines = _numbered(stream)
            waiting: list[tuple[int, str]] = []
            while True:
                line, text = waiting.pop(0) if waiting else next(lines, (0, ""))
                if not text:
                    return
                cells = _cells(text, self.delimiter)
                if cells is None and breaks:
                    cells = self._joined(text, lines, waiting)
                if line <= self.header_line or (cells is not None and not "".join(cells).strip()):
                    continue
                if cells is None or len(cells) <= self.skipped:
                    yield Row(line, (), _first_cell(text, self.delimiter))
                else:
                    yield Row(line, tuple(cell.strip() for cell in cells[self.skipped :]))

    def _joined(
        self, text: str, lines: Iterator[tuple[int, str]], waiting: list[tuple[int, str]]
    ) -> list[str] | None:
        """The cells of a row over several lines; None, and the lines put back, when it is none."""
        for taken in range(1, LONGEST_ROW):
            if taken > len(waiting):
                following = next(lines, None)
                if following is None:
                    return None
                waiting.append(following)
            cells = _cells(text + "".join(one for _, one in waiting[:taken]), self.delimiter)
            if cells is not None and len(cells) == len(self.header) + self.skipped:
                del waiting[:taken]
                return cells
        return None


def files_like(folder: Path, pattern: str) -> list[Path]:
    """The files of a folder whose names fit a pattern in small letters, whatever theirs are."""
    return [
        path
        for path in sorted(folder.iterdir())
        if fnmatch(path.name.lower(), pattern) and path.is_file()
    ]


def only_file(folder: Path, *patterns: str) -> Path | None:
    """The one file of a folder that fits a pattern; None when there is none.

    Raises:
        SourceProblem: there are several.
    """
    found = list(dict.fromkeys(file for one in patterns for file in files_like(folder, one)))
    if len(found) > 1:
        names = " and ".join(file.name for file in found)
        raise SourceProblem(
            f"{folder} holds {names}: name the one that is meant, or leave it alone there."
        )
    return found[0] if found else None


def open_table(path: Path, column: str, *, whole: bool = False) -> Table:
    """A table by the column that its header must name, whatever parts its cells.

    `whole` takes the columns before it too; else they are cut off.

    Raises:
        SourceProblem: it is no text, empty, or has no such header; says which.
    """
    encoding = _encoding(path)
    with _text(path, encoding) as stream:
        for line, text in _numbered(stream):
            if not text.strip() or text.casefold().startswith("sep="):
                continue
            for delimiter in DELIMITERS:
                cells = [cell.strip().casefold() for cell in _cells(text, delimiter) or ()]
                if column.casefold() in cells:
                    at = 0 if whole else cells.index(column.casefold())
                    return Table(path, encoding, delimiter, tuple(cells[at:]), at, line)
            raise SourceProblem(
                f"{path.name} has no header: its first line should name the column “{column}” and "
                f"is “{text.strip()[:60]}”."
            )
    raise SourceProblem(f"{path.name} is empty: copy it again from its source.")


def whole_table(path: Path, *, has_header: bool = True) -> Table:
    """A table whatever its columns are called, parted by what parts most cells of its first line.

    Without a header its columns are called A, B, C as in a spreadsheet.

    Raises:
        SourceProblem: it is no text, or empty.
    """
    encoding = _encoding(path)
    with _text(path, encoding) as stream:
        for first, start in _numbered(stream):
            if not start.strip() or start.casefold().startswith("sep="):
                continue
            line, text = _whole_heading(first, start, stream)
            delimiter = _parting(text)[1]
            cells = [cell.strip().casefold() for cell in _cells(text, delimiter) or (text,)]
            if not has_header:
                cells, line = [column_name(at) for at in range(len(cells))], first - 1
            return Table(path, encoding, delimiter, tuple(cells), 0, line)
    raise SourceProblem(f"{path.name} is empty: copy it again from its source.")


def _parting(text: str) -> tuple[int, str]:
    """Into how many cells a row falls at most, and by which delimiter."""
    parted = ((len(_cells(text, one) or ()), one) for one in DELIMITERS)
    return max(parted, key=lambda pair: pair[0])


def _whole_heading(line: int, text: str, stream: TextIOWrapper) -> tuple[int, str]:
    """The first row with the lines that its quoted headings go on in, and the last one's number."""
    whole = text
    for last in range(line, line + LONGEST_HEADING):
        if _parting(whole)[0] > 1:
            return last, whole
        if whole.count('"') % 2 == 0:
            break
        whole += stream.readline(LONGEST_LINE)
    return line, text


def column_name(at: int) -> str:
    """What a spreadsheet calls a column that is counted from 0: A, B, … Z, AA."""
    name = ""
    at += 1
    while at:
        at, letter = divmod(at - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def json_of(path: Path) -> Any:
    """The document of a JSON file in UTF-8, 16 or 32, with or without a byte order mark.

    Raises:
        SourceProblem: it cannot be read, or is no JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise SourceProblem(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise SourceProblem(f"{path.name} is not readable JSON: {error}.") from None


def json_entries(path: Path) -> Iterator[tuple[str, Any]]:
    """The entries of a JSON list (with empty names) or object, read one after the other.

    Memory holds the largest entry, not the file.

    Raises:
        SourceProblem: it cannot be read, is no list or object, or ends or breaks amid it; what
            came before was well.
    """
    decoder = json.JSONDecoder()
    with _text(path, _encoding(path)) as stream:
        text, at = stream.read(CHUNK), 0
        while not text[at:].strip() and (more := stream.read(CHUNK)):
            text, at = more, 0
        at += len(text[at:]) - len(text[at:].lstrip())
        opening = text[at : at + 1]
        if opening not in ("[", "{"):
            raise SourceProblem(f"{path.name} is neither a JSON list nor an object.")
        text, name = text[at + 1 :], ""
        expects_name = is_object = opening == "{"
        while True:
            text = text.lstrip(" \t\r\n,:")
            if text[:1] == ("}" if is_object else "]"):
                return
            try:
                value, end = decoder.raw_decode(text)
                is_whole = end < len(text) and text[end] not in ".eE"  # of a number cut in two
            except (ValueError, RecursionError):
                is_whole = False
            if not is_whole:
                more = stream.read(max(CHUNK, len(text)))
                if not more:
                    raise SourceProblem(
                        f"{path.name} is cut off or no JSON near “{text[:40]}”: copy it again."
                    )
                text += more
                continue
            text = text[end:]
            if expects_name:
                name = str(value)
            else:
                yield name, value
            expects_name = is_object and not expects_name


def _encoding(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise SourceProblem(f"{path} cannot be read: {error.strerror}.") from None
    for beginning, what in NO_TEXT.items():
        if head.startswith(beginning):
            raise SourceProblem(f"{path.name} is {what}, not a text table: save it as CSV.")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" not in head:
        return "utf-8-sig"
    # Latin letters in UTF-16 without a mark have a NUL in every second byte.
    even, odd = head[::2].count(0), head[1::2].count(0)
    if min(even, odd) == 0 and max(even, odd) >= len(head) // 4:
        return "utf-16-be" if even else "utf-16-le"
    raise SourceProblem(f"{path.name} is not a text table: save it as CSV in UTF-8.")


def _text(path: Path, encoding: str) -> TextIOWrapper:
    return path.open(encoding=encoding, errors=WINDOWS if encoding == "utf-8-sig" else "replace")


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """What is no UTF-8 as Windows-1252, in which spreadsheets still save CSV; row by row, so that
    a table of both is read, too.
    """
    assert isinstance(error, UnicodeDecodeError)  # tables are read and never written
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(WINDOWS, _as_windows)


def _numbered(stream: TextIOWrapper) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; what exceeds the longest line comes as lines of its own."""
    for number in count(1):
        text = stream.readline(LONGEST_LINE)
        if not text:
            return
        yield number, text


def _cells(text: str, delimiter: str) -> list[str] | None:
    """The cells of one row; None when its quotes are broken or a cell is far too long."""
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _first_cell(text: str, delimiter: str) -> str:
    return text.split(delimiter, 1)[0].strip().strip('"').strip()
