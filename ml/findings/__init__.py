"""Report text → findings: label, presence, side, zone, severity, size, change, words.

A rule engine on tables that a curator can read and change (``ml/data/lexicon_en.csv``,
``context_en.csv``, ``modifiers_en.csv`` and the same for other languages). It needs no model
and no download, and takes milliseconds a report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from ml.findings.attributes import NO_ZONE_LABELS, Attributes, attributes_of
from ml.findings.context import Sentence, kind_of
from ml.findings.lexicon import LANGUAGES, Lexicon, Term, lexicon
from ml.findings.model import Finding, Presence
from ml.findings.patterns import Match, longest
from ml.findings.spelling import corrected
from ml.findings.tokens import Token, sentences

__all__ = ["LANGUAGES", "Finding", "answer_line", "extract"]

LONGEST_TEXT = 1_000_000
"""Characters that the command reads of one text."""
EITHER = "either"
"""Stated as one of two: present, and which of the two it is only probable."""
CERTAINTY = {"possible": "possible", "probable": "probable", EITHER: "probable"}
PRESENCE: dict[str, Presence] = {
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
    words = lexicon(language)
    found: list[Finding] = []
    for tokens in sentences(text):
        found.extend(_findings(corrected(tokens, language), words))
    return found


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


def _findings(tokens: list[Token], words: Lexicon) -> Iterator[Finding]:
    """The findings of one sentence."""
    matches = _chosen(words.terms.find(tokens))
    if not matches:
        return
    sentence = Sentence(tokens, longest(words.cues.find(tokens)), words)
    scopes = sentence.scopes()
    modifiers = longest(words.modifiers.find(tokens))
    kinds = [_kind(match, kind_of(match, scopes)) for match in matches]
    kinds = _alternatives(sentence, matches, kinds)
    attributes = attributes_of(sentence, matches, modifiers)
    roots = _roots(sentence, matches, kinds)
    for place, (match, kind) in enumerate(zip(matches, kinds, strict=True)):
        if kind != "drop":
            root = _span(matches[roots[place]], tokens) if roots[place] != place else None
            yield from _stated(match, kind, attributes[place], tokens, root)


def _chosen(matches: Sequence[Match[Term]]) -> list[Match[Term]]:
    """The longest readings: none inside another, no label twice on the same words."""
    kept: list[Match[Term]] = []
    covered: list[set[int]] = []
    for match in sorted(matches, key=lambda m: -len(m.places)):
        places = set(match.places)
        if any(places <= other for other in covered):
            continue
        covered.append(places)
        if not any(
            set(match.value.labels) & set(other.value.labels) and places & set(other.places)
            for other in kept
        ):
            kept.append(match)
    stated = [match for match in kept if match.value.labels]
    return sorted(stated, key=lambda m: (m.places[-1], m.places))


def _kind(match: Match[Term], kind: str) -> str:
    """The context's word on a finding, with what its own words say of presence."""
    own = match.value.sets.get("presence", "")
    if own == "absent":
        return "absent" if kind in ("", "normal") else "drop"
    return kind or own


def _alternatives(
    sentence: Sentence, matches: Sequence[Match[Term]], kinds: Sequence[str]
) -> list[str]:
    """Of two findings joined by "or" one is stated, so that each is probable."""
    found = list(kinds)
    for place, (one, other) in enumerate(pairwise(matches)):
        between = range(one.end, other.start)
        if len(between) <= 3 and any(sentence.is_one_of("or", p) for p in between):
            for index in (place, place + 1):
                found[index] = found[index] or EITHER
    return found


def _roots(sentence: Sentence, matches: Sequence[Match[Term]], kinds: Sequence[str]) -> list[int]:
    """For each finding the first one of its chain of explanations and alternatives."""
    roots = list(range(len(matches)))
    for place in range(1, len(matches)):
        one, other = matches[place - 1], matches[place]
        stated = all(PRESENCE.get(k, "present") != "absent" for k in kinds[place - 1 : place + 1])
        if stated and "drop" not in kinds[place - 1 : place + 1] and sentence.links(one, other):
            roots[place] = roots[place - 1]
    return roots


def _span(match: Match[Term], tokens: Sequence[Token]) -> tuple[int, int]:
    return tokens[match.places[0]].start, tokens[match.places[-1]].end


def _places_of(label: str, found: Attributes) -> list[tuple[str, str]]:
    places = found.places or [("", "")]
    if label in NO_ZONE_LABELS:
        return list(dict.fromkeys((side, "") for side, _ in places))
    return places


def _stated(
    match: Match[Term],
    kind: str,
    found: Attributes,
    tokens: Sequence[Token],
    root: tuple[int, int] | None,
) -> Iterator[Finding]:
    """A finding for each label and place."""
    sets = match.value.sets
    presence = PRESENCE.get(kind, "present")
    change = sets.get("change") or found.change
    if presence == "absent" and change not in ("", "resolved"):
        change = ""
    span = _span(match, tokens)
    named = [(label, root) for label in match.value.labels]
    named += [(label, root or span) for label in match.value.wider]
    for label, explains in named:
        for side, zone in _places_of(label, found):
            yield Finding(
                label=label,
                presence=presence,
                side=sets.get("side") or side,
                zone=sets.get("zone") or zone,
                severity=sets.get("severity") or found.severity,
                size_mm=found.size_mm,
                certainty=CERTAINTY.get(kind, "certain"),
                change=change,
                descriptors=tuple(found.descriptors),
                span=span,
                explains=explains,
            )
