"""Report text → findings: label, presence, side, zone, severity, size, change, words.

A rule engine on tables that a curator can read and change (``lexicon.csv``,
``context.csv``, ``modifiers.csv`` in ``ml/data/language/CODE``). It needs no model
and no download, and takes milliseconds a report.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from ml import tables, taxonomy
from ml.findings.attributes import (
    DEVICES,
    Attributes,
    attributes_of,
)
from ml.findings.clauses import HEDGES
from ml.findings.context import Sentence
from ml.findings.lexicon import LANGUAGES, MASK, Cue, Lexicon, Modifier, Term, lexicon
from ml.findings.model import Finding, Presence
from ml.findings.patterns import Match, longest
from ml.findings.places import MIDLINE_LABELS, NO_ZONE_LABELS
from ml.findings.reading import KEPT, KEPT_SENTENCES, ReadSentence, matches_in, read
from ml.findings.tokens import ASKED, PUNCTUATION, Token
from ml.regions import region_of

__all__ = ["LANGUAGES", "Finding", "answer_line", "extract", "stated_in"]

LONGEST_TEXT = 1_000_000
"""Characters that the command reads of one text."""
TOLD = 3
"""Modifiers of a sentence that names two sides and a change."""
EITHER = "either"
"""Stated as one of two: present, and which of the two it is only probable."""
CERTAINTY = {
    "doubt": "possible",
    "possible": "possible",
    "probable": "probable",
    EITHER: "probable",
}
IN_LUNGS = ("lungs", "pleura")
ORGANS = {"pleura": "lungs", "mediastinum": "heart"}
"""Regions whose findings may be alternatives to those of another region."""
PRESENCE: dict[str, Presence] = {
    "doubt": "uncertain",
    "absent": "absent",
    "normal": "absent",
    "possible": "uncertain",
    "probable": "uncertain",
}


def extract(text: str, language: str = "en") -> list[Finding]:
    """The findings that a text states, denies or suspects, in its order.

    Spans are character offsets into `text`. What is only looked for, feared or part of the
    history is left out. Any text is read: one without a known word gives an empty
    list. ValueError for an unknown language.
    """
    return list(_extracted(text, language))


@lru_cache(maxsize=KEPT)
def _extracted(text: str, language: str) -> tuple[Finding, ...]:
    masked = MASK in text
    return tuple(
        _placed(statement, sentence.tokens)
        for sentence in read(text, language)
        if sentence.terms
        for statement in _statements(sentence.words, language, masked)
    )


@lru_cache(maxsize=KEPT_SENTENCES)
def _statements(said: tuple[str, ...], language: str, masked: bool) -> tuple[Finding, ...]:
    """The findings in the words of a sentence, their spans counted in words."""
    words = lexicon(language, masked)
    return tuple(_once(list(_findings(said, *matches_in(said, language, masked), words))))


def stated_in(sentences: Iterable[ReadSentence], words: Lexicon) -> list[Finding]:
    """The findings of sentences that were read with a lexicon."""
    return [
        _placed(found, item.tokens)
        for item in sentences
        for found in _once(
            list(_findings(item.words, item.terms, item.cues, item.modifiers, words))
        )
    ]


def _placed(found: Finding, tokens: Sequence[Token]) -> Finding:
    """The same finding with the spans of its words in the text, in place of their numbers."""
    first, last = found.span
    explains = found.explains
    return Finding(
        found.label,
        found.presence,
        found.side,
        found.zone,
        found.severity,
        found.size_mm,
        found.certainty,
        found.change,
        found.descriptors,
        found.positions,
        (tokens[first].start, tokens[last].end),
        explains and (tokens[explains[0]].start, tokens[explains[1]].end),
    )


def _once(found: Sequence[Finding]) -> Iterator[Finding]:
    """A sentence's findings without what repeats another: the enlarged heart with its ratio.

    Left out are a hedge on what the sentence states anyway, and a second mention of
    a finding that a body has only once.
    """
    stated = {item.label: item for item in reversed(found) if item.presence == "present"}
    for item in found:
        sure = stated.get(item.label, item)
        hedge = item.presence == "uncertain" and sure is not item
        again = item.presence == "present" and item.label in MIDLINE_LABELS and sure is not item
        if (
            not (hedge or again)
            or item.side not in ("", sure.side)
            or item.zone not in ("", sure.zone)
        ):
            yield item


def answer_line(item: dict[str, Any]) -> dict[str, Any]:
    """One line of ``python -m ml extract``: `text` and optionally `language` → `findings`."""
    if "text" not in item:
        raise ValueError("missing key 'text'")
    text, language = item["text"], item.get("language") or "en"
    if not isinstance(text, str):
        raise ValueError(f"text must be a string, got {type(text).__name__}")
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"text has {len(text)} characters; at most {LONGEST_TEXT} are read")
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")
    return {"findings": [finding.to_json() for finding in extract(text, language)]}


def _findings(
    said: Sequence[str],
    terms: Sequence[Match[Term]],
    cues: Sequence[Match[Cue]],
    modifiers: Sequence[Match[Modifier]],
    words: Lexicon,
) -> Iterator[Finding]:
    """The findings of one sentence; a span is that of the first and the last of its words."""
    matches = _one_device_once(_chosen(terms), said, words)
    if not matches:
        return
    matches = _with_pronouns(matches, said, cues, modifiers, words)
    sentence = Sentence(said, cues, words, matches, modifiers)
    kinds = [_kind(*pair) for pair in zip(matches, sentence.kinds_of(matches), strict=True)]
    joined = sentence.alternatives(matches)
    kinds = _alternatives(joined, kinds)
    tips = longest(words.positions.find(said)) if _has_device(matches) else []
    attributes = attributes_of(sentence, matches, modifiers, tips)
    roots = _roots(sentence, matches, kinds, joined)
    for place, (match, kind) in enumerate(zip(matches, kinds, strict=True)):
        if kind != "drop":
            root = _span(matches[roots[place]]) if roots[place] != place else None
            yield from _stated(match, kind, attributes[place], root)


def _has_device(matches: Sequence[Match[Term]]) -> bool:
    return any(label in DEVICES for match in matches for label in match.value.labels)


def _chosen(matches: Sequence[Match[Term]]) -> list[Match[Term]]:
    """The longest readings: none inside another, no label twice on the same words.

    What only looks like a finding ("nipple shadow") takes its words from shorter readings.
    """
    stated: list[Match[Term]] = []
    covering: dict[int, list[set[int]]] = {}
    taken: set[int] = set()
    named: set[tuple[str, int]] = set()
    for match in sorted(matches, key=lambda m: (-len(m.places), bool(m.value.labels))):
        places, labels = set(match.places), match.value.labels
        longer = covering.get(match.places[0], ())
        if any(places <= other for other in longer) or not taken.isdisjoint(places):
            continue
        for place in places:
            covering.setdefault(place, []).append(places)
        if not labels:
            taken |= places
            continue
        names = [(label, place) for label in labels for place in places]
        if named.isdisjoint(names):
            named.update(names)
            stated.append(match)
    return _unhinged(stated)


def _unhinged(matches: Sequence[Match[Term]]) -> list[Match[Term]]:
    """Without readings that begin with the last word of what is said of another organ.

    In dictation without commas "heart enlarged aorta tortuous" says no enlarged aorta. What shares
    a word within one organ is said of both: "calcified tortuous aorta".
    """
    kept: list[Match[Term]] = []
    last: dict[int, str] = {}
    for match in sorted(matches, key=lambda m: m.places):
        organ = region_of(match.value.labels[0])
        if len(match.places) > 1 and last.get(match.places[0], organ) != organ:
            continue
        kept.append(match)
        if len(match.places) > 1 and organ not in IN_LUNGS:
            last[match.places[-1]] = organ
    return sorted(kept, key=lambda m: (m.places[-1], m.places))


def _said(match: Match[Term], words: Sequence[str]) -> list[str]:
    return [words[place] for place in match.places]


def _next_in(said: Sequence[str], place: int, words: Collection[str]) -> bool:
    """Whether the word at a place is one of some."""
    return 0 <= place < len(said) and said[place] in words


def _one_device_once(
    matches: Sequence[Match[Term]], said: Sequence[str], words: Lexicon
) -> list[Match[Term]]:
    """Without the second name of one device: "central catheter of jugular access"."""
    kept: list[Match[Term]] = []
    joints = {",", *words.words["and"], *words.words["with"]}
    for match in matches:
        device = set(match.value.labels) & DEVICES
        if kept and device & set(kept[-1].value.labels):
            parts = words.words.get("part", frozenset())
            between = said[kept[-1].end : match.start]
            leads = parts.intersection(_said(match, said))
            if leads and "," not in between and words.words["with"].intersection(between):
                continue  # A pacemaker with its leads is one.
            if len(match.places) == 1 and _next_in(said, match.end, words.words.get("tip", ())):
                continue  # "Port on the left, catheter tip in the SVC".
            sided = between and words.placing.issuperset(between) and joints.isdisjoint(between)
            if (
                "catheter" in device
                and sided
                and not _next_in(said, kept[-1].start - 1, words.placing)
            ):
                continue  # "CVC right IJ".
            if not between or (len(between) == 1 and between[0] in words.words["preposition"]):
                continue
        kept.append(match)
    return kept


def _with_pronouns(
    matches: list[Match[Term]],
    said: Sequence[str],
    cues: Sequence[Match[Cue]],
    modifiers: Sequence[Match[Modifier]],
    words: Lexicon,
) -> list[Match[Term]]:
    """With the finding before it once more for a word that stands for it: "but a small one"."""
    pronouns = words.words.get("pronoun", frozenset())
    if not matches:
        return matches
    matches = _with_other_sides(matches, said, modifiers, words)
    if pronouns.isdisjoint(said):
        return matches
    named = {place for match in matches for place in match.places}
    taken = named | {place for cue in cues for place in cue.places}
    described = {place for item in modifiers if item.value.kind for place in item.places}
    leads = frozenset().union(*(words.words.get(name, ()) for name in ("article", "verb")))
    found = list(matches)
    for place, word in enumerate(said):
        if word not in pronouns or place in taken:
            continue
        before = [match for match in matches if match.end <= place]
        led = place - 1 in described or (place > 0 and said[place - 1] in leads)
        goes_on = place + 1 < len(said) and (
            place + 1 in named
            or (said[place + 1] in ("of", "de") and not _measures(said, place + 2))
        )
        answers = bool(before) and said[before[-1].end] in (":", ASKED)  # "Effusion? A large one."
        if before and (led or place + 1 in described) and not (goes_on or answers):
            found.append(Match(before[-1].value, (place,)))
    return sorted(found, key=lambda match: (match.places[-1], match.places))


def _measures(said: Sequence[str], place: int) -> bool:
    """Whether a number begins at a place or the next: "one of about 2 cm"."""
    return any(word[:1].isdigit() for word in said[place : place + 2])


def _with_other_sides(
    matches: list[Match[Term]],
    said: Sequence[str],
    modifiers: Sequence[Match[Modifier]],
    words: Lexicon,
) -> list[Match[Term]]:
    """With the finding before it once more for the other side's change: "the right smaller"."""
    if len(modifiers) < TOLD:
        return matches
    sides = [(m, own) for m in modifiers if (own := _side_said(m)) in ("left", "right")]
    if len({said for _, said in sides}) < 2:
        return matches
    changes = {m.start for m in modifiers if m.value.kind == "change"}
    verbs, leads = words.words["verb"], {",", ";", *words.words["and"], *words.words["contrast"]}
    found = list(matches)
    for (_, said_before), (side, said_now) in pairwise(sides):
        follows = side.end + _next_in(said, side.end, verbs)
        lead = side.start - 1 - _next_in(said, side.start - 1, words.words["article"])
        before = [match for match in matches if match.end <= lead]
        if (
            before
            and said_before != said_now
            and follows in changes
            and any(before[-1].end <= place < lead or place < before[-1].start for place in changes)
            and _next_in(said, lead, leads)
        ):
            found.append(Match(before[-1].value, side.places))
    return sorted(found, key=lambda match: (match.places[-1], match.places))


