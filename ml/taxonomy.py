"""The labels of the game: draw or select, equivalence groups, each data set's names for them.

The table is `ml/data/taxonomy.csv`. Columns `slug, name, mode, group, clinical_group,
default_significance, implies, compatible, parts, sided, point, variant`; every further column is
one data set's name (or names, separated by ``|``) for the label, or its RadLex ids. `group` is that
of rule ``standard`` and of the published app, `clinical_group` that of rule ``clinical``: no
labels there whose consequences differ. `default_significance` is that of the last row of
`ml/data/significance.csv` (a test).
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
CORE_COLUMNS = (
    *("slug", "name", "mode", "group", "clinical_group"),
    *("default_significance", "implies", "compatible", "parts", "sided", "point", "variant"),
)
SIGNIFICANCES = ("urgent", "actionable", "minor", "benign")


@dataclass(frozen=True)
class Label:
    """One entry of the taxonomy."""

    slug: str
    name: str
    mode: Mode
    group: str
    """Labels of one group stand for each other when a mark is scored."""
    clinical_group: str
    """Labels of one clinical group say the same to whoever treats the patient."""
    implies: tuple[str, ...]
    """Labels that hold wherever this one does: vaguer names of it, and what comes with it."""
    compatible: tuple[str, ...]
    """Labels that may well be meant for the same thing, without following from it."""
    is_in_parts: bool
    """Whether it spreads, or comes in pieces that are marked together or one by one."""
    is_sided: bool
    """Whether a ticked one is asked with its side."""
    is_point: bool
    """Whether it is marked by where it ends: devices with a tip."""
    is_variant: bool
    """Whether it is a normal variant or a pitfall: explained, never asked."""
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
        clinical_group=row["clinical_group"],
        implies=_slugs(row["implies"]),
        compatible=_slugs(row["compatible"]),
        is_in_parts=row["parts"] == "yes",
        is_sided=row["sided"] == "yes",
        is_point=row["point"] == "yes",
        is_variant=row["variant"] == "yes",
        default_significance=row["default_significance"],
        names=MappingProxyType(names),
    )


@cache
def variants() -> tuple[str, ...]:
    """The labels of normal variants and pitfalls: a film that has nothing else is a normal one."""
    return tuple(label.slug for label in labels().values() if label.is_variant)


def is_variant(slug: str) -> bool:
    """Whether a label is a normal variant or a pitfall; an unknown string is not."""
    return slug in variants()


def _slugs(cell: str) -> tuple[str, ...]:
    return tuple(filter(None, cell.split("|")))


def group_of(slug: str) -> str:
    """The equivalence group of a label; an unknown string is a group of its own."""
    label = labels().get(slug)
    return label.group if label else slug


def clinical_group_of(slug: str) -> str:
    """The group of a label under rule ``clinical``; an unknown string is a group of its own."""
    label = labels().get(slug)
    return label.clinical_group if label else slug


@cache
def implied_by(slug: str) -> frozenset[str]:
    """The clinical groups that hold wherever a label does, its own left out."""
    found: set[str] = set()
    ahead = [slug]
    while ahead:
        label = labels().get(ahead.pop())
        for parent in label.implies if label else ():
            group = clinical_group_of(parent)
            if group not in found and group != clinical_group_of(slug):
                found.add(group)
                ahead.append(parent)
    return frozenset(found)


@cache
def are_compatible(one: str, other: str) -> bool:
    """Whether one label implies the other, or both may be meant for the same thing."""
    groups = clinical_group_of(one), clinical_group_of(other)
    if groups[1] in implied_by(one) or groups[0] in implied_by(other):
        return True
    pairs = ((one, groups[1]), (other, groups[0]))
    return any(group in _compatible_groups(slug) for slug, group in pairs)


def _compatible_groups(slug: str) -> set[str]:
    label = labels().get(slug)
    return {clinical_group_of(other) for other in label.compatible} if label else set()


@cache
def names_of(dataset: str) -> Mapping[str, str]:
    """A data set's label names (case folded) → slug; the first label of the table wins."""
    found: dict[str, str] = {}
    for label in labels().values():
        for name in label.names.get(dataset, ()):
            found.setdefault(name.casefold(), label.slug)
    return MappingProxyType(found)
