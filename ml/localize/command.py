"""One line of ``python -m ml localize``: JSON checked once, scored, and put into rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ml import boxes, taxonomy
from ml.boxes import Box
from ml.jsonl import finite
from ml.localize.changed import CHANGES
from ml.localize.model import (
    POSITIONS,
    RADGAME_THRESHOLD,
    Alternate,
    Mark,
    Point,
    Region,
    Result,
    Tick,
    Truth,
    TruthOutcome,
)
from ml.localize.places import attach_alternates
from ml.localize.rules import score

SIDES = {"left": "left", "right": "right", "bilateral": "bilateral", "both": "bilateral"}
MAX_ENTRIES = 1000
"""More marks, ticks, findings or truth boxes than this in one case are refused."""
MAX_SIZE_MM = 10_000
"""No image is larger; of sizes near the largest number distances cannot be told."""


def answer_line(item: dict[str, Any]) -> dict[str, Any]:
    """Score one case; the fields in and out are in docs/scoring.md.

    Raises ValueError, which names the field, for anything that cannot be scored.
    """
    truths = _truths_of(item)
    marks = [_mark_of(entry, index) for index, entry in enumerate(_list(item, "marks"))]
    ticks = [_tick_of(entry, index) for index, entry in enumerate(_list(item, "ticked"))]
    threshold = finite(_given(item, "threshold", RADGAME_THRESHOLD), "threshold")
    rule = _given(item, "rule", "standard")
    sizes = _sizes_of(item)
    result = score(truths, marks, ticks, rule=rule, threshold=threshold, sizes=sizes)
    distance = "distance_mm" if sizes else "distance"
    reply = {
        "score": result.score,
        "hits": result.hits,
        "misses": result.misses,
        "false": result.false_marks,
        "findings": _rows_in_order(truths, result, distance),
        "marks": [{"outcome": row.outcome, "iou": row.iou} for row in result.marks],
    }
    if result.possible is not None:
        reply |= {"earned": result.earned, "possible": result.possible, "cost": result.cost}
    return reply


def _rows_in_order(truths: Sequence[Truth], result: Result, distance: str) -> list[dict[str, Any]]:
    """One row a region, or one for a finding that has only to be named; as in the input."""
    order = {truth.id: index for index, truth in enumerate(truths)}
    rows = sorted(result.truths, key=lambda row: order[row.truth])
    return [_row(row, distance) for row in rows]


def _row(row: TruthOutcome, distance: str) -> dict[str, Any]:
    told: dict[str, Any] = {"label": row.label, "outcome": row.outcome, "iou": row.iou}
    if row.possible is not None:
        told |= {"earned": row.earned, "possible": row.possible}
    if row.distance is not None:
        told[distance] = row.distance
    return told


def _sizes_of(item: dict[str, Any]) -> dict[str, tuple[float, float]] | None:
    """Height and width in mm of the one image, where they are given."""
    if item.get("size_mm") is None:
        return None
    sides = _list(item, "size_mm")
    if len(sides) != 2:
        raise ValueError("size_mm must be a list of two numbers, height and width")
    height, width = (finite(side, f"size_mm[{index}]") for index, side in enumerate(sides))
    if height <= 0 or width <= 0:
        raise ValueError("size_mm must be above 0")
    if max(height, width) > MAX_SIZE_MM:
        raise ValueError(f"size_mm must be at most {MAX_SIZE_MM}, in millimeters")
    return {"": (height, width)}


def _tick_of(entry: Any, index: int) -> Tick:
    """A label, or an object with `label` and `side`."""
    name = f"ticked[{index}]"
    if isinstance(entry, dict):
        return Tick(_label_of(entry, name), _word(entry, "side", SIDES, name))
    if not isinstance(entry, str) or not entry:
        raise ValueError(f"{name} must be a non-empty string, or an object with label and side")
    return Tick(entry)


def _word(entry: dict[str, Any], key: str, known: Mapping[str, str], name: str) -> str:
    """One of the known words, as the rules call it; empty where it is not given."""
    value = _given(entry, key, "")
    if value == "":
        return ""
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{name}.{key} must be one of {', '.join(known)}, got {value!r}")
    return known[value]


def _point_of(value: Any, name: str) -> Point:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ValueError(f"{name} must be a list of two numbers x, y")
    x, y = (finite(part, f"{name}[{index}]") for index, part in enumerate(value))
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ValueError(f"{name} lies outside the image: x and y must be in [0, 1]")
    return (x, y)


def _given(item: dict[str, Any], name: str, default: Any) -> Any:
    value = item.get(name)
    return default if value is None else value


def _list(item: dict[str, Any], key: str, name: str = "") -> list[Any]:
    value, name = _given(item, key, []), name or key
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list")
    if len(value) > MAX_ENTRIES:
        raise ValueError(f"{name} has {len(value)} entries; at most {MAX_ENTRIES} are scored")
    return value


def _label_of(entry: Any, name: str) -> str:
    if not isinstance(entry, dict):
        raise ValueError(f"{name} must be a JSON object")
    label = entry.get("label")
    if not isinstance(label, str) or not label:
        raise ValueError(f"{name}.label must be a non-empty string")
    return label


def _truths_of(item: dict[str, Any]) -> list[Truth]:
    truths = [_truth_of(entry, index) for index, entry in enumerate(_list(item, "truth"))]
    drawn = sum(1 + len(region.alternates) for truth in truths for region in truth.regions)
    if drawn > MAX_ENTRIES:
        raise ValueError(f"truth has {drawn} boxes in all; at most {MAX_ENTRIES} are scored")
    return truths


def _truth_of(entry: Any, index: int) -> Truth:
    name = f"truth[{index}]"
    label = _label_of(entry, name)
    _refuse_unclear(entry, name)
    own = _boxes_of(entry, "boxes", name)
    regions = attach_alternates(
        [Region(f"{index}.{number}", box) for number, box in enumerate(own)],
        [(Alternate(box), "", 0) for box in _boxes_of(entry, "alternates", name)],
    )
    tips = [
        _point_of(point, f"{name}.points[{number}]")
        for number, point in enumerate(_list(entry, "points", f"{name}.points"))
    ]
    if tips:
        regions = tuple(
            Region(f"{index}.{number}", boxes.around(tip), point=tip)
            for number, tip in enumerate(tips)
        )
    mode = _given(entry, "mode", "draw" if regions else "select")
    if mode not in ("draw", "select"):
        raise ValueError(f"{name}.mode must be draw or select, got {mode!r}")
    return Truth(
        str(index),
        label,
        mode,
        regions,
        _word(entry, "significance", {one: one for one in taxonomy.SIGNIFICANCES}, name),
        _word(entry, "side", SIDES, name),
        _word(entry, "position", {one: one for one in POSITIONS}, name),
        _word(entry, "change", {one: one for one in CHANGES}, name),
    )


def _refuse_unclear(entry: dict[str, Any], name: str) -> None:
    """Refuse a finding of which two places are told, or a position of a tip that is not there."""
    kinds = [key for key in ("boxes", "alternates") if _list(entry, key, f"{name}.{key}")]
    if _list(entry, "points", f"{name}.points"):
        if kinds:
            raise ValueError(
                f"{name} has both points and {kinds[0]}: a finding is either tips or boxes; "
                f"leave one of them out"
            )
    elif entry.get("points") is not None and _given(entry, "position", "") and not kinds:
        raise ValueError(
            f"{name}.points is empty, and {name}.position says how a tip lies: give the tip as "
            f"[x, y], or leave out points where no place is known"
        )


def _boxes_of(entry: dict[str, Any], key: str, name: str) -> list[Box]:
    name = f"{name}.{key}"
    return [
        boxes.checked_box(box, f"{name}[{number}]")
        for number, box in enumerate(_list(entry, key, name))
    ]


def _mark_of(entry: Any, index: int) -> Mark:
    name = f"marks[{index}]"
    label = _label_of(entry, name)
    point = None
    if entry.get("point") is not None:
        point = _point_of(entry["point"], f"{name}.point")
    given = entry.get("box")
    if point and given is not None:
        raise ValueError(
            f"{name} has both point and box: a mark is one of them; leave the other out"
        )
    box = (
        boxes.around(point) if point and given is None else boxes.checked_box(given, f"{name}.box")
    )
    side = _word(entry, "side", SIDES, name)
    position = _word(entry, "position", {one: one for one in POSITIONS}, name)
    change = _word(entry, "change", {one: one for one in CHANGES}, name)
    asked = change if "change" in entry else None
    return Mark(str(index), label, box, point=point, side=side, position=position, change=asked)
