"""The recipes of `manage.py fetch_cases`, as ``cases/recipes.toml`` has them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

OWN = "own"
SIMULATOR = "simulator"
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
    """The importer that reads it; or `SIMULATOR`, for what simulated films are made from."""
    licence: str = ""
    series: int = 0
    """Of images, in all; 0 of archives."""
    gigabytes: float = 0.0
    """Of all of them with their truth; 0 where nobody says."""
    collection: str = ""
    """Of the Imaging Data Commons."""
    modalities: tuple[str, ...] = ()
    truth: str = ""
    """The analysis whose segmentations and reports come along; or `OWN`, the collection's."""
    beside: tuple[str, ...] = ()
    """Modalities of the same persons' studies that ``--beside`` takes along."""
    beside_truth: str = ""
    """The analysis that says what those show."""
    only_read: bool = False
    """Whether only studies with such a truth are taken, of collections that have far more."""
    truth_kinds: tuple[str, ...] = ("SEG", "SR", "RTSTRUCT")
    """Modalities of the objects of the truth that are taken."""
    by_study: bool = False
    """Whether `--count` counts studies, of which every series is taken."""
    usual: int | None = None
    """The count where none is given; None for all."""
    tables: tuple[str, ...] = ()
    """Addresses of what says what the files show, fetched as they are, always all."""
    files: tuple[str, ...] = ()
    """Addresses of archives, in place of a collection."""

    @property
    def size(self) -> str:
        """How much there is of it, in words."""
        if self.files:
            return f"{len(self.files)} archive{'s' if len(self.files) > 1 else ''}"
        all_of_it = f", {self.gigabytes:g} GB" if self.gigabytes else ""
        unit = "studies" if self.by_study else "series"
        said = f"{self.series:,} series{all_of_it}"
        if self.beside:
            said += f"; with --beside the {' and '.join(self.beside)} of the same persons, far more"
        return f"{said}; {self.usual} {unit} where no count is given" if self.usual else said

    @property
    def command(self) -> str:
        """What fetches some of it."""
        some = " --count 10" if self.collection else ""
        return f"python manage.py fetch_cases {self.name}{some}"


@cache
def recipes() -> Mapping[str, Recipe]:
    """All recipes by name."""
    with TABLE.open("rb") as stream:
        tables = tomllib.load(stream)
    return MappingProxyType({name: _recipe(name, entry) for name, entry in tables.items()})


def _recipe(name: str, entry: dict[str, object]) -> Recipe:
    lists = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
    return Recipe(name, **(entry | lists))  # type: ignore[arg-type]
