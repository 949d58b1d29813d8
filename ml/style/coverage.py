"""Which regions of the chest a report speaks of."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from ml import tables
from ml.findings import LANGUAGES, normality, reading
from ml.findings.lexicon import lexicon as findings_lexicon
from ml.style.model import Evidence, Part, Span

REGIONS = ("lungs", "pleura", "heart", "mediastinum", "bones", "devices_abdomen")
ENOUGH_FOR_HALF = 3
ENOUGH_FOR_FULL = 5
"""A normal study may have no device, so one region of the six may stay unsaid …"""
ESSENTIAL = ("lungs", "pleura", "heart")
"""… but not one of these."""
BEGINNING = 3
"""Letters of a word that are looked at before the words are tried."""
LETTERS = "".join(map(chr, range(0x2200)))
"""Among them all of the Latin script that differ by their case alone."""
STATEMENT = re.compile(r"(?:[^.;!?\n]|[.](?=\w))+(?::[ \t]*\n)?(?:[^.;!?\n]|[.](?=\w))*")
"""A statement, with the heading on the line above it."""


@cache
def advice(language: str) -> dict[str, str]:
    """What to do better, by rule, from ``style_advice.csv`` of the language."""
    return {row["rule"]: row["advice"] for row in tables.rows(f"language/{language}/style_advice")}


def spoken(language: str) -> str:
    """The language itself, or English where there are no tables of it."""
    return language if language in LANGUAGES else "en"


@dataclass(frozen=True)
class Lexicon:
    """The words of one language as one pattern with a group a region."""

    pattern: re.Pattern[str]
    names: dict[str, str]
    """Region → its name in words."""


@cache
def lexicon(language: str) -> Lexicon:
    """The table's words for a language; English where it has none."""
    words: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    rows = tables.rows(f"language/{spoken(language)}/style_regions")
    for row in rows:
        words.setdefault(row["region"], []).append(_as_pattern(row["word"]))
        names[row["region"]] = row["name"]
    groups = "|".join(
        f"(?P<{region}>{'|'.join(sorted(found, key=len, reverse=True))})"
        for region, found in sorted(words.items(), key=lambda item: _specific_first(item[0]))
    )
    begun = _beginnings(row["word"].removesuffix("*") for row in rows)
    return Lexicon(re.compile(rf"\b(?={begun})(?:{groups})", re.IGNORECASE), names)


def _beginnings(words: Iterable[str]) -> str:
    """A pattern of the letters that the words begin with, which few places of a text match.

    Of alternatives that begin with plain letters the matcher tries the one that fits alone; those
    whose letters may be of either case it tries one after the other.
    """
    tree: dict[str, Any] = {}
    for word in words:
        node = tree
        for letter in word[:BEGINNING].lower():
            node = node.setdefault(letter, {})
        if len(word) < BEGINNING:
            node[""] = {}

    def pattern(node: dict[str, Any]) -> str:
        if not node or "" in node:
            return ""
        ways = [f"[{re.escape(_alike(x))}]{pattern(node[x])}" for x in sorted(node)]
        return f"(?:{'|'.join(ways)})"

    return f"(?-i:{pattern(tree)})"


@cache
def _alike(letter: str) -> str:
    """A letter as `re.IGNORECASE` takes it: with its capital, and the long s beside the short."""
    return letter + "".join(re.findall(re.escape(letter), LETTERS, re.IGNORECASE))


def _specific_first(region: str) -> int:
    # "Cardiomediastinal" speaks of the mediastinum too and "pulmonary artery" is no
    # lung finding, so the general words of the lungs and the heart are tried last.
    return ("pleura", "devices_abdomen", "mediastinum", "bones", "heart", "lungs").index(region)


def _as_pattern(word: str) -> str:
    escaped = re.escape(word.removesuffix("*"))
    return escaped + (r"\w*" if word.endswith("*") else r"\b")


def coverage(text: str, language: str = "en") -> dict[str, list[Span]]:
    """Every region → where the text speaks of it, as [start, end) offsets in order.

    A region counts when something that can be said of it is said: a finding, its absence, or
    that it is normal. Fast enough to be asked at every pause in typing.
    """
    found: dict[str, list[Span]] = {region: [] for region in REGIONS}
    for start, end in _statements(text, language):
        for match in lexicon(language).pattern.finditer(text, start, end):
            region = match.lastgroup or ""
            found[region].append(match.span())
            if "cardiomediast" in match.group().casefold():
                found["heart"].append(match.span())
    return found


def _statements(text: str, language: str) -> Iterator[Span]:
    """The statements of a text that name a finding or call something normal."""
    known = spoken(language)
    clear = findings_lexicon(known).words.get("clear", frozenset())
    said = sorted(
        place for sentence in reading.read(text, known) for place in _telling(sentence, clear)
    )
    for match in STATEMENT.finditer(text):
        start, end = match.span()
        first = bisect_left(said, start)
        known_word = first < len(said) and said[first] < end
        if known_word or normality.says_anything_normal(match.group(), known):
            yield start, end


def _telling(sentence: reading.ReadSentence, clear: frozenset[str]) -> Iterator[int]:
    """Where a sentence names a finding or says that something is normal."""
    yield from (sentence.tokens[match.start].start for match in sentence.terms)
    yield from (
        sentence.tokens[cue.start].start for cue in sentence.cues if cue.value.kind == "normal"
    )
    yield from (token.start for token in sentence.tokens if token.word in clear)


def coverage_part(text: str, language: str = "en") -> Part:
    """1 for five of the six regions with lungs, pleura and heart among them, 0.5 for three."""
    found = coverage(text, language)
    names = lexicon(language).names
    said = [region for region in REGIONS if found[region]]
    missing = [region for region in REGIONS if not found[region]]
    if len(said) >= ENOUGH_FOR_FULL and all(found[region] for region in ESSENTIAL):
        score = 1.0
    else:
        score = 0.5 if len(said) >= ENOUGH_FOR_HALF else 0.0
    evidence = tuple(Evidence(r, names[r], tuple(found[r])) for r in REGIONS)
    return Part(score, evidence, "" if score == 1 else _advice(missing, names, language))


def _advice(missing: list[str], names: dict[str, str], language: str) -> str:
    said = advice(spoken(language))
    return said["coverage"].format(names=f" {said['and']} ".join(names[r] for r in missing[:2]))
