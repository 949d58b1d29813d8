"""Rule ``radgame``: the counting of the published app, for comparison with the paper.

Baharoon et al., RadGame, 2025, arXiv 2509.13270.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml import boxes
from ml.localize.model import (
    Mark,
    MarkOutcome,
    Result,
    TickOutcome,
    Truth,
    TruthOutcome,
    score_of,
)
from ml.localize.places import Drawn, order_of_marks, order_of_regions, same_place

EQUIVALENT = {"infiltration": "consolidation", "fibrotic_band": "atelectasis"}


def score_radgame(
    truths: Sequence[Truth], marks: Sequence[Mark], ticked: Sequence[str], threshold: float
) -> Result:
    """Score one answer by rule ``radgame``: the first reader's boxes only, per label, greedy."""
    regions = [(t, r) for t in truths if t.is_drawn for r in t.regions]
    pairs = _pairs(regions, marks, threshold)
    by_mark = {column: (row, iou) for row, (column, iou) in pairs.items()}
    region_rows = [_region_row(drawn, pairs.get(i), marks) for i, drawn in enumerate(regions)]
    mark_rows = [_mark_row(mark, by_mark.get(i), regions) for i, mark in enumerate(marks)]
    named = [truth for truth in truths if not truth.is_drawn]
    wanted, given = _by_label(named), {_label(slug): slug for slug in ticked}
    named_rows = [
        TruthOutcome(t.id, None, t.label, "hit" if _label(t.label) in given else "missed")
        for t in named
    ]
    ticks = [
        TickOutcome(slug, "hit", wanted[label]) if label in wanted else TickOutcome(slug, "false")
        for label, slug in given.items()
    ]
    # A label is ticked once, so it counts once however many findings carry it.
    hits = len(pairs) + len(wanted.keys() & given.keys())
    misses = len(regions) - len(pairs) + len(wanted.keys() - given.keys())
    false = len(marks) - len(pairs) + len(given.keys() - wanted.keys())
    rows = (*region_rows, *named_rows)
    points = score_of(hits, misses, false)
    return Result("radgame", points, hits, misses, false, rows, tuple(mark_rows), tuple(ticks))


def _label(slug: str) -> str:
    return EQUIVALENT.get(slug, slug)


def _by_label(named: Sequence[Truth]) -> dict[str, str]:
    """Label → id of the first finding that has it."""
    found: dict[str, str] = {}
    for truth in named:
        found.setdefault(_label(truth.label), truth.id)
    return found


def _pairs(
    regions: Sequence[Drawn], marks: Sequence[Mark], threshold: float
) -> dict[int, tuple[int, float]]:
    """Region → mark and IoU, best first, within one label and image."""
    iou = boxes.iou_matrix(
        boxes.as_boxes([r.box for _, r in regions]), boxes.as_boxes([m.box for m in marks])
    )
    wanted = np.array([_label(truth.label) for truth, _ in regions], dtype=object)
    drawn = np.array([_label(mark.label) for mark in marks], dtype=object)
    fits = same_place(regions, marks, 0) & (wanted[:, None] == drawn[None, :])
    rows, columns = order_of_regions(regions), order_of_marks(marks)
    ordered = np.where(fits, iou, -1.0)[np.ix_(rows, columns)]
    found = boxes.greedy_pairs(ordered, threshold)
    return {rows[i]: (columns[j], float(ordered[i, j])) for i, j in found}


def _region_row(
    drawn: Drawn, pair: tuple[int, float] | None, marks: Sequence[Mark]
) -> TruthOutcome:
    truth, region = drawn
    if pair is None:
        return TruthOutcome(truth.id, region.id, truth.label, "missed", reader=region.reader)
    column, iou = pair
    mark = marks[column].id
    return TruthOutcome(truth.id, region.id, truth.label, "hit", iou, mark, region.reader)


def _mark_row(mark: Mark, pair: tuple[int, float] | None, regions: Sequence[Drawn]) -> MarkOutcome:
    if pair is None:
        return MarkOutcome(mark.id, mark.label, "false")
    truth, region = regions[pair[0]]
    return MarkOutcome(mark.id, mark.label, "hit", pair[1], truth.id, region.id)
