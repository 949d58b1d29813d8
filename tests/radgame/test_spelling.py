"""Words are spelled in American English (docs/decisions/068-licence-is-a-name-in-files.md)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    *("accounts", "attempts", "bench", "cases", "classroom", "deploy", "docs", "feedback"),
    *("learning", "localize", "ml", "radgame", "report", "requirements", "static/src"),
    *("static/css", "templates", "tests"),
)
KINDS = {".css", ".html", ".js", ".md", ".py", ".toml", ".txt", ".yaml"}
READ_AS_WRITTEN = ("ml/findings/", "ml/data/language/", "tests/ml/", "docs/licenses.md")
"""What reads learners' words, who may be British; and names that others gave."""
BRITISH = re.compile(
    r"""\b(?:
    (?:col|behavi|fav|hon|neighb|tum|vap)our\w*
    |(?:cent|fib|calib|lit|(?:milli|centi)met)res?
    |(?:anonym|categor|character|local|minim|maxim|normal|optim|organ|pseudonym|random|recogn
      |serial|standard|summar|synchron|util|visual)is(?:e[sd]?|ing|ations?)
    |analys(?:e[d]?|ing)
    |(?:labe|leve|mode|signa|trave)ll(?:ed|ing|ers?)
    |cancell(?:ed|ing) | catalogues? | programmes? | grey\w* | judgements? | practis\w+ | defence
    |oedema\w* | haem\w+ | oesoph\w+ | an?aem\w+ | aetiol\w+ | anaesth\w+ | foet\w+ | paediatr\w+
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
QUOTED = re.compile(r"was_cancelled|\*visualised\*")
"""A key of Label Studio's, and an ending that the documents tell of."""


def british_in(text: str) -> set[str]:
    """Parts of names count as words: `_to_practise`."""
    return {found[0].lower() for found in BRITISH.finditer(QUOTED.sub("", text).replace("_", " "))}


def test_british_words_are_found():
    text = "colour, aria-labelledby, _to_practise, Labelled; color, analyses, licence, centered"
    assert british_in(text) == {"colour", "practise", "labelled"}


@pytest.mark.parametrize("room", ROOMS)
def test_what_people_read_is_spelled_as_americans_do(room):
    files = [path for path in sorted((ROOT / room).rglob("*")) if path.suffix in KINDS]
    assert files
    found = {}
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(READ_AS_WRITTEN) and path != Path(__file__):
            left = british_in(path.read_text(encoding="utf-8"))
            found |= {name: left} if left else {}
    assert found == {}
