"""Rule ``clinical``: findings weighed by what they mean, place, label and extent credited apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml import boxes, devices, taxonomy
from ml.boxes import Box
from ml.localize.areas import best_together, clipped
from ml.localize.credit import (
    UNKNOWN,
    WEIGHTS,
    Candidate,
    Credit,
    Size,
    Sizes,
    Weights,
    box_distance,
    candidates,
    label_share,
    nearness,
    places,
    side_share,
    tip_distance,
    verdict_share,
)
from ml.localize.model import (
    Mark,
    MarkOutcome,
    Region,
    Result,
    Tick,
    TickOutcome,
    Truth,
    TruthOutcome,
)
from ml.localize.places import Drawn, order_of_marks, order_of_regions

HIT_PLACE = 0.5
HIT_VERDICT = 0.8
"""From this place and verdict on, with the label, a finding counts as hit in what is learned."""
NOTHING_LOST = 0.97
MIDDLE = 0.5
BOTH = "bilateral"


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


def significance_of(truth: Truth) -> str:
    """The significance given with a finding; else that of a misplaced device, or of its label.

    An unknown label is actionable.
    """
    if truth.position == "wrong" and not truth.significance:
        verdict = devices.judge(devices.ANY, "malpositioned")
        return verdict.significance if verdict else "urgent"
    return truth.significance or _weight_of_label(truth.label)


def _weight_of_label(slug: str) -> str:
    label = taxonomy.labels().get(slug)
    return label.default_significance if label else "actionable"


def _united(ticks: Sequence[Tick]) -> list[Tick]:
    """Each once; one label ticked on the left and on the right is ticked on both sides."""
    sides: dict[str, set[str]] = {}
    for tick in ticks:
        sides.setdefault(tick.label, set()).add(tick.side)
    found = (
        Tick(tick.label, BOTH) if sides[tick.label] >= {"left", "right"} else tick for tick in ticks
    )
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class _Earned:
    """The share of one row of the truth that an answer earned, and by what."""

    share: float = 0.0
    credit: Credit | None = None
    mark: int | None = None
    because: str = "missed"


class _Clinical:
    """One answer against one truth: credits of all pairs, then rows, then costs."""

    def __init__(
        self,
        truths: Sequence[Truth],
        marks: Sequence[Mark],
        ticks: Sequence[Tick],
        tolerance: int,
        sizes: Mapping[str, Size],
        weights: Weights,
    ) -> None:
        self.marks, self.ticks = list(marks), _united(ticks)
        self.tolerance, self.sizes, self.weights = tolerance, sizes, weights
        self.regions: list[Drawn] = [(t, r) for t in truths if t.is_drawn for r in t.regions]
        self.named = [t for t in truths if not t.is_drawn]
        self.normal = all(significance_of(truth) == "benign" for truth in truths)
        self.mark_boxes = boxes.as_boxes([mark.box for mark in marks])
        self.credits = [self._credits(truth, region) for truth, region in self.regions]
        self.fitting = [self._fitting(found) for found in self.credits]
        self._take_back_contradictions()
        self.rows = [_Earned() for _ in self.regions]
        self.parts: dict[int, int] = {}
        """Mark that is a part of a finding → a row of that finding."""

    def result(self) -> Result:
        self._pair()
        self._join_parts()
        self._name_by_ticks()
        truths = (*self._region_rows(), *(self._named_row(truth) for truth in self.named))
        marks = tuple(self._mark_row(index) for index in range(len(self.marks)))
        ticks = tuple(self._tick_row(tick) for tick in self.ticks)
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

    def _take_back_contradictions(self) -> None:
        """Of a device that is called right and wrong by two marks, nothing is said."""
        taken: set[int] = set()
        for fits in self.fitting:
            places = sum(bool(fits & other) for other in self.fitting)
            if len(fits) > places and {"right", "wrong"} <= {self.marks[i].position for i in fits}:
                taken |= fits
        if taken:
            for index in taken:
                self.marks[index] = replace(self.marks[index], position="")
            self.credits = [self._credits(truth, region) for truth, region in self.regions]

    # what each mark would earn of each region

    def _credits(self, truth: Truth, region: Region) -> dict[int, Credit]:
        """Mark → its credit, for the marks that earn some place on the region's image."""
        found: dict[int, Credit] = {}
        for candidate in candidates(region):
            here = [
                index
                for index, mark in enumerate(self.marks)
                if mark.image == region.image
                and abs(mark.frame - candidate.frame) <= self.tolerance
            ]
            if not here:
                continue
            at, iou = places(candidate.box, self.mark_boxes[here], self.weights)
            for position, index in enumerate(here):
                spot = self._spot(candidate, region.image, index, at[position], iou[position])
                if not spot.place and not candidate.point:
                    continue
                one = self._credit(truth, spot, index)
                if index not in found or self._total(one) > self._total(found[index]):
                    found[index] = one
        return found

    def _spot(
        self, candidate: Candidate, image: str, index: int, place: float, iou: float
    ) -> Credit:
        """Place and extent that a mark earns; of a device, which has no extent, its place twice."""
        mark, size = self.marks[index], self.sizes.get(image, UNKNOWN)
        distance = None
        if candidate.point:
            distance = tip_distance(candidate.point, mark, size)
            place = extent = nearness(distance, size, self.weights)
        elif mark.point and _is_point(mark.label):
            beyond = box_distance(candidate.box, mark.point, size)
            place = extent = nearness(beyond, size, self.weights)
        else:
            extent = min(1.0, iou / self.weights.full_iou)
        return Credit(
            float(place), 0.0, float(extent), float(iou), candidate.reader, distance=distance
        )

    def _credit(self, truth: Truth, spot: Credit, index: int) -> Credit:
        mark, weights = self.marks[index], self.weights
        label = label_share(truth.label, mark.label, weights)
        label *= side_share(truth.label, truth.side, mark.side)
        verdict = verdict_share(truth.position, mark.position, weights) if label else 1.0
        alarmed = truth.position == mark.position == "wrong" and label == 1.0
        least = weights.alarm if alarmed else 0.0
        return replace(spot, label=label, verdict=verdict, least=least)

    def _total(self, credit: Credit) -> float:
        return credit.total(self.weights)

    # who earns what

    def _pair(self) -> None:
        """Pair marks and regions one-to-one, so that most weight is earned."""
        if not self.regions or not self.marks:
            return
        worth = np.zeros((len(self.regions), len(self.marks)))
        allowed = np.zeros(worth.shape, dtype=bool)
        # A mark of one finding is not read as another one under a wrong name.
        fitting = set().union(*self.fitting)
        for row, found in enumerate(self.credits):
            for column, credit in found.items():
                if credit.label or column not in fitting:
                    worth[row, column] = self._total(credit) * self._weight(self.regions[row][0])
                    # A device at its place whose position was misjudged earns nothing, and is seen.
                    allowed[row, column] = worth[row, column] > 0 or credit.place > 0
        rows, columns = order_of_regions(self.regions), order_of_marks(self.marks)
        fixed = np.ix_(rows, columns)
        highest = worth.max() or 1.0
        for i, j in boxes.best_pairs(worth[fixed] / highest, allowed[fixed]):
            credit = self.credits[rows[i]][columns[j]]
            self.rows[rows[i]] = _Earned(
                self._total(credit), credit, columns[j], _because(credit, self.weights)
            )

    def _weight(self, truth: Truth) -> float:
        """A region's part of its finding's weight."""
        whole = self.weights.significance[significance_of(truth)]
        return whole / max(1, len(truth.regions)) if truth.is_drawn else whole

    def _join_parts(self) -> None:
        """Regions that spread or come in parts earn by all marks on them together."""
        for cluster in self._clusters():
            for row, joined in self._joined(cluster).items():
                kept = self.rows[row]
                if joined.share > kept.share:
                    mark = joined.mark if kept.mark is None else kept.mark
                    self.rows[row] = replace(joined, mark=mark)

    def _clusters(self) -> list[list[int]]:
        """Rows in parts of one label, image and frame; the sides of the image apart."""
        found: dict[tuple[str, str, int], list[int]] = {}
        for row, (truth, region) in enumerate(self.regions):
            label = taxonomy.labels().get(truth.label)
            if label and label.is_in_parts and region.point is None:
                group = (label.clinical_group, region.image, region.frame)
                found.setdefault(group, []).append(row)
        return [side for rows in found.values() for side in self._sides(rows)]

    def _sides(self, rows: list[int]) -> list[list[int]]:
        """Rows left and right of the middle, where some lie on each side; else all together."""
        ends = {row: (self.regions[row][1].box[0], self.regions[row][1].box[2]) for row in rows}
        first = [row for row in rows if ends[row][1] <= MIDDLE]
        second = [row for row in rows if ends[row][0] >= MIDDLE]
        rest = [row for row in rows if row not in first and row not in second]
        return [first, second, *([row] for row in rest)] if first and second else [rows]

    def _joined(self, cluster: list[int]) -> dict[int, _Earned]:
        """What all marks of the label together earn of each row of a cluster."""
        truth = [self.regions[row][1].box for row in cluster]
        low, high = self._reach(cluster)
        labels: dict[int, float] = {}
        for row in cluster:
            for column, credit in self.credits[row].items():
                if credit.label and credit.place >= self._belongs(column, truth, low, high):
                    labels[column] = max(labels.get(column, 0.0), credit.label)
        self.parts |= dict.fromkeys(labels, cluster[0])
        parts = [clipped(self.marks[column].box, low, high) for column in labels]
        kept = [part for part in parts if part]
        if not kept:
            return {}
        iou = best_together(truth, kept)
        extent, label = min(1.0, iou / self.weights.full_iou), max(labels.values())
        column = max(labels, key=lambda one: (labels[one], -one))
        found = {}
        for row, box in zip(cluster, truth, strict=True):
            place = float(places(box, boxes.as_boxes(kept), self.weights)[0].max())
            credit = Credit(place, label, extent * place, iou)
            share = self._total(credit)
            found[row] = _Earned(share, credit, column, _because(credit, self.weights))
        return found

    def _reach(self, cluster: list[int]) -> tuple[float, float]:
        """The vertical lines between which marks count for a cluster: its half, or all."""
        group = [row for row in self._all_of(cluster[0]) if row not in cluster]
        if not group:
            return 0.0, 1.0
        if all(self.regions[row][1].box[2] <= MIDDLE for row in cluster):
            return 0.0, MIDDLE
        if all(self.regions[row][1].box[0] >= MIDDLE for row in cluster):
            return MIDDLE, 1.0
        return 0.0, 1.0

    def _all_of(self, row: int) -> list[int]:
        label = taxonomy.clinical_group_of(self.regions[row][0].label)
        image = self.regions[row][1].image
        return [
            other
            for other, (truth, region) in enumerate(self.regions)
            if taxonomy.clinical_group_of(truth.label) == label and region.image == image
        ]

    def _belongs(self, column: int, truth: Sequence[Box], low: float, high: float) -> float:
        """The place asked of a mark on one region; one that holds several is judged by them all."""
        part = clipped(self.marks[column].box, low, high)
        around = best_together(truth, [part]) if part else 0.0
        return 0.0 if around >= self.weights.belongs else self.weights.belongs

    def _name_by_ticks(self) -> None:
        """A tick of something that has to be drawn earns a little of it."""
        for row, (truth, _) in enumerate(self.regions):
            said = [label_share(truth.label, tick.label, self.weights) for tick in self.ticks]
            share = self.weights.named_only * max(said, default=0.0)
            if share > self.rows[row].share:
                self.rows[row] = _Earned(share, None, None, "place")

    # rows

    def _region_rows(self) -> list[TruthOutcome]:
        return [self._region_row(row, *drawn) for row, drawn in enumerate(self.regions)]

    def _region_row(self, row: int, truth: Truth, region: Region) -> TruthOutcome:
        earned = self.rows[row]
        weight = 0.0 if self.normal else self._weight(truth)
        credit = earned.credit
        return TruthOutcome(
            truth.id,
            region.id,
            truth.label,
            _outcome(earned),
            credit.iou if credit else None,
            None if earned.mark is None else self.marks[earned.mark].id,
            (credit.reader if credit else "") or region.reader,
            earned.share * weight,
            weight,
            "" if earned.share >= NOTHING_LOST else earned.because,
            credit.distance if credit else None,
        )

    def _named_row(self, truth: Truth) -> TruthOutcome:
        """A finding that needs no place, by the best tick or mark that names it."""
        claims = [(tick.label, tick.side, None) for tick in self.ticks]
        claims += [(mark.label, mark.side, mark.id) for mark in self.marks]  # type: ignore[misc]
        best, label, side, by = 0.0, 0.0, 1.0, None
        for slug, said, mark in claims:
            fits = label_share(truth.label, slug, self.weights)
            sided = self._sided(truth, said)
            if fits * sided > best or (fits > label and not best):
                best, label, side, by = fits * sided, fits, sided, mark
        weight = 0.0 if self.normal else self._weight(truth)
        because = "side" if side < 1.0 else "vague_label" if 0 < label < 1.0 else "missed"
        outcome = "hit" if best == 1.0 else "missed"
        if best < 1.0 and label == 1.0:
            outcome = "poorly_located"
        elif 0 < best < 1.0:
            outcome = "wrong_label"
        return TruthOutcome(
            truth.id, None, truth.label, outcome, mark=by, earned=best * weight, possible=weight,
            because="" if best >= NOTHING_LOST else because,
        )  # fmt: skip

    def _sided(self, truth: Truth, said: str) -> float:
        """How far a side fits; both sides fit a finding of one that another has on the other."""
        there = {one.side for one in self.named if one.label == truth.label}
        if said == BOTH and there >= {"left", "right"}:
            return 1.0
        return side_share(truth.label, truth.side, said)

    def _mark_row(self, index: int) -> MarkOutcome:
        """What a mark was, and what it costs; the cost does not depend on what others it has."""
        mark, at = self.marks[index], self._row_of(index)
        if at is None:
            for truth in self.named:
                if label_share(truth.label, mark.label, self.weights):
                    return MarkOutcome(mark.id, mark.label, "hit", None, truth.id)
            return MarkOutcome(mark.id, mark.label, "false", cost=self._price(mark.label))
        truth, region = self.regions[at]
        credit = self.credits[at].get(index)
        own = any(self._is_of(index, row) for row in range(len(self.regions)))
        cost = 0.0 if own else self._price(mark.label)
        paired = self.rows[at].mark == index
        outcome = _outcome(self.rows[at]) if paired else "duplicate"
        if not label_share(truth.label, mark.label, self.weights):
            outcome = "wrong_label"
        iou = credit.iou if credit else None
        return MarkOutcome(mark.id, mark.label, outcome, iou, truth.id, region.id, cost)

    def _row_of(self, index: int) -> int | None:
        """The row a mark was paired with, else one that it belongs to."""
        paired = next((row for row, one in enumerate(self.rows) if one.mark == index), None)
        if paired is not None:
            return paired
        return next((row for row in range(len(self.regions)) if self._is_of(index, row)), None)

    def _is_of(self, index: int, row: int) -> bool:
        """Whether a mark is a mark of this finding, well placed or not, under a name that fits."""
        return self.parts.get(index) == row or index in self.fitting[row]

    def _fitting(self, credits: Mapping[int, Credit]) -> set[int]:
        """The marks that lie at a region under a name that fits."""
        least = self.weights.belongs
        return {i for i, one in credits.items() if one.label and one.place >= least}

    def _price(self, label: str) -> float:
        return self.weights.false[_weight_of_label(label)]

    def _tick_row(self, tick: Tick) -> TickOutcome:
        """A tick is true, or free, where it names or follows from something that is there."""
        for truth in self.named:
            if label_share(truth.label, tick.label, self.weights):
                sided = self._sided(truth, tick.side)
                outcome = "hit" if sided == 1.0 else "poorly_located"
                return TickOutcome(tick.label, outcome, truth.id, tick.side)
        for row, (truth, _) in enumerate(self.regions):
            if label_share(truth.label, tick.label, self.weights):
                hit = _outcome(self.rows[row]) == "hit"
                outcome = "hit" if hit else "poorly_located"
                return TickOutcome(tick.label, outcome, truth.id, tick.side)
        cost = self._price(tick.label)
        return TickOutcome(tick.label, "false", None, tick.side, cost)


def _is_point(slug: str) -> bool:
    label = taxonomy.labels().get(slug)
    return label is not None and label.is_point


def _outcome(earned: _Earned) -> str:
    """The outcome of a region, in the words of all rules."""
    credit = earned.credit
    if credit is None:
        return "poorly_located" if earned.share else "missed"
    if credit.label < 1.0:
        return "wrong_label"
    if credit.place >= HIT_PLACE and credit.verdict >= HIT_VERDICT:
        return "hit"
    return "poorly_located"


def _because(credit: Credit, weights: Weights) -> str:
    """What most of the loss comes from, one of `LOSSES`."""
    if credit.verdict < 1.0:
        return "unsaid_position" if credit.verdict in weights.unsaid.values() else "position"
    lost: Mapping[str, float] = {
        "label": weights.label * (credit.label == 0),
        "vague_label": weights.label * (1 - credit.label) * (credit.label > 0),
        "place": weights.place * (1 - credit.place)
        + weights.label * credit.label * (1 - credit.place**0.5),
        "extent": weights.extent * (1 - credit.extent),
    }
    return max(lost, key=lambda one: lost[one])
