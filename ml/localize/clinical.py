"""Rule ``clinical``: findings weighed by what they mean, place, label and extent credited apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ml import boxes
from ml.localize.answered import Answered
from ml.localize.changed import said_of, share_of_change
from ml.localize.claims import Claims
from ml.localize.credit import WEIGHTS, Size, Sizes, Weights
from ml.localize.earned import NOTHING_LOST, Earned, earned_by, outcome_of
from ml.localize.model import Mark, MarkOutcome, Region, Result, Tick, Truth, TruthOutcome
from ml.localize.naming import label_share, position_of
from ml.localize.parts import Parts
from ml.localize.places import order_of_marks, order_of_regions


def score_clinical(
    truths: Sequence[Truth],
    marks: Sequence[Mark],
    ticks: Sequence[Tick],
    *,
    tolerance: int = 0,
    sizes: Sizes | None = None,
    weights: Weights = WEIGHTS,
) -> Result:
    """Score one answer by rule ``clinical`` (docs/scoring.md).

    `tolerance` is how many frames of a stack a mark may be off, `sizes` how large the images
    are as far as it is known.
    """
    known = {image: Size(*size) for image, size in (sizes or {}).items()}
    return _Clinical(truths, marks, ticks, tolerance, known, weights).result()


class _Clinical(Answered):
    """One answer against one truth: who earns what, then rows, then costs."""

    def __init__(
        self,
        truths: Sequence[Truth],
        marks: Sequence[Mark],
        ticks: Sequence[Tick],
        tolerance: int,
        sizes: Mapping[str, Size],
        weights: Weights,
    ) -> None:
        super().__init__(truths, marks, ticks, tolerance, sizes, weights)
        self.rows = [Earned() for _ in self.regions]
        self.parts, self.claims = Parts(self), Claims(self)
        self.namings = {index for index, mark in enumerate(self.marks) if self._names(mark.label)}
        """Marks that name a finding which needs no place."""
        self.elsewhere = [index for index in self.namings if self._row_of(index) is None]

    def result(self) -> Result:
        self._pair()
        self._join_parts()
        self._name_by_ticks()
        self._judge_changes()
        truths = (*self._region_rows(), *(self.claims.named_row(truth) for truth in self.named))
        marks = tuple(self._mark_row(index) for index in range(len(self.marks)))
        ticks = tuple(self.claims.tick_row(tick, self.rows) for tick in self.ticks)
        earned = sum(row.earned or 0.0 for row in truths)
        possible = sum(row.possible or 0.0 for row in truths)
        cost = sum(row.cost for row in marks) + sum(row.cost for row in ticks)
        hits = sum(row.outcome == "hit" for row in truths)
        false = sum(row.outcome == "false" for row in marks)
        false += sum(row.outcome == "false" for row in ticks)
        points = self._points(earned, possible, cost)
        return Result(
            "clinical", points, hits, len(truths) - hits, false, truths, marks, ticks,
            earned, possible, cost,
        )  # fmt: skip

    def _points(self, earned: float, possible: float, cost: float) -> float:
        if self.normal:
            return float(100.0 * self.weights.normal**cost)
        left = (earned - self.weights.cost * cost) / possible
        return 100.0 * min(1.0, max(0.0, left))

    # who earns what

    def _pair(self) -> None:
        """Pair marks and regions one-to-one, so that most weight is earned.

        First by names that fit. What then nobody found, or only a mark that is meant for another
        region, may have been seen under a name that does not fit; never more is earned by such a
        mark where one of a fitting name lies.
        """
        if not self.regions or not self.marks:
            return
        self._assign(lambda row, column: self.credits[row][column].label > 0)
        # A mark of one finding is not read as another one under a wrong name.
        taken = set().union(*self.fitting, self.parts.rows_of, self.namings)
        taken |= {one.mark for one in self.rows if one.mark is not None}
        meant = self._meant()
        self._assign(
            lambda row, column: (
                not self.credits[row][column].label and row not in meant and column not in taken
            )
        )

    def _assign(self, permits: Callable[[int, int], bool]) -> None:
        """Give marks to the regions where they earn more than what is there, most weight in all."""
        gains = np.zeros((len(self.regions), len(self.marks)))
        allowed = np.zeros(gains.shape, dtype=bool)
        for row, found in enumerate(self.credits):
            kept = self.rows[row]
            for column, credit in found.items():
                if permits(row, column):
                    gain = self.total(credit) - kept.share
                    gains[row, column] = max(0.0, gain) * self.weight_of(self.regions[row][0])
                    # A device at its place whose position was misjudged earns nothing, and is seen.
                    seen = credit.place > 0 and kept.credit is None
                    allowed[row, column] = gain > 0 or seen
        rows, columns = order_of_regions(self.regions), order_of_marks(self.marks)
        fixed = np.ix_(rows, columns)
        highest = gains.max() or 1.0
        for i, j in boxes.best_pairs(gains[fixed] / highest, allowed[fixed]):
            credit = self.credits[rows[i]][columns[j]]
            self.rows[rows[i]] = earned_by(credit, columns[j], self.weights)

    def _meant(self) -> set[int]:
        """The regions that a mark of a fitting name is meant for: where it would earn most."""
        best: dict[int, tuple[tuple[float, float], int]] = {}
        for row in order_of_regions(self.regions):
            for column, credit in self.credits[row].items():
                worth = self.total(credit), self.weight_of(self.regions[row][0])
                known = best.get(column)
                if credit.label and credit.place and (not known or worth > known[0]):
                    best[column] = worth, row
        return {row for _, row in best.values()}

    def _join_parts(self) -> None:
        """Regions that spread or come in parts earn by all marks on them together."""
        for row, joined in self.parts.earned.items():
            kept = self.rows[row]
            if joined.share > kept.share:
                mark = joined.mark if kept.mark is None else kept.mark
                self.rows[row] = replace(joined, mark=mark)

    def _name_by_ticks(self) -> None:
        """A tick of something that has to be drawn earns a little of it.

        That a device is misplaced, ticked, is the alarm; and where its tip was marked without a
        word on its position, the word.
        """
        for row, (truth, region) in enumerate(self.regions):
            kept = self.rows[row]
            share = self.weights.named_only * max(
                (self.claims.share_of_tick(truth, region, tick) for tick in self.ticks), default=0.0
            )
            if position_of(truth) == "wrong" and not self.claims.is_alarmed(truth):
                said = kept.credit.verdict if kept.credit and kept.credit.label else None
                share *= self.weights.unsaid["wrong"] if said is None else said
            if self.claims.is_alarmed(truth) and (not kept.credit or kept.credit.verdict):
                share = max(share, self.weights.alarm)
                if kept.credit and kept.credit.verdict == self.weights.unsaid["wrong"]:
                    credit = replace(kept.credit, verdict=1.0)
                    kept = self.rows[row] = earned_by(credit, kept.mark, self.weights)
            if share > kept.share:
                self.rows[row] = Earned(share, None, None, "place")

    def _judge_changes(self) -> None:
        """Take off what was found what a wrong word on its change since a prior film costs."""
        for truth in dict.fromkeys(truth for truth, _ in self.regions if truth.change):
            rows = [row for row, (one, _) in enumerate(self.regions) if one is truth]
            others = {one.mark for row, one in enumerate(self.rows) if row not in rows}
            marks = {mark for row in rows for mark in self.fitting[row] - others}
            marks |= {mark for mark, parts in self.parts.rows_of.items() if {*parts} & {*rows}}
            said = [self.marks[mark].change for mark in sorted(marks)]
            left = share_of_change(truth.change, said, self.weights)
            for row in rows:
                kept = self.rows[row]
                if kept.credit is None or not kept.credit.label:
                    continue
                told = said_of(truth.change, said)
                because = kept.because
                if left < 1.0 and 1.0 - left >= 1.0 - kept.share:
                    because = "change" if told else "unsaid_change"
                share = kept.share * left
                self.rows[row] = replace(kept, share=share, because=because, said_change=told)

    # rows

    def _region_rows(self) -> list[TruthOutcome]:
        return [self._region_row(row, *drawn) for row, drawn in enumerate(self.regions)]

    def _region_row(self, row: int, truth: Truth, region: Region) -> TruthOutcome:
        earned = self.rows[row]
        weight = 0.0 if self.normal else self.weight_of(truth)
        credit = earned.credit
        return TruthOutcome(
            truth.id,
            region.id,
            truth.label,
            outcome_of(earned),
            credit.iou if credit else None,
            None if earned.mark is None else self.marks[earned.mark].id,
            (credit.reader if credit else "") or region.reader,
            earned.share * weight,
            weight,
            "" if earned.share >= NOTHING_LOST else earned.because,
            credit.distance if credit else None,
            earned.said_change,
        )

    def _mark_row(self, index: int) -> MarkOutcome:
        """What a mark was, and what it costs; the cost does not depend on what others it has."""
        mark, at = self.marks[index], self._row_of(index)
        cost = self._cost_of(index)
        if at is None:
            named = self._names(mark.label)
            outcome = "hit" if named else "false"
            truth_id = named.id if named else None
            return MarkOutcome(mark.id, mark.label, outcome, truth=truth_id, cost=cost)
        truth, region = self.regions[at]
        credit = self.credits[at].get(index)
        paired = self.rows[at].mark == index
        outcome = outcome_of(self.rows[at]) if paired else "duplicate"
        if not label_share(truth, mark.label, self.weights.vague):
            outcome = "wrong_label"
        iou = credit.iou if credit else None
        return MarkOutcome(mark.id, mark.label, outcome, iou, truth.id, region.id, cost)

    def _cost_of(self, index: int) -> float:
        """What the claim of a mark costs, by the findings that it is a mark of."""
        mark = self.marks[index]
        own = [truth for row, (truth, _) in enumerate(self.regions) if self._is_of(index, row)]
        cost = 0.0
        if not own and index in self.namings:
            own = self.all_truths()
            more = max(0, len(self.elsewhere) - self.weights.named)
            cost = self.price(mark.label) * more / max(1, len(self.elsewhere))
        if own:
            return max(cost, self.price_of_more(mark.label, own))
        return self.price_of_mark(mark)

    def _names(self, label: str) -> Truth | None:
        """The first finding that needs no place and that a label names."""
        fits = (t for t in self.named if label_share(t, label, self.weights.vague))
        return next(fits, None)

    def _row_of(self, index: int) -> int | None:
        """The row a mark was paired with, else one that it belongs to."""
        paired = next((row for row, one in enumerate(self.rows) if one.mark == index), None)
        if paired is not None:
            return paired
        return next((row for row in range(len(self.regions)) if self._is_of(index, row)), None)

    def _is_of(self, index: int, row: int) -> bool:
        """Whether a mark is a mark of this finding, well placed or not, under a name that fits."""
        return row in self.parts.rows_of.get(index, ()) or index in self.fitting[row]
