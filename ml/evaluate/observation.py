"""One finding of one text with everything the comparison looks at."""

from __future__ import annotations

from dataclasses import dataclass

from ml import devices
from ml.devices import Verdict

Span = tuple[int, int]
BILATERAL = frozenset({"left", "right"})
DEPTHS = frozenset({"anterior", "posterior"})
"""Descriptors that say where something lies."""


@dataclass(frozen=True)
class Observation:
    """Everything a text says of one finding, from one mention or several."""

    concept: str
    """Slug of the taxonomy, or a finer or vaguer concept of `specificity.csv`."""
    label: str
    """Slug of the taxonomy."""
    sides: frozenset[str]
    """Of left, right, midline; both sides for a bilateral finding; empty when unsaid."""
    zones: frozenset[str]
    """Names of `zones.csv`; empty when unsaid."""
    severities: tuple[str, ...]
    """Severity words as the text has them, mildest first; empty when unsaid."""
    sizes_mm: tuple[float, ...]
    certain: bool
    """False for a hedged finding."""
    changes: frozenset[str]
    """Of new, increased, decreased, stable, resolved."""
    descriptors: frozenset[str]
    parts: frozenset[str]
    """Numbered parts named with it, such as rib 7 or T9."""
    words: str
    """The words of its first mention."""
    spans: tuple[Span, ...]
    also: frozenset[str] = frozenset()
    """Concepts that the text gives as its possible cause or as an alternative name."""
    rivals: frozenset[tuple[str, str]] = frozenset()
    """(concept, label) of the alternatives that one hedged statement names, itself among them;
    empty where it names fewer than two."""
    places: frozenset[tuple[str, str]] = frozenset()
    """(side, zone) as they are said together: the right upper and the left lower lobe."""
    positions: frozenset[str] = frozenset()
    """Of a device: where its tip is said to lie, as `ml.devices` names it."""
    doubtful: bool = False
    """Whether it is only possible, or not excluded: less than probable."""
    at_odds: bool = False
    """Of a device: whether its mentions give its tip positions that exclude each other."""
    sentences: tuple[str, ...] = ()
    """The sentences of its mentions, each once, for rules that look at words near by."""

    @property
    def verdict(self) -> Verdict | None:
        """What the position of a device means; None where nothing is said of it."""
        distance = min(self.sizes_mm, default=None)
        return devices.judged(self.concept, sorted(self.positions), distance)

    @property
    def is_astray(self) -> bool:
        """Whether it is a device that is said to lie where it should not."""
        return self.verdict is not None and self.verdict.judgment != "right"

    @property
    def is_bare(self) -> bool:
        """Whether it is only named, without place, degree, size, form or change."""
        told = (self.sides, self.zones, self.severities, self.sizes_mm)
        return not any((*told, self.descriptors, self.changes))

    @property
    def has_place(self) -> bool:
        """Whether it is said where it lies: a side, a zone, a numbered part, front or back."""
        return bool(self.sides or self.zones or self.parts or self.descriptors & DEPTHS)
