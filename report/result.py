"""What `Result.data` of the writing game holds, as the scorer freezes it and the pages read it.

JSON in the database: results of earlier releases may lack what is marked as not required. A span
is ``start, end`` in the text as it was written, the end not included; boxes are ``x0, y0, x1, y1``,
fractions of the image; `frame` counts from 0. The parts are what `ml.evaluate.schema`,
`ml.crimson` and `ml.style.model` give as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

Span = list[int]


class FindingRow(TypedDict):
    """A finding of the reference or of the learner's text."""

    id: str
    finding: str
    clinical_significance: str
    label: str | None
    spans: list[Span]
    reason: str
    """Why it weighs what it weighs."""
    side: str | None
    name: str
    """The finding in the project's words, with its side."""


class MatchRow(TypedDict):
    """Two findings that speak of the same thing."""

    ref_id: str
    pred_id: str


class MistakeRow(TypedDict):
    """One thing that a matched finding says wrongly."""

    ref_id: str
    pred_id: str
    severity: str
    error_types: list[str]
    explanation: str


class ErrorsData(TypedDict):
    """The three kinds of error; findings by their ids."""

    false_findings: list[str]
    missing_findings: list[str]
    attribute_errors: list[MistakeRow]


class NoteRow(TypedDict):
    """What the learner is told of one finding or one pair."""

    kind: str
    ref_id: str | None
    pred_id: str | None
    clinical_significance: str
    explanation: str
    suggestion: str
    error_types: list[str]
    severity: str
    reference_spans: list[Span]
    candidate_spans: list[Span]


class UnreadRow(TypedDict):
    """Words of the learner's text that no rule understands."""

    words: str
    span: Span
    advice: str


class EvaluationData(TypedDict):
    """The comparison of the two texts."""

    engine: str
    version: str
    model: str | None
    reference_findings: list[FindingRow]
    predicted_findings: list[FindingRow]
    matched_findings: list[MatchRow]
    errors: ErrorsData
    notes: list[NoteRow]
    remarks: list[str]
    unread: NotRequired[list[UnreadRow]]
    void: NotRequired[str]
    """Why the text earns no points whatever the reference says."""


class TermRow(TypedDict):
    """What one finding adds to the CRIMSON score or takes off."""

    kind: str
    finding_id: str
    weight: float
    error_weight: float
    value: float


class CrimsonData(TypedDict):
    """The CRIMSON score and the sums behind it."""

    raw: float
    points: float
    reference_weight: float
    credit: float
    false_weight: float
    terms: list[TermRow]


class EvidenceRow(TypedDict):
    """Where the text does, or fails to do, what a part of the style asks for."""

    what: str
    name: str
    spans: list[Span]


class PartData(TypedDict):
    """One part of the style, from 0 to 1."""

    score: float
    recommendation: str
    evidence: list[EvidenceRow]


class StyleData(TypedDict):
    """The style of the text, from 0 to 100 points."""

    points: float
    coverage: PartData
    organization: PartData
    communication: NotRequired[PartData]


class RegionRow(TypedDict):
    """A place of the case, to show where a missed finding lies."""

    label: str
    side: str
    image: str
    frame: int
    box: list[float]
    point: NotRequired[Sequence[float] | None]
    """Of a device: its tip, ``x, y``."""
    path: NotRequired[Sequence[Sequence[float]] | None]
    outline: NotRequired[Sequence[Sequence[float]] | None]


class ReportData(TypedDict):
    """The whole of a result."""

    engine: str
    version: str
    language: str
    case_version: int
    text: str
    reference: str
    raw: float
    """CRIMSON, -1 to 1."""
    score: float
    """Points, 0 to 100."""
    unanswered: NotRequired[bool]
    """Whether time ran out on an empty page."""
    share: NotRequired[float]
    """What part of a normal study is described, 0 to 1, where time ran out."""
    crimson: CrimsonData
    evaluation: EvaluationData
    style: StyleData
    regions: list[RegionRow]
