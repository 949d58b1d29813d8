"""Learners' typing errors: an unknown word one or two letters from a known one is that word.

The distance is optimal string alignment (insertion, deletion, substitution, and exchange of
neighbors count one each), at most 1 for words of 6 to 8 letters and 2 for longer ones; doubled
letters count as one. The first letter must be right and the known word the only nearest one.
Words of ``ml/data/spelling_*.csv`` are right as they stand: ``infarction`` is no ``infection``.
Only words that name findings, places and degrees are set right, never the small words of context.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import groupby

from rapidfuzz import process
from rapidfuzz.distance import OSA

from ml.findings.lexicon import lexicon
from ml.findings.tokens import Token

SHORTEST = 6
"""Letters; shorter words differ by one letter too often."""
LONG = 9
MOST = 2
"""Letters by which a misspelling may differ."""
BRITISH = re.compile(r"is(e[ds]?|ing|ations?)$")
"""Endings that American spelling, which the tables have, writes with a z: visualised."""
UMLAUTS = [re.compile(rf"([{letters}])e") for letters in ("aou", "u", "o", "a")]
"""German letters as keyboards without them write them: Erguesse for Ergüsse."""


def corrected(tokens: list[Token], language: str) -> list[Token]:
    """The same tokens, with words of the lexicon in place of their misspellings."""
    return [
        Token(word, token.start, token.end) if (word := right_word(token.word, language)) else token
        for token in tokens
    ]


@lru_cache(maxsize=100_000)
def right_word(word: str, language: str) -> str:
    """The word of the lexicon that is meant, or empty when the word stands as it is."""
    if len(word) < SHORTEST or not word.isalpha():
        return ""
    found = lexicon(language)
    if word[0] not in _initials(language):
        return ""
    if BRITISH.search(word) and found.has(american := BRITISH.sub(r"iz\1", word)):
        return american
    if found.knows(word):
        return ""
    for umlaut in UMLAUTS:
        if found.names(written := umlaut.sub(r"\1", word)):
            return written
    if squeezed := _squeezed_choices(language).get(_squeezed(word)):
        return squeezed
    limit = MOST if len(word) >= LONG else 1
    alike = _choices(language).get((word[0], len(word)), ())
    near = process.extract(word, alike, scorer=OSA.distance, score_cutoff=limit, limit=2)
    if not near or (
        len(near) > 1 and near[0][1] == near[1][1] and not _akin(near[0][0], near[1][0])
    ):
        return ""
    return str(near[0][0])


def _akin(one: str, other: str) -> bool:
    """Two forms of one word (effusion, effusions) mean the same to the patterns."""
    return one[:SHORTEST] == other[:SHORTEST]


@cache
def _initials(language: str) -> frozenset[str]:
    """Letters that words and stems begin with: of other alphabets no word can be a misspelling."""
    found = lexicon(language)
    return frozenset(word[0] for word in (*found.vocabulary, *found.stems) if word)


@cache
def _choices(language: str) -> dict[tuple[str, int], list[str]]:
    """First letter and length of a misspelling → the words of the lexicon that may be meant."""
    found: dict[tuple[str, int], list[str]] = {}
    for word in lexicon(language).vocabulary:
        if len(word) >= SHORTEST:
            for length in range(len(word) - MOST, len(word) + MOST + 1):
                found.setdefault((word[0], length), []).append(word)
    return found


def _squeezed(word: str) -> str:
    """The word with each run of one letter written once: effusion → efusion."""
    return "".join(letter for letter, _ in groupby(word))


@cache
def _squeezed_choices(language: str) -> dict[str, str]:
    words = lexicon(language).vocabulary
    return {_squeezed(word): word for word in words if len(word) >= SHORTEST}
