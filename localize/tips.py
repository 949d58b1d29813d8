"""Devices in the drawing game: marked by where they end, and told how far off and whether rightly.

Rules ``standard`` and ``radgame`` know boxes only: under them devices are drawn as boxes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from cases.models import Image
from localize.places import size_of
from ml import devices, findings, taxonomy
from ml.boxes import Box, around
from ml.localize.areas import hull

Row = Mapping[str, Any]

RULES = ("", "clinical")
"""Under which devices are points; empty is an attempt without a rule, scored by the first one."""
LIES = {"right": "lies where it should", "wrong": "does not lie where it should"}
DEVICES = {
    "tracheal_tube": "endotracheal_tube",
    "feeding_tube": "enteric_tube",
    "chest_tube": "chest_tube",
    "central_line": "central_line",
    "cardiac_lead": "pacemaker",
}
"""Label → its device in `ml.devices`: every label that is marked by a point (a test)."""


def are_points(rule: str) -> bool:
    """Whether devices are marked by their tips under a rule."""
    return rule in RULES


def takes_point(slug: str, rule: str) -> bool:
    """Whether a label is marked by a point under a rule; the same for every case."""
    label = taxonomy.labels().get(slug)
    return label is not None and label.is_point and are_points(rule)


def box_under(rule: str, box: Box, path: list[list[float]]) -> Box:
    """The box of a tip: close around it, or where boxes are asked for around its whole path."""
    if are_points(rule) or not path:
        return box
    return hull([around((x, y)) for x, y in path])


def distance_in_words(distance: float, *, in_mm: bool) -> str:
    """“6 mm”, or “1.2 % of the image's width”."""
    return f"{distance:.0f} mm" if in_mm else f"{100 * distance:.1f} % of the image's width"


def position_in_words(row: Row, mark: Row) -> str:
    """Whether the learner judged rightly where a device lies; empty where it was not asked."""
    truth, said = row.get("position"), mark.get("position") or ""
    if not truth:
        return ""
    if not said:
        return f"You did not say whether its position is right: it {LIES[truth]}."
    if said == truth:
        return f"You judged its position correctly: it {LIES[truth]}."
    return f"You called its position {said}; it {LIES[truth]}."


def what_happened(row: Row, mark: Row, called: str) -> str:
    """One line on a device that a mark was paired with; `called` is another name it was given."""
    distance = row.get("distance")
    if row.get("point") is None or distance is None:
        where = "Your mark lies in or at the box of the whole device; nobody marked its tip."
    else:
        told = distance_in_words(distance, in_mm=row["distance_unit"] == "mm")
        where = f"Your mark was {told} from the tip."
    if called:
        return f"{where} You called it {called}."
    return f"{where} {position_in_words(row, mark)}".strip()


def far_off(row: Row, marks: Iterable[Row], image: Image | None) -> str:
    """How far from a missed tip the mark was that was meant for it; empty where there is none."""
    meant = [
        mark["point"]
        for mark in marks
        if mark.get("point")
        and mark["image"] == row["image"]
        and mark["outcome"] == "false"
        and taxonomy.clinical_group_of(mark["label"]) == taxonomy.clinical_group_of(row["label"])
    ]
    if not meant or image is None or not row.get("point"):
        return ""
    size, (x, y) = size_of(image), row["point"]
    nearest = min(math.hypot((px - x) * size.width, (py - y) * size.height) for px, py in meant)
    return f"Your mark for it was {distance_in_words(nearest, in_mm=size.in_mm)} from its tip."


def what_was_right(row: Row, name: str) -> str:
    """The answer that would have earned everything; empty for one that did."""
    if row.get("because") == "" and row["outcome"] == "hit":
        return ""
    said = f", its position called {row['position']}" if row.get("position") else ""
    if row.get("point") is None:
        return f"Right would have been a mark on it, labeled {name}."
    return f"Right would have been a mark on its tip, labeled {name}{said}."


def how_to_judge(row: Row) -> str:
    """Where the tip of a device belongs, and what it means that it does not lie there."""
    device = DEVICES.get(row["label"])
    if device is None:
        return ""
    places = [
        verdict.reason
        for position in devices.positions_of(device)
        if (verdict := devices.judge(device, position))
        and verdict.judgment == "right"
        and verdict.device != devices.ANY
    ]
    belongs = f"Its tip belongs {', or '.join(dict.fromkeys(places))}."
    wrong = _verdict(device, row) if row.get("position") == "wrong" else None
    return f"{belongs} Here: {wrong.reason}." if wrong else belongs


def _verdict(device: str, row: Row) -> devices.Verdict | None:
    """The table's verdict on where the report says that the device ends."""
    said = [one.positions for one in findings.extract(row.get("sentence") or "") if one.positions]
    found = devices.judged(device, (position for each in said for position in each))
    found = found if found and found.judgment != "right" else None
    return found or devices.judge(device, row.get("location") or "")
