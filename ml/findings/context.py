"""Which findings of a sentence are denied, hedged, or only spoken of.

The method is ConText (Harkema et al., J Biomed Inform 2009;42:839-851), which grew out of
NegEx (Chapman et al., J Biomed Inform 2001;34:301-310): trigger words open a scope to their
right or left, words of termination close it, pseudo-triggers open none. Ours adds the
list rule: a comma continues a denial only while the items read as a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml.findings.lexicon import Cue, Lexicon
from ml.findings.patterns import Match
from ml.findings.tokens import Token

WEIGHT = {"drop": 4, "absent": 3, "normal": 2, "possible": 1, "probable": 0}
"""Where scopes overlap, the first of these wins."""
LIST_GAP = 4
"""Words between two findings of one list at most."""


@dataclass(frozen=True)
class Scope:
    """The tokens [start, end) that a trigger speaks of."""

    kind: str
    start: int
    end: int
    forward: bool

    def holds(self, match: Match[object]) -> bool:
        """Whether a finding stands in the scope: its end for triggers before it."""
        place = match.places[-1] if self.forward else match.places[0]
        return self.start <= place < self.end


class Sentence:
    """The words of one sentence with the cues that were found in it."""

    def __init__(
        self, tokens: Sequence[Token], cues: Sequence[Match[Cue]], lexicon: Lexicon
    ) -> None:
        self.words = [token.word for token in tokens]
        self.cues = cues
        self._lexicon = lexicon
        self._starts = {cue.start: cue.value.kind for cue in cues}
        self._ends = {cue.end: cue.value.kind for cue in cues}

    def scopes(self) -> list[Scope]:
        """The scope of every trigger."""
        found = []
        for cue in self.cues:
            if cue.value.kind not in WEIGHT:
                continue
            if cue.value.forward:
                end = self._forward_end(cue)
                found.append(Scope(cue.value.kind, cue.end, end, True))
            if cue.value.backward:
                start = self._backward_start(cue)
                found.append(Scope(cue.value.kind, start, cue.start, False))
        return found

    def is_one_of(self, name: str, place: int) -> bool:
        """Whether the word at a place belongs to a class of the lexicon."""
        words = self._lexicon.words.get(name, frozenset())
        return 0 <= place < len(self.words) and self.words[place] in words

    def links(self, one: Match[object], other: Match[object]) -> bool:
        """Whether the second finding explains the first or is an alternative to it."""
        between = range(one.end, other.start)
        if any(self.words[place] == ";" for place in between):
            return False
        if any(self._starts.get(place) in ("link", "possible", "probable") for place in between):
            return not any(self._adds(place) for place in between)
        return len(between) <= LIST_GAP and any(self.is_one_of("or", place) for place in between)

    def _adds(self, place: int) -> bool:
        """Whether a word adds a statement of its own, so that nothing is explained."""
        adds = self.is_one_of("and", place) and not self.is_one_of("or", place + 1)
        return adds or self._starts.get(place) == "absent"

    def _forward_end(self, cue: Match[Cue]) -> int:
        kind = cue.value.kind
        for place in range(cue.end, len(self.words)):
            if self._starts.get(place) == "end" or self.words[place] == ";":
                return place
            if self._is_with(place) and place > cue.end:
                return place
            if kind == "drop" and self.is_one_of("verb", place):
                return place
            if kind != "absent" and self._starts.get(place) == "absent" and place > cue.end:
                return place
            if self.words[place] == "," and not self._list_goes_on(place, kind):
                return place
            if self.is_one_of("and", place) and not self._and_goes_on(place, kind):
                return place
        return len(self.words)

    def _is_with(self, place: int) -> bool:
        """Whether a new statement begins with "with"; "associated with" goes on."""
        return self.is_one_of("with", place) and not self.is_one_of("before_with", place - 1)

    def _item(self, place: int) -> range:
        """The places of the list item after a comma or conjunction."""
        for end in range(place + 1, len(self.words)):
            if self.words[end] in ",;" or (
                end > place + 1 and (self.is_one_of("or", end) or self.is_one_of("and", end))
            ):
                return range(place + 1, end)
        return range(place + 1, len(self.words))

    def _is_clause(self, item: range) -> bool:
        """Whether an item has a verb of its own, so that it is no part of a list."""
        return any(
            self.is_one_of("verb", place) and not self.is_one_of("seen", place + 1)
            for place in item
        )

    def _list_goes_on(self, comma: int, kind: str) -> bool:
        following = comma + 1
        if self.is_one_of("or", following):
            return True
        if self._starts.get(following) in ("possible", "probable") and kind == "absent":
            return False
        if self.is_one_of("and", following):
            return self._and_goes_on(following, kind)
        item = self._item(comma)
        if self._is_clause(item):
            return False
        is_list = any(
            self.is_one_of("or", place) for place in range(following, self._clause_end(following))
        )
        return (
            kind != "absent"
            or is_list
            or not any(self.is_one_of("affirm", place) for place in item)
        )

    def _clause_end(self, start: int) -> int:
        for place in range(start, len(self.words)):
            if self.words[place] == ";" or self._starts.get(place) in ("end", "absent"):
                return place
        return len(self.words)

    def _and_goes_on(self, place: int, kind: str) -> bool:
        if self.is_one_of("or", place + 1):
            return True
        if kind in ("possible", "probable"):
            return False
        if self._starts.get(place + 1) == "absent":
            return True
        if self._starts.get(place + 1) in ("possible", "probable"):
            return False
        item = self._item(place)
        if self._is_clause(item):
            return False
        return not any(self.is_one_of("affirm", p) for p in item[:2])

    def _backward_start(self, cue: Match[Cue]) -> int:
        joined = False
        normal = cue.value.kind == "normal"
        for place in range(cue.start - 1, -1, -1):
            word = self.words[place]
            stops = (
                word == ";"
                or self._ends.get(place + 1) == "end"
                or (self.is_one_of("verb", place) and place < cue.start - 1)
                or self.is_one_of("with", place)
                or (word == "," and (normal or not joined))
                or (normal and self.is_one_of("and", place))
            )
            if stops:
                return place + 1
            joined = joined or self.is_one_of("and", place) or self.is_one_of("or", place)
        return 0


def kind_of(match: Match[object], scopes: Sequence[Scope]) -> str:
    """What the scopes say of a finding: drop, absent, possible, probable, or empty."""
    kinds = [scope.kind for scope in scopes if scope.holds(match)]
    return max(kinds, key=WEIGHT.__getitem__, default="")