def _side_said(match: Match[Modifier]) -> str:
    """The side that a word of a side or of a place says: of "RLL" the right."""
    if match.value.kind == "place":
        return match.value.value.partition("/")[0]
    return match.value.value if match.value.kind == "side" else ""


def _kind(match: Match[Term], kind: str) -> str:
    """The context's word on a finding, with what its own words say of presence."""
    if kind == "normal" and not DEVICES.isdisjoint(match.value.labels):
        kind = ""  # "Gastric tube normal" is there, and in order.
    own = match.value.sets.get("presence", "")
    if own == "absent":
        return "absent" if kind in ("", "normal") else "drop"
    return kind or own


def _alternatives(joined: Sequence[bool], kinds: Sequence[str]) -> list[str]:
    """Of two findings joined by "or" one is stated: each is probable, or hedged as the first is."""
    found = list(kinds)
    for place, alternative in enumerate(joined):
        if alternative:
            hedge = found[place] if found[place] in HEDGES else EITHER
            found[place] = found[place] or EITHER
            found[place + 1] = found[place + 1] or hedge
    return found


def _roots(
    sentence: Sentence,
    matches: Sequence[Match[Term]],
    kinds: Sequence[str],
    joined: Sequence[bool],
) -> list[int]:
    """For each finding the first one of its chain of explanations and alternatives."""
    roots = list(range(len(matches)))
    for place in range(1, len(matches)):
        one, other = matches[place - 1], matches[place]
        stated = all(PRESENCE.get(k, "present") != "absent" for k in kinds[place - 1 : place + 1])
        if "drop" in kinds[place - 1 : place + 1] or _organ(one) != _organ(other):
            continue
        hedged = all(k in ("possible", "probable") for k in kinds[place - 1 : place + 1])
        comma = joined[place - 1] and sentence.words[one.end : other.start] == [","]
        named = kinds[place] in HEDGES and _akin(one, other) and sentence.names(one, other)
        apposed = not joined[place - 1] and _apposed(sentence, matches, joined, place)
        if stated and (comma or named or apposed or sentence.links(one, other, listed=hedged)):
            roots[place] = roots[place - 1]
    return roots


