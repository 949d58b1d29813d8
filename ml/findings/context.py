"""Which findings of a sentence are denied, hedged, or only spoken of.

The method is ConText (Harkema et al., J Biomed Inform 2009;42:839-851), which grew out of
NegEx (Chapman et al., J Biomed Inform 2001;34:301-310): trigger words open a scope to their
right or left, words of termination close it, pseudo-triggers open none. Ours adds the list
rule (a comma or "and" continues a denial or a hedge only while the items read as a bare list),
the rule of neighbors (a described finding that follows another without a joining word begins a new
statement, as in dictation) and answers (``Effusion, pneumothorax: none``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from ml import taxonomy
from ml.findings.clauses import HEDGES, LIST_GAP, Clauses
from ml.findings.lexicon import Cue, Lexicon, Modifier, Term
from ml.findings.one_side import Sides
from ml.findings.patterns import Match
from ml.findings.rows import ends_in_rows
from ml.findings.tokens import ASKED, PUNCTUATION, QUERY, SEPARATOR, YES

WEIGHT = {"drop": 5, "doubt": 4, "absent": 3, "normal": 2, "possible": 1, "probable": 0}
"""Where scopes overlap, the first of these wins."""
OPPOSITE = {"absent": "probable", "probable": "absent"}
"""What a comparison says of the finding after it: A is less likely than B."""
EXCEPTING = 3
"""Words from the one that excepts something to the end of its phrase: "with the exception of"."""
NEAR = 5
"""Words behind a denial of a position, at most, in which the position is named."""


@dataclass(frozen=True)
class Scope:
    """The tokens [start, end) that a trigger speaks of."""

    kind: str
    start: int
    end: int
    forward: bool


class Sentence(Clauses):
    """A sentence with the scopes of its cues."""

    def __init__(
        self,
        words: Sequence[str],
        cues: Sequence[Match[Cue]],
        lexicon: Lexicon,
        terms: Sequence[Match[Term]] = (),
        modifiers: Sequence[Match[Modifier]] = (),
    ) -> None:
        super().__init__(words, cues, lexicon, terms, modifiers)
        self._ends = {cue.end: cue.value.kind for cue in cues}
        self._answered = {cue.end for cue in cues if cue.value.answer}
        self.sides = Sides(self, modifiers)
        self._term_starts = {term.start: term for term in terms}
        self._term_ends = {term.end: term for term in terms}
        self._whether = lexicon.words.get("whether", frozenset())
        self._relative = lexicon.words.get("relative", frozenset())
        self._neighbors_known: dict[int, bool] = {}
        self._ends_known: dict[tuple[int, str, bool, bool], int] = {}
        self._lists_known: dict[tuple[int, str, bool, bool, bool], bool] = {}
        self._ands_known: dict[tuple[int, str, bool], bool] = {}

    def kinds_of(self, findings: Sequence[Match[Term]]) -> list[str]:
        """What the scopes say of each finding: drop, doubt, absent, …, or empty.

        A finding stands in the scope that holds its end, for triggers before it, or its start.
        """
        scopes = self.scopes()
        ahead = self._kinds_at([scope for scope in scopes if scope.forward])
        back = self._kinds_at([scope for scope in scopes if not scope.forward])
        kinds = [
            max(
                ahead[found.places[-1]],
                back[found.places[0]],
                key=lambda kind: WEIGHT.get(kind, -1),
            )
            for found in findings
        ]
        return [
            "" if kind == "absent" and self.sides.denied(found) else kind
            for found, kind in zip(findings, kinds, strict=True)
        ]

    def _kinds_at(self, scopes: Sequence[Scope]) -> list[str]:
        """For each place the gravest kind of the scopes that hold it, empty where none does."""
        kinds = [""] * len(self.words)
        for kind in sorted({scope.kind for scope in scopes}, key=WEIGHT.__getitem__):
            steps = [0] * (len(self.words) + 1)
            for scope in scopes:
                if scope.kind == kind and scope.start < scope.end:
                    steps[scope.start] += 1
                    steps[scope.end] -= 1
            for place, depth in enumerate(accumulate(steps[:-1])):
                if depth:
                    kinds[place] = kind
        return kinds

    def scopes(self) -> list[Scope]:
        """The scope of every trigger."""
        found = []
        for cue in self.cues:
            if cue.value.kind not in WEIGHT:
                continue
            ahead, back = cue.value.forward or cue.value.compared, cue.value.backward
            if cue.value.either:
                back = self._speaks_back(cue)
                ahead = not back
            if ahead:
                kind = OPPOSITE[cue.value.kind] if cue.value.compared else cue.value.kind
                found.append(Scope(kind, cue.end, self._forward_end(cue), True))
            if back:
                found.append(Scope(cue.value.kind, self._backward_start(cue), cue.start, False))
        return found

    def places_without(self, finding: Match[Term]) -> frozenset[int]:
        """The places of the sentence that say where a finding is not: "none on the left".

        They stand behind a denial that comes after the finding and does not speak of it, or
        before one that ends its clause ("right effusion, left none").
        """
        if denied := self.sides.denied(finding):
            return frozenset(denied)
        found: set[int] = set()
        for cue in self._denials_after(finding):
            places = range(cue.end, self._placing(cue.end, 1))
            if not places:
                places = range(self._placing(cue.start - 1, -1) + 1, cue.start)
                if not (self._borders(places.start - 1) and self._borders(cue.end)):
                    continue
            found.update(places)
        return frozenset(found)

    def denied_after(self, finding: Match[Term]) -> frozenset[int]:
        """The places of what is said not to be so of a finding: "tube not in the trachea"."""
        return frozenset(
            place
            for cue in self._denials_after(finding)
            if cue.value.forward
            for place in range(cue.end, min(self._forward_end(cue), cue.end + NEAR))
        )

    @cached_property
    def joints(self) -> frozenset[int]:
        """The places where a trigger begins that says something of a finding, or joins two."""
        return frozenset(cue.start for cue in self.cues if cue.value.kind not in ("pseudo", ""))

    @cached_property
    def replies(self) -> list[Match[Cue]]:
        """The triggers that speak of what stands before them, in order: "has cleared"."""
        return [
            cue
            for cue in self.cues
            if cue.value.kind in WEIGHT
            and (
                self._speaks_back(cue)
                if cue.value.either
                else cue.value.backward and not cue.value.forward
            )
        ]

    def _denials_after(self, finding: Match[Term]) -> Iterator[Match[Cue]]:
        """The denials behind a finding that do not speak of it."""
        first = bisect_left(self._denials, finding.end, key=lambda denial: denial[0].start)
        for cue, back in self._denials[first:]:
            if back > finding.start:
                yield cue

    @cached_property
    def _denials(self) -> list[tuple[Match[Cue], int]]:
        """The denials, each with where begins what it speaks of before it."""
        return [
            (cue, self._backward_start(cue) if cue.value.backward else len(self.words))
            for cue in self.cues
            if cue.value.kind == "absent"
        ]

    def _speaks_back(self, cue: Match[Cue]) -> bool:
        """Whether nothing that a trigger could speak of follows: "pneumonia likely in the RLL".

        Without a finding before it ("excluded: fracture") it speaks of what follows.
        """
        if not any(term.start < cue.start for term in self._terms):
            return False
        place = cue.end
        closes = place >= len(self.words) or self.words[place] in PUNCTUATION
        joints = ("and", "or", "with", "preposition")
        if closes or any(self.is_one_of(name, place) for name in joints):
            return True
        if self.words[cue.start - 1] == ":" and self._none_begins(place):
            return True  # "Fracture: possible fifth rib".
        apart = cue.start == 0 or self.words[cue.start - 1] in PUNCTUATION
        if cue.value.kind != "absent" or apart:
            return False
        return self.is_one_of("whence", place) or self._none_begins(place)

    def _none_begins(self, place: int) -> bool:
        """Whether a clause names no finding from a place on."""
        ahead = self._next_named[place]
        return ahead == len(self.words) or ahead > self._next_mark[place]

    @cached_property
    def _next_named(self) -> list[int]:
        return self._next({term.start for term in self._terms})

    @cached_property
    def _next_mark(self) -> list[int]:
        return self._next({p for p, word in enumerate(self.words) if word in PUNCTUATION})

    def _forward_end(self, cue: Match[Cue]) -> int:
        """Where the scope of a trigger ends to its right.

        Once it has met a finding, a scope ends where every other of its kind does that has got
        as far, so that what is known of one is not asked again.
        """
        kind, wide, after = cue.value.kind, cue.value.wide, cue.end
        stops, passed = self._stops, []
        end = len(self.words)
        for number in range(bisect_left(stops, (after, "")), len(stops)):
            place, stop = stops[number]
            if self._is_under_way(place, after):
                key = (number, kind, wide, self._next_join[after] < place)
                if key in self._ends_known:
                    end = self._ends_known[key]
                    break
                passed.append(key)
            if self._stops_scope(place, stop, cue):
                end = place
                break
        self._ends_known.update(dict.fromkeys(passed, end))
        return end

    def _is_under_way(self, place: int, after: int) -> bool:
        """Whether a scope from `after` on has met a finding, and only whole ones lie ahead."""
        return self._names_before(place, after) and place > after <= self._whole_from[place]

    @cached_property
    def _whole_from(self) -> list[int]:
        """For each place where the first of the findings begins that end there or later."""
        starts = [len(self.words)] * (len(self.words) + 2)
        for end, term in self._term_ends.items():
            starts[end] = term.start
        for place in range(len(self.words), -1, -1):
            starts[place] = min(starts[place], starts[place + 1])
        return starts

    def _stops_scope(self, place: int, stop: str, cue: Match[Cue]) -> bool:
        kind, after = cue.value.kind, cue.end
        if stop == "end":
            return True
        if stop == "with":
            return place > after
        if stop == "verb":
            return kind == "drop"
        if stop == "absent":
            return kind != "absent" and place > after
        if stop == "comma":
            return not self._list_goes_on(place, cue)
        if stop == "colon":  # A heading: "heart not enlarged D: left drain in situ".
            heads = place not in self._term_ends
            met = any(end in self._term_ends for end in range(cue.start + 1, place))
            return kind == "absent" and heads and met
        if stop == "seen":  # "No infiltrate identified heart is enlarged".
            return kind == "absent" and self._names_before(place - 1, after)
        if stop == "and":
            return not self._and_goes_on(place, cue)
        if kind == "absent" and place in self._in_rows:
            return False
        return kind != "drop" and self._neighbors(place, after)

    @cached_property
    def _stops(self) -> list[tuple[int, str]]:
        """The places at which a scope may end and why, in order; all others are passed over."""
        return [(place, stop) for place in range(len(self.words)) for stop in self._stops_at(place)]

    def _is_seen(self, place: int) -> bool:
        return place in self._term_ends and self.is_one_of("seen", place)

    def _stops_at(self, place: int) -> Iterator[str]:
        """Why a scope may end at a place; of one place the gravest reason first."""
        word = self.words[place]
        if self._starts.get(place) == "end" or word in (";", SEPARATOR):
            yield "end"
        if self._is_with(place):
            yield "with"
        if self.is_one_of("verb", place):
            yield "verb"
        if self._starts.get(place) == "absent":
            yield "absent"
        if word == ",":
            yield "comma"
        if word == ":":
            yield "colon"
        if self.is_one_of("and", place):
            yield "and"
        if self._is_seen(place - 1) and self._another_follows(place, None):
            yield "seen"
        if place in self._term_ends or self.is_one_of("general", place - 1):
            yield "neighbor"

    @cached_property
    def _in_rows(self) -> frozenset[int]:
        return ends_in_rows(self._terms, self._closes)

    def _closes(self, place: int) -> bool:
        """Whether a row of findings ends here: a clause ends, or another statement begins."""
        if self._borders(place) or self.is_one_of("seen", place):
            return True
        return self._another_follows(place, None)

    def _neighbors(self, place: int, start: int) -> bool:
        """Whether a finding ends here and a statement of another one follows without a joint."""
        term = self._term_ends.get(place)
        if term is None and place - 1 >= start:
            return self._another_follows(place, None) and place in self._described
        if term is None or term.start < start:
            return False
        if place not in self._neighbors_known:
            self._neighbors_known[place] = self._another_follows(place, term)
        return self._neighbors_known[place]

    def _another_follows(self, place: int, term: Match[Term] | None) -> bool:
        following = place
        while following < len(self.words) and following not in self._term_starts:
            leads = any(self.is_one_of(name, following) for name in ("affirm", "article"))
            if following not in self._described and not leads:
                return False
            following += 1
        other = self._term_starts.get(following)
        if other is None or self._or_follows(following):
            return False
        return term is None or not _akin(term, other)

    def _list_goes_on(self, comma: int, cue: Match[Cue]) -> bool:
        named, closed = self._names_before(comma, cue.end), self._next_join[cue.end] < comma
        key = (comma, cue.value.kind, cue.value.wide, named, closed)
        if key not in self._lists_known:
            self._lists_known[key] = self._list_continues(comma, cue)
        return self._lists_known[key]

    def _list_continues(self, comma: int, cue: Match[Cue]) -> bool:
        following, kind = comma + 1, cue.value.kind
        if self.is_one_of("or", following):
            return True
        if kind == "absent" and self._denies_in_general(comma, cue) and not self._or_follows(comma):
            return False
        if self._starts.get(following) in HEDGES and kind == "absent":
            return False
        if self.is_one_of("and", following):
            return self._and_goes_on(following, cue)
        item = self._item(comma)
        if kind == "absent" and self._is_hedged_behind(item):
            return False  # "No effusion, pneumonia not excluded".
        if self._or_follows(following):
            return not self._is_clause(item)
        if self._is_clause(item, of_list=not self._names_before(comma, cue.end)):
            return False
        if any(self.is_one_of("placed", place) for place in item):
            return False  # A device that lies somewhere is there: "no shift, tube in situ".
        if cue.value.wide and kind == "absent" and {following, item.stop - 1} & self._changed:
            return False  # "Removal of the drain, persistent pneumothorax", "…, line unchanged".
        if kind == "drop" and self.words[cue.start][0].isdigit() and self._is_described(item):
            return False  # "45 m with cough, left consolidation".
        if kind == "drop" or cue.value.wide or not self._names_before(comma, cue.end):
            return True
        closed = self._next_join[cue.end] < comma
        return not closed and not self._is_described(item)

    def _is_hedged_behind(self, item: range) -> bool:
        """Whether what follows an item's finding leaves it open."""
        named = any(term.start in item for term in self._terms)
        return named and any(
            reply.start in item and reply.value.kind in (*HEDGES, "doubt") for reply in self.replies
        )

    def _denies_in_general(self, comma: int, cue: Match[Cue]) -> bool:
        """Whether all that is denied before a comma is abnormality as such: "no acute disease"."""
        return not self._names_before(comma, cue.end) and self._next_general[cue.start] < comma

    @cached_property
    def _next_general(self) -> list[int]:
        return self._next({p for p in range(len(self.words)) if self.is_one_of("general", p)})

    def _names_before(self, place: int, start: int) -> bool:
        """Whether a trigger has met a finding: before, commas stand between adjectives."""
        return self._first_named[start] <= place

    @cached_property
    def _first_named(self) -> list[int]:
        """For each place the first end of a finding that begins there or later."""
        never = len(self.words) + 1
        ends = [never] * never
        for term in self._terms:
            ends[term.start] = min(ends[term.start], term.end)
        for place in range(len(self.words) - 1, -1, -1):
            ends[place] = min(ends[place], ends[place + 1])
        return ends

    @cached_property
    def _next_join(self) -> list[int]:
        return self._next({p for p in range(len(self.words)) if self._joins_findings(p)})

    def _joins_findings(self, place: int) -> bool:
        """Whether an "or" stands between two findings, and so ends a list."""
        return self.is_one_of("or", place) and any(
            term.end <= place for term in self._terms if term.end > place - LIST_GAP
        )

    def _and_goes_on(self, place: int, cue: Match[Cue]) -> bool:
        key = (place, cue.value.kind, cue.value.wide)
        if key not in self._ands_known:
            self._ands_known[key] = self._and_continues(place, cue)
        return self._ands_known[key]

    def _and_continues(self, place: int, cue: Match[Cue]) -> bool:
        kind = cue.value.kind
        if self._is_or(place):
            return True
        follows = self._starts.get(place + 1)
        if follows == "absent":
            return kind not in HEDGES
        if follows in HEDGES:
            return kind in HEDGES
        item = self._item(place)
        if self._is_clause(item):
            return False
        return cue.value.wide or not self._is_described(item[:2])

    def _backward_start(self, cue: Match[Cue]) -> int:
        if cue.value.answer:
            return self._asked_from(cue.start)
        joined = False
        normal = cue.value.kind == "normal"
        if cue.value.kind == "absent" and self._says_elsewhere(cue):
            return cue.start
        for place in range(cue.start - 1, -1, -1):
            word = self.words[place]
            if normal and self._ends.get(place + 1) == "end" and self._excepts(place):
                return cue.start
            stops = (
                word in (";", SEPARATOR)
                or self._ends.get(place + 1) == "end"
                or word in self._whether
                or (word == ":" and self._next_named[place] < cue.start)
                or (
                    self.is_one_of("verb", place)
                    and place < cue.start - 1
                    and not (place and self.words[place - 1] in self._relative)
                )
                or self.is_one_of("with", place)
                or (word == "," and (normal or not (joined or place == cue.start - 1)))
                or (normal and self.is_one_of("and", place))
                or (
                    place in self._term_ends
                    and self.is_one_of("article", place)
                    and not self.is_one_of("preposition", place)
                )
            )
            if stops:
                return place + 1
            joined = joined or self.is_one_of("and", place) or self.is_one_of("or", place)
        return 0

    def _excepts(self, place: int) -> bool:
        """Whether a word of termination ends here that excepts what follows: "apart from"."""
        return any(self.is_one_of("except", p) for p in range(max(0, place - EXCEPTING), place + 1))

    def _says_elsewhere(self, cue: Match[Cue]) -> bool:
        """Whether a denial is of another place only: "present on the left, absent on the right"."""
        comma = cue.start - 1
        if comma < 0 or self.words[comma] != ",":
            return False
        before = self._before(comma)
        behind = range(cue.end, self._placing(cue.end, 1))
        return (
            any(place in self._described for place in behind)
            and self._borders(behind.stop)
            and any(place in self._described for place in before)
            and any(term.start in before for term in self._terms)
        )

    def _names_other(self, item: range) -> bool:
        """Whether an item names something that no row of the lexicon knows."""
        known = self._described | self._changed
        return not any(term.start in item for term in self._terms) and any(
            self.words[place].isalpha()
            and place not in known
            and self._starts.get(place) is None
            and not any(
                self.is_one_of(name, place) for name in ("preposition", "article", "affirm")
            )
            for place in item
        )

    def _asked_from(self, colon: int) -> int:
        """Where the list begins that is asked before an answer: its items are bare."""
        first = colon
        last = self._before(colon)
        asks = self.words[colon] == ASKED and last.start > 0
        if asks and self._names_other(last):
            return colon  # "Ground glass, PJP?"
        if not asks and all(place in self._described for place in last):
            return colon  # "Left: clear" asks for a place only.
        for place in range(colon - 1, -1, -1):
            word = self.words[place]
            if word in (";", ":", SEPARATOR, YES) or place + 1 in self._answered:
                return place + 1
            asks = word == QUERY
            if self._ends.get(place + 1) == "end" or (
                self._starts.get(place) in WEIGHT and not asks
            ):
                return first
            if word == ",":
                if self._is_described(self._before(place)):
                    return place + 1
                first = place
        return 0


def _akin(one: Match[Term], other: Match[Term]) -> bool:
    """Whether two neighbors are two words for one appearance: consolidating airspace disease."""
    groups = [{taxonomy.group_of(label) for label in term.value.labels} for term in (one, other)]
    return not groups[0].isdisjoint(groups[1])
