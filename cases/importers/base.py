"""What every importer yields, and the register of formats. Nothing here touches the database."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from cases.imaging import OLDEST, Source
from cases.imaging.packed import PackedLayers
from ml import taxonomy

Box = tuple[float, float, float, float]
Point = tuple[float, float]
EDGE = 0.005
"""How far (fraction of the image) a box may lie outside by rounding, and is then clipped."""
LONGEST_NAME = 300
UNTOLD = "Nothing says what it shows: mark its findings, or that it is normal."
"""Why a case of which nobody said anything waits."""
MOST_SERIES = 6
"""Of a case, that learners may be shown."""


@dataclass(frozen=True)
class Problem:
    """Something of the source that was left out or is in doubt: where, and one sentence."""

    where: str
    sentence: str
    kind: Literal["part", "case", "absent", "removed"] = "part"
    """What it is about: a part of a case, a whole case, cases whose images are not here, or what of
    the files' headers may tell who somebody is, and is not kept."""
    count: int = 1
    """How many, when one line tells of many."""


class Skipped(Problem):
    """A case that was read from its source and could not be stored."""


@dataclass(frozen=True)
class Removed(Problem):
    """What of the headers may tell who somebody is: none of it is kept."""

    elements: Mapping[str, int] = field(default_factory=dict)
    """How many of each kind there were, by the keyword of DICOM; never a value."""


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
class Series:
    """A stack of a study that has, or may have, several."""

    key: str
    """The same at each import of the same files; tells nothing."""
    told: str
    """As a curator is told of it: series 4, CT, axial, 120 slices."""


@dataclass(frozen=True)
class ImportedImage:
    name: str
    """The data set's own name of the image."""
    source: Source
    study: Literal["current", "prior"] = "current"
    study_label: str = ""
    """What learners are told of a prior study, such as "2 years ago"."""
    series: Series | None = None
    is_spare: bool = False
    """Whether it is taken only where a curator chose its series (`cases.series`)."""


@dataclass(frozen=True)
class ImportedRegion:
    box: Box
    image: int = 0
    """Position of the image in the case."""
    frame: int = 0
    reader: str = ""
    alternate: bool = False
    shape: Literal["box", "point", "polygon"] = "box"
    points: tuple[Point, ...] = ()
    """As of `cases.models.Region`; `box` is then the one around the tip or the outline."""


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
    position: str = ""
    """Of a device: right, wrong, or empty where nobody judged it."""
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
    problems: tuple[Problem, ...] = ()
    """What its truth lacks: with any, it is for a curator to see before learners do."""
    unmapped: tuple[ImportedFinding, ...] = ()
    """What the source names and the taxonomy has not, by `source_label`."""
    knows_findings: bool = True
    """False where the source names no findings at all: then none means nothing."""
    patient: str = ""
    """The source's own name of the patient; of it only a pseudonym is kept (`cases.patients`)."""
    split: str = ""
    """The source's own part of the data set, such as train."""
    offered: str = ""
    """A value of `Case.Split`, of a new case; empty for practice."""
    explanation: str = ""
    """A curator's words on the case, of a new one."""
    before: tuple[ImportedFinding, ...] = ()
    """What the prior film shows, and in `progression` what became of it; *gone* for what went."""
    behind: Path | PackedLayers | None = None
    """Of a simulated case: what lies behind its first image (`cases.behind`)."""
    is_held: bool = False
    """Whether its source held it in review, though its truth may lack nothing."""

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


def contradicted(records: Iterable[tuple[str, Any]]) -> set[str]:
    """Names that occur again with something else said of them: neither alone is the whole truth."""
    first: dict[str, Any] = {}
    return {name for name, said in records if name and first.setdefault(name, said) != said}


def twice(where: str) -> Problem:
    """What a case lacks whose name is `contradicted`."""
    return Problem(where, "It occurs again, and something else is said of it there; left out.")


def each_of(where: str, read: Callable[[], Iterable[Item]]) -> list[Item]:
    """What one record yields; an error that nobody foresaw costs this record only."""
    try:
        return list(read())
    except Exception as error:  # any fault of an importer, before a malformed record
        sentence = f"It could not be read ({type(error).__name__}: {error}); it was skipped."
        return [Problem(where, cleaned(sentence), "case")]


MODULES = {
    "padchest-gr": "padchest_gr",
    "nih": "nih",
    "simulated": "simulated",
    "dicom": "dicom",
    "vindr": "vindr",
    "rsna": "rsna",
    "siim": "siim",
    "chestx-det": "chestx_det",
    "ms-cxr": "ms_cxr",
    "chexlocalize": "chexlocalize",
    "object-cxr": "object_cxr",
    "openi": "openi",
    "montgomery": "montgomery",
    "rexgradient": "rexgradient",
    "mimic-cxr": "mimic_cxr",
    "chexpert-plus": "chexpert_plus",
    "radgame": "radgame",
    "coco": "coco",
    "cvat": "cvat",
    "label-studio": "label_studio",
    "pack": "pack",
}


def importers() -> list[str]:
    """The names of all formats."""
    return list(MODULES)


def importer_named(name: str) -> Importer:
    """The importer of a format; KeyError when there is none."""
    module = import_module(f"cases.importers.{MODULES[name]}")
    return module.IMPORTER  # type: ignore[no-any-return]


def checked_box(value: Any) -> Box:
    """A normalized box ``x0 y0 x1 y1``.

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
    if x0 > x1 or y0 > y1:
        raise ValueError("is reversed: its right or lower edge comes first, so it has no area")
    if x0 >= x1 or y0 >= y1:
        raise ValueError("has no area")
    return (x0, y0, x1, y1)


def age_of(value: Any) -> int | None:
    """Whole years of ``58``, ``"058Y"`` or ``"58.0"``; `OLDEST` for all over 89.

    None when absent or beyond 120.
    """
    text = str(value if value is not None else "").strip().upper()
    per_year = {"M": 12, "W": 52, "D": 365}.get(text[-1:], 1)
    try:
        years = float(text.rstrip("YMWD")) / per_year
    except ValueError:
        return None
    return min(int(years), OLDEST) if 0 <= years <= 120 else None


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


def told(name: str) -> str:
    """A file's name as a page may show it: any text, without what no page and database holds."""
    plain = "".join(letter if letter.isprintable() else " " for letter in cleaned(name))
    return plain if len(plain) <= LONGEST_NAME else f"…{plain[1 - LONGEST_NAME :]}"
