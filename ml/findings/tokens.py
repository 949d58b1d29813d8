"""Text to sentences of tokens, each token with its place in the text as given."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

LONGEST_SENTENCE = 160
"""Tokens; longer runs without a period are cut, so that time stays linear in the text."""
LONGEST_WORD = 40
"""Characters; nothing longer is a word."""

BREAK = r"</?(?:br|p|div|li|ul|ol|tr|td|h[1-6])\b[^<>]{0,200}>|[•●▪■]|(?<![\w(])\d{1,2}\)(?=\s)"
"""What separates statements without a period: markup of blocks, bullets, and ``2)``."""
TOKEN = re.compile(
    rf"(?P<break>{BREAK})|\d+(?:[.,]\d+)?|[^\W\d_](?:[^\W\d_]|[\u0300-\u036f])*"
    r"|[,;:()/.!?\n]|[^\s\w\u0300-\u036f]",
    re.IGNORECASE,
)
ENDS = frozenset(".!?")
HYPHENS = frozenset("-–—‐‑−'’`´\"*_")
ABBREVIATIONS = frozenset({"dr", "vs", "approx", "st", "mr", "mrs", "ms", "fig", "aprox", "e", "g"})
QUERY = "¿"
"""The word of a token for a question mark before a finding: "? effusion"."""
PUNCTUATION = frozenset(",;:()")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or mark of punctuation."""

    word: str
    """Lower case, without accents, with spelling set right; what patterns look at."""
    start: int
    end: int


@lru_cache(maxsize=100_000)
def plain(word: str) -> str:
    """Lower case without accents: ``Opacificación`` → ``opacificacion``."""
    if word.isascii():
        return word.lower()
    parts = unicodedata.normalize("NFKD", word.lower())
    return "".join(char for char in parts if not unicodedata.combining(char))


def sentences(text: str) -> Iterator[list[Token]]:
    """The sentences of a text, without the marks that end them.

    A period ends a sentence unless it stands in a number or after a known abbreviation or
    single letter; so does an empty line, and a line break before a capital letter.
    """
    sentence: list[Token] = []
    for match in TOKEN.finditer(text):
        mark = match.group()
        if mark == "?" and _asks(text, match.end(), sentence):
            sentence.append(Token(QUERY, match.start(), match.end()))
            continue
        if match.lastgroup or mark in ENDS or mark == "\n":
            if sentence and (
                match.lastgroup or _ends(text, match.start(), mark, sentence[-1].word)
            ):
                yield sentence
                sentence = []
            continue
        if mark in HYPHENS or len(mark) > LONGEST_WORD:
            continue
        if word := plain(mark):
            sentence.append(Token(word, match.start(), match.end()))
        if len(sentence) >= LONGEST_SENTENCE:
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _asks(text: str, after: int, sentence: list[Token]) -> bool:
    """Whether a question mark stands before what it doubts, as in "?effusion"."""
    return text[after : after + 1].isalpha() or (not sentence and text[after : after + 1] == " ")


def _ends(text: str, place: int, mark: str, last: str) -> bool:
    following = text[place + 1 : place + 4].lstrip(" \t\r")
    if mark == "\n":
        return not following or following[0] in "\n-•*" or not following[0].islower()
    if mark != ".":
        return True
    after = text[place + 1 : place + 2]
    if last in ABBREVIATIONS and following[:1].islower():
        return False
    return not after or not (after.isalnum() and not after.isupper())
