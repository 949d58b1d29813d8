"""How far the readers of a finding agree, and whose box the learner's was measured against."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from ml.boxes import as_boxes, iou_matrix


def agreement_of(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Readers of a scored finding: how many, how many boxed it, and their overlaps.

    None where the case has one reader. `ious` are those of every two readers who
    boxed this place, `matched` the reader whose box the learner's mark was paired with.
    """
    readers = row.get("readers") or 0
    if readers < 2:
        return None
    boxes = row.get("reader_boxes", [])
    pairs = [] if row.get("point") else combinations(boxes, 2)  # tips do not overlap
    ious = [_iou(one["box"], other["box"]) for one, other in pairs]
    return {
        "readers": readers,
        "boxed": row["boxed_by"],
        "names": [box["reader"] or "unnamed" for box in boxes],
        "mean": sum(ious) / len(ious) if ious else None,
        "low": min(ious, default=None),
        "high": max(ious, default=None),
        "pairs": len(ious),
        "matched": row["reader"] if row["mark"] and len(boxes) > 1 else "",
    }


def _iou(one: list[float], other: list[float]) -> float:
    return float(iou_matrix(as_boxes([one]), as_boxes([other]))[0, 0])
