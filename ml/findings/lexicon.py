"""The words of one language, read from ``ml/data/language/CODE/*.csv`` and compiled once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from ml import tables, taxonomy
from ml.findings.dictated import Dictation
from ml.findings.letters import plain
from ml.findings.patterns import Matcher, Pattern, parse
from ml.findings.tokens import NO, UNTICKED, Rules

LANGUAGES = tuple(row["language"] for row in tables.rows("languages"))
"""Codes of the languages that have a folder ``ml/data/language/CODE``."""
BLOCKER = "-"
CUE_KINDS = ("pseudo", "doubt", "absent", "normal", "probable", "possible", "drop", "end", "link")
DIRECTIONS = ("", "forward", "list", "backward", "both", "either", "answer", "compared")
MODIFIER_KINDS = ("side", "zone", "place", "severity", "change", "descriptor")


@dataclass(frozen=True)
class Term:
    """What a row of ``lexicon.csv`` means."""

    labels: tuple[str, ...]
    """Slugs of the taxonomy; empty for words that only look like a finding."""
    wider: tuple[str, ...] = ()
    """More general labels that the same words state too: an airspace opacity is an opacity."""
    sets: Mapping[str, str] = field(default_factory=dict)
    """Attributes that the words themselves say, such as severity or presence."""


@dataclass(frozen=True)
class Cue:
    """What a row of ``context.csv`` means."""

    kind: str
    forward: bool
    backward: bool
    answer: bool = False
    """Whether it answers a question before it, and so all items of a list that was asked."""
    either: bool = False
    """Whether it speaks of what follows it, or of what stands before it where nothing follows."""
    wide: bool = False
    """Whether it speaks of a whole list after it, described items too: removal of, differential."""
    compared: bool = False
    """Whether it says the opposite of what follows it: less likely than."""


@dataclass(frozen=True)
class Modifier:
    """What a row of ``modifiers.csv`` means."""

    kind: str
    """One of `MODIFIER_KINDS`, or empty for words that only look like one."""
    value: str


@dataclass(frozen=True)
class Lexicon:
    """Matchers of terms, cues and modifiers, and the small words the rules ask for."""

    terms: Matcher[Term]
    cues: Matcher[Cue]
    modifiers: Matcher[Modifier]
    positions: Matcher[str]
    """Where a device's tip lies, as `ml.devices` names it."""
    words: Mapping[str, frozenset[str]]
    """Name of a class of single words → its words."""
    vocabulary: tuple[str, ...]
    """Words of findings, places and degrees: what a misspelling may be set right to."""
    known: frozenset[str]
    """Right words that only look like a mistake, and all of the vocabulary."""
    placing: frozenset[str]
    """Words of sides, places and degrees that say so alone."""
    stems: tuple[str, ...]
    """Beginnings of words that patterns accept with any ending."""
    spoken: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The words of the classes that `Dictation` needs, in the order of their rows."""

    def names(self, word: str) -> bool:
        """Whether a word names a finding, a place or a degree."""
        return word in self._vocabulary or word.startswith(self.stems)

    def has(self, word: str) -> bool:
        """Whether a table has just this word, not only its beginning."""
        return word in self.known

    def knows(self, word: str) -> bool:
        """Whether a word stands right as it is."""
        return word in self.known or word.startswith(self.stems)

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        return frozenset(self.vocabulary)

    @cached_property
    def sentence_rules(self) -> Rules:
        """Where the sentences of the language end."""
        return Rules(
            continues=self.words.get("continues", frozenset()),
            abbreviations=self.words.get("abbreviation", frozenset()),
            nouns=self.words.get("noun", frozenset()),
            going_on=frozenset().union(
                *(self.words.get(name, ()) for name in ("preposition", "verb", "and", "or", "seen"))
            ),
            openers=self.words.get("opener", frozenset()),
            ordinals=self.words.get("ordinal", frozenset()),
            counted=self.words.get("counted", frozenset()),
            answers=self.words.get("answer", frozenset()),
            places=self.words.get("region", frozenset()),
            replies=self.placing.union(
                *(
                    self.words.get(name, ())
                    for name in ("answer", "preposition", "article", "pronoun")
                )
            ),
            known=self.names,
            dictation=self._dictation,
        )

    @property
    def _dictation(self) -> Dictation:
        """What stands for marks; nothing in a language without an "or"."""
        spoken = self.spoken
        groups = [
            f"(?P<{name}>{'|'.join(spoken[kind])})"
            for name, kind in (("end", "full_stop"), ("comma", "comma"))
            if spoken.get(kind)
        ]
        return Dictation(
            marks=re.compile(rf"(?<!\w)(?:{'|'.join(groups)})(?!\w)", re.I) if groups else None,
            prepositions=self.words.get("preposition", frozenset()),
            differential=spoken.get("differential", ()),
            either=spoken["or"][0],
            is_appearance=self._is_appearance,
            is_place=lambda word: plain(word) in self.placing,
        )

    def _is_appearance(self, word: str) -> bool:
        """Whether a word alone names what may have several causes: an opacity, a nodule."""
        return any(
            label in APPEARANCES
            for match in self.terms.find((plain(word),))
            for label in match.value.labels
        )


APPEARANCES = frozenset({"lung_opacity", "infiltration", "consolidation", "nodule_mass"})
"""Labels of what is seen and may be explained by several diseases."""


SIGNS = (
    (f":|– {NO}", Cue("absent", forward=False, backward=True, answer=True)),
    (UNTICKED, Cue("absent", forward=True, backward=False)),
)
"""What signs and boxes say in any language."""


MASK = "XXXX"
"""What Open-I's reports have in the place of a removed word."""


