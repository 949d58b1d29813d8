"""What a curator is asked before an upload is imported, and what they answered.

A table's columns are guessed by their headings and by whether their cells name studies or files
that came with it. Questions hold what stands in tables, so they are kept no longer than files.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from cases.importers.base import SourceProblem, cleaned
from cases.importers.studies.headings import KEYS, ROLES, guessed
from cases.importers.studies.rows import names_in
from cases.importers.studies.sheet import first_rows

SHOWN = 8
"""Rows of a table that a page shows."""
LOOKED_AT = 200
"""Rows by which columns are guessed."""
MOST_COLUMNS = 40
LONGEST_CELL = 200
MOST_STUDIES = 100
"""Studies with several stacks that are asked about; of others the usual one is taken."""
MOST_SERIES = 600
"""Series of all those studies together: with the columns of tables, what one form may hold."""
MOST_TABLES = 8
TOO_MANY_TABLES = f"More than {MOST_TABLES} tables came: upload this one with its own films."


@dataclass(frozen=True)
class Answers:
    """What a curator said of an upload."""

    table: int | None = None
    """Which of its tables is taken, in their order; None: none is."""
    columns: Mapping[str, int] = field(default_factory=dict)
    """What the columns of that table stand for."""
    has_header: bool = True
    series: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Of studies the keys of the series to take, the first one first."""

    def as_json(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "columns": dict(self.columns),
            "has_header": self.has_header,
            "series": {study: list(keys) for study, keys in self.series.items()},
        }


def answers_of(said: Mapping[str, Any] | None) -> Answers | None:
    """The answers that `Answers.as_json` wrote; None where nobody answered."""
    if said is None:
        return None
    columns = {role: at for role, at in said.get("columns", {}).items() if role in ROLES}
    return Answers(said.get("table"), columns, said.get("has_header", True), said.get("series", {}))


def table_question(path: Path, name: str, known: Container[tuple[str, str]]) -> dict[str, Any]:
    """What is asked of one table: its first rows, and what its columns may stand for.

    `known` are the names that studies and pictures go by, as `names_in` gives them.
    """
    try:
        rows, count = first_rows(path, LOOKED_AT + 1)
    except SourceProblem as problem:
        return {"name": name, "problem": str(problem)}
    width = min(MOST_COLUMNS, max(map(len, rows), default=0))
    rows = [row[:width] for row in rows]
    # One that is not headings names a study or file itself.
    has_header = not any(_matches(row, known) for row in rows[:1])
    body = rows[has_header:]
    counts = {key: [0] * width for key in KEYS}
    for row in body:
        for key, at in _matches(row, known):
            counts[key][at] += 1
    header = [cell.casefold() for cell in rows[0]] if has_header and rows else [""] * width
    shown = rows[: SHOWN + 1]
    return {
        "name": name,
        "rows": [[cleaned(cell)[:LONGEST_CELL] for cell in row] for row in shown],
        "matches": [[f"{key} {at}" for key, at in _matches(row, known)] for row in shown],
        "width": width,
        "count": max(0, count - has_header),
        "has_header": has_header,
        "columns": guessed([*header, *[""] * (width - len(header))], len(body), counts),
    }


def studies_asked(studies: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first of these studies, as many as one page can ask about."""
    counts = accumulate(len(one["series"]) for one in studies)
    fitting = sum(count <= MOST_SERIES for count in counts)
    return list(studies[: min(fitting, MOST_STUDIES)])


def _matches(row: Sequence[str], known: Container[tuple[str, str]]) -> list[tuple[str, int]]:
    return [
        (key, at)
        for at in range(len(row))
        for key in KEYS
        if any(name in known for name in names_in(row, {key: at}))
    ]
