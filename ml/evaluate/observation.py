"""One finding of one text with everything the comparison looks at."""

from __future__ import annotations

from dataclasses import dataclass

Span = tuple[int, int]
BILATERAL = frozenset({"left", "right"})


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
    sentence: str = ""
    """The sentences of its mentions, for rules that look at words near by."""
