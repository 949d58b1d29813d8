"""What a text says of normality: of the whole study, of a part, and what limits a denial.

The words are regular expressions of ``normal.csv`` of each language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ml import tables

SENTENCE = re.compile(r"[^.;!?\n]+")
ASKED = re.compile(r"[^.:;!?,\n]{0,80}\?+(?=\s|$)\s{0,9}(?P<reply>[^.;!?\n]{0,40})")
"""The rest of a question, and how what is said after it begins; bounded, so that a long line takes
no longer than its length."""
BEFORE = 40
"""Characters beside words that are looked at for one that limits or opens what they say."""


@cache
def _pattern(language: str, kind: str) -> re.Pattern[str]:
    rows = tables.rows(f"language/{language}/normal")
    words = "|".join(row["words"] for row in rows if row["kind"] == kind)
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)


@cache
def _denied(language: str) -> re.Pattern[str]:
    """Words that deny what follows them at once: not entirely …"""
    rows = tables.rows(f"language/{language}/normal")
    words = "|".join(row["words"] for row in rows if row["kind"] == "denied")
    return re.compile(rf"(?:{words})[ \t]+$", re.IGNORECASE)


def says_normal(text: str, language: str) -> bool:
    """Whether a text says of anything that it is normal, undenied and unasked."""
    return any(
        _is_said(match, language)
        for kind in ("all", "part")
        for match in _pattern(language, kind).finditer(text)
    )


def _is_said(match: re.Match[str], language: str) -> bool:
    before = match.string[max(0, match.start() - BEFORE) : match.start()]
    if _denied(language).search(before):
        return False
    behind = match.string[match.end() : match.end() + BEFORE].lstrip(" \t")
    if _pattern(language, "open").match(behind):
        return False
    asked = ASKED.match(match.string, match.end())
    return asked is None or _pattern(language, "yes").match(asked["reply"]) is not None


def mentions_prior(text: str, language: str) -> bool:
    """Whether a text speaks of an earlier study or of change."""
    return _pattern(language, "prior").search(text) is not None


def dismissals(text: str, language: str) -> Iterator[re.Match[str]]:
    """Where a text says that nothing has to be done: no follow-up needed."""
    rows = tables.rows(f"language/{language}/normal")
    if any(row["kind"] == "dismiss" for row in rows):
        yield from _pattern(language, "dismiss").finditer(text)


def calls_all_normal(text: str, language: str) -> bool:
    """Whether a text calls the whole study normal, and names no exception beside it."""
    whole, exception = _pattern(language, "all"), _pattern(language, "exception")
    for sentence in SENTENCE.finditer(text):
        said = whole.search(text, *sentence.span())
        if said and _is_said(said, language) and not exception.search(sentence.group()):
            return True
    return False


def limits(text: str, start: int, language: str) -> bool:
    """Whether a word before a denied finding at `start` limits what is denied: no *new* nodule."""
    before = re.split(r"[.;!?\n,]", text[max(0, start - BEFORE) : start])[-1]
    return _pattern(language, "limit").search(before) is not None
