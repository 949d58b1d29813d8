"""The recipes of `manage.py fetch_cases`, as ``cases/recipes.toml`` has them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

OWN = "own"
TABLE = Path(__file__).parents[1] / "recipes.toml"


@dataclass(frozen=True)
class Recipe:
    """What is fetched under a name, and what it is good for."""

    name: str
    title: str
    teaches: str
    attribution: str
    url: str
    status: str
    """Of its new cases: a draft where somebody has to say first what a film shows."""
    format: str = "dicom"
    """The importer that reads it."""
    licence: str = ""
    """Empty where the index of the Imaging Data Commons holds it."""
    collection: str = ""
    """Of the Imaging Data Commons."""
    modalities: tuple[str, ...] = ()
    truth: str = ""
    """The analysis whose segmentations and reports come along; or `OWN`, the collection's."""
    only_read: bool = False
    """Whether only studies with such a truth are taken, of collections that have far more."""
    tables: tuple[str, ...] = ()
    """Addresses of what says what the files show, fetched as they are, always all."""
    files: tuple[str, ...] = ()
    """Addresses of archives, in place of a collection."""


@cache
def recipes() -> Mapping[str, Recipe]:
    """All recipes by name."""
    with TABLE.open("rb") as stream:
        tables = tomllib.load(stream)
    return MappingProxyType({name: _recipe(name, entry) for name, entry in tables.items()})


def _recipe(name: str, entry: dict[str, object]) -> Recipe:
    lists = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
    return Recipe(name, **(entry | lists))  # type: ignore[arg-type]
