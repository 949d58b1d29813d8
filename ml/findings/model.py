"""What a report says of one finding, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Presence = Literal["present", "absent", "uncertain"]
Span = tuple[int, int]


@dataclass(frozen=True)
class Finding:
    """One statement about one finding at one place.

    A statement that names two places (the left base and the right apex) gives two
    findings with the same span.
    """

    label: str
    """Slug of the taxonomy."""
    presence: Presence
    """`uncertain` for a hedged statement."""
    side: str = ""
    """left, right, bilateral, midline, or empty when unsaid."""
    zone: str = ""
    """A name of ``zones.csv``, or empty when unsaid."""
    severity: str = ""
    """A word of ``severity.csv``, or empty when unsaid."""
    size_mm: float | None = None
    """The largest diameter said."""
    certainty: str = "certain"
    """certain, probable or possible. One of two alternatives ("scar or atelectasis") is present
    and probable."""
    change: str = ""
    """new, increased, decreased, stable, resolved, or empty when unsaid."""
    descriptors: tuple[str, ...] = ()
    """Words that describe it, as in the table of modifiers, in the order of the text."""
    positions: tuple[str, ...] = ()
    """Of a device: where its tip is said to lie, as `ml.devices` names it."""
    span: Span = (0, 0)
    """[start, end) of its words in the text as given."""
    explains: Span | None = None
    """Span of the finding that this one explains ("opacity suggesting pneumonia"), is an
    alternative to ("scar or atelectasis"), or names more generally (its own span)."""

    def to_json(self) -> dict[str, Any]:
        """The keys of ``python -m ml extract``; what is unsaid is null."""
        return {
            "label": self.label,
            "presence": self.presence,
            "side": self.side or None,
            "zone": self.zone or None,
            "severity": self.severity or None,
            "size_mm": self.size_mm,
            "certainty": self.certainty,
            "change": self.change or None,
            "positions": list(self.positions),
            "span": list(self.span),
        }
