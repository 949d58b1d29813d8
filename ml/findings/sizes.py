"""Sizes in a sentence, and whether they are of this study or of an earlier one.

A size is of an earlier study when a word beside it says so ("previously 3 cm", "3 cm before",
"was 3 cm"), and nothing between says that it is of this one. Of two sizes joined by "to" the
second counts: a range ascends, and what changed has the size that it changed to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ml.findings.context import Sentence
from ml.findings.tokens import SEPARATOR

SIZE, EARLIER, MOVE = "size", "earlier size", "move"
UNITS_MM = {
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre", "millimetres"), 1.0),
    **dict.fromkeys(("milimetro", "milimetros"), 1.0),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), 10.0),
    **dict.fromkeys(("centimetro", "centimetros", "zentimeter", "cms"), 10.0),
}
NUMBER = re.compile(r"\d{1,6}(?:[.,]\d{1,6})?")
LARGEST_MM = 500.0
TO = frozenset({"to", "a", "bis", "auf", "para"})
BY = TO | {"x", "by", "por", "×", "mal", "sur"}
NEAR = 4
"""Words between a size and the one that says when it was."""
BOUNDS = frozenset((",", ";", ":", "(", ")", SEPARATOR))
NO_TIME = frozenset(("not", "no", "as", "since"))
"""Words behind a size, after which an "earlier" is not said of it: "8 mm, not seen before"."""


@dataclass(frozen=True)
class Size:
    """A measurement at the tokens [start, end)."""

    start: int
    end: int
    mm: float
    kind: str
    """A size of now, an earlier one, or a move: no size of a device, but one of all else."""


def sizes_of(sentence: Sentence) -> Iterator[Size]:
    """Every measurement; of ``2 x 3 cm`` the larger, of ``from 3 to 1 cm`` the last."""
    found = list(_sizes_in(sentence.words))
    for number, (start, end, mm) in enumerate(found):
        before = found[number - 1][1] if number else 0
        after = found[number + 1][0] if number + 1 < len(found) else len(sentence.words)
        changes = not TO.isdisjoint(sentence.words[start:end])
        if _is_of_a_move(sentence, start, end, before):
            kind = MOVE
        elif _told_before(sentence, start, before, changes) or _told_behind(sentence, end, after):
            kind = EARLIER
        else:
            kind = SIZE
        yield Size(start, end, mm, kind)


def _is_of_a_move(sentence: Sentence, start: int, end: int, stop: int) -> bool:
    """Whether it may say by how much a device is moved: "withdraw it by 3 cm"."""
    if end < len(sentence.words) and sentence.is_one_of("moved", end):
        return True
    for place in range(start - 1, max(stop, start - NEAR) - 1, -1):
        if sentence.words[place] in BOUNDS:
            return False
        if sentence.is_one_of("moved", place):
            return True
    return False


def _told_before(sentence: Sentence, start: int, stop: int, changes: bool) -> bool:
    """Whether the words in front of a size say that it is of an earlier study.

    The "from" of what `changes` is that of its first size, and the last is asked for.
    """
    for place in range(start - 1, max(stop, start - 1 - NEAR) - 1, -1):
        if sentence.words[place] in BOUNDS or sentence.is_one_of("now", place):
            return False
        if sentence.is_one_of("former", place):
            return not changes
        if sentence.is_one_of("earlier", place):
            return True
    return False


def _told_behind(sentence: Sentence, end: int, stop: int) -> bool:
    for place in range(end, min(stop, end + NEAR)):
        word = sentence.words[place]
        if word in BOUNDS or word in NO_TIME or word in TO:
            return False
        if sentence.is_one_of("former", place) or sentence.is_one_of("now", place):
            return False
        if sentence.is_one_of("earlier", place):
            return True
    return False


def _sizes_in(words: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """Start, end and millimeters of every measurement."""
    place = 0
    while place < len(words):
        if not words[place][:1].isdigit():
            place += 1
            continue
        sizes, end = _measured(words, place)
        if sizes and 0 < max(sizes) <= LARGEST_MM:
            yield place, end, max(sizes)
        place = max(end, place + 1)


def _measured(words: Sequence[str], place: int) -> tuple[list[float], int]:
    """The millimeters of ``2 x 3 cm``, ``2 cm x 3`` or ``8 to 10 mm``, and where they end.

    A number has the unit that follows it or the next one, else the one before; none without any.
    Of what is joined by "to" only what stands behind it is given. ``2 cm to the left`` is no
    size but a way.
    """
    numbers: list[float] = []
    units: list[float] = []
    first = 0
    while place < len(words) and NUMBER.fullmatch(words[place]):
        numbers.append(float(words[place].replace(",", ".")))
        place += 1
        if place < len(words) and words[place] in UNITS_MM:
            units += [UNITS_MM[words[place]]] * (len(numbers) - len(units))
            place += 1
        if place >= len(words) or words[place] not in BY:
            break
        if words[place] in TO:
            first = len(numbers)
        place += 1
    else:
        return [], place
    units += units[-1:] * (len(numbers) - len(units))
    sizes = [number * unit for number, unit in zip(numbers, units, strict=bool(units))]
    return sizes[first:], place
