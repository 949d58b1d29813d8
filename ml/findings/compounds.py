"""Compound words as the words they are made of: Oberlappenatelektase → Oberlappen, Atelektase.

A language takes part when its ``context.csv`` has the class ``@joint`` (letters that may join two
parts: Spannung-s-pneumothorax). Both parts must be words or stems of its lexicon, or the first one
of the class ``@compound`` (Rezidiv…, Begleit…). What the tables know as a whole stays whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ml.findings.lexicon import Lexicon, lexicon
from ml.findings.tokens import Token

SHORTEST = 4
"""Letters of a part; shorter ones stand in too many words."""


def divided(tokens: list[Token], language: str) -> list[Token]:
    """The same tokens, with two in place of a compound; both have the span of the whole word."""
    if "joint" not in lexicon(language).words:
        return tokens
    if all(len(parts_of(token.word, language)) == 1 for token in tokens):
        return tokens
    return [
        Token(part, token.start, token.end)
        for token in tokens
        for part in parts_of(token.word, language)
    ]


@lru_cache(maxsize=100_000)
def parts_of(word: str, language: str) -> tuple[str, ...]:
    """The two parts of a compound, the longest last part that is known; or the word itself."""
    if len(word) < 2 * SHORTEST:
        return (word,)
    found = lexicon(language)
    if not found.knows(word):
        for cut in range(SHORTEST, len(word) - SHORTEST + 1):
            if not found.names(word[cut:]):
                continue
            for first in _firsts(word[:cut], found):
                return first, word[cut:]
    return (word,)


def _firsts(part: str, found: Lexicon) -> Iterator[str]:
    """The known words that a first part can be, without the letters that join it."""
    joints = [joint for joint in found.words["joint"] if part.endswith(joint)]
    for first in (part, *(part.removesuffix(joint) for joint in sorted(joints))):
        if len(first) >= SHORTEST and (
            found.names(first) or first in found.words.get("compound", ())
        ):
            yield first
