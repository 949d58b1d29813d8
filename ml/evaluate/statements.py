"""What each sentence of a text states: an appearance with its explanation as one finding.

Mentions that say the same of the same place are one from the start: a text may repeat itself a lot.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from operator import attrgetter
from typing import Any

from ml.evaluate.location import zone_distance
from ml.evaluate.observation import BILATERAL, Observation, Span
from ml.evaluate.relations import concept_of
from ml.evaluate.ribs import ORDINALS
from ml.evaluate.significance import severity_levels
from ml.findings.model import Finding

NUMBERED_LABELS = {"fracture", "bone_lesion", "degenerative_spine"}
NO_PARTS: frozenset[str] = frozenset()
RIB = re.compile(r"\bribs?\b", re.IGNORECASE)
ORDINAL = re.compile(rf"\b(?:(\d{{1,2}})(?:st|nd|rd|th)|({'|'.join(ORDINALS)}))\b", re.IGNORECASE)
VERTEBRA = re.compile(
    r"\b[TL]\d{1,2}\b(?!(?:,? ?(?:[-,&/]|and) ?[TL]?\d{1,2}){0,11} ribs?\b)", re.IGNORECASE
)
"""But "L4 rib" and "L4-6 ribs", which are ribs of the left side."""
LONGEST_SENTENCE = 1_500
"""Characters after which a text without a full stop is cut, so that time stays linear."""
SENTENCE_END = re.compile(r"[.;!?](?=\s|$)|\n(?![ \t]*[a-zà-ÿ])")


class _Sentences:
    """A text by its sentences."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._bounds = _sentence_bounds(text)
        ends = (*self._bounds[1:], len(text))
        self._said = [text[a:b] for a, b in zip(self._bounds, ends, strict=True)]

    def at(self, span: Span) -> tuple[int, str]:
        """Where the sentence of some words begins, and the sentence."""
        number = bisect_right(self._bounds, span[0]) - 1
        last = max(number, bisect_right(self._bounds, span[1] - 1) - 1)
        return self._bounds[number], "".join(self._said[number : last + 1])


@dataclass(frozen=True, slots=True)
class _Mention:
    """One extracted finding with the sentence around it."""

    item: Finding
    concept: str
    words: str
    sentence: str
    parts: frozenset[str]

    @property
    def said(self) -> tuple[object, ...]:
        """What it says, however often: all but where its words stand."""
        item = self.item
        return (
            *(self.concept, item.label, item.presence == "present", self.words.casefold()),
            *(item.side, item.zone, item.severity, item.size_mm, item.change, self.parts),
            *(item.certainty == "possible", item.descriptors, item.positions),
        )


def _mentioned(item: Finding, sentences: _Sentences) -> _Mention:
    start, end = item.span
    begin, sentence = sentences.at(item.span)
    words = sentences.text[start:end]
    concept = concept_of(item.label, words, start - begin, end - begin, sentence)
    parts = parts_in(sentence) if item.label in NUMBERED_LABELS else NO_PARTS
    return _Mention(item, concept, words, sentence, parts)


def _observed(alike: Sequence[_Mention]) -> Observation:
    """Mentions that say the same as one finding: a text may repeat itself a lot."""
    first = alike[0]
    item, side = first.item, first.item.side
    return Observation(
        concept=first.concept,
        label=item.label,
        sides=BILATERAL if side == "bilateral" else frozenset({side} - {""}),
        zones=frozenset({item.zone} if item.zone else ()),
        severities=(item.severity,) if item.severity else (),
        sizes_mm=(item.size_mm,) if item.size_mm else (),
        certain=item.presence == "present",
        changes=frozenset({item.change} if item.change else ()),
        descriptors=frozenset(item.descriptors),
        parts=first.parts,
        places=frozenset({(side, item.zone)} if side and item.zone else ()),
        positions=frozenset(item.positions),
        words=first.words,
        spans=tuple(sorted({mention.item.span for mention in alike})),
        doubtful=item.certainty == "possible",
        sentences=tuple(sorted({mention.sentence for mention in alike})),
    )


def _sentence_bounds(text: str) -> list[int]:
    """Where each sentence begins."""
    bounds = [0]
    for end in (*(match.end() for match in SENTENCE_END.finditer(text)), len(text)):
        while end - bounds[-1] > LONGEST_SENTENCE:
            blank = text.rfind(" ", bounds[-1] + 1, bounds[-1] + LONGEST_SENTENCE)
            bounds.append(blank if blank > 0 else bounds[-1] + LONGEST_SENTENCE)
        bounds.append(end)
    return bounds[:-1] if len(bounds) > 1 else bounds


def statements_in(found: Iterable[Finding], text: str) -> list[Observation]:
    """Mentions as single statements: an appearance with its explanation counts once.

    "Opacity suggesting pneumonia" and "scar or atelectasis" are one finding each, and so is one
    that is said to be in two places.
    """
    sentences = _Sentences(text)
    chains: dict[Span, list[Finding]] = {}
    for item in found:
        chains.setdefault(item.explains or item.span, []).append(item)
    alone: dict[tuple[object, ...], list[_Mention]] = {}
    folded: list[Observation] = []
    for chain in chains.values():
        mentions = [_mentioned(item, sentences) for item in chain]
        if len(chain) == 1:
            alone.setdefault(mentions[0].said, []).append(mentions[0])
        else:
            folded += _statements(mentions)
    # In the order of the text, so that of alike ones the first gives its words.
    every = [*(_observed(alike) for alike in alone.values()), *folded]
    return sorted(every, key=lambda item: item.spans[0])


