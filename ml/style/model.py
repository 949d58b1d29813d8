"""What the style score says, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Span = tuple[int, int]


@dataclass(frozen=True)
class Evidence:
    """Why a part has its score: a region that was covered, or a habit that was found."""

    what: str
    """Slug of the region or of the rule."""
    name: str
    """The same in words for the page."""
    spans: tuple[Span, ...]
    """Where in the text, as [start, end) offsets; empty for a region not covered."""


@dataclass(frozen=True)
class Part:
    """One half of the style score."""

    score: float
    """0, 0.5 or 1."""
    evidence: tuple[Evidence, ...]
    recommendation: str
    """One concrete thing to do better; empty at 1."""

    def to_json(self) -> dict[str, Any]:
        return {
            "score": self.score,
            "recommendation": self.recommendation,
            "evidence": [
                {"what": item.what, "name": item.name, "spans": [list(s) for s in item.spans]}
                for item in self.evidence
            ],
        }


@dataclass(frozen=True)
class Style:
    """The parts of the style score."""

    coverage: Part
    organization: Part
    communication: Part | None = None
    """What is said to whom; None where nothing of it is due, or no reference is known."""

    @property
    def points(self) -> float:
        """The mean of the parts in [0, 100]."""
        parts = [p for p in (self.coverage, self.organization, self.communication) if p]
        return 100.0 * sum(part.score for part in parts) / len(parts)

    def to_json(self) -> dict[str, Any]:
        return {
            "points": self.points,
            "coverage": self.coverage.to_json(),
            "organization": self.organization.to_json(),
            **({"communication": self.communication.to_json()} if self.communication else {}),
        }
