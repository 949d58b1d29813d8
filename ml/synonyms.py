"""Other words for the labels, as people type them, and short names for narrow columns.

The table is `ml/data/synonyms.csv`, our own list: `slug, short, synonyms`, the synonyms
separated by ``|``. A label without a short name is called by its own.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from ml import taxonomy

TABLE = Path(__file__).parent / "data" / "synonyms.csv"


@dataclass(frozen=True)
class Words:
    """What else a label is called."""

    short: str
    """A name for a narrow column; the label's own name where there is none."""
    synonyms: tuple[str, ...]


@cache
def words() -> Mapping[str, Words]:
    """The words of every label by slug, in the order of the taxonomy.

    Raises:
        ValueError: a row names no label of the taxonomy, or a label twice.
    """
    with TABLE.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    given: dict[str, Words] = {}
    for row in rows:
        slug = row["slug"]
        if slug not in taxonomy.labels() or slug in given:
            raise ValueError(f"{TABLE.name}: {slug!r} is no label of the taxonomy, or named twice.")
        given[slug] = Words(row["short"], tuple(filter(None, row["synonyms"].split("|"))))
    return MappingProxyType(
        {
            slug: Words(given[slug].short or label.name, given[slug].synonyms)
            if slug in given
            else Words(label.name, ())
            for slug, label in taxonomy.labels().items()
        }
    )