def _apposed(
    sentence: Sentence, matches: Sequence[Match[Term]], joined: Sequence[bool], place: int
) -> bool:
    """Whether bare alternatives behind the comma or colon of an appearance tell what it may be.

    "Opacity in the right lower lobe, pneumonia or atelectasis."
    """
    last = place
    while last < len(joined) and joined[last]:
        last += 1
    one, words, end = matches[place - 1], sentence.words, matches[last].end
    between = words[one.end : matches[place].start]
    alone = end == len(words) or words[end] in PUNCTUATION
    listed = between[-1:] in ([","], [":"]) and not PUNCTUATION.intersection(between[:-1])
    causes = matches[place : last + 1]
    return last > place and alone and listed and all(_may_be(one, other) for other in causes)


@cache
def _causes() -> frozenset[tuple[str, str]]:
    rows = tables.rows("specificity")
    return frozenset((row["general"], row["specific"]) for row in rows if not row["words"])


def _may_be(one: Match[Term], other: Match[Term]) -> bool:
    """Whether an appearance may be another finding: an opacity a pneumonia."""
    return any(
        (general, specific) in _causes()
        for general in one.value.labels
        for specific in other.value.labels
    )


def _akin(one: Match[Term], other: Match[Term]) -> bool:
    """Whether two findings are of one group: an infiltrate may be a pneumonia, a cavity is none."""
    groups = [{taxonomy.group_of(label) for label in item.value.labels} for item in (one, other)]
    return not groups[0].isdisjoint(groups[1])


