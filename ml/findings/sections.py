"""Sections of a report that state no finding: history, indication, technique, comparison, advice.

Headings are rows of ``sections.csv``: `skip` for what is no finding, `read` and `sum` (impression)
for what is, which only matter as the end of a skipped section. A heading stands at the beginning
of a line or statement with a colon or dash behind it, or alone on its line. A skipped section
ends at the next heading, at an empty line, or at a new line when it began on that of its heading.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from ml import tables
from ml.findings.letters import plain

Span = tuple[int, int]
KEPT = 8
"""Texts of which the headings are kept: a report is asked for them several times."""
OWN_HEADING = r"[^\W\d_][^\n:.;]{1,40}:"
"""Any other word with a colon at the beginning of a line."""


def _however_written(words: str) -> str:
    """A pattern of words whose accents may be there, missing, or signs of their own (NFD)."""
    return "".join(
        re.escape(letter) if letter.isascii() else f"(?:{letter}|{plain(letter)}[\u0300-\u036f]*)"
        for letter in words
    )


@cache
def _headings(language: str) -> re.Pattern[str]:
    rows = tables.rows(f"language/{language}/sections")
    words = {
        kind: "|".join(
            _however_written(row["words"]).replace(r"\ ", r"[ \t]+")
            for row in sorted(rows, key=lambda row: -len(row["words"]))
            if row["kind"] == kind
        )
        for kind in ("skip", "read", "sum")
    }
    lead = r"(?:(?:^|(?<=[.;!?\n])|(?<=[.;!?]\s))[ \t]*(?:[#*_>]+[ \t]*|\d{1,2}[.)][ \t]*)?)"
    capitals = r"(?-i:(?<=[A-ZÀ-Ý]{4})[ \t]+(?=[A-ZÀ-Ý][a-zß-ÿ]))"  # "HISTORY Fall."
    tail = rf"(?:[ \t*_]*(?::|[-–—]+(?=\s)|(?=\n|\r|$))|{capitals})"
    return re.compile(
        rf"{lead}(?:(?P<skip>{words['skip']})|(?P<read>{words['read']})"
        rf"|(?P<sum>{words['sum']})){tail}"
        rf"|^[ \t]*(?P<own>{OWN_HEADING})",
        re.IGNORECASE | re.MULTILINE,
    )


SENTENCE_END = re.compile(r"[.;!?](?=\s)")


@lru_cache(maxsize=KEPT)
def _headings_in(text: str, language: str) -> tuple[re.Match[str], ...]:
    return tuple(_headings(language).finditer(text))


LINE = re.compile(r"(?:\r\n?|\n|\\\.br\\)[ \t]*")


def skipped(text: str, language: str) -> list[Span]:
    """The places of `text` that state no finding, as [start, end) offsets in order."""
    headings = _headings_in(text, language)
    found = []
    for number, heading in enumerate(headings):
        if heading.lastgroup != "skip":
            continue
        following = headings[number + 1].start() if number + 1 < len(headings) else len(text)
        found.append((heading.start(), _end(text, heading.end(), following)))
    return found


def impression(text: str, language: str) -> Span | None:
    """Where the last impression of a text stands, up to the next section; None without one."""
    headings = _headings_in(text, language)
    found = [number for number, heading in enumerate(headings) if heading.lastgroup == "sum"]
    if not found:
        return None
    following = headings[found[-1] + 1 :]
    end = next((h.start() for h in following if h.lastgroup in ("skip", "read")), len(text))
    return headings[found[-1]].end(), end


def _end(text: str, start: int, limit: int) -> int:
    """Where a skipped section ends that begins at `start`, at `limit` at the latest."""
    begun = False
    place = start
    while place < limit:
        line = LINE.search(text, place, limit)
        stop = line.start() if line else limit
        said = bool(text[place:stop].strip())
        if line is None and place == start and limit == len(text):
            # One line without a further heading: only its first sentence can belong to this one.
            sentence = SENTENCE_END.search(text, start)
            return sentence.end() if sentence else stop
        if line is None or (begun and not said):
            return stop
        begun = begun or said
        following = text[line.end() : line.end() + 1]
        if begun and place == start and said and not following.islower():
            return stop
        place = line.end()
    return limit


def without(text: str, spans: list[Span]) -> str:
    """The text with line breaks in the place of `spans`, so that every other place stays."""
    pieces, place = [], 0
    for start, end in spans:
        pieces += [text[place:start], "\n" * (end - start)]
        place = end
    return "".join((*pieces, text[place:]))
