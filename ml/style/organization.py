"""How a report is built and worded: sentences, their order, and the words to avoid."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from ml import tables
from ml.findings import sections
from ml.style.coverage import advice, lexicon, spoken
from ml.style.model import Evidence, Part, Span

SENTENCE = re.compile(r"[^\s.;!?\n](?:[^.;!?\n]|[.](?=\w))*[.;!?]?")
SHORTEST_REPORT = 5
"""Words; a report of fewer has no organization to judge."""
LONGEST_SENTENCE = 45
JUMPS_ALLOWED = 2

WEIGHTS = {
    "empty": 4,
    "no_sentences": 2,
    "long_sentence": 1,
    "repetition": 1,
    "jumping": 1,
    "lowercase": 1,
}


@dataclass(frozen=True)
class Habit:
    """One thing that makes a report harder to read, where it was found."""

    rule: str
    weight: int
    advice: str
    spans: tuple[Span, ...]


@cache
def _wording_rules(language: str) -> tuple[tuple[str, int, re.Pattern[str], str], ...]:
    rows = tables.rows(f"language/{language}/style_wording")
    return tuple(
        (
            row["rule"],
            int(row["weight"]),
            re.compile(row["pattern"], 0 if row["rule"] == "shouting" else re.IGNORECASE),
            row["advice"],
        )
        for row in rows
    )


def organization_part(text: str, language: str = "en") -> Part:
    """1 without a habit to change, 0.5 for weights up to 2, else 0."""
    habits = _habits(text, spoken(language))
    weight = sum(habit.weight for habit in habits)
    score = 1.0 if weight == 0 else 0.5 if weight <= 2 else 0.0
    evidence = tuple(Evidence(h.rule, h.rule.replace("_", " "), h.spans) for h in habits)
    worst = max(habits, key=lambda habit: habit.weight, default=None)
    return Part(score, evidence, worst.advice if worst else "")


def _habits(text: str, language: str) -> list[Habit]:
    sentences = [match.span() for match in SENTENCE.finditer(text)]
    if len(re.findall(r"\w{2,}", text)) < SHORTEST_REPORT:
        return [_habit("empty", language, ())]
    summary = sections.impression(text, language) or (len(text), len(text))
    # An impression repeats the findings and goes through the regions again.
    body = [span for span in sentences if span[1] <= summary[0]]
    found = [
        ("no_sentences", _unended(text, sentences)),
        ("lowercase", _uncapitalized(text, sentences)),
        ("long_sentence", _long(text, sentences)),
        ("repetition", _repeated(text, body)),
        ("jumping", _jumps(text, body, language)),
    ]
    structure = [_habit(rule, language, spans) for rule, spans in found if spans]
    wording = [
        Habit(rule, weight, advice, spans)
        for rule, weight, pattern, advice in _wording_rules(language)
        if (spans := tuple(match.span() for match in pattern.finditer(text)))
    ]
    return structure + wording


def _habit(rule: str, language: str, spans: tuple[Span, ...]) -> Habit:
    return Habit(rule, WEIGHTS[rule], advice(language)[rule], spans)


def _words(text: str, span: Span) -> list[str]:
    return text[span[0] : span[1]].split()


def _unended(text: str, sentences: list[Span]) -> tuple[Span, ...]:
    """The sentences of four words or more that no mark ends, when they are the majority."""
    long = [span for span in sentences if len(_words(text, span)) >= 4]
    open_ones = tuple(span for span in long if text[span[1] - 1] not in ".;!?")
    return open_ones if len(open_ones) * 2 > len(long) else ()


def _uncapitalized(text: str, sentences: list[Span]) -> tuple[Span, ...]:
    """The sentences that begin with a small letter, when they are the majority."""
    small = tuple(span for span in sentences if text[span[0]].islower())
    return small if len(small) * 2 > len(sentences) else ()


def _long(text: str, sentences: list[Span]) -> tuple[Span, ...]:
    return tuple(span for span in sentences if len(_words(text, span)) > LONGEST_SENTENCE)


def _repeated(text: str, sentences: list[Span]) -> tuple[Span, ...]:
    seen: set[str] = set()
    again = []
    for span in sentences:
        key = " ".join(_words(text, span)).casefold().rstrip(".;!? ")
        if key in seen and len(key) > 12:
            again.append(span)
        seen.add(key)
    return tuple(again)


def _jumps(text: str, sentences: list[Span], language: str) -> tuple[Span, ...]:
    """The sentences that come back to a region left before, when there are many."""
    pattern = lexicon(language).pattern
    order: list[str] = []
    back = []
    for start, end in sentences:
        match = pattern.search(text, start, end)
        if match is None or (order and order[-1] == match.lastgroup):
            continue
        region = match.lastgroup or ""
        if region in order:
            back.append((start, end))
        order.append(region)
    return tuple(back) if len(back) > JUMPS_ALLOWED else ()
