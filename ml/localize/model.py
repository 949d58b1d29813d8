"""What goes into scoring the drawing game and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ml import taxonomy
from ml.boxes import Box

Rule = Literal["standard", "radgame"]
RULES = ("standard", "radgame")
SCORER_VERSION = "2"
RADGAME_THRESHOLD = 0.3


@dataclass(frozen=True)
class Alternate:
    """Another reader's box, which may stand in for a region."""

    box: Box
    reader: str = ""
    id: str = ""
    frame: int | None = None
    """Its frame of a stack; None: the region's."""


@dataclass(frozen=True)
class Slice:
    """Where one place shows on one further frame of a stack."""

    frame: int
    box: Box


@dataclass(frozen=True)
class Region:
    """One place a finding is at, and the boxes of other readers that may stand in for it."""

    id: str
    box: Box
    image: str = ""
    frame: int = 0
    reader: str = ""
    alternates: tuple[Alternate, ...] = ()
    slices: tuple[Slice, ...] = ()
    """The same place on other frames of a stack."""


@dataclass(frozen=True)
class Truth:
    """One finding of the case. Without regions, or in mode ``select``, it has only to be named."""

    id: str
    label: str
    mode: taxonomy.Mode
    regions: tuple[Region, ...] = ()

    @property
    def is_drawn(self) -> bool:
        return self.mode == "draw" and bool(self.regions)


@dataclass(frozen=True)
class Mark:
    """One box the learner drew; `confidence` is 1 to 5 where it was asked for."""

    id: str
    label: str
    box: Box
    image: str = ""
    frame: int = 0
    confidence: int | None = None


@dataclass(frozen=True)
class TruthOutcome:
    """hit · poorly_located · wrong_label · missed, of one region (or of a finding without).

    `iou` is that of the mark it was paired with, `reader` whose box was matched.
    """

    truth: str
    region: str | None
    label: str
    outcome: str
    iou: float | None = None
    mark: str | None = None
    reader: str = ""


@dataclass(frozen=True)
class MarkOutcome:
    """hit · duplicate · poorly_located · wrong_label · false, of one mark."""

    mark: str
    label: str
    outcome: str
    iou: float | None = None
    truth: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class TickOutcome:
    """hit · poorly_located (named, but it has to be drawn) · false, of one ticked finding."""

    label: str
    outcome: str
    truth: str | None = None


@dataclass(frozen=True)
class Result:
    """What a rule says of one answer. `score` is 0 to 100.

    `truths` holds one row a region, or one for a finding that has only to be named;
    `marks` one row a mark in the order given; `ticks` one row a different ticked label.
    """

    rule: str
    score: float
    hits: int
    misses: int
    false_marks: int
    truths: tuple[TruthOutcome, ...]
    marks: tuple[MarkOutcome, ...]
    ticks: tuple[TickOutcome, ...] = field(default=())


def score_of(hits: float, misses: float, false_marks: float) -> float:
    """100 · hits / (hits + misses + false marks); a normal case left unmarked scores 100."""
    total = hits + misses + false_marks
    return 100.0 * hits / total if total else 100.0
