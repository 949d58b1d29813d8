"""The labels of the game: draw or select, equivalence groups, each data set's names for them.

The table is `ml/data/taxonomy.csv`. Columns `slug, name, mode, group,
default_significance`; every further column is one data set's name (or names,
separated by ``|``) for the label.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

Mode = Literal["draw", "select"]
TABLE = Path(__file__).parent / "data" / "taxonomy.csv"
CORE_COLUMNS = ("slug", "name", "mode", "group", "default_significance")
SIGNIFICANCES = ("urgent", "actionable", "minor", "benign")


@dataclass(frozen=True)
class Label:
    """One entry of the taxonomy."""

    slug: str
    name: str
    mode: Mode
    group: str
    """Labels of one group stand for each other when a mark is scored."""
    default_significance: str
    """One of `SIGNIFICANCES`."""
    names: Mapping[str, tuple[str, ...]]
    """Data set column → that data set's names for this label."""


@cache
def labels() -> Mapping[str, Label]:
    """All labels by slug, in the order of the table."""
    with TABLE.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return MappingProxyType({row["slug"]: _label(row) for row in rows})


def _label(row: dict[str, str]) -> Label:
    if row["mode"] not in ("draw", "select"):
        raise ValueError(f"{TABLE.name}: label {row['slug']} has mode {row['mode']!r}")
    if row["default_significance"] not in SIGNIFICANCES:
        raise ValueError(
            f"{TABLE.name}: label {row['slug']} has significance {row['default_significance']!r}"
        )
    names = {
        column: tuple(part.strip() for part in value.split("|"))
        for column, value in row.items()
        if column not in CORE_COLUMNS and value
    }
    return Label(
        slug=row["slug"],
        name=row["name"],
        mode=row["mode"],  # type: ignore[arg-type]
        group=row["group"],
        default_significance=row["default_significance"],
        names=MappingProxyType(names),
    )


def group_of(slug: str) -> str:
    """The equivalence group of a label; an unknown string is a group of its own."""
    label = labels().get(slug)
    return label.group if label else slug


@cache
def names_of(dataset: str) -> Mapping[str, str]:
    """A data set's label names (case folded) → slug; the first label of the table wins."""
    found: dict[str, str] = {}
    for label in labels().values():
        for name in label.names.get(dataset, ()):
            found.setdefault(name.casefold(), label.slug)
    return MappingProxyType(found)
