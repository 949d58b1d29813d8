"""The words of one language, read from ``ml/data/*_LANGUAGE.csv`` and compiled once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from ml import tables, taxonomy
from ml.findings.patterns import Matcher, Pattern, parse

LANGUAGES = ("en", "es")
BLOCKER = "-"
CUE_KINDS = ("pseudo", "absent", "normal", "probable", "possible", "drop", "end", "link")
MODIFIER_KINDS = ("side", "zone", "place", "severity", "change", "descriptor")


@dataclass(frozen=True)
class Term:
    """What a row of ``lexicon_*.csv`` means."""

    labels: tuple[str, ...]
    """Slugs of the taxonomy; empty for words that only look like a finding."""
    wider: tuple[str, ...] = ()
    """More general labels that the same words state too: an airspace opacity is an opacity."""
    sets: Mapping[str, str] = field(default_factory=dict)
    """Attributes that the words themselves say, such as severity or presence."""


@dataclass(frozen=True)
class Cue:
    """What a row of ``context_*.csv`` means."""

    kind: str
    forward: bool
    backward: bool


@dataclass(frozen=True)
class Modifier:
    """What a row of ``modifiers_*.csv`` means."""

    kind: str
    """One of `MODIFIER_KINDS`, or empty for words that only look like one."""
    value: str


@dataclass(frozen=True)
class Lexicon:
    """Matchers of terms, cues and modifiers, and the small words the rules ask for."""

    terms: Matcher[Term]
    cues: Matcher[Cue]
    modifiers: Matcher[Modifier]
    words: Mapping[str, frozenset[str]]
    """Name of a class of single words → its words."""
    vocabulary: tuple[str, ...]
    """Words of findings, places and degrees: what a misspelling may be set right to."""
    known: frozenset[str]
    """Right words that only look like a mistake, and all of the vocabulary."""
    stems: tuple[str, ...]
    """Beginnings of words that patterns accept with any ending."""


@cache
def lexicon(language: str) -> Lexicon:
    """The lexicon of a language; ValueError for an unknown one or a table that does not fit."""
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")
    classes = _classes(language)
    terms = list(_terms(language))
    cues = list(_cues(language))
    modifiers = list(_modifiers(language))
    everything = [parse(source) for source, _ in (*terms, *cues, *modifiers)]
    everything += [pattern for group in classes.values() for pattern in group]
    named = [parse(source) for source, _ in (*terms, *modifiers)]
    named += [pattern for name in _finding_classes(language) for pattern in classes[name]]
    words, _ = _words_of(everything)
    vocabulary, stems = _words_of(named)
    known = frozenset(row["word"] for row in tables.rows(f"spelling_{language}"))
    return Lexicon(
        terms=Matcher(terms, classes),
        cues=Matcher(cues, classes),
        modifiers=Matcher(modifiers, classes),
        words={
            name: frozenset().union(*(p[0].words for p in group if len(p) == 1))
            for name, group in classes.items()
        },
        vocabulary=tuple(sorted(vocabulary)),
        known=known | words,
        stems=stems,
    )


def _classes(language: str) -> dict[str, list[Pattern]]:
    found: dict[str, list[Pattern]] = {}
    for name in ("lexicon", "context"):
        for row in tables.rows(f"{name}_{language}"):
            if (head := row.get("label") or row.get("kind") or "").startswith("@"):
                found.setdefault(head[1:], []).append(parse(row["words"]))
    for group in found.values():
        group.sort(key=len, reverse=True)
    return found


def _finding_classes(language: str) -> set[str]:
    """The classes of words that findings are made of, without the small words of context."""
    rows = tables.rows(f"lexicon_{language}")
    return {row["label"][1:] for row in rows if row["label"].startswith("@")} - {"stop"}


def _terms(language: str) -> Iterator[tuple[str, Term]]:
    name = f"lexicon_{language}"
    for row in tables.rows(name):
        if row["label"].startswith("@"):
            continue
        first, *wider = row["label"].split(">")
        labels = () if first == BLOCKER else tuple(first.split("|"))
        for label in (*labels, *wider):
            if label not in taxonomy.labels():
                raise ValueError(f"{name}.csv: {label!r} is no label of the taxonomy")
        sets = dict(part.split("=", 1) for part in row["sets"].split(";") if part)
        yield row["words"], Term(labels, tuple(wider), sets)


def _cues(language: str) -> Iterator[tuple[str, Cue]]:
    name = f"context_{language}"
    for row in tables.rows(name):
        if row["kind"].startswith("@"):
            continue
        if row["kind"] not in CUE_KINDS:
            raise ValueError(f"{name}.csv: kind {row['kind']!r}")
        direction = row["direction"]
        if direction not in ("", "forward", "backward", "both"):
            raise ValueError(f"{name}.csv: direction {direction!r}")
        yield (
            row["words"],
            Cue(row["kind"], direction in ("forward", "both"), direction in ("backward", "both")),
        )


def _modifiers(language: str) -> Iterator[tuple[str, Modifier]]:
    name = f"modifiers_{language}"
    for row in tables.rows(name):
        kind = "" if row["kind"] == BLOCKER else row["kind"]
        if kind and kind not in MODIFIER_KINDS:
            raise ValueError(f"{name}.csv: kind {kind!r}")
        yield row["words"], Modifier(kind, row["value"])


def _words_of(patterns: list[Pattern]) -> tuple[set[str], tuple[str, ...]]:
    words: set[str] = set()
    stems: set[str] = set()
    for pattern in patterns:
        for element in pattern:
            words |= element.words
            stems.update(element.prefixes)
    return words, tuple(sorted(stems))
