"""The clauses of a sentence and the items of its lists: what its small words join and part.

Says which findings are listed, which explains another, and which words speak of none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

from ml.findings.lexicon import Cue, Lexicon, Modifier, Term
from ml.findings.patterns import Match
from ml.findings.tokens import PUNCTUATION, SEPARATOR

HEDGES = ("possible", "probable")
OR_GAP = 3
"""Words between two findings, an "or" among them, at most, whatever the others are."""
LIST_GAP = 4
"""Words between two findings of one list at most."""
DESCRIBES = ("side", "zone", "place", "severity")
"""Modifiers with which an item of a list reads as a statement of its own."""


class Clauses:
    """The words of one sentence with the cues, findings and modifiers that were found in it."""

    def __init__(
        self,
        words: Sequence[str],
        cues: Sequence[Match[Cue]],
        lexicon: Lexicon,
        terms: Sequence[Match[Term]] = (),
        modifiers: Sequence[Match[Modifier]] = (),
    ) -> None:
        self.words = list(words)
        self.cues = cues
        self._classes = lexicon.words
        self._terms = terms
        self._starts = {cue.start: cue.value.kind for cue in cues}
        self._described = {
            place for item in modifiers if item.value.kind in DESCRIBES for place in item.places
        }
        self._changed = {
            place for item in modifiers if item.value.kind == "change" for place in item.places
        }
        self._items: dict[int, range] = {}
        self._clauses_known: dict[tuple[int, bool], bool] = {}

    def is_one_of(self, name: str, place: int) -> bool:
        """Whether the word at a place belongs to a class of the lexicon."""
        return 0 <= place < len(self.words) and self.words[place] in self._classes[name]

    def begins(self, place: int, kind: str) -> bool:
        """Whether a trigger of this kind begins at a place."""
        return self._starts.get(place) == kind

    def links(self, one: Match[object], other: Match[object], *, listed: bool = False) -> bool:
        """Whether the second finding explains the first or is an alternative to it.

        Of two that are `listed` as hedged the second explains nothing: "possible nodule, possible
        effusion" says both.
        """
        between = range(one.end, other.start)
        joined = any(self._is_or(place) for place in between)
        if listed and not joined and any(self.words[place] == "," for place in between):
            return False
        if any(self.words[place] in (";", SEPARATOR) for place in between):
            return False
        if any(self._starts.get(place) in ("link", *HEDGES) for place in between):
            return not any(self._adds(place) for place in between)
        return self.alternative(one, other) or (
            len(between) <= LIST_GAP and any(self.is_one_of("or", place) for place in between)
        )

    def names(self, one: Match[object], other: Match[object]) -> bool:
        """Whether the second finding stands behind the colon of the first one's clause."""
        between = self.words[one.end : other.start]
        return between[-1:] == [":"] and "," not in between and ";" not in between

    def alternative(self, one: Match[object], other: Match[object]) -> bool:
        """Whether an "or" joins two findings: "nodule in the left apex or likely consolidation".

        Before it nothing new begins, and after it stands at most how the second one is described.
        """
        between = range(one.end, other.start)
        joints = [place for place in between if self.is_one_of("or", place)]
        if not joints or len(between) <= OR_GAP:
            return bool(joints)
        begins = any(
            self.words[place] in PUNCTUATION
            or place in self._starts
            or any(self.is_one_of(name, place) for name in ("and", "with", "verb"))
            for place in range(one.end, joints[0])
        )
        return not begins and all(
            place in self._described
            or self._starts.get(place) in HEDGES
            or self.is_one_of("article", place)
            for place in range(joints[-1] + 1, other.start)
        )

    def alternatives(self, findings: Sequence[Match[object]]) -> list[bool]:
        """Of each two neighbors whether they are alternatives: "A or B", and both of "A, B or C".

        A comma joins only bare items; "left effusion, atelectasis or consolidation" states an
        effusion.
        """
        joined = [self.alternative(one, other) for one, other in pairwise(findings)]
        for number in range(len(joined) - 2, -1, -1):
            one, other = findings[number], findings[number + 1]
            if joined[number + 1] and self.words[one.end : other.start] == [","]:
                joined[number] = self._is_bare(one)
        return joined

    def _is_bare(self, finding: Match[object]) -> bool:
        """Whether nothing stands before a finding in its item, or only an article or a hedge."""
        for place in range(finding.start - 1, -1, -1):
            if self.words[place] in PUNCTUATION:
                return True
            if self._starts.get(place) not in HEDGES and not self.is_one_of("article", place):
                return False
        return True

    def listed(self, one: Match[object], other: Match[object]) -> bool:
        """Whether only commas, joining words and adjectives stand between two findings."""
        return all(
            self.words[place] in (",", "/", ":")
            or place in self._described
            or any(self.is_one_of(name, place) for name in ("or", "and", "article"))
            or self._starts.get(place) in HEDGES
            for place in range(one.end, other.start)
        )

    def other_clauses(self, findings: Sequence[Match[Term]]) -> frozenset[int]:
        """The places of clauses without a finding: what they say belongs to none.

        A clause ends at a semicolon, a dash or a word such as "but"; one that a comma or "and" ends
        counts only where it says that something is normal ("the right lung is clear and …").
        """
        named = {place for finding in findings for place in finding.places}
        outside: set[int] = set()
        for clause, firm in self._clauses():
            if self._goes_on(clause):
                continue
            clear = any(self.is_one_of("clear", place) for place in clause)
            if named.isdisjoint(clause) and (firm or clear):
                outside.update(clause)
        return frozenset(outside)

    def _goes_on(self, clause: range) -> bool:
        """Whether a clause only describes what the one before it names: "nodule - apex - 8 mm"."""
        apart = bool(clause) and self.words[clause.start] == SEPARATOR
        return bool(clause) and all(
            place in self._described
            or (apart and place in self._changed)
            or (place == clause.start and self.words[place] == SEPARATOR)
            or self.words[place][0].isdigit()
            or self.words[place] in ("mm", "cm")
            or any(self.is_one_of(name, place) for name in ("preposition", "article"))
            for place in clause
        )

    def _clauses(self) -> list[tuple[range, bool]]:
        """The clauses of the sentence, each with whether a firm mark divides it from the rest."""
        borders = [(0, True)]
        for place, word in enumerate(self.words):
            if word == ";" or (word == SEPARATOR and not self._is_heading(borders[-1][0], place)):
                borders.append((place, True))
            elif (
                self._starts.get(place) == "end"
                or word == ","
                or self.is_one_of("and", place)
                or (place in self._described and self.is_one_of("clear", place - 1))
            ):  # "Right lung clear left basal collapse".
                borders.append((place, False))
        ends = [*borders[1:], (len(self.words), True)]
        return [
            (range(start, end), firm and last)
            for (start, firm), (end, last) in zip(borders, ends, strict=True)
        ]

    def _is_heading(self, start: int, end: int) -> bool:
        """Whether all words of a clause name a finding: what follows its dash speaks of it."""
        return any(term.start <= start and end <= term.end for term in self._terms)

    def closes(self, place: int) -> bool:
        """Whether a clause ends at a place: with a mark or with the sentence."""
        return place >= len(self.words) or self.words[place] in PUNCTUATION

    def _borders(self, place: int) -> bool:
        """Whether a clause may end at a place: punctuation, "and", or the end of the sentence."""
        return (
            not 0 <= place < len(self.words)
            or self.words[place] in PUNCTUATION
            or self._starts.get(place) == "end"
            or self.is_one_of("and", place)
        )

    def _placing(self, place: int, step: int) -> int:
        """The first place from one on, in a direction, whose word does not say where."""
        while 0 <= place < len(self.words) and (
            place in self._described
            or any(self.is_one_of(name, place) for name in ("preposition", "article", "seen"))
        ):
            place += step
        return place

    def comma_before(self, place: int) -> int:
        """The comma behind which only places stand before one: "effusion, on the right no …"."""
        comma = self._placing(place - 1, -1)
        return comma if comma >= 0 and self.words[comma] == "," else -1

    def spread_after(self, place: int, end: int) -> int:
        """The comma behind a "with" that says how a finding spreads: "with basal predominance,".

        Zero where none stands before an end.
        """
        words = self._classes.get("spread", frozenset())
        comma = next((p for p in range(place, end) if self.words[p] == ","), place)
        return comma if not words.isdisjoint(self.words[place:comma]) else 0

    def _adds(self, place: int) -> bool:
        """Whether a word adds a statement of its own, so that nothing is explained."""
        adds = self.is_one_of("and", place) and not self._is_or(place)
        return adds or self._starts.get(place) == "absent"

    def _is_or(self, place: int) -> bool:
        """Whether a word joins alternatives: or, and/or, and possibly."""
        return (
            self.is_one_of("or", place)
            or self.is_one_of("or", place + 1)
            or (self.words[place + 1 : place + 2] == ["/"] and self.is_one_of("or", place + 2))
        )

    def _is_with(self, place: int) -> bool:
        """Whether a new statement begins with "with"; "associated with" goes on."""
        return self.is_one_of("with", place) and not self.is_one_of("before_with", place - 1)

    def _item(self, place: int) -> range:
        """The places of the list item after a comma or conjunction."""
        if place not in self._items:
            self._items[place] = self._item_after(place)
        return self._items[place]

    def _item_after(self, place: int) -> range:
        for end in range(place + 1, len(self.words)):
            if self.words[end] in (",", ";", SEPARATOR) or (
                end > place + 1 and (self.is_one_of("or", end) or self.is_one_of("and", end))
            ):
                return range(place + 1, end)
        return range(place + 1, len(self.words))

    def _before(self, comma: int) -> range:
        """The places of the item before a comma."""
        for place in range(comma - 1, -1, -1):
            if self.words[place] in (",", ";", ":", SEPARATOR):
                return range(place + 1, comma)
        return range(comma)

    def _is_clause(self, item: range, *, of_list: bool = True) -> bool:
        """Whether an item has a verb of its own; one at the end of a list is the whole list's."""
        key = (item.start, of_list)
        if key not in self._clauses_known:
            self._clauses_known[key] = any(
                self.is_one_of("verb", place)
                and not (of_list and self.is_one_of("seen", place + 1))
                for place in item
            )
        return self._clauses_known[key]

    def _is_described(self, item: Sequence[int]) -> bool:
        """Whether an item says side, place, degree or change, and so states a finding."""
        said = self._described | self._changed
        return any(self.is_one_of("affirm", p) or p in said for p in item)

    def _or_follows(self, place: int) -> bool:
        """Whether alternatives follow in this clause, so that what stands here is a list."""
        return self._next_or[place] < self._clause_ends[place]

    def _next(self, places: set[int]) -> list[int]:
        """For each place the next one of some, itself among them; the end where none follows."""
        found = [len(self.words)] * (len(self.words) + 1)
        for place in range(len(self.words) - 1, -1, -1):
            found[place] = place if place in places else found[place + 1]
        return found

    @cached_property
    def _next_or(self) -> list[int]:
        return self._next({p for p in range(len(self.words)) if self.is_one_of("or", p)})

    @cached_property
    def _clause_ends(self) -> list[int]:
        return self._next(
            {
                place
                for place, word in enumerate(self.words)
                if word in (";", SEPARATOR) or self._starts.get(place) in ("end", "absent")
            }
        )
