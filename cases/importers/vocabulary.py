"""Each data set's own words for findings → labels of the taxonomy.

A set has a column of `ml/data/taxonomy.csv`, a table ``labels/NAME.csv`` (columns `label` and
`slug`; an empty slug is a word that is no finding of the game) or both; the table goes first.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from ml import taxonomy

FOLDER = Path(__file__).parent / "labels"


def folded(word: str) -> str:
    """A word as it is compared: letters in one case, parts joined by one blank."""
    return " ".join(word.replace("_", " ").split()).casefold()


@cache
def vocabulary(name: str = "", column: str = "") -> Mapping[str, str]:
    """Folded word → slug, of a table, a column or both; empty for what is no finding."""
    known = {folded(word): slug for word, slug in taxonomy.names_of(column).items()}
    table = FOLDER / f"{name}.csv"
    if table.exists():
        with table.open(newline="", encoding="utf-8") as stream:
            known |= {folded(row["label"]): row["slug"] for row in csv.DictReader(stream)}
    return MappingProxyType(known)


@cache
def own_words() -> Mapping[str, str]:
    """What a project of one's own may call findings: slugs, names and synonyms of the taxonomy."""
    known: dict[str, str] = {}
    for slug, label in taxonomy.labels().items():
        names = (slug, label.name, *(one for names in label.names.values() for one in names))
        for word in names:
            known.setdefault(folded(word), slug)
    for slug, label in taxonomy.labels().items():
        known[folded(slug)] = known[folded(label.name)] = slug
    known |= {folded(word): "" for word in ("No finding", "Normal", "")}
    return MappingProxyType(known)
