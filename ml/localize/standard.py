"""Rule ``standard``: an overlap asked by size, any reader's box, the greatest total overlap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml import boxes, taxonomy
from ml.localize.model import (
    Mark,
    MarkOutcome,
    Result,
    TickOutcome,
    Truth,
    TruthOutcome,
    score_of,
)
from ml.localize.places import order_of_marks, order_of_regions, overlaps


def score_standard(
    truths: Sequence[Truth], marks: Sequence[Mark], ticked: Sequence[str], tolerance: int
) -> Result:
    """Score one answer by rule ``standard`` (docs/scoring.md)."""
    return _Standard(truths, marks, ticked, tolerance).result()


class _Standard:
    """The passes, each over what those before left: hit, named, poorly located, wrong label."""

    def __init__(
        self, truths: Sequence[Truth], marks: Sequence[Mark], ticked: Sequence[str], tolerance: int
    ) -> None:
        self.marks = marks
        self.ticked = list(dict.fromkeys(ticked))
        self.regions = [(t, r) for t in truths if t.is_drawn for r in t.regions]
        self.named = [t for t in truths if not t.is_drawn]
        self.places = overlaps(self.regions, marks, tolerance)
        self.iou, self.permitted = self.places.iou, self.places.permitted
        self.mark_groups = [taxonomy.group_of(mark.label) for mark in marks]
        truth_groups = np.array([taxonomy.group_of(t.label) for t, _ in self.regions], dtype=object)
        mark_groups = np.array(self.mark_groups, dtype=object)
        self.same = truth_groups[:, None] == mark_groups[None, :]
        self.rows = order_of_regions(self.regions)
        self.columns = order_of_marks(marks)
        self.truth_outcomes: dict[int, tuple[str, int]] = {}
        self.mark_outcomes: dict[int, tuple[str, int | None]] = {}
        self.named_by: dict[str, str | None] = {}
        self.mark_names: dict[int, str] = {}

    def result(self) -> Result:
        self._pair("hit", self.permitted & self.same)
        self._name_findings()
        self._pair("poorly_located", (self.iou > 0) & self.same)
        self._pair("wrong_label", self.permitted & ~self.same)
        self._judge_the_rest()
        truths = (*self._region_rows(), *self._named_rows())
        marks = tuple(self._mark_row(index) for index in range(len(self.marks)))
        ticks = self._tick_rows()
        hits = sum(row.outcome == "hit" for row in truths)
        false = sum(row.outcome == "false" for row in marks)
        false += sum(row.outcome == "false" for row in ticks)
        misses = len(truths) - hits
        return Result(
            "standard", score_of(hits, misses, false), hits, misses, false, truths, marks, ticks
        )

    def _pair(self, outcome: str, allowed: boxes.Flags) -> None:
        """Pair what is still free one-to-one, to the greatest total IoU."""
        allowed = allowed.copy()
        allowed[list(self.truth_outcomes), :] = False
        allowed[:, list(self.mark_outcomes)] = False
        # The order given must not decide between pairings of equal total.
        fixed = np.ix_(self.rows, self.columns)
        for i, j in boxes.best_pairs(self.iou[fixed], allowed[fixed]):
            row, column = self.rows[i], self.columns[j]
            self.truth_outcomes[row] = (outcome, column)
            self.mark_outcomes[column] = (outcome, row)

    def _name_findings(self) -> None:
        """Findings that need no place: named by a tick, or by a free mark, of their group."""
        ticked = {taxonomy.group_of(slug) for slug in self.ticked}
        drawn: dict[str, list[int]] = {}
        for index in self.columns:
            if index not in self.mark_outcomes:
                drawn.setdefault(self.mark_groups[index], []).append(index)
        for truth in self.named:
            group = taxonomy.group_of(truth.label)
            by = drawn.get(group, [])
            if by:
                self.named_by[truth.id] = self.marks[by[0]].id
            elif group in ticked:
                self.named_by[truth.id] = None
            for position, index in enumerate(by):
                self.mark_outcomes[index] = ("duplicate" if position else "hit", None)
                self.mark_names.setdefault(index, truth.id)

    def _judge_the_rest(self) -> None:
        for index in range(len(self.marks)):
            if index in self.mark_outcomes:
                continue
            again = np.flatnonzero(self.permitted[:, index] & self.same[:, index])
            best = max(again, key=lambda row: self.iou[row, index], default=None)
            outcome = "false" if best is None else "duplicate"
            self.mark_outcomes[index] = (outcome, None if best is None else int(best))

    def _region_rows(self) -> list[TruthOutcome]:
        return [
            self._region_row(index, truth, region.id, region.reader)
            for index, (truth, region) in enumerate(self.regions)
        ]

    def _region_row(self, index: int, truth: Truth, region: str, reader: str) -> TruthOutcome:
        if index not in self.truth_outcomes:
            return TruthOutcome(truth.id, region, truth.label, "missed", reader=reader)
        outcome, column = self.truth_outcomes[index]
        return TruthOutcome(
            truth.id,
            region,
            truth.label,
            outcome,
            float(self.iou[index, column]),
            self.marks[column].id,
            self.places.readers[index][column],
        )

    def _named_rows(self) -> list[TruthOutcome]:
        return [
            TruthOutcome(
                truth.id,
                None,
                truth.label,
                "hit" if truth.id in self.named_by else "missed",
                mark=self.named_by.get(truth.id),
            )
            for truth in self.named
        ]

    def _mark_row(self, index: int) -> MarkOutcome:
        mark = self.marks[index]
        outcome, row = self.mark_outcomes[index]
        if row is None:
            return MarkOutcome(mark.id, mark.label, outcome, None, self.mark_names.get(index))
        truth, region = self.regions[row]
        return MarkOutcome(
            mark.id, mark.label, outcome, float(self.iou[row, index]), truth.id, region.id
        )

    def _tick_rows(self) -> tuple[TickOutcome, ...]:
        return tuple(self._tick_row(slug, taxonomy.group_of(slug)) for slug in self.ticked)

    def _tick_row(self, slug: str, group: str) -> TickOutcome:
        for truth in self.named:
            if taxonomy.group_of(truth.label) == group:
                return TickOutcome(slug, "hit", truth.id)
        drawn = [i for i, (t, _) in enumerate(self.regions) if taxonomy.group_of(t.label) == group]
        for row in drawn:
            if self.truth_outcomes.get(row, ("missed", 0))[0] == "hit":
                return TickOutcome(slug, "hit", self.regions[row][0].id)
        if drawn:
            return TickOutcome(slug, "poorly_located", self.regions[drawn[0]][0].id)
        return TickOutcome(slug, "false")
