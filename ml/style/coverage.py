"""Which regions of the chest a report speaks of."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ml.style.model import Evidence, Part, Span

TABLE = Path(__file__).parent.parent / "data" / "style_regions.csv"
REGIONS = ("lungs", "pleura", "heart", "mediastinum", "bones", "devices_abdomen")
ENOUGH_FOR_HALF = 3
ENOUGH_FOR_FULL = 5
"""A normal study may have no device, so one region of the six may stay unsaid …"""
ESSENTIAL = ("lungs", "pleura", "heart")
"""… but not one of these."""
ADVICE = {
    "en": "Say something about {names}, even when there is nothing abnormal to report.",
    "es": "Diga algo sobre {names}, aunque no haya nada anormal que informar.",
}
JOINERS = {"en": " and ", "es": " y "}


@dataclass(frozen=True)
class Lexicon:
    """The words of one language as one pattern with a group a region."""

    pattern: re.Pattern[str]
    names: dict[str, str]
    """Region → its name in words."""


@cache
def lexicon(language: str) -> Lexicon:
    """The table's words for a language; English where it has none."""
    words: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    with TABLE.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["language"] == language:
                words.setdefault(row["region"], []).append(_as_pattern(row["word"]))
                names[row["region"]] = row["name"]
    if not words:
        return lexicon("en")
    groups = "|".join(
        f"(?P<{region}>{'|'.join(sorted(found, key=len, reverse=True))})"
        for region, found in sorted(words.items(), key=lambda item: _specific_first(item[0]))
    )
    return Lexicon(re.compile(rf"\b(?:{groups})", re.IGNORECASE), names)


def _specific_first(region: str) -> int:
    # "Cardiomediastinal" speaks of the mediastinum too and "pulmonary artery" is no
    # lung finding, so the general words of the lungs and the heart are tried last.
    return ("pleura", "devices_abdomen", "mediastinum", "bones", "heart", "lungs").index(region)


def _as_pattern(word: str) -> str:
    escaped = re.escape(word.removesuffix("*"))
    return escaped + (r"\w*" if word.endswith("*") else r"\b")


def coverage(text: str, language: str = "en") -> dict[str, list[Span]]:
    """Every region → where the text speaks of it, as [start, end) offsets in order.

    One pass of one pattern: fast enough to be asked at every pause in typing.
    """
    found: dict[str, list[Span]] = {region: [] for region in REGIONS}
    for match in lexicon(language).pattern.finditer(text):
        region = match.lastgroup or ""
        found[region].append(match.span())
        if "cardiomediast" in match.group().casefold():
            found["heart"].append(match.span())
    return found


def coverage_part(text: str, language: str = "en") -> Part:
    """1 for five of the six regions with lungs, pleura and heart among them, 0.5 for three."""
    found = coverage(text, language)
    names = lexicon(language).names
    said = [region for region in REGIONS if found[region]]
    missing = [region for region in REGIONS if not found[region]]
    if len(said) >= ENOUGH_FOR_FULL and all(found[region] for region in ESSENTIAL):
        score = 1.0
    else:
        score = 0.5 if len(said) >= ENOUGH_FOR_HALF else 0.0
    evidence = tuple(Evidence(r, names[r], tuple(found[r])) for r in REGIONS)
    return Part(score, evidence, "" if score == 1 else _advice(missing, names, language))


def _advice(missing: list[str], names: dict[str, str], language: str) -> str:
    spoken = language if language in ADVICE else "en"
    wanted = [names[region] for region in missing[:2]]
    return ADVICE[spoken].format(names=JOINERS[spoken].join(wanted))
