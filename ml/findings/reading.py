"""The sentences of a text with every table's matches, read once for all who ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ml.findings.compounds import divided
from ml.findings.lexicon import MASK, Cue, Modifier, Term, lexicon
from ml.findings.patterns import Match, longest
from ml.findings.sections import skipped, without
from ml.findings.spelling import corrected
from ml.findings.tokens import Token, sentences

KEPT = 8
"""Readings kept: a report is read for its findings, its style and what was not understood."""
KEPT_SENTENCES = 1000
"""Sentences kept: reports share many, such as "No pneumothorax"."""
Matches = tuple[Sequence[Match[Term]], Sequence[Match[Cue]], Sequence[Match[Modifier]]]


@dataclass(frozen=True, slots=True)
class ReadSentence:
    """The tokens of one sentence and what the tables find, overlaps included."""

    tokens: Sequence[Token]
    terms: Sequence[Match[Term]]
    cues: Sequence[Match[Cue]]
    modifiers: Sequence[Match[Modifier]]

    @property
    def words(self) -> tuple[str, ...]:
        """The words of its tokens."""
        return tuple([token.word for token in self.tokens])

    @property
    def says(self) -> bool:
        """Whether any table knows a word of it."""
        return bool(self.terms or self.cues or self.modifiers)


@lru_cache(maxsize=KEPT)
def read(text: str, language: str) -> tuple[ReadSentence, ...]:
    """The sentences of `text` outside its skipped sections; ValueError for an unknown language."""
    masked = MASK in text
    words = lexicon(language, masked)
    found = []
    for raw in sentences(without(text, skipped(text, language)), words.sentence_rules):
        tokens = corrected(divided(raw, language), language)
        said = tuple([token.word for token in tokens])
        found.append(ReadSentence(tokens, *matches_in(said, language, masked)))
    return tuple(found)


@lru_cache(maxsize=KEPT_SENTENCES)
def matches_in(said: tuple[str, ...], language: str, masked: bool) -> Matches:
    """The terms, cues and modifiers in the words of a sentence."""
    words = lexicon(language, masked)
    return (
        words.terms.find(said),
        longest(words.cues.find(said)),
        longest(words.modifiers.find(said)),
    )
