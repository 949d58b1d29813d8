"""The region of the chest that a label belongs to, and the place to look, in words with a side.

The table is `ml/data/regions.csv`. Its column `region` is one of a systematic report
(`ml.style.coverage.REGIONS`); `place` says more exactly where a learner is sent to look.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

TABLE = Path(__file__).parent / "data" / "regions.csv"
WORDS = {
    "lungs": ("the {side} lung", "both lungs", "the lungs"),
    "pleura": ("the {side} pleural space", "both pleural spaces", "the pleural spaces"),
    "heart": ("the heart",) * 3,
    "mediastinum": ("the mediastinum or hila",) * 3,
    "bones": ("the bones on the {side}", "the bones on both sides", "the bones"),
    "chest_wall": (
        "the soft tissues of the chest wall or neck on the {side}",
        "the soft tissues of the chest wall or neck on both sides",
        "the soft tissues of the chest wall or neck",
    ),
    "diaphragm": (
        "the {side} dome of the diaphragm or the abdomen below it",
        "the domes of the diaphragm or the abdomen below them",
        "the diaphragm or the upper abdomen",
    ),
    "devices": ("the lines, tubes, implants, and other objects",) * 3,
    "operation": ("the traces of an operation",) * 3,
}
"""Place → its words with a side, for both sides, and without a side."""
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
UNKNOWN = {"region": "lungs", "place": "lungs"}
"""An unknown label is sought in the lungs."""


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    with TABLE.open(newline="", encoding="utf-8") as stream:
        return MappingProxyType({row["label"]: row for row in csv.DictReader(stream)})


def region_of(label: str) -> str:
    """The region of a label in a systematic report."""
    return _table().get(label, UNKNOWN)["region"]


def place_in_words(label: str, side: str = "") -> str:
    """“the right lung”: where a finding is looked for; `side`: left, right, bilateral, or empty."""
    sided, both, plain = WORDS[_table().get(label, UNKNOWN)["place"]]
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
