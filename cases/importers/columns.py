"""Tables whose columns are known by name, in any order: rows as records, with their places."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cases.importers.base import Problem, SourceProblem
from cases.importers.tables import Table, files_like, open_table

TABLES = ("*.csv", "*.tsv", "*.txt")


@dataclass(frozen=True)
class Record:
    """One row by the names of its columns (case folded); a cell that is missing is empty."""

    where: str
    cells: Mapping[str, str]
    table: Table

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def numbers(self, *columns: str) -> list[float] | None:
        """The numbers of some cells; None where all are empty.

        Raises:
            ValueError: one is no finite number.
        """
        cells = [self[column] for column in columns]
        if not any(cells):
            return None
        numbers = [self.table.number(cell) for cell in cells]
        if not all(map(math.isfinite, numbers)):
            raise ValueError("not a finite number")
        return numbers


def records(
    path: Path, needed: Sequence[str], *, breaks: bool = False
) -> Iterator[Record | Problem]:
    """The rows of a table that names all the columns `needed`; a broken row is a problem.

    `breaks` says that cells may hold line breaks. The first needed column is the case's: a row
    without it is a problem too.

    Raises:
        SourceProblem: it is no table, or lacks a column; says which, and which there are.
    """
    table = open_table(path, needed[0], whole=True)
    absent = [column for column in needed if column not in table.header]
    if absent:
        raise SourceProblem(
            f"{path.name} lacks the column {' and '.join(f'“{name}”' for name in absent)}: its "
            f"columns are {', '.join(table.header)[:300]}."
        )
    width = len(table.header)
    for row in table.rows(breaks=breaks):
        where = f"{path.name}, line {row.line}"
        if row.is_broken or (len(row.cells) > width and any(row.cells[width:])):
            said = "The row's quotes are broken" if row.is_broken else "The row has too many cells"
            yield Problem(where, f"{said}; it was left out.")
            continue
        cells = dict(zip(table.header, row.cells, strict=False))
        if not cells.get(needed[0]):
            yield Problem(where, f"The row's “{needed[0]}” is empty; it was left out.")
        else:
            yield Record(where, cells, table)


def table_of(path: Path, *patterns: str) -> Path:
    """The file itself, or the one file of a folder that fits the first pattern that fits any.

    Raises:
        SourceProblem: there is none, or several.
    """
    found = tables_of(path, *patterns)
    if len(found) > 1:
        names = " and ".join(file.name for file in found[:3])
        raise SourceProblem(f"{path} holds {names}: name the one that is meant.")
    return found[0]


def tables_of(path: Path, *patterns: str) -> list[Path]:
    """As `table_of`, where there may be several.

    Raises:
        SourceProblem: there is none.
    """
    if path.is_file():
        return [path]
    for pattern in patterns:
        found = files_like(path, pattern)
        if found:
            return found
    raise SourceProblem(f"{path} holds no {' or '.join(patterns)}: name the file itself.")
