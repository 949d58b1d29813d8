"""A report as one text → its sections.

Headings are words before a colon at the beginning of a line, in capitals as MIMIC-CXR's are
(Johnson et al., Scientific Data 2019), or known ones in any letters. ``report_sections.csv`` says
which section a heading begins. A heading that is not known belongs to the findings it stands in;
behind another section it begins them, as ``PORTABLE CHEST:`` does.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "report_sections.csv"
HEADING = re.compile(r"^[ \t]*([A-Za-z][A-Za-z /,&()'-]{1,60}?)[ \t]*:", re.MULTILINE)
LEAVES = re.compile(r"^[ \t]*(?:FINAL REPORT|FINAL ADDENDUM|WET READ)[ \t]*$\n?", re.MULTILINE)
BODY = ("findings", "impression")
OTHER = "other"


@cache
def _sections() -> Mapping[str, str]:
    with TABLE.open(newline="", encoding="utf-8") as stream:
        return {row["heading"]: row["section"] for row in csv.DictReader(stream)}


def sections_of(text: str) -> dict[str, str]:
    """The texts of `findings`, `impression`, `indication` and `comparison`, those there are.

    Text before any heading is findings when nothing else is. Lines are joined, paragraphs stay.
    """
    text = LEAVES.sub("", text.replace("\r\n", "\n"))
    found: dict[str, list[str]] = {}
    section, start = "", 0
    for heading in HEADING.finditer(text):
        name = " ".join(heading[1].split())
        known = _sections().get(name.casefold())
        if known is None and (not name.isupper() or section in BODY):
            continue
        _keep(found, section, text[start : heading.start()])
        section = known or BODY[0]
        start = heading.end() if known else heading.start()
    _keep(found, section, text[start:])
    lead = found.pop("", [])
    if not any(section in found for section in BODY):
        found[BODY[0]] = lead
    found.pop(OTHER, None)
    return {name: "\n\n".join(parts) for name, parts in found.items() if parts}


def _keep(found: dict[str, list[str]], section: str, text: str) -> None:
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n[ \t]*\n", text)]
    said = "\n\n".join(filter(None, paragraphs))
    if said:
        found.setdefault(section, []).append(said)
