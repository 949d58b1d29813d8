"""What a text says of normality: of the whole study, of a part, and what limits a denial.

The words are regular expressions of ``normal.csv`` of each language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

from ml import tables
from ml.findings.letters import plain
from ml.findings.lexicon import lexicon

SENTENCE = re.compile(r"[^.;!?\n]+")
ASKED = re.compile(r"[^.:;!?,\n]{0,80}\?+(?=\s|$)\s{0,9}(?P<reply>[^.;!?\n]{0,40})")
"""The rest of a question, and how what is said after it begins; bounded, so that a long line takes
no longer than its length."""
CLAUSE = 60
"""Characters beside words of normality in which it is told what they speak of."""
MOST_WORDS = 400
"""Words of normality that are looked at: no report needs more to say that it is normal."""
CLAUSE_END = re.compile(r"[.;!\n,]|\?(?=\s)")
WORD = re.compile(r"[^\W\d_]+")
OTHER_THING = "\0"
"""Stands for words of what is no part of a film's reading, such as "heart rate"."""
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


SHORTENED = re.compile(r"(?<![^\W\d_])([^\W\d_]{1,10})\.(?=[ \t]?[^\W\d_])")
"""A word with a period behind it in which the text goes on."""


def _without_short_periods(text: str, language: str) -> str:
    """A text of the same length without the periods of abbreviations: "o.B.", "bds. frei"."""
    short = lexicon(language).sentence_rules.abbreviations
    return SHORTENED.sub(
        lambda match: f"{match[1]} " if plain(match[1]) in short else match[0], text
    )


def names_chest(words: str, language: str) -> bool:
    """Whether some words name a part of the chest or the film, as rules of normality know them."""
    return any(
        pattern.fullmatch(words) for pattern in (_chest(language), _pattern(language, "film"))
    )


def says_normal(text: str, language: str) -> bool:
    """Whether a text says of the chest or of a part of it that it is normal: undenied, unasked and
    unhedged."""
    text = _without_short_periods(text, language)
    seen: dict[tuple[str, str, str], bool] = {}
    for kind in ("all", "part", "none"):
        for match in islice(_pattern(language, kind).finditer(text), MOST_WORDS):
            clause = (*_clause(text, match.start(), match.end()), match.group())
            if clause not in seen:
                seen[clause] = _is_said(match, language) and _of_chest(clause, kind, language)
            if seen[clause]:
                return True
    return False


def says_anything_normal(text: str, language: str) -> bool:
    """Whether a text says of anything that it is normal, undenied and unasked: the abdomen too."""
    return any(
        _is_said(match, language)
        for kind in ("all", "part", "none")
        for match in _pattern(language, kind).finditer(text)
    )


def is_committed(text: str, start: int, end: int, language: str) -> bool:
    """Whether what is denied at `start` is so without a doubt: not "possibly no effusion"."""
    before, behind = _clause(text, start, end)
    if _unsure(language).search(before) or _unsure_at_once(language).match(behind):
        return False
    asked = ASKED.match(text, end)
    return asked is None or bool(asked["reply"])


def _clause(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands before and behind some words in their clause, as far as is looked."""
    before = CLAUSE_END.split(text[max(0, start - CLAUSE) : start])[-1]
    return before, CLAUSE_END.split(text[end : end + CLAUSE], maxsplit=1)[0]


@cache
def _unsure(language: str) -> re.Pattern[str]:
    """A word that leaves open what follows it within a few words."""
    words = _pattern(language, "unsure").pattern
    return re.compile(rf"(?:{words}(?:\W+[\w'’]+){{0,4}}\W*|\?)$", re.IGNORECASE)


@cache
def _unsure_at_once(language: str) -> re.Pattern[str]:
    return re.compile(rf"[ \t(]*{_pattern(language, 'unsure').pattern}", re.IGNORECASE)


@cache
def _chest(language: str) -> re.Pattern[str]:
    """Words for what a film of the chest shows: those of the regions, devices apart, and others."""
    regions = (
        re.escape(row["word"]).replace(r"\*", r"\w*")
        for row in tables.rows(f"language/{language}/style_regions")
        if row["region"] != "devices_abdomen"
    )
    words = "|".join((*regions, _pattern(language, "chest").pattern))
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)


def _of_chest(clause: tuple[str, str, str], kind: str, language: str) -> bool:
    """Whether words of normality speak of the chest for certain.

    Either a part of the chest is named beside them; or they deny disease, or call the film normal,
    and nothing beside them is of another thing, such as a temperature or the exposure; or they
    stand alone.
    """
    before, behind, words = clause
    if _unsure(language).search(before) or _unsure_at_once(language).match(behind):
        return False
    if _pattern(language, "unsure").search(words):
        return False
    foreign = _pattern(language, "foreign")
    named = foreign.sub(OTHER_THING, f"{before}{words}{behind}")
    if _chest(language).search(named):
        return True
    if OTHER_THING in named:
        return False
    if kind != "part":
        return True
    if not _pattern(language, "plain").search(words):
        return False
    filler = _pattern(language, "filler")
    return all(filler.fullmatch(word) for word in WORD.findall(f"{before} {behind}"))


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
    text = _without_short_periods(text, language)
    looked = 0
    for sentence in SENTENCE.finditer(text):
        said = whole.search(text, *sentence.span()) if looked < MOST_WORDS else None
        looked += said is not None
        if (
            said
            and _is_said(said, language)
            and _is_of_all(said, language)
            and not exception.search(sentence.group())
            and not _unsure(language).search(_clause(text, *said.span())[0])
        ):
            return True
    return False


HEART_AND_LUNGS = frozenset({"heart", "lungs"})


def _is_of_all(said: re.Match[str], language: str) -> bool:
    """Whether words of a normal study speak of all of it: not "bones NAD", "Skelett o.B.".

    Where they name the film ("chest normal") only a word that is part of that name limits them.
    """
    before, behind = _clause(said.string, *said.span())
    film = _pattern(language, "film")
    if film.search(said.group()):
        return _regions(f"{''.join(before.split()[-1:])} {said.group()}", language) <= {"lungs"}
    clause = f"{before}{said.group()}{behind}"
    named = _regions(clause, language)
    return named >= HEART_AND_LUNGS or not (named or _chest(language).search(film.sub("", clause)))


def _regions(text: str, language: str) -> frozenset[str]:
    """The regions of a film of the chest that some words name."""
    return frozenset(
        region for region, words in _region_words(language).items() if words.search(text)
    )


@cache
def _region_words(language: str) -> dict[str, re.Pattern[str]]:
    found: dict[str, list[str]] = {}
    for row in tables.rows(f"language/{language}/style_regions"):
        word = re.escape(row["word"]).replace(r"\*", r"\w*")
        found.setdefault(row["region"], []).append(word)
    return {
        region: re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)
        for region, words in found.items()
    }


def limits(text: str, start: int, language: str) -> bool:
    """Whether a word before a denied finding at `start` limits what is denied: no *new* nodule."""
    before = re.split(r"[.;!?\n,]", text[max(0, start - BEFORE) : start])[-1]
    return _pattern(language, "limit").search(before) is not None
