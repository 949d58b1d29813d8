"""What is written in words or numbers and means a mark: "no effusion period", "ddx 1) A 2) B"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from ml.findings.letters import plain

FIRST = re.compile(r"(?<![\w.,])\(?1[.)][ \t]{0,3}(?=[^\W\d_])")
NEXT = re.compile(r"[,;.]?\s{0,4}(?<![\w.,])\(?(?P<number>[2-9])[.)](?=[ \t]{0,3}[^\W\d_])")
"""The first number of a list and a later one, with the mark before it."""
LEADS = re.compile(r"(?P<word>[^\W\d_]{0,24})(?P<colon>[ \t]{0,3}:)?[.]?(?P<gap>\s{0,4})$")
ITEM_END = re.compile(r"[.;]|\n\s*\n|\n(?!\s*\(?[2-9][.)])")
HEAD_END = re.compile(r"[.;\n]")
LONGEST_HEAD = 120
"""Characters before a list in which the finding stands that it explains."""
LONGEST_ITEM = 80
MOST_LISTS = 40
"""Lists of a text that are looked at; no report has more."""
WRITTEN = re.compile(r"[^\W\d_][.,;](?:\s|$)")
"""A mark that is written: then words such as "period" mean a time."""
WORD = re.compile(r"[^\W\d_]+")
END = "."
Replaced = tuple[int, tuple[int, tuple[str, ...]]]
"""Where something begins, where it ends, and the words to read instead; `END` ends a sentence."""


@dataclass(frozen=True)
class Dictation:
    """The words of a language for marks, and those that a list of explanations follows."""

    marks: re.Pattern[str] | None = None
    """Groups ``end`` and ``comma``: what is spoken for a full stop and a comma."""
    prepositions: frozenset[str] = frozenset()
    """Words beside which those mean something else: "over a period of", "en coma"."""
    differential: tuple[str, ...] = ()
    """Words that name a differential diagnosis, first one that is a cue by itself: ddx."""
    either: str = ""
    """The language's "or"."""
    is_appearance: Callable[[str], bool] = bool
    """Whether a word names what may have several causes: an opacity."""
    is_place: Callable[[str], bool] = bool
    """Whether a word says a side, a place or a degree."""


NONE = Dictation()


def replaced(text: str, words: Dictation) -> dict[int, tuple[int, tuple[str, ...]]]:
    """Where something stands for marks: its start → its end and the words to read instead."""
    found: dict[int, tuple[int, tuple[str, ...]]] = {}
    if words.marks is not None and words.marks.search(text) and not WRITTEN.search(text):
        found.update(_spoken(text, words))
    if words.differential and ("1)" in text or "1." in text):
        for first in islice(FIRST.finditer(text), MOST_LISTS):
            found.update(_explained(text, first, words))
    return found


def _spoken(text: str, words: Dictation) -> Iterator[Replaced]:
    assert words.marks is not None
    for match in words.marks.finditer(text):
        around = (
            *text[max(0, match.start() - LONGEST_ITEM) : match.start()].split()[-1:],
            *text[match.end() : match.end() + LONGEST_ITEM].split()[:1],
        )
        if not any(plain(word) in words.prepositions for word in around):
            mark = END if match.lastgroup == "end" else ","
            yield match.start(), (match.end(), (mark,))


def _explained(text: str, first: re.Match[str], words: Dictation) -> Iterator[Replaced]:
    """The numbers of a list of explanations, read as "or".

    Such a list follows the words for a differential diagnosis, or in one line the colon behind a
    finding that may have several causes.
    """
    before = text[max(0, first.start() - LONGEST_HEAD) : first.start()]
    lead = LEADS.search(before)
    if lead is None:
        return
    named = plain(lead["word"]) in words.differential
    if not named and not (lead["colon"] and "\n" not in lead["gap"]):
        return
    head = HEAD_END.split(before[: lead.end("word")])[-1]
    if not named and not any(words.is_appearance(word) for word in WORD.findall(head)):
        return
    numbers = list(_numbers(text, first, one_line=not named))
    if not numbers or _is_placed(text, first, numbers, words):
        return
    start = len(text[: first.start()]) - len(before) + lead.end("word")
    start += len(text[start : first.start()]) - len(text[start : first.start()].lstrip(" \t"))
    yield start, (first.end(), () if named else (",", words.differential[0]))
    for match in numbers:
        mark = match.end() - len(match.group().lstrip(" \t"))
        yield mark, (match.end(), (words.either,))


def _is_placed(
    text: str, first: re.Match[str], numbers: list[re.Match[str]], words: Dictation
) -> bool:
    """Whether an item of a list says a place: then it is a finding of its own."""
    last = numbers[-1].end() + LONGEST_ITEM
    end = ITEM_END.search(text, numbers[-1].end(), last)
    items = re.split(r"[.;]", text[first.end() : numbers[-1].end()])
    items.append(text[numbers[-1].end() : end.start() if end else last])
    return any(words.is_place(word) for item in items for word in WORD.findall(item))


def _numbers(text: str, first: re.Match[str], *, one_line: bool) -> Iterator[re.Match[str]]:
    """The numbers from two on that follow a first one, each before its item grows too long."""
    place, number = first.end(), 2
    while match := NEXT.search(text, place, place + LONGEST_ITEM):
        between = text[place : match.end()]
        if int(match["number"]) != number or (one_line and "\n" in between):
            return
        yield match
        place, number = match.end(), number + 1
