"""The region of the chest that a label belongs to, and how it is called with a side.

The table is `ml/data/regions.csv`; its regions are those of a systematic report
(`ml.style.coverage.REGIONS`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "data" / "regions.csv"
WORDS = {
    "lungs": ("the {side} lung", "both lungs", "the lungs"),
    "pleura": ("the {side} pleural space", "both pleural spaces", "the pleural spaces"),
    "heart": ("the heart",) * 3,
    "mediastinum": ("the mediastinum or hila",) * 3,
    "bones": (
        "the bones or chest wall on the {side}",
        "the bones or chest wall on both sides",
        "the bones or chest wall",
    ),
    "devices_abdomen": ("devices or the upper abdomen",) * 3,
}
"""Region → its words with a side, for both sides, and without a side."""
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@cache
def _table() -> dict[str, str]:
    with TABLE.open(newline="", encoding="utf-8") as stream:
        return {row["label"]: row["region"] for row in csv.DictReader(stream)}


def region_of(label: str) -> str:
    """The region of a label, one of `WORDS`; an unknown label is sought in the lungs."""
    return _table().get(label, "lungs")


def place_in_words(label: str, side: str = "") -> str:
    """“the right lung”: the region of a finding. `side` is left, right, bilateral or empty."""
    sided, both, plain = WORDS[region_of(label)]
    if side in ("left", "right"):
        return sided.format(side=side)
    return both if side == "bilateral" else plain


def remaining_in_words(places: Iterable[str]) -> str:
    """“2 remain: one in the right lung, one in the heart.” of one place a finding."""
    counted: dict[str, int] = {}
    for place in places:
        counted[place] = counted.get(place, 0) + 1
    total = sum(counted.values())
    if not total:
        return "Nothing remains to be found."
    parts = [f"{_number(count)} in {place}" for place, count in counted.items()]
    return f"{total} {'remains' if total == 1 else 'remain'}: {', '.join(parts)}."


def _number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else str(count)