def lexicon(language: str, masked: bool = False) -> Lexicon:
    """The lexicon of a language; ValueError for an unknown one or a table that does not fit.

    Only a `masked` text is read with the rows and alternatives that reckon with a removed word.
    """
    return _lexicon(language, masked)


@cache
def _lexicon(language: str, masked: bool) -> Lexicon:
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")
    classes = _classes(language, masked)
    terms = list(_terms(language, masked))
    cues = [*_cues(language, masked), *SIGNS]
    modifiers = list(_modifiers(language, masked))
    positions = [
        (row["words"], row["position"]) for row in tables.rows(f"language/{language}/positions")
    ]
    everything = [parse(source) for source, _ in (*terms, *cues, *modifiers, *positions)]
    everything += [pattern for group in classes.values() for pattern in group]
    named = [parse(source) for source, _ in (*terms, *modifiers)]
    named += [pattern for name in _finding_classes(language) for pattern in classes[name]]
    words, _ = _words_of(everything)
    vocabulary, stems = _words_of(named)
    known = frozenset(row["word"] for row in tables.rows(f"language/{language}/spelling"))
    return Lexicon(
        terms=Matcher(terms, classes),
        cues=Matcher(cues, classes),
        modifiers=Matcher(modifiers, classes),
        positions=Matcher(positions, classes),
        words={
            name: frozenset().union(*(p[0].words for p in group if len(p) == 1))
            for name, group in classes.items()
        },
        vocabulary=tuple(sorted(vocabulary)),
        placing=_placing(modifiers),
        known=known | words,
        stems=stems,
        spoken={name: _spoken(language, name) for name in SPOKEN},
    )


SPOKEN = ("or", "differential", "full_stop", "comma")
"""Classes whose words are asked for in their order."""


def _spoken(language: str, name: str) -> tuple[str, ...]:
    return tuple(
        word
        for row in tables.rows(f"language/{language}/context")
        if row["kind"] == f"@{name}"
        for word in row["words"].split("|")
    )


