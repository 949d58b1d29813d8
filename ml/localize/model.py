"""What goes into scoring the drawing game and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ml import taxonomy
from ml.boxes import Box

Rule = Literal["clinical", "standard", "radgame"]
RULES = ("clinical", "standard", "radgame")
SCORER_VERSION = "8"
RADGAME_THRESHOLD = 0.3

Point = tuple[float, float]
"""``x, y``, normalized to the image, origin top left."""
POSITIONS = ("right", "wrong")
"""What may be said of where a device lies."""


@dataclass(frozen=True)
class Alternate:
    """Another reader's box, which may stand in for a region."""

    box: Box
    reader: str = ""
    id: str = ""
    frame: int | None = None
    """Its frame of a stack; None: the region's."""
    point: Point | None = None
    """The tip, where the other reader marked a device by it."""


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
    point: Point | None = None
    """The tip of a device, which is what has to be found; the box is then one around it."""


@dataclass(frozen=True)
class Truth:
    """One finding of the case. Without regions, or in mode ``select``, it has only to be named."""

    id: str
    label: str
    mode: taxonomy.Mode
    regions: tuple[Region, ...] = ()
    significance: str = ""
    """One of `taxonomy.SIGNIFICANCES`; empty: the label's own. For rule ``clinical`` only."""
    side: str = ""
    """left, right, bilateral, or empty: then no side is asked."""
    position: str = ""
    """Of a device, one of `POSITIONS`, or empty: then it is not asked."""
    change: str = ""
    """Since a prior film, one of `changed.CHANGES`, or empty: then it is not asked."""

    @property
    def is_drawn(self) -> bool:
        return self.mode == "draw" and bool(self.regions)


@dataclass(frozen=True)
class Mark:
    """A box the learner drew, or a point with a small box around it.

    `confidence` is 1 to 5 where it was asked for; `position` is of `POSITIONS`, or empty.
    """

    id: str
    label: str
    box: Box
    image: str = ""
    frame: int = 0
    confidence: int | None = None
    point: Point | None = None
    side: str = ""
    position: str = ""
    change: str | None = None
    """What is said of the change since a prior film; empty: nothing, None: it was not asked."""


@dataclass(frozen=True)
class Tick:
    """One ticked finding; `side` is left, right, bilateral, or empty where it was not asked."""

    label: str
    side: str = ""


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
    earned: float | None = None
    possible: float | None = None
    """Rule ``clinical``: weight that it earned, of the weight it has."""
    because: str = ""
    """Rule ``clinical``: what it lost by, a key of `LOSSES`; empty where nothing was lost."""
    distance: float | None = None
    """Rule ``clinical``: from the mark to a device's tip, in mm where the image's size is known in
    mm, else in widths of the image."""
    said_change: str | None = None
    """Rule ``clinical``: what was said of a change that is known; None where nobody was asked."""


@dataclass(frozen=True)
class MarkOutcome:
    """hit · duplicate · poorly_located · wrong_label · false, of one mark."""

    mark: str
    label: str
    outcome: str
    iou: float | None = None
    truth: str | None = None
    region: str | None = None
    cost: float = 0.0
    """Rule ``clinical``: what the claim takes off."""


@dataclass(frozen=True)
class TickOutcome:
    """hit · poorly_located (named, but it has to be drawn) · false, of one ticked finding."""

    label: str
    outcome: str
    truth: str | None = None
    side: str = ""
    cost: float = 0.0


LOSSES = (
    "missed",
    "side",
    "position",
    "unsaid_position",
    "change",
    "unsaid_change",
    "label",
    "vague_label",
    "place",
    "extent",
)


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
    earned: float | None = None
    possible: float | None = None
    cost: float = 0.0
    """Rule ``clinical``: the weights earned and possible, and what false claims took off."""


def score_of(hits: float, misses: float, false_marks: float) -> float:
    """100 · hits / (hits + misses + false marks); a normal case left unmarked scores 100."""
    total = hits + misses + false_marks
    return 100.0 * hits / total if total else 100.0
