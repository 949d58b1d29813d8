"""One line of ``python -m ml localize``: JSON checked once, scored, and put into rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ml import boxes
from ml.boxes import Box
from ml.jsonl import finite
from ml.localize.model import RADGAME_THRESHOLD, Alternate, Mark, Region, Result, Truth
from ml.localize.places import attach_alternates
from ml.localize.rules import score

MAX_ENTRIES = 1000
"""More marks, ticks, findings or truth boxes than this in one case are refused."""


def answer_line(item: dict[str, Any]) -> dict[str, Any]:
    """Score one case; the fields in and out are in docs/scoring.md.

    Raises ValueError, which names the field, for anything that cannot be scored.
    """
    truths = _truths_of(item)
    marks = [_mark_of(entry, index) for index, entry in enumerate(_list(item, "marks"))]
    ticked = _list(item, "ticked")
    for index, slug in enumerate(ticked):
        if not isinstance(slug, str) or not slug:
            raise ValueError(f"ticked[{index}] must be a non-empty string")
    threshold = finite(_given(item, "threshold", RADGAME_THRESHOLD), "threshold")
    rule = _given(item, "rule", "standard")
    result = score(truths, marks, ticked, rule=rule, threshold=threshold)
    return {
        "score": result.score,
        "hits": result.hits,
        "misses": result.misses,
        "false": result.false_marks,
        "findings": _rows_in_order(truths, result),
        "marks": [{"outcome": row.outcome, "iou": row.iou} for row in result.marks],
    }


def _rows_in_order(truths: Sequence[Truth], result: Result) -> list[dict[str, Any]]:
    """One row a region, or one for a finding that has only to be named; as in the input."""
    order = {truth.id: index for index, truth in enumerate(truths)}
    rows = sorted(result.truths, key=lambda row: order[row.truth])
    return [{"label": row.label, "outcome": row.outcome, "iou": row.iou} for row in rows]


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
    own = _boxes_of(entry, "boxes", name)
    regions = attach_alternates(
        [Region(f"{index}.{number}", box) for number, box in enumerate(own)],
        [(Alternate(box), "", 0) for box in _boxes_of(entry, "alternates", name)],
    )
    mode = _given(entry, "mode", "draw" if regions else "select")
    if mode not in ("draw", "select"):
        raise ValueError(f"{name}.mode must be draw or select, got {mode!r}")
    return Truth(str(index), label, mode, regions)


def _boxes_of(entry: dict[str, Any], key: str, name: str) -> list[Box]:
    name = f"{name}.{key}"
    return [
        boxes.checked_box(box, f"{name}[{number}]")
        for number, box in enumerate(_list(entry, key, name))
    ]


def _mark_of(entry: Any, index: int) -> Mark:
    name = f"marks[{index}]"
    label = _label_of(entry, name)
    return Mark(str(index), label, boxes.checked_box(entry.get("box"), f"{name}.box"))
