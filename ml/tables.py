"""The rule tables of the text engines, read once: what a curator can open and change."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of ``ml/data/NAME.csv`` in their order, every value stripped.

    ValueError names a row with too few or too many cells.
    """
    with (DATA / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
        found = []
        for line, row in enumerate(csv.DictReader(stream), start=2):
            if None in row or None in row.values():
                raise ValueError(f"{name}.csv, line {line}: the number of cells is wrong")
            found.append({key: value.strip() for key, value in row.items()})
    return tuple(found)


def number(row: dict[str, str], column: str) -> float | None:
    """A cell as a number, or None when it is empty."""
    return float(row[column]) if row[column] else None
