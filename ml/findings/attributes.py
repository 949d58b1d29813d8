"""Side, zone, severity, size, change and descriptors: which finding each word belongs to.

A sentence is cut between neighboring findings, at the last word that joins them (and, with,
a comma, a word such as "suggesting"). What stands on a finding's part of the sentence belongs
to it. A finding without a place takes that of a neighbor it is joined to.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise

from ml import devices
from ml.findings.clauses import LIST_GAP
from ml.findings.context import NEAR, Sentence
from ml.findings.degrees import Degree, changes_by_side, divided
from ml.findings.lexicon import Modifier, Term
from ml.findings.patterns import Match
from ml.findings.places import MIDLINE_LABELS, Said, one_side, places_of
from ml.findings.sizes import EARLIER, MOVE, SIZE, sizes_of
from ml.findings.tokens import SEPARATOR

DEVICES = frozenset({"tube", "catheter", "heart_device"})
"""Findings whose tip has a position."""

ENTRIES = frozenset({"jugular vein", "subclavian vein", "axillary vein"})
"""Where lines go in: the tip of the *jugular line* is not in that vein."""
BELOW = "below diaphragm"
"""A position that tells a direction: what passes there has its tip there."""
MALPOSITIONED = "malpositioned"
"""The position of a device that is not where it should be."""


@dataclass
class Attributes:
    """What one part of a sentence says of its finding."""

    places: list[tuple[str, str]] = field(default_factory=list)
    """(side, zone), either empty, in the order of the text."""
    severity: str = ""
    size_mm: float | None = None
    change: str = ""
    descriptors: list[str] = field(default_factory=list)
    positions: list[str] = field(default_factory=list)
    of_place: dict[tuple[str, str], Degree] = field(default_factory=dict)
    """Degree and size of each place, where the text gives several: small left, moderate right."""
    said_of_all: str = ""
    """A change said behind the verb of a list: "effusion and consolidation have improved"."""
    change_of: dict[str, str] = field(default_factory=dict)
    """The change of each side, where they differ: worsening right, improving left."""

    def severity_at(self, place: tuple[str, str]) -> str:
        """The degree at a place, or else of the whole finding."""
        degree = self.of_place.get(place)
        return self.severity if degree is None else degree.severity

    def change_at(self, place: tuple[str, str]) -> str:
        """The change at a place, or else of the whole finding."""
        return self.change_of.get(place[0], self.change)

    def size_at(self, place: tuple[str, str]) -> float | None:
        """The size at a place, or else of the whole finding."""
        degree = self.of_place.get(place)
        return self.size_mm if degree is None else degree.size_mm


def attributes_of(
    sentence: Sentence,
    findings: Sequence[Match[Term]],
    modifiers: Sequence[Match[Modifier]],
    positions: Sequence[Match[str]] = (),
) -> list[Attributes]:
    """The attributes of each finding of a sentence, in the same order.

    `positions` are where the tips of devices are said to lie.
    """
    said = [item for modifier in modifiers for item in _said(modifier)]
    said += [Said(it.start, it.end, it.kind, str(it.mm)) for it in sizes_of(sentence)]
    said += [Said(at.start, at.end, "position", at.value) for at in positions]
    said.sort(key=lambda item: item.start)
    parts = _parts(sentence, findings, said)
    elsewhere = sentence.other_clauses(findings)
    found = []
    starts = [item.start for item in said]
    for finding, (start, end) in zip(findings, parts, strict=True):
        own = said[bisect_left(starts, start) : bisect_left(starts, end)]
        without = sentence.places_without(finding) if len(own) > 1 else frozenset()
        inside = [
            s
            for s in own
            if s.start in finding.places or not (s.start in elsewhere or s.start in without)
        ]
        found.append(_attributes(finding, inside, sentence))
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
        cut = _cut(sentence, sentence.sides.answered_to(one), other.start)
        # "Épanchement droit refoulant le médiastin": a side that the second cannot take.
        if cut == one.end and MIDLINE_LABELS.issuperset(other.value.labels):
            cut = min(_after_places(said, cut), other.start)
        cuts.append(cut)
    cuts.append(len(sentence.words))
    return [(cuts[n], max(cuts[n + 1], findings[n].end)) for n in range(len(findings))]


def _after_places(said: Sequence[Said], place: int) -> int:
    """Where the sides and zones that begin at a place of the sentence have ended."""
    first = bisect_left(said, place, key=lambda item: item.start)
    for item in islice(said, first, None):
        if item.start > place:
            break
        if item.kind in ("side", "zone"):
            return _after_places(said, item.end)
    return place


def _cut(sentence: Sentence, start: int, end: int) -> int:
    """Where between two findings the part of the second begins."""
    for reply in sentence.replies:
        if start <= reply.start and reply.end <= end:
            start = reply.end
    if start >= end:
        return end
    places = range(end - 1, start - 1, -1)
    for place in range(start, end):
        joint = sentence.is_one_of("by", place) or (
            sentence.is_one_of("with", place) and not _with_its_tip(sentence, place)
        )
        if joint or place in sentence.joints or sentence.words[place] in (";", SEPARATOR):
            if joint and (spread := sentence.spread_after(place, end)):
                return spread
            comma = sentence.comma_before(place)
            return place if comma < start else comma
    for place in places:
        if sentence.words[place] in (";", ",") or sentence.is_one_of("verb", place):
            return place
    for place in places:
        if sentence.is_one_of("and", place) or sentence.is_one_of("or", place):
            return place
    return end if sentence.is_one_of("preposition", start) else start


def _with_its_tip(sentence: Sentence, place: int) -> bool:
    """Whether a "with" says where a device lies, and adds no other finding: "with its tip at"."""
    return any(sentence.is_one_of("placed", p) for p in range(place + 1, place + 3))


def _attributes(finding: Match[Term], inside: Sequence[Said], sentence: Sentence) -> Attributes:
    if not inside:
        return Attributes()
    placing = [item for item in inside if item.kind in ("side", "zone")]
    found = Attributes(places=places_of(placing))
    own = set(finding.places)
    # "Increased markings" and "a large heart" only name the finding.
    telling = [s for s in inside if not (s.start in own and s.kind in ("severity", "change"))]
    device = DEVICES & set(finding.value.labels)
    if not device:
        # Advanced emphysema with a 3 cm bulla.
        telling = [replace(s, kind=SIZE) if s.kind == MOVE else s for s in telling]
    for item in sorted(telling, key=lambda item: _distance(finding, item)):
        if item.kind == "severity" and not found.severity:
            found.severity = item.value
        elif item.kind == "change" and not found.change:
            found.change = item.value
            closes = item.start == finding.end and sentence.closes(item.end)
            if closes or any(sentence.is_one_of("verb", p) for p in range(finding.end, item.start)):
                found.said_of_all = item.value
        elif item.kind == SIZE and (found.size_mm is None or float(item.value) > found.size_mm):
            found.size_mm = float(item.value)
    if found.size_mm is None and found.change in ("", "stable"):
        # It has the size that it is said to have had.
        earlier = [float(item.value) for item in telling if item.kind == EARLIER]
        found.size_mm = max(earlier, default=None)
    described = [item for item in inside if item.kind == "descriptor"]
    if device:
        denied = sentence.denied_after(finding)
        described = [item for item in described if item.start not in denied]
        tips = [
            _tip(item, denied, device)
            for item in _ends(telling, sentence)
            if not (denied and item.start in own)
            and not (item.value in ENTRIES and item.start < finding.start <= item.end)
            and not _is_past(item, sentence)
        ]
        found.positions = list(dict.fromkeys(tip for tip in tips if tip))
    found.descriptors = list(dict.fromkeys(item.value for item in described))
    found.places, found.of_place = divided(found.places, placing, telling, sentence)
    found.change_of = changes_by_side(placing, telling)
    if found.change_of and [side for side, _ in found.places] == ["bilateral"]:
        found.places = [(side, found.places[0][1]) for side in found.change_of]
    return found


def _ends(said: Iterable[Said], sentence: Sentence) -> list[Said]:
    """The positions without those that a device only passes: "through the esophagus into the
    stomach", "was in the right main bronchus, now above the carina"."""
    tips = sorted((item for item in said if item.kind == "position"), key=lambda item: item.start)
    now = next((p for p in range(len(sentence.words)) if sentence.is_one_of("later", p)), None)
    if now is not None and tips and tips[0].start < now < tips[-1].start:
        tips = [item for item in tips if item.start > now]
    kept: list[Said] = []
    passed = -1
    for item in tips:
        place = item.start - 1
        while place > max(item.start - 1 - NEAR, -1) and (
            sentence.is_one_of("article", place)
            or sentence.is_one_of("leading", place)
            or (sentence.is_one_of("and", place) and place == passed)
        ):
            place -= 1
        by = place >= 0 and sentence.is_one_of("course", place)
        if item.value != BELOW and (by or 0 <= place < passed):
            passed = item.end
        else:
            kept.append(item)
    return kept


