"""Why a finding is what it is, or a mark is not: the atlas completed with one case."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from ml import taxonomy
from ml.atlas.entries import Entry, entry, tell_apart
from ml.atlas.place import Place, contradicts, place_of

LONGEST_QUOTE = 200
FEWEST_WORDS = 3
"""A shorter piece of a report explains nothing."""


@dataclass(frozen=True)
class _Case:
    """What is known of the finding (or, for a false mark, of the mark)."""

    entry: Entry
    place: Place
    size: str
    """“about 12 mm across”, or empty."""
    quote: str
    """The report's sentence, or empty."""
    measured: str
    """“a cardiothoracic ratio of 0.58”, or empty."""
    called: Entry | None
    spots: frozenset[str] | None
    there: Entry | None

    @property
    def verb(self) -> str:
        drawn = taxonomy.labels()[self.entry.slug].mode == "draw"
        return "mark" if drawn else "name"

    @property
    def named(self) -> str:
        """“Fracture on the right side, about 12 mm across”."""
        name = f"{self.entry.name}{self.side_told}{self.where}"
        return f"{name}, {self.size}" if self.size else name

    @property
    def side_told(self) -> str:
        """“, convex to the left”, for labels whose side is no place."""
        if not self.entry.side or self.place.side not in ("left", "right"):
            return ""
        return f", {self.entry.side.format(side=self.place.side)}"

    @property
    def where(self) -> str:
        """“ in the right upper zone”, or empty."""
        return f" {self.place.phrase}" if self.place.phrase and not self.side_told else ""

    @property
    def told(self) -> str:
        """What the report says, as the end of a sentence."""
        if self.quote:
            return f"; the report says “{self.quote}”"
        return f"; the report gives {self.measured}" if self.measured else ""

    @property
    def look(self) -> str:
        return f"Look for {self.entry.look}."

    @property
    def compare(self) -> str:
        if self.entry.compare:
            return self.entry.compare
        if self.place.opposite:
            return f"Compare with the {self.place.opposite} side at the same height."
        if self.place.side == "bilateral":
            return "Both sides are involved, so compare each zone with the ones above and below."
        return "Compare both sides at the same height."


def explanation(
    label: str,
    *,
    side: str = "",
    location: str = "",
    size_mm: float | None = None,
    outcome: str = "missed",
    called: str = "",
    sentence: str = "",
    measured: str = "",
    spots: frozenset[str] | None = None,
    there: str = "",
) -> str:
    """Two to four sentences on a finding that was missed, taken for another, and so on.

    The side opposite to the finding's is named only as the one to compare with.

    Args:
        label: slug of the truth; of the learner's mark or tick where `outcome` is false.
        side: left, right, bilateral, or empty. Where empty, the location's own words count.
        location: words for the place, comma separated; of the mark for a false one.
        size_mm: largest size of the finding; said when above zero.
        outcome: one of `OUTCOMES`.
        called: slug the learner gave, for wrong_label.
        sentence: the report's words on the finding. Quoted (its first sentence) unless
            they name the other side. Not used for a false mark.
        measured: what `ml.atlas.measured` found in the report, said where it is not quoted.
        spots: `ml.atlas.spots.spots_of` a false mark; None where its place is not known.
        there: slug of the finding that lies where a false mark is; empty for none.

    Raises:
        ValueError: unknown label or outcome.
    """
    if outcome not in OUTCOMES:
        raise ValueError(f"Unknown outcome {outcome!r}: expected one of {', '.join(OUTCOMES)}.")
    known = entry(label)
    place = place_of(side, location, known.own)
    case = _Case(
        entry=known,
        place=place,
        size=_size(size_mm, known.measure),
        quote=_quote(sentence, place),
        measured=measured,
        called=entry(called) if called and called != label else None,
        spots=spots,
        there=entry(there) if there and there != label else None,
    )
    return " ".join(OUTCOMES[outcome](case))


def _missed(case: _Case) -> tuple[str, ...]:
    first = f"You did not {case.verb} {case.named}{case.told}."
    return first, case.look, case.compare, case.entry.tip


def _wrong_label(case: _Case) -> tuple[str, ...]:
    if case.called is None:
        first = f"The place is found, but the label is {case.named}{case.told}."
        return first, case.look, case.compare
    first = f"You called it {case.called.name}, but it is {case.named}{case.told}."
    tell = tell_apart(case.entry.slug, case.called.slug)
    if tell:
        return first, tell, case.look, case.compare
    other = f"{case.called.name} would instead give {case.called.look}."
    return first, case.look, other, case.compare


def _poorly_located(case: _Case) -> tuple[str, ...]:
    phrase = case.place.phrase
    place = phrase[1:-1] if phrase.startswith("(") else phrase
    where = ", ".join(part for part in (place, case.size) if part)
    own = "mark" if taxonomy.labels()[case.entry.slug].is_point else "box"
    first = f"{case.entry.name} is the correct label, but your {own} does not fit it"
    first += f": it is {where}" if where else ""
    second = (case.entry.box,) if case.entry.box else ()
    return f"{first}{case.told}.", *second, case.look, case.compare


def _false(case: _Case) -> tuple[str, ...]:
    where = case.side_told or case.where or (" here" if case.verb == "mark" else "")
    first = f"The truth of this case has no {case.entry.name}{where}"
    first += f"; what lies there is {case.there.name}" if case.there else ""
    tell = tell_apart(case.entry.slug, case.there.slug) if case.there else ""
    tell = tell or case.entry.mimic_at(case.spots).tell
    last = case.compare if case.place.opposite or case.entry.compare else case.entry.tip
    return f"{first}.", f"For this label, look for {case.entry.look}.", tell, last


def _duplicate(case: _Case) -> tuple[str, ...]:
    return f"You had already marked {case.named}.", "One mark for each place is enough."


def _hit(case: _Case) -> tuple[str, ...]:
    first = f"You found {case.named}{case.told}."
    return first, f"The picture to remember is {case.entry.look}.", case.entry.tip


OUTCOMES: dict[str, Callable[[_Case], tuple[str, ...]]] = {
    "missed": _missed,
    "wrong_label": _wrong_label,
    "poorly_located": _poorly_located,
    "false": _false,
    "duplicate": _duplicate,
    "hit": _hit,
}
"""Outcome → its sentences. The outcomes are those of `ml.localize.model`."""


def _size(size_mm: float | None, measure: str) -> str:
    if size_mm is None or not math.isfinite(size_mm) or size_mm < 0.5:
        return ""
    return f"about {size_mm:.0f} mm {measure}"


def _quote(sentence: str, place: Place) -> str:
    """The first sentence of a report's words, or nothing where it would mislead."""
    printable = "".join(c if c.isprintable() else " " for c in sentence)
    first = _first_sentence(" ".join(re.sub(r"[“”\"]", "'", printable).split()))
    fits = len(first) <= LONGEST_QUOTE and len(first.split()) >= FEWEST_WORDS
    return first if fits and not contradicts(place.side, first) else ""


def _first_sentence(text: str) -> str:
    """Up to the first stop; one before a small letter or digit ends no sentence ("approx. 3")."""
    for stop in re.finditer(r"[.!?…]+['’)]*\s+(?=(\S))", text):
        if not (stop[1].islower() or stop[1].isdigit()):
            text = text[: stop.start()]
            break
    return text.rstrip(".!?… ")
