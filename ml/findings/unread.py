"""Words of a report that no rule understands, so that the engine never fails silently.

Told are abbreviations that mean several things (``unread.csv``) and stand where the context does
not settle which, capital letters that are no known abbreviation, and sentences of which nothing
is understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from ml import tables
from ml.findings import normality
from ml.findings.clauses import HEDGES
from ml.findings.lexicon import Lexicon, lexicon
from ml.findings.reading import ReadSentence, read

ABBREVIATION = re.compile(r"[A-Z]{2,5}s?")
FEWEST_WORDS = 2
"""Words of a sentence that is told as not understood."""
MOST = 12
"""Told at most; a text of which more is unread is no report."""
NEUTRAL = frozenset({"pa", "ap", "cxr", "ct", "mri", "xr", "icu", "er", "us", "mr", "hrct"})


@dataclass(frozen=True)
class UnreadWords:
    """Words that were not understood, and what to do about it."""

    words: str
    start: int
    end: int
    advice: str


@cache
def _ambiguous(language: str) -> dict[str, str]:
    return {row["word"]: row["advice"] for row in tables.rows(f"language/{language}/unread")}


def unread(text: str, language: str) -> list[UnreadWords]:
    """The words of `text` that say something which no rule reads, each once, in its order."""
    words = lexicon(language)
    shouted = text.upper() == text
    found: list[UnreadWords] = []
    told: set[str] = set()
    for sentence in read(text, language):
        for item in _of_sentence(sentence, words, language, text, shouted):
            if item.words.casefold() not in told:
                told.add(item.words.casefold())
                found.append(item)
        if len(found) >= MOST:
            break
    return found[:MOST]


def _of_sentence(
    sentence: ReadSentence, words: Lexicon, language: str, text: str, shouted: bool
) -> Iterator[UnreadWords]:
    tokens = sentence.tokens
    understood = {
        place
        for matches in (sentence.terms, sentence.modifiers)
        for match in matches
        for place in match.places
    }
    told, ambiguous = False, _ambiguous(language)
    for place, token in enumerate(tokens):
        if place in understood:
            continue
        written = text[token.start : token.end]
        advice = ambiguous.get(token.word)
        unit = place > 0 and tokens[place - 1].word[:1].isdigit()
        strange = not shouted and ABBREVIATION.fullmatch(written) and token.word not in words.known
        if (advice and not unit and token.word not in NEUTRAL) or (
            strange
            and token.word not in NEUTRAL
            and set(token.word) != {"x"}
            and not normality.names_chest(written, language)
        ):
            told = True
            yield UnreadWords(written, token.start, token.end, advice or "")
    if told or understood or len(tokens) < FEWEST_WORDS:
        return
    letters = [token for token in tokens if token.word[:1].isalpha()]
    if len(letters) >= FEWEST_WORDS and not _says_normal(sentence, words):
        start, end = tokens[0].start, tokens[-1].end
        if not normality.says_normal(text[start:end], language):
            yield UnreadWords(text[start:end], start, end, "")


def _says_normal(sentence: ReadSentence, words: Lexicon) -> bool:
    """Whether a sentence calls something normal, or denies, hedges or sets aside something.

    One that begins with a hedge ("suspicious for malignancy") wants to name a finding.
    """
    clear = words.words.get("clear", frozenset())
    return any(token.word in clear for token in sentence.tokens) or any(
        match.value.kind != "pseudo" and not (match.value.kind in HEDGES and match.start <= 1)
        for match in sentence.cues
    )
