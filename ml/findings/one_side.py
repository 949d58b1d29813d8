"""A finding that one phrase states on one side and denies on the other.

"Moderate left and no right effusion", "no left, small right effusion", and forms that answer side
by side: "Consolidation L yes R no", "effusion: left none, right small".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml.findings.clauses import Clauses
from ml.findings.lexicon import Modifier, Term
from ml.findings.patterns import Match
from ml.findings.tokens import NO, PUNCTUATION, SEPARATOR, YES

SIDED = frozenset({"left", "right"})


class Sides:
    """The sides and degrees of one sentence, to find the side on which a finding is not."""

    def __init__(self, sentence: Clauses, modifiers: Sequence[Match[Modifier]]) -> None:
        self._sentence = sentence
        self._sides: Mapping[int, str] = {
            place: item.value.value.split("/")[0]
            for item in modifiers
            if item.value.kind in ("side", "place")
            for place in item.places
        }
        self._degrees = {
            place for item in modifiers if item.value.kind == "severity" for place in item.places
        }
        self._denials = {
            cue.end: cue.start
            for cue in sentence.cues
            if cue.value.kind == "absent" and cue.value.forward
        }
        self._absent = {
            place
            for cue in sentence.cues
            if cue.value.kind == "absent"
            for place in range(cue.start, cue.end)
        }
        denies = bool(self._absent) or NO in sentence.words
        self._asked = denies and SIDED.issubset(self._sides.values())

    def denied(self, finding: Match[Term]) -> range:
        """The places that say where a finding is not, while others say where it is.

        Empty where it is stated or denied as a whole.
        """
        if not self._asked:
            return range(0)
        return self._before(finding) or self._behind(finding)[0] or self._other(finding)

    def answered_to(self, finding: Match[Term]) -> int:
        """Where the answers for each side have ended that stand behind a finding, if any do."""
        denied, end = self._behind(finding) if self._asked else (range(0), 0)
        return end if denied else finding.end

    def _before(self, finding: Match[Term]) -> range:
        """Such as "Moderate left and no right effusion", "no left and small right effusion"."""
        near = self._describing(finding.start)
        denial = self._denials.get(near.start)
        joint = self._joint(near.start if denial is None else denial)
        if joint is None:
            return range(0)
        far = self._describing(joint)
        if not self._opposite(near, far):
            return range(0)
        if denial is not None:
            return range(denial, finding.start) if self._opens(far.start) else range(0)
        first = self._denials.get(far.start)
        stated = any(place in self._degrees for place in near)
        return range(first, joint) if first is not None and stated else range(0)

    def _behind(self, finding: Match[Term]) -> tuple[range, int]:
        """Such as "Consolidation L yes R no": the side answered with no, and where it all ends."""
        words, place = self._sentence.words, finding.end
        answers: list[tuple[range, str]] = []
        while place < len(words):
            while place < len(words) and self._parts(place):
                place += 1
            start = place
            while place < len(words) and self._places(place):
                place += 1
            if start == place or self._side_of(range(start, place)) is None:
                break
            while place < len(words) and words[place] in (":", SEPARATOR, "="):
                place += 1
            answer = self._answer(place) if place < len(words) else ""
            if not answer:
                break
            while place < len(words) and self._answer(place) == answer:
                place += 1
            answers.append((range(start, place), answer))
        denied = [said for said, answer in answers if answer == NO]
        stated = [said for said, answer in answers if answer == YES]
        if len(denied) != 1 or len(stated) != 1 or not self._opposite(denied[0], stated[0]):
            return range(0), finding.end
        return denied[0], max(said.stop for said, _ in answers)

    def _other(self, finding: Match[Term]) -> range:
        """Such as "no effusion on the left, small on the right"."""
        if self._describing(finding.start).start not in self._denials:
            return range(0)
        near = self._placed(finding.end)
        start = near.stop
        while start < len(self._sentence.words) and (
            self._parts(start) or self._sentence.begins(start, "end")
        ):
            start += 1
        far = self._placed(start)
        stated = start > near.stop and any(place in self._degrees for place in far)
        closes = far.stop == len(self._sentence.words) or self._parts(far.stop)
        return near if stated and closes and self._opposite(near, far) else range(0)

    def _placed(self, start: int) -> range:
        """The words from a place on that only say side and degree."""
        end = start
        while end < len(self._sentence.words) and (self._places(end) or end in self._degrees):
            end += 1
        return range(start, end)

    def _answer(self, place: int) -> str:
        """`YES` or `NO` where a word answers so; a degree is a yes."""
        sentence = self._sentence
        if sentence.words[place] in (YES, NO):
            return sentence.words[place]
        if place in self._degrees:
            return YES
        if not sentence.is_one_of("answer", place):
            return ""
        if sentence.is_one_of("affirm", place):
            return YES
        return NO if place in self._absent else ""

    def _parts(self, place: int) -> bool:
        return self._sentence.words[place] in PUNCTUATION or self._sentence.is_one_of("and", place)

    def _places(self, place: int) -> bool:
        names = ("preposition", "article")
        return place in self._sides or any(self._sentence.is_one_of(n, place) for n in names)

    def _describing(self, end: int) -> range:
        """The words before a place that only say side and degree."""
        start = end
        while start > 0 and (start - 1 in self._sides or start - 1 in self._degrees):
            start -= 1
        return range(start, end)

    def _joint(self, end: int) -> int | None:
        """Where the comma, "and" or "but" before a place begins; None where there is none."""
        start = end
        while start > 0 and (self._parts(start - 1) or self._sentence.begins(start - 1, "end")):
            start -= 1
        return start if start < end else None

    def _opens(self, start: int) -> bool:
        """Whether a statement begins here: with the sentence, after a mark or a verb."""
        while start > 0 and self._sentence.is_one_of("article", start - 1):
            start -= 1
        return start == 0 or self._parts(start - 1) or self._sentence.is_one_of("verb", start - 1)

    def _side_of(self, places: range) -> str | None:
        sides = {self._sides[place] for place in places if place in self._sides}
        return sides.pop() if len(sides) == 1 and sides <= SIDED else None

    def _opposite(self, one: range, other: range) -> bool:
        sides = {self._side_of(one), self._side_of(other)}
        return sides == SIDED