def _organ(match: Match[Term]) -> str:
    """Where a finding lies, for alternatives: lung and pleura are one place, spine is another."""
    region = region_of(match.value.labels[0])
    return ORGANS.get(region, region)


def _span(match: Match[Term]) -> tuple[int, int]:
    return match.places[0], match.places[-1]


def _places_of(label: str, found: Attributes) -> list[tuple[str, str]]:
    places = found.places or [("", "")]
    if label in NO_ZONE_LABELS:
        return list(dict.fromkeys((side, "") for side, _ in places))
    return places


def _change(said: str, presence: Presence) -> str:
    """A change as a finding can have it: what has not resolved is stable."""
    if presence == "absent" and said not in ("", "resolved"):
        return ""
    return "stable" if presence == "present" and said == "resolved" else said


def _stated(
    match: Match[Term],
    kind: str,
    found: Attributes,
    root: tuple[int, int] | None,
) -> Iterator[Finding]:
    """A finding for each label and place."""
    sets = match.value.sets
    presence = PRESENCE.get(kind, "present")
    span = _span(match)
    named = [(label, root) for label in match.value.labels]
    named += [(label, root or span) for label in match.value.wider]
    for label, explains in named:
        for side, zone in _places_of(label, found):
            yield Finding(
                label=label,
                presence=presence,
                side=sets.get("side") or side,
                zone=sets.get("zone") or zone,
                severity=sets.get("severity") or found.severity_at((side, zone)),
                size_mm=found.size_at((side, zone)),
                certainty=CERTAINTY.get(kind, "certain"),
                change=_change(sets.get("change") or found.change_at((side, zone)), presence),
                descriptors=tuple(found.descriptors),
                positions=tuple(found.positions) if label in DEVICES else (),
                span=span,
                explains=explains,
            )
