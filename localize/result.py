"""What `Result.data` of the drawing game holds, as the scorer freezes it and the pages read it.

JSON in the database: results of earlier releases may lack what is marked as not required. Boxes
are ``x0, y0, x1, y1``, fractions of the image; `frame` counts from 0.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

Box = list[float]
Point = list[float]


class SliceRow(TypedDict):
    """The box of a finding on another frame of its stack."""

    frame: int
    box: Box


class ReaderBox(TypedDict):
    """What one reader of the data set drew."""

    reader: str
    box: Box


class Places(TypedDict):
    """Where a finding is shown; without an image where nobody boxed it."""

    image: str | None
    frame: int
    box: Box | None
    others: list[Box]
    slices: list[SliceRow]
    other_slices: NotRequired[list[SliceRow]]
    """Other readers' boxes on further frames; results of before have none."""
    readers: int
    """How many readers drew the finding, at whatever place."""
    reader_boxes: NotRequired[list[ReaderBox]]
    boxed_by: NotRequired[int]
    """How many of them drew this place."""
    point: NotRequired[Point | None]
    """The tip of a device, which the box is close around."""
    path: NotRequired[list[Point]]
    """The way to it, as far as it is known."""
    outline: NotRequired[list[Point]]
    """The corners of a finding's outline, which the box is around."""


class TruthRow(Places):
    """A region of a finding to draw, or a finding to name."""

    id: str
    finding: str
    label: str
    mode: str
    outcome: str
    iou: float | None
    mark: str | None
    """The mark it was paired with."""
    reader: str
    """Whose box decided."""
    sentence: str
    side: str
    location: str
    size_mm: float | None
    severity: str
    significance: str
    earned: NotRequired[float | None]
    possible: NotRequired[float | None]
    """Rule ``clinical``: what it earned of what it could."""
    because: NotRequired[str | None]
    """Rule ``clinical``: why it did not earn all of it."""
    distance: NotRequired[float | None]
    distance_unit: NotRequired[str]
    """Rule ``clinical``: from the mark to a device's tip, in ``mm`` or in the image's ``width``."""
    position: NotRequired[str]
    """Of a device: right, wrong, or empty where it is not known."""
    change: NotRequired[str]
    """Since the prior film: a word of `ml.localize.changed.CHANGES`, or empty where unknown."""
    said_change: NotRequired[str | None]
    """Rule ``clinical``: what was said of it; None where it was not asked."""


class VariantRow(Places):
    """A normal variant or pitfall of the film: no finding, told to who marked it."""

    id: str
    label: str
    sentence: str


class BeforePlace(TypedDict):
    """Where a finding lay on the prior film."""

    image: str
    frame: int
    box: Box
    outline: list[Point]


class BeforeRow(TypedDict):
    """A finding of the prior film, and what became of it: also *gone*."""

    label: str
    side: str
    sentence: str
    change: str
    places: list[BeforePlace]


class MarkRow(TypedDict):
    """A mark of the learner."""

    id: str
    label: str
    image: str
    frame: int
    box: Box
    confidence: int | None
    outcome: str
    iou: float | None
    truth: str | None
    """The region, or else the finding, that it was paired with."""
    point: NotRequired[Point | None]
    """Of a device: where it was said to end; the box is a small one around it."""
    position: NotRequired[str]
    """What was said of its position: right, wrong, or nothing."""
    change: NotRequired[str | None]
    """What was said of its change since the prior film; None where that was not asked."""
    cost: NotRequired[float | None]
    """Rule ``clinical``: what a false claim takes off."""


class TickRow(TypedDict):
    """A label ticked by the learner."""

    label: str
    outcome: str
    truth: str | None
    side: NotRequired[str]
    cost: NotRequired[float | None]


class HintRow(TypedDict):
    """A hint that was paid for."""

    text: str
    cost: float


class ResultData(TypedDict):
    """The whole of a result."""

    rule: str
    threshold: float
    score: float
    hits: int
    misses: int
    false_marks: int
    case_version: int
    truths: list[TruthRow]
    marks: list[MarkRow]
    ticked: list[TickRow]
    variants: NotRequired[list[VariantRow]]
    """Not among the truths, and not counted."""
    before: NotRequired[list[BeforeRow]]
    """What the prior film shows; empty where there is none, or nobody said."""
    hints: list[HintRow]
    earned: NotRequired[float | None]
    possible: NotRequired[float | None]
    cost: NotRequired[float]
    """Rule ``clinical``: the sums over findings and false claims."""
    normal: NotRequired[bool]
    normal_confidence: NotRequired[int | None]
    """Whether the film was called normal, and how sure the learner was, 1 to 5."""
    rule_name: NotRequired[str]
    arithmetic: NotRequired[str]
    """How the points came about, where that is more than hits, misses and false marks."""