def _is_past(said: Said, sentence: Sentence) -> bool:
    """Whether a tip only was there: "previously in the right main bronchus"."""
    for place in range(said.start - 1, max(said.start - 1 - NEAR, -1), -1):
        if sentence.is_one_of("earlier", place):
            return True
        if not any(sentence.is_one_of(name, place) for name in ("preposition", "article")):
            return False
    return False


def _tip(said: Said, denied: frozenset[int], device: Iterable[str]) -> str:
    """Where a tip lies; one that is denied its right place lies wrong, another tells nothing."""
    if said.start not in denied:
        return said.value
    kinds = [kind for label in device for kind in (label, *devices.UNSAID_KIND.get(label, ()))]
    verdicts = [devices.judge(kind, said.value) for kind in kinds]
    right = any(verdict and verdict.judgment == "right" for verdict in verdicts)
    return MALPOSITIONED if right else ""


def _distance(finding: Match[Term], item: Said) -> int:
    return max(finding.start - item.end, item.start - finding.end, 0)


def _share(
    sentence: Sentence, findings: Sequence[Match[Term]], found: Sequence[Attributes]
) -> None:
    """Give findings without a place that of the neighbor they are joined to."""
    pairs = list(zip(range(len(found)), range(1, len(found)), strict=False))
    for before, after in reversed(pairs):
        gives_change = found[after].said_of_all and not found[before].change
        gives_position = found[after].positions and not found[before].positions
        if not (gives_change or gives_position):
            continue
        listed = sentence.listed(findings[before], findings[after])
        if gives_change and listed:
            found[before].change = found[before].said_of_all = found[after].said_of_all
        if gives_position and listed:
            found[before].positions = list(found[after].positions)
    for before, after in pairs:
        _give(findings, found, before, after)
    for before, after in reversed(pairs):
        between = range(findings[before].end, findings[after].start)
        if not found[after].places or len(between) > LIST_GAP:
            continue
        apart = any(
            sentence.is_one_of("with", place)
            or sentence.is_one_of("verb", place)
            or (sentence.is_one_of("preposition", place) and place not in sentence.joints)
            or sentence.words[place] in (";", SEPARATOR)
            for place in between
        )
        if not apart:
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
        side = one_side([side for side, _ in found[giver].places if side])
        found[taker].places = [(side, zone) for _, zone in found[taker].places]
