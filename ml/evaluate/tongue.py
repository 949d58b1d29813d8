"""Which language a text is written in, as far as a report's score depends on it.

Counted are the words of ``common_words.csv`` that one language has and the other has not: cognates
(pneumothorax, normal, no) say nothing, unless they are all that a few words hold and are not
spelled as the language spells them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from functools import cache, lru_cache

from ml import tables
from ml.findings.letters import plain
from ml.findings.lexicon import LANGUAGES, lexicon

WORD = re.compile(r"[^\W\d_]+")
FOREIGN_LETTER = re.compile(r"(?![\x00-\u024f])[^\W\d_]")
"""A letter of another alphabet: Latin ones lie below U+0250."""
KEPT = 8
"""Answers kept: a report is asked for when it is compared, checked and told."""
SAMPLE = 5_000
"""Characters that are looked at."""
FEWEST = 2
"""Words of another language that make a text one of it."""
RATIO = 1.5
SHORT = 10
"""Words up to which one of another language is enough, where the text has none of its own."""
FOREIGN_SCRIPT = 0.5
"""Share of letters beyond the Latin alphabet from which a text is in no language known here."""


@cache
def _words() -> dict[str, frozenset[str]]:
    return {
        row["language"]: frozenset((*row["words"].split("|"), *row["terms"].split("|"))) - {""}
        for row in tables.rows("common_words")
    }


@cache
def _letters() -> dict[str, frozenset[str]]:
    """Code of a language → its letters beyond those of English."""
    return {row["language"]: frozenset(row["letters"]) for row in tables.rows("common_words")}


@cache
def names() -> dict[str, str]:
    """Code of a language → its English name."""
    return {row["language"]: row["name"] for row in tables.rows("common_words")}


def common_words() -> dict[str, re.Pattern[str]]:
    """Code of a language → a pattern of its commonest small words, without those of radiology."""
    return {
        row["language"]: re.compile(rf"\b(?:{row['words']})\b", re.IGNORECASE)
        for row in tables.rows("common_words")
    }


@lru_cache(maxsize=KEPT)
def other_language(text: str, language: str) -> bool:
    """Whether a text is written in another language than `language`."""
    sample = unicodedata.normalize("NFC", text[:SAMPLE])
    counts = Counter(word.lower() for word in WORD.findall(sample))
    letters = sum(len(word) * count for word, count in counts.items())
    if letters and len(FOREIGN_LETTER.findall(sample)) > FOREIGN_SCRIPT * letters:
        return True
    own = _words()[language]
    for code, theirs in _words().items():
        if code == language:
            continue
        strange = sum(counts[word] for word in theirs & counts.keys() - own if _is_word(word))
        familiar = sum(counts[word] for word in own & counts.keys() if word not in theirs)
        if strange >= FEWEST and strange > RATIO * familiar:
            return True
        if counts.total() <= SHORT and not familiar and _unknown(theirs & counts.keys(), language):
            return True
    return counts.total() <= SHORT and _only_cognates(counts.keys(), language)


def _is_word(word: str) -> bool:
    """Whether a word tells a language: one letter may be short for a side, "L rib fx, ptx L"."""
    return len(word) > 1 or not word.isascii()


def _only_cognates(words: Collection[str], language: str) -> bool:
    """Whether of some words none is the language's own and one is spelled as another has it.

    That is a term with a letter that the language does not write ("Cardiomégalie" in English), or
    one that another language has exactly so and this one has not ("Cardiomegalia").
    """
    here = lexicon(language)
    if any(word in _words()[language] or here.has(plain(word)) for word in words if word.isascii()):
        return False
    letters = _letters()[language]
    for word in words:
        there = any(lexicon(code).has(plain(word)) for code in LANGUAGES if code != language)
        odd = any(not letter.isascii() and letter not in letters for letter in word)
        if (there and not here.has(plain(word)) and not here.knows(plain(word))) or (
            odd and (there or here.knows(plain(word)))
        ):
            return True
    return False


def _unknown(words: frozenset[str], language: str) -> bool:
    """Whether one of some words, letters aside, stands in no table of a language."""
    known = lexicon(language)
    return any(
        len(word) > 2 and word not in _words()[language] and not known.knows(plain(word))
        for word in words
    )
