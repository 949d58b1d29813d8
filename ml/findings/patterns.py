"""The small pattern language of the lexicon, and its matcher.

A pattern is a row of elements separated by blanks, read against tokens:

``word``      this word             ``a|b``     one of these words
``word*``     a word that begins so ``?word``   the word or nothing
``@name``     a class of patterns   ``..3``     up to three words of any kind
``>word``     this word follows, without being part of the match
``$``         the statement ends here: punctuation, or no further word

A gap (``..3``) does not cross punctuation or a word of the class ``@stop``. Of several
ways to match, optional words are taken and gaps are kept short.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from ml.findings.letters import plain
from ml.findings.tokens import PUNCTUATION, SEPARATOR

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Places = tuple[int, ...]
"""Indices of the tokens that a match names; those in gaps are left out."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a pattern."""

    words: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    gap: int = 0
    optional: bool = False
    ahead: bool = False
    end: bool = False

    def accepts(self, word: str) -> bool:
        return word in self.words or (bool(self.prefixes) and word.startswith(self.prefixes))


Pattern = tuple[Element, ...]


def parse(source: str) -> Pattern:
    """One pattern; ValueError when it is empty or begins with a gap or lookahead."""
    pattern = tuple(_element(part) for part in source.split())
    first = pattern[0] if pattern else None
    if first is None or first.gap or first.ahead or first.end or all(e.optional for e in pattern):
        raise ValueError(f"pattern {source!r} must begin with a word")
    return pattern


def _element(part: str) -> Element:
    if part.startswith(".."):
        return Element(gap=int(part[2:]))
    if part == "$":
        return Element(end=True)
    optional, ahead = part.startswith("?"), part.startswith(">")
    choices = part.lstrip("?>").split("|")
    return Element(
        words=frozenset(plain(c) for c in choices if c[-1:] != "*" and c[:1] != "@"),
        prefixes=tuple(plain(c[:-1]) for c in choices if c[-1:] == "*"),
        classes=tuple(c[1:] for c in choices if c[:1] == "@"),
        optional=optional,
        ahead=ahead,
    )


class Match(NamedTuple, Generic[T_co]):
    """A row of the lexicon found in a sentence."""

    value: T_co
    places: Places

    @property
    def start(self) -> int:
        return self.places[0]

    @property
    def end(self) -> int:
        return self.places[-1] + 1