def _statements(chain: Sequence[_Mention]) -> list[Observation]:
    """The findings of one chain: one statement with its explanations, or one in several places."""
    together: list[_Fold] = []
    for mention in chain:
        said = _observed([mention])
        for fold in together:
            if mention.item.certainty != "certain" and fold.lies_apart(said):
                continue  # "A in one place or B in another" is no doubt of one appearance.
            if mention.item.explains or fold.lead.concept == mention.concept:
                fold.add(said)
                break
        else:
            together.append(_Fold(said, left_open=mention.item.certainty != "certain"))
    hedged = frozenset(
        (mention.concept, mention.item.label)
        for mention in chain
        if mention.item.certainty != "certain" and mention.item.explains != mention.item.span
    )
    # The alternatives of one statement; none where it commits to one of them.
    apart = any(one.lies_apart(other.lead) for one, other in combinations(together, 2))
    rivals = hedged if len(hedged) > 1 and not apart else frozenset()
    return [fold.joined(rivals) for fold in together]


class _Fold:
    """Several names of one statement: the most certain one, then the most specific, leads."""

    def __init__(self, first: Observation, *, left_open: bool) -> None:
        self.lead = first
        self._left_open = left_open
        self._members = [first]
        self._spans = set(first.spans)

    def add(self, mention: Observation) -> None:
        """Take in a further name of the same statement."""
        wider = self._spans == set(mention.spans)
        other = mention.concept != self.lead.concept
        self._members.append(mention)
        self._spans.update(mention.spans)
        if other and mention.certain >= self.lead.certain and not wider:
            self.lead = mention

    def lies_apart(self, other: Observation) -> bool:
        """Whether it and another alternative are said to be in two places: two statements."""
        if not self._left_open or self.lead.concept == other.concept:
            return False
        sides = self.lead.sides & BILATERAL, other.sides & BILATERAL
        if all(sides) and not sides[0] & sides[1]:
            return True
        return zone_distance(self.lead.zones, other.zones, sides[0] & sides[1]) != "same"

    def joined(self, rivals: frozenset[tuple[str, str]]) -> Observation:
        """All names as one finding, with the alternatives that the statement leaves open."""
        if len(self._members) == 1:
            return replace(self.lead, rivals=rivals) if rivals else self.lead
        both = joined([self.lead, *self._members])
        return replace(
            both,
            certain=self.lead.certain,
            rivals=rivals or both.rivals,
            also=(both.also | {item.concept for item in self._members}) - {self.lead.concept},
        )


@lru_cache(maxsize=64)
def parts_in(sentence: str) -> frozenset[str]:
    """Ribs and vertebrae named by number: ``rib 7``, ``T9``."""
    ribs = set()
    if RIB.search(sentence):
        for match in ORDINAL.finditer(sentence):
            number = match.group(1) or ORDINALS.index(match.group(2).lower()) + 1
            ribs.add(f"rib {number}")
    levels = {match.group().upper() for match in VERTEBRA.finditer(sentence)}
    return frozenset(ribs | levels)


def joined(mentions: Sequence[Observation]) -> Observation:
    """All mentions as one finding that is named as the first one is."""
    levels = severity_levels()
    severities, sizes = [_union(column) for column in zip(*map(_lists, mentions), strict=True)]
    sets: dict[str, Any] = {
        name: _union(column)
        for name, column in zip(SETS, zip(*map(_sets, mentions), strict=True), strict=True)
    }
    also, rivals = _left_open(mentions)
    return replace(
        mentions[0],
        **sets,
        also=also,
        severities=tuple(sorted(severities, key=lambda word: (levels.get(word, 0.0), word))),
        sizes_mm=tuple(sorted(sizes)),
        certain=any(item.certain for item in mentions),
        rivals=rivals,
        spans=all_spans(mentions),
        doubtful=all(item.doubtful for item in mentions),
        sentences=all_sentences(mentions),
    )


def _left_open(
    mentions: Sequence[Observation],
) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """The other names, and what is left open, when mentions are one: the impression may settle it.

    Two lists of which neither settles the other leave open what both name.
    """
    also, rivals = mentions[0].also, mentions[0].rivals
    for item in mentions[1:]:
        every = rivals | item.rivals
        if rivals <= item.rivals or item.rivals <= rivals:
            rivals = min(rivals, item.rivals, key=len)
        else:
            rivals = every
        also = (also | item.also) - {concept for concept, _ in every - rivals}
    return also, rivals


SETS = ("sides", "zones", "changes", "descriptors", "parts", "places", "positions")
"""What all mentions of a finding say together."""
_sets = attrgetter(*SETS)
_lists = attrgetter("severities", "sizes_mm")


def _union(sets: Iterable[Iterable[Any]]) -> frozenset[Any]:
    return frozenset().union(*sets)


def all_spans(group: Iterable[Observation]) -> tuple[Span, ...]:
    return tuple(sorted({span for item in group for span in item.spans}))


def all_sentences(group: Iterable[Observation]) -> tuple[str, ...]:
    return tuple(sorted({sentence for item in group for sentence in item.sentences}))