def _rows(language: str, table: str, masked: bool) -> Iterator[dict[str, str]]:
    """The rows of a table, without what stands for a removed word where none was removed."""
    for row in tables.rows(f"language/{language}/{table}"):
        if masked or MASK.lower() not in row["words"]:
            yield row
        elif words := _unmasked(row["words"]):
            yield {**row, "words": words}


def _unmasked(words: str) -> str:
    """A pattern without its masks; empty where one of its elements is nothing else."""
    kept = []
    for part in words.split():
        lead = part[: len(part) - len(part.lstrip("?>"))]
        choices = [choice for choice in part[len(lead) :].split("|") if choice != MASK.lower()]
        if choices:
            kept.append(lead + "|".join(choices))
        elif not lead.startswith("?"):
            return ""
    return " ".join(kept)


def _classes(language: str, masked: bool) -> dict[str, list[Pattern]]:
    found: dict[str, list[Pattern]] = {}
    for name in ("lexicon", "context"):
        for row in _rows(language, name, masked):
            if (head := row.get("label") or row.get("kind") or "").startswith("@"):
                found.setdefault(head[1:], []).append(parse(row["words"]))
    for group in found.values():
        group.sort(key=len, reverse=True)
    return found


def _finding_classes(language: str) -> set[str]:
    """The classes of words that findings are made of, without the small words of context."""
    rows = tables.rows(f"language/{language}/lexicon")
    return {row["label"][1:] for row in rows if row["label"].startswith("@")} - {"stop"}


def _terms(language: str, masked: bool) -> Iterator[tuple[str, Term]]:
    name = f"language/{language}/lexicon"
    for row in _rows(language, "lexicon", masked):
        if row["label"].startswith("@"):
            continue
        first, *wider = row["label"].split(">")
        labels = () if first == BLOCKER else tuple(first.split("|"))
        for label in (*labels, *wider):
            if label not in taxonomy.labels():
                raise ValueError(f"{name}.csv: {label!r} is no label of the taxonomy")
        sets = dict(part.split("=", 1) for part in row["sets"].split(";") if part)
        yield row["words"], Term(labels, tuple(wider), sets)


def _cues(language: str, masked: bool) -> Iterator[tuple[str, Cue]]:
    name = f"language/{language}/context"
    for row in _rows(language, "context", masked):
        if row["kind"].startswith("@"):
            continue
        if row["kind"] not in CUE_KINDS:
            raise ValueError(f"{name}.csv: kind {row['kind']!r}")
        direction = row["direction"]
        if direction not in DIRECTIONS:
            raise ValueError(f"{name}.csv: direction {direction!r}")
        forward = direction in ("forward", "list", "both", "either")
        backward = direction in ("backward", "both", "either", "answer", "compared")
        cue = Cue(
            row["kind"],
            forward,
            backward,
            answer=direction == "answer",
            either=direction == "either",
            wide=direction == "list",
            compared=direction == "compared",
        )
        yield row["words"], cue


def _modifiers(language: str, masked: bool) -> Iterator[tuple[str, Modifier]]:
    name = f"language/{language}/modifiers"
    for row in _rows(language, "modifiers", masked):
        kind = "" if row["kind"] == BLOCKER else row["kind"]
        if kind and kind not in MODIFIER_KINDS:
            raise ValueError(f"{name}.csv: kind {kind!r}")
        yield row["words"], Modifier(kind, row["value"])


def _placing(modifiers: Iterable[tuple[str, Modifier]]) -> frozenset[str]:
    kinds = ("side", "zone", "place", "severity")
    patterns = [parse(words) for words, modifier in modifiers if modifier.kind in kinds]
    return frozenset().union(*(element.words for pattern in patterns for element in pattern))


def _words_of(patterns: list[Pattern]) -> tuple[set[str], tuple[str, ...]]:
    words: set[str] = set()
    stems: set[str] = set()
    for pattern in patterns:
        for element in pattern:
            words |= element.words
            stems.update(element.prefixes)
    return words, tuple(sorted(stems))
