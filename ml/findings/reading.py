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


@dataclass(frozen=True, slots=True)
class ReadSentence:
    """The tokens of one sentence and what the tables find, overlaps included."""

    tokens: Sequence[Token]
    terms: Sequence[Match[Term]]
    cues: Sequence[Match[Cue]]
    modifiers: Sequence[Match[Modifier]]

    @property
    def says(self) -> bool:
        """Whether any table knows a word of it."""
        return bool(self.terms or self.cues or self.modifiers)


@lru_cache(maxsize=KEPT)
def read(text: str, language: str) -> tuple[ReadSentence, ...]:
    """The sentences of `text` outside its skipped sections; ValueError for an unknown language."""
    words = lexicon(language, MASK in text)
    found = []
    for raw in sentences(without(text, skipped(text, language)), words.sentence_rules):
        tokens = corrected(divided(raw, language), language)
        found.append(
            ReadSentence(
                tokens,
                words.terms.find(tokens),
                longest(words.cues.find(tokens)),
                longest(words.modifiers.find(tokens)),
            )
        )
    return tuple(found)
