"""Side, zone, severity, size, change and descriptors: which finding each word belongs to.

A sentence is cut between neighboring findings, at the last word that joins them (and, with,
a comma, a word such as "suggesting"). What stands on a finding's part of the sentence belongs
to it. A finding without a place takes that of a neighbor it is joined to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ml.findings.context import LIST_GAP, Sentence
from ml.findings.lexicon import Modifier, Term
from ml.findings.patterns import Match

UNITS_MM = {
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre", "millimetres"), 1.0),
    **dict.fromkeys(("milimetro", "milimetros"), 1.0),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), 10.0),
    **dict.fromkeys(("centimetro", "centimetros", "cms"), 10.0),
}
LARGEST_MM = 500.0
BY = frozenset({"x", "by", "por", "×"})
ONE_SIDED_ZONES = {"middle lobe": "right", "lingula": "left"}
MIDLINE_LABELS = frozenset(
    (
        *("cardiomegaly", "pericardial_effusion", "mediastinal_widening", "aortic_enlargement"),
        *("tortuous_aorta", "aortic_calcification", "hiatal_hernia", "degenerative_spine"),
        *("scoliosis", "osteopenia", "pneumomediastinum", "pneumoperitoneum", "copd"),
        *("pulmonary_hypertension", "hyperinflation", "hypoinflation", "emphysema"),
    )
)
"""Findings that take no side or zone from a neighbor in the sentence."""

NO_ZONE_LABELS = frozenset(
    (
        *("cardiomegaly", "pericardial_effusion", "aortic_enlargement", "tortuous_aorta"),
        *("aortic_calcification", "degenerative_spine", "scoliosis", "osteopenia", "fracture"),
        *("heart_device", "catheter", "tube", "surgical_material", "postoperative_change"),
        *("prosthesis", "hiatal_hernia", "pneumoperitoneum", "elevated_diaphragm"),
    )
)
"""Findings outside the lungs: a zone said near them is that of something else."""


@dataclass
class Attributes:
    """What one part of a sentence says of its finding."""

    places: list[tuple[str, str]] = field(default_factory=list)
    """(side, zone), either empty, in the order of the text."""
    severity: str = ""
    size_mm: float | None = None
    change: str = ""
    descriptors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Said:
    """A modifier where it stands."""

    start: int
    end: int
    kind: str
    value: str


def sizes_in(words: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """Start, end and millimeters of every measurement; of ``2 x 3 cm`` the larger."""
    place = 0
    while place < len(words):
        numbers, end = _numbers(words, place)
        if numbers and end < len(words) and words[end] in UNITS_MM:
            size = max(numbers) * UNITS_MM[words[end]]
            if 0 < size <= LARGEST_MM:
                yield place, end + 1, size
        place = max(end, place + 1)


def _numbers(words: Sequence[str], place: int) -> tuple[list[float], int]:
    found: list[float] = []
    while place < len(words) and words[place][0].isdecimal() and words[place][-1].isdecimal():
        found.append(float(words[place].replace(",", ".")))
        place += 1
        if (
            place < len(words)
            and words[place] in UNITS_MM
            and words[place + 1 : place + 2] == ["x"]
        ):
            place += 1
        if place + 1 < len(words) and words[place] in BY and words[place + 1][0].isdecimal():
            place += 1
            continue
        break
    return found, place


def attributes_of(
    sentence: Sentence, findings: Sequence[Match[Term]], modifiers: Sequence[Match[Modifier]]
) -> list[Attributes]:
    """The attributes of each finding of a sentence, in the same order."""
    said = [item for modifier in modifiers for item in _said(modifier)]
    said += [Said(a, b, "size", str(size)) for a, b, size in sizes_in(sentence.words)]
    said.sort(key=lambda item: item.start)
    parts = _parts(sentence, findings, said)
    found = []
    for finding, (start, end) in zip(findings, parts, strict=True):
        inside = [item for item in said if start <= item.start < end]
        found.append(_attributes(finding, inside))
    _share(sentence, findings, found)
    return found


def _said(match: Match[Modifier]) -> Iterator[Said]:
    """A modifier; a `place` such as ``right/upper lobe`` is a side and a zone."""
    kind, value = match.value.kind, match.value.value
    if kind == "place":
        side, zone = value.split("/")
        yield Said(match.start, match.end, "side", side)
        yield Said(match.start, match.end, "zone", zone)
    elif kind:
        yield Said(match.start, match.end, kind, value)


def _parts(
    sentence: Sentence, findings: Sequence[Match[Term]], said: Sequence[Said]
) -> list[tuple[int, int]]:
    """For each finding the tokens [start, end) of the sentence that speak of it."""
    cuts = [0]
    for one, other in pairwise(findings):
        cuts.append(_cut(sentence, one.end, other.start))
    cuts.append(len(sentence.words))
    return [(cuts[n], max(cuts[n + 1], findings[n].end)) for n in range(len(findings))]


def _cut(sentence: Sentence, start: int, end: int) -> int:
    """Where between two findings the part of the second begins."""
    if start >= end:
        return end
    places = range(end - 1, start - 1, -1)
    links = {cue.start for cue in sentence.cues if cue.value.kind not in ("pseudo", "")}
    for place in range(start, end):
        if place in links or sentence.is_one_of("with", place):
            return place
    for place in places:
        if sentence.words[place] in (";", ",") or sentence.is_one_of("verb", place):
            return place
    for place in places:
        if sentence.is_one_of("and", place) or sentence.is_one_of("or", place):
            return place
    return end if sentence.is_one_of("preposition", start) else start


def _attributes(finding: Match[Term], inside: Sequence[Said]) -> Attributes:
    found = Attributes(places=_places([item for item in inside if item.kind in ("side", "zone")]))
    own = set(finding.places)
    for item in sorted(inside, key=lambda item: _distance(finding, item)):
        if item.start in own and item.kind in ("severity", "change"):
            continue  # "increased markings" and "a large heart" only name the finding.
        if item.kind == "severity" and not found.severity:
            found.severity = item.value
        elif item.kind == "change" and not found.change:
            found.change = item.value
        elif item.kind == "size" and (found.size_mm is None or float(item.value) > found.size_mm):
            found.size_mm = float(item.value)
    found.descriptors = list(
        dict.fromkeys(item.value for item in inside if item.kind == "descriptor")
    )
    return found


def _distance(finding: Match[Term], item: Said) -> int:
    return max(finding.start - item.end, item.start - finding.end, 0)


def _places(said: Sequence[Said]) -> list[tuple[str, str]]:
    """Sides and zones joined: each zone with the side before it, or else after it."""
    zones: list[tuple[str, str]] = []
    sides: list[str] = []
    fresh = False
    for item in said:
        if item.kind == "side":
            sides = [*sides, item.value] if fresh else [item.value]
            fresh = True
            if zones and not zones[-1][0]:
                zones = [(side or item.value, zone) for side, zone in zones]
                fresh = False
        else:
            own = ONE_SIDED_ZONES.get(item.value, "")
            side = _one_side(sides) if fresh or not own else own
            zones.append((side, item.value))
            fresh = False
    trailing = fresh and sides and all(side != _one_side(sides) for side, _ in zones)
    if trailing or (sides and not zones):
        zones.append((_one_side(sides), ""))
    return list(dict.fromkeys(zones))


def _one_side(sides: Sequence[str]) -> str:
    distinct = set(sides)
    if not distinct:
        return ""
    return "bilateral" if len(distinct) > 1 else distinct.pop()


def _share(
    sentence: Sentence, findings: Sequence[Match[Term]], found: Sequence[Attributes]
) -> None:
    """Give findings without a place that of the neighbor they are joined to."""
    pairs = list(zip(range(len(found)), range(1, len(found)), strict=False))
    for before, after in pairs:
        _give(findings, found, before, after)
    for before, after in reversed(pairs):
        between = range(findings[before].end, findings[after].start)
        apart = any(
            sentence.is_one_of("with", place)
            or sentence.is_one_of("verb", place)
            or sentence.is_one_of("preposition", place)
            or sentence.words[place] == ";"
            for place in between
        )
        if not apart and len(between) <= LIST_GAP:
            _give(findings, found, after, before)


def _give(
    findings: Sequence[Match[Term]], found: Sequence[Attributes], giver: int, taker: int
) -> None:
    """The giver's places for a taker without, or its side for one with a zone only."""
    labels = {*findings[giver].value.labels, *findings[taker].value.labels}
    if labels & MIDLINE_LABELS or not found[giver].places:
        return
    if not found[taker].places:
        found[taker].places = list(found[giver].places)
    elif not any(side for side, _ in found[taker].places):
        side = _one_side([side for side, _ in found[giver].places if side])
        found[taker].places = [(side, zone) for _, zone in found[taker].places]