class Matcher(Generic[T]):
    """All patterns of one table, found by the first word they can begin with."""

    def __init__(
        self, rows: Iterable[tuple[str, T]], classes: Mapping[str, Sequence[Pattern]]
    ) -> None:
        self._classes = classes
        self._stop = classes.get("stop", ())
        self._stop_words = frozenset().union(*(p[0].words for p in self._stop))
        self._rows = [(parse(source), value) for source, value in rows]
        self._check_classes()
        self._by_word: dict[str, list[int]] = {}
        self._by_prefix: dict[str, list[int]] = {}
        for number, (pattern, _) in enumerate(self._rows):
            for element in self._first(pattern):
                for word in element.words:
                    self._by_word.setdefault(word, []).append(number)
                for prefix in element.prefixes:
                    self._by_prefix.setdefault(prefix, []).append(number)
        self._initials = {begun[0] for begun in (*self._by_word, *self._by_prefix) if begun}
        self._prefix_lengths = sorted({len(prefix) for prefix in self._by_prefix})
        self._needs = [tuple(self._needed(pattern)) for pattern, _ in self._rows]
        self._simple = [_following(pattern) for pattern, _ in self._rows]
        self._known: dict[str, tuple[int, ...]] = {}

    def _check_classes(self) -> None:
        """ValueError for a class that is not there, or that is made of classes itself."""
        inner = [(f"@{name}", p) for name, group in self._classes.items() for p in group]
        for name, pattern in inner:
            if any(element.classes for element in pattern):
                raise ValueError(f"class {name} must not use another class")
        for pattern, value in self._rows:
            for unknown in {c for e in pattern for c in e.classes} - self._classes.keys():
                raise ValueError(f"a pattern of {value} uses the unknown class @{unknown}")

    def _first(self, pattern: Pattern) -> Iterator[Element]:
        """The elements that a match of the pattern can begin with."""
        for element in pattern:
            yield element
            for name in element.classes:
                for inner in self._classes[name]:
                    yield from self._first(inner)
            if not element.optional:
                return

    def _needed(self, pattern: Pattern) -> Iterator[frozenset[str]]:
        """For each further element of which the words are known: one of these must be there."""
        for element in pattern[1:]:
            if element.optional or element.gap or element.end or element.prefixes:
                continue
            words = set(element.words)
            for name in element.classes:
                for inner in self._classes[name]:
                    first = next((e for e in inner if not e.optional), None)
                    if first is None or first.prefixes or not first.words:
                        words = set()
                        break
                    words |= first.words
                else:
                    continue
                break
            if words:
                yield frozenset(words)

    def _candidates(self, word: str) -> tuple[int, ...]:
        """The rows that a match beginning with a word can be of; kept for the next time."""
        numbers = set(self._by_word.get(word, ()))
        for end in self._prefix_lengths:
            if (prefix := word[:end]) in self._by_prefix:
                numbers.update(self._by_prefix[prefix])
        known = tuple(sorted(numbers))
        if len(self._known) < 50_000:
            self._known[word] = known
        return known

    def find(self, words: Sequence[str]) -> list[Match[T]]:
        """Every row's match at every place of a sentence, overlapping ones included, in order."""
        absent = set(words).isdisjoint
        found = []
        for place, word in enumerate(words):
            candidates = self._known.get(word)
            if candidates is None:
                if word[:1] not in self._initials:
                    continue
                candidates = self._candidates(word)
            for number in candidates:
                if any(map(absent, self._needs[number])):
                    continue
                pattern, value = self._rows[number]
                following = self._simple[number]
                if following is None:
                    places = next(self._match(pattern, 0, words, place), None)
                else:
                    places = _in_a_row(following, words, place)
                if places:
                    found.append(Match(value, places))
        return found

    def _match(
        self, pattern: Pattern, step: int, words: Sequence[str], place: int
    ) -> Iterator[Places]:
        """The ways the rest of a pattern matches from a place on, best first."""
        if step == len(pattern):
            yield ()
            return
        element = pattern[step]
        if element.gap:
            yield from self._across(pattern, step, words, place)
            return
        if element.end:
            if place >= len(words) or words[place] in PUNCTUATION:
                yield from self._match(pattern, step + 1, words, place)
            return
        if place < len(words) and element.accepts(words[place]):
            here = () if element.ahead else (place,)
            for rest in self._match(pattern, step + 1, words, place + 1):
                yield here + rest
        for name in element.classes:
            for inner in self._classes[name]:
                for part in self._match(inner, 0, words, place):
                    after = part[-1] + 1 if part else place
                    for rest in self._match(pattern, step + 1, words, after):
                        yield (() if element.ahead else part) + rest
        if element.optional:
            yield from self._match(pattern, step + 1, words, place)

    def _parts(self, word: str, skipped: int) -> bool:
        """Whether a mark ends what may stand between two words; not in "heart: enlarged"."""
        return word in PUNCTUATION and not (word == ":" or (word == SEPARATOR and skipped == 1))

    def _across(
        self, pattern: Pattern, step: int, words: Sequence[str], place: int
    ) -> Iterator[Places]:
        for skipped in range(pattern[step].gap + 1):
            if skipped:
                word = words[place + skipped - 1] if place + skipped <= len(words) else ","
                if self._parts(word, skipped) or word in self._stop_words:
                    return
            yield from self._match(pattern, step + 1, words, place + skipped)


def _following(pattern: Pattern) -> tuple[Element, ...] | None:
    """What follows the first word of a pattern of words alone, which can match in one way only."""
    words_alone = all(
        (element.words or element.prefixes)
        and not (element.classes or element.gap or element.optional or element.ahead or element.end)
        for element in pattern
    )
    return pattern[1:] if words_alone else None


def _in_a_row(following: Sequence[Element], words: Sequence[str], place: int) -> Places | None:
    """The places of a pattern of words alone whose first one is at `place`."""
    after = place + 1
    for element in following:
        if after == len(words) or not element.accepts(words[after]):
            return None
        after += 1
    return tuple(range(place, after))


def longest(matches: Sequence[Match[T]]) -> list[Match[T]]:
    """Matches that share no token: longer ones first, then earlier ones and earlier rows."""
    taken: set[int] = set()
    kept = []
    for match in sorted(matches, key=lambda m: (-len(m.places), m.start)):
        if taken.isdisjoint(match.places):
            taken.update(match.places)
            kept.append(match)
    return sorted(kept, key=lambda m: m.start)
