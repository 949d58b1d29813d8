"""What every importer yields, and the register of formats. Nothing here touches the database."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from cases.imaging import Source
from ml import taxonomy

Box = tuple[float, float, float, float]
EDGE = 0.005
"""How far (fraction of the image) a box may lie outside by rounding, and is then clipped."""


@dataclass(frozen=True)
class Problem:
    """Something of the source that was left out: where, and one sentence."""

    where: str
    sentence: str
    kind: Literal["part", "case", "absent"] = "part"
    """What was left out: a part of a case, a whole case, or cases whose images are not here."""
    count: int = 1
    """How many, when one line tells of many."""


class SourceProblem(Exception):
    """The source as a whole cannot be read; the message is a sentence."""


@dataclass(frozen=True)
class DatasetInfo:
    slug: str
    title: str
    version: str = ""
    licence: str = ""
    attribution: str = ""
    url: str = ""
    access: str = "registered"
    """A value of `Dataset.Access`."""
    simulated: bool = False


@dataclass(frozen=True)
class ImportedImage:
    name: str
    """The data set's own name of the image."""
    source: Source
    study: Literal["current", "prior"] = "current"
    study_label: str = ""
    """What learners are told of a prior study, such as "2 years ago"."""


@dataclass(frozen=True)
class ImportedRegion:
    box: Box
    image: int = 0
    """Position of the image in the case."""
    frame: int = 0
    reader: str = ""
    alternate: bool = False


@dataclass(frozen=True)
class ImportedFinding:
    label: str
    """A slug of the taxonomy."""
    source_label: str = ""
    side: str = ""
    location: str = ""
    size_mm: float | None = None
    severity: str = ""
    progression: str = ""
    significance: str = ""
    """Empty for the label's default."""
    sentence: str = ""
    conspicuity: float | None = None
    regions: tuple[ImportedRegion, ...] = ()


@dataclass(frozen=True)
class ImportedReport:
    language: str = "en"
    findings: str = ""
    impression: str = ""


@dataclass(frozen=True)
class ImportedCase:
    key: str
    """The data set's own name of the study; with the data set it identifies the case."""
    images: tuple[ImportedImage, ...]
    findings: tuple[ImportedFinding, ...] = ()
    reports: tuple[ImportedReport, ...] = ()
    age: int | None = None
    sex: str = ""
    indication: str = ""
    comparison: str = ""

    @property
    def has_truth_boxes(self) -> bool:
        """False when a finding that should be drawn has no box."""
        return all(finding.regions for finding in self.findings if _is_drawn(finding.label))


def _is_drawn(slug: str) -> bool:
    label = taxonomy.labels().get(slug)
    return label is not None and label.mode == "draw"


Item = ImportedCase | Problem


@dataclass(frozen=True)
class Importer:
    """One format: its data set, and how its files are read."""

    name: str
    describe: Callable[[Path], DatasetInfo]
    read: Callable[[Path, tuple[Path, ...]], Iterator[Item]]
    """From the source and the image folders; raises SourceProblem when it is not the format."""
    folders: Callable[[Path], tuple[Path, ...]] = field(
        default=lambda path: (path if path.is_dir() else path.parent,)
    )
    """Where the images are looked for when no folder is named."""


MODULES = {"padchest-gr": "padchest_gr", "nih": "nih", "simulated": "simulated"}


def importers() -> list[str]:
    """The names of all formats."""
    return list(MODULES)


def importer_named(name: str) -> Importer:
    """The importer of a format; KeyError when there is none."""
    module = import_module(f"cases.importers.{MODULES[name]}")
    return module.IMPORTER  # type: ignore[no-any-return]


def checked_box(value: Any) -> Box:
    """A normalised box ``x0 y0 x1 y1``.

    Raises:
        ValueError: not four finite numbers, outside the image, or without area; says which.
    """
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        raise ValueError("is not four numbers")
    if any(isinstance(side, bool) or not isinstance(side, (int, float)) for side in value):
        raise ValueError("is not four numbers")
    try:
        sides = [float(side) for side in value]
    except OverflowError:  # a whole number of hundreds of digits
        sides = [math.inf]
    if not all(math.isfinite(side) for side in sides):
        raise ValueError("holds a value that is not a finite number")
    if min(sides) < -EDGE or max(sides) > 1 + EDGE:
        raise ValueError("lies outside the image")
    x0, y0, x1, y1 = (min(1.0, max(0.0, side)) for side in sides)
    if x0 >= x1 or y0 >= y1:
        raise ValueError("has no area")
    return (x0, y0, x1, y1)


def age_of(value: Any) -> int | None:
    """Whole years of ``58``, ``"058Y"`` or ``"58.0"``; None when absent or beyond 120."""
    text = str(value if value is not None else "").strip().upper()
    per_year = {"M": 12, "W": 52, "D": 365}.get(text[-1:], 1)
    try:
        years = float(text.rstrip("YMWD") or "nan") / per_year
    except ValueError:
        return None
    return int(years) if 0 <= years <= 120 else None


def sex_of(value: Any) -> str:
    text = str(value or "").strip().upper()[:1]
    return text if text in ("F", "M", "O") else ""


def text_of(record: Mapping[str, Any], key: str) -> str:
    """A text field that any database can hold; anything but text counts as empty."""
    value = record.get(key)
    return cleaned(value) if isinstance(value, str) else ""


def cleaned(text: str) -> str:
    """Without NUL, lone surrogates and outer spaces."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8").strip()
