"""Ribs named by number, and how many they are: "ribs 4 through 7" are four ribs.

A rule that asks for three broken ribs or more must count them however they are named.
"""

from __future__ import annotations

import re

ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth"),
    *("seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"),
)
LAST = len(ORDINALS)
"""Ribs of one side."""
NUMBER = rf"(?:\d{{1,2}}(?:st|nd|rd|th|[ªºa°.])?|{'|'.join(ORDINALS)})"
TO = r" ?(?:[-–—]|to|through|thru|a|al|ao|à|bis)(?: ?(?:the|la|el|o|a))? ?"
AND = r" ?(?:,? ?(?:and|&|y|und|et|e)|,) ?(?:the )?"
ANY_NUMBER = re.compile(rf"\d|{'|'.join(ORDINALS)}", re.IGNORECASE)
NUMBERS = rf"{NUMBER}(?:(?:{TO}|{AND}){NUMBER})+"
RIB = (
    r"(?:ribs?|(?:fract?ur(?:a|e)s?|fx) (?:costale?s?|de costillas?|de c[ôo]tes?)|costillas?"
    r"|rippen?|c[ôo]tes?|costelas?|arcos? costa(?:l|is|les))"
)
RIBS = (
    r"(?:ribs|(?:fract?uras?|fractures|fx) (?:costales|de costillas|de c[ôo]tes)|costillas|rippen"
    r"|c[ôo]tes|costelas|arcos costais)"
)
"""More than one: behind a single rib a number may be a size."""
WHERE = r"(?:left|right|lateral|posterior|anterior|linken?|rechten?)"
NAMED = re.compile(
    rf"\b(?P<after>{RIBS}(?: fractures?)?|rib fractures?) (?P<list>{NUMBERS})(?!\d| ?[cm]m\b)"
    rf"|\b(?P<first>{NUMBERS}) (?:{WHERE} )*{RIB}\b",
    re.IGNORECASE,
)
PART = re.compile(rf"(?P<to>{TO})?(?P<number>{NUMBER})", re.IGNORECASE)
SERIES = re.compile(r"\brippenserien\w*", re.IGNORECASE)
"""Three ribs or more, by the meaning of the word."""


def ribs_counted(text: str) -> str:
    """The text with ribs that are named by number as their count: "4 ribs"."""
    counted = SERIES.sub("3 ribs", text)
    if ANY_NUMBER.search(counted) is None:  # The search below takes its time on a long text.
        return counted
    return NAMED.sub(lambda found: f"{count_of(found['list'] or found['first'])} ribs", counted)


def count_of(numbers: str) -> int:
    """How many ribs a list of numbers and ranges names: 4 for "4th to 7th", 3 for "2, 4 and 6"."""
    found: set[int] = set()
    last = 0
    for part in PART.finditer(numbers):
        number = _number(part["number"])
        found.update(range(last + 1, number) if part["to"] and 0 < last < number <= LAST else ())
        found.add(number)
        last = number
    return len(found)


def _number(word: str) -> int:
    digits = re.match(r"\d+", word)
    return int(digits.group()) if digits else ORDINALS.index(word.lower()) + 1
