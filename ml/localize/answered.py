"""One answer beside one truth: what each mark would earn of each region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ml import boxes
from ml.localize.credit import (
    UNKNOWN,
    Candidate,
    Credit,
    Size,
    Weights,
    box_distance,
    candidates,
    nearness,
    spots,
    tip_distance,
    verdict_share,
)
from ml.localize.model import Mark, Region, Tick, Truth
from ml.localize.naming import (
    is_overstated,
    is_point,
    label_share,
    position_of,
    position_said,
    significance_of,
    significance_of_label,
    significance_of_mark,
    steps_below,
)
from ml.localize.places import Drawn
from ml.localize.sides import MIDDLE, side_share, united


class Answered:
    """Marks, ticks and findings, the credits of all pairs, and what findings and claims weigh."""

    def __init__(
        self,
        truths: Sequence[Truth],
        marks: Sequence[Mark],
        ticks: Sequence[Tick],
        tolerance: int,
        sizes: Mapping[str, Size],
        weights: Weights,
    ) -> None:
        self.marks, self.ticks = list(marks), united(ticks)
        self.tolerance, self.sizes, self.weights = tolerance, sizes, weights
        self.regions: list[Drawn] = [(t, r) for t in truths if t.is_drawn for r in t.regions]
        self.named = [t for t in truths if not t.is_drawn]
        self.normal = all(significance_of(truth) == "benign" for truth in truths)
        self.has_misplaced = any(position_of(truth) == "wrong" for truth in truths)
        self.mark_boxes = boxes.as_boxes([mark.box for mark in marks])
        self.contradicted: set[int] = set()
        """Marks of a device that others call the reverse of what they do."""
        self.in_place: set[int] = set()
        """Marks at a device that lies where it should: they are no alarm for another one."""
        self.credits = [self._credits(truth, region) for truth, region in self.regions]
        self.fitting = [self._fitting(found) for found in self.credits]
        self.contradicted, self.in_place = self._contradicted(), self._in_place()
        if self.contradicted or self.in_place:
            self.credits = [self._credits(truth, region) for truth, region in self.regions]

    def _contradicted(self) -> set[int]:
        """Of a device that is called right and wrong by two marks, nothing is said."""
        found: set[int] = set()
        for fits in self.fitting:
            places = sum(bool(fits & other) for other in self.fitting)
            said = {position_said(self.marks[index]) for index in fits}
            if len(fits) > places and said >= {"right", "wrong"}:
                found |= fits
        return found

    def _in_place(self) -> set[int]:
        fits = zip(self.regions, self.fitting, strict=True)
        return set().union(*(marks for (truth, _), marks in fits if truth.position == "right"))

    def _credits(self, truth: Truth, region: Region) -> dict[int, Credit]:
        """Mark → its credit, for the marks that earn some place on the region's image."""
        found: dict[int, Credit] = {}
        alone = self.is_one_sided(truth, region)
        for candidate in candidates(region):
            here = [
                index
                for index, mark in enumerate(self.marks)
                if mark.image == region.image
                and abs(mark.frame - candidate.frame) <= self.tolerance
            ]
            if not here:
                continue
            at = spots(candidate.box, self.mark_boxes[here], self.weights, alone)
            for position, index in enumerate(here):
                lies = at.place[position], at.extent[position], at.iou[position]
                spot = self._spot(candidate, region.image, index, *lies)
                if not spot.place and not candidate.point:
                    continue
                one = self._credit(truth, spot, index)
                if index not in found or self.total(one) > self.total(found[index]):
                    found[index] = one
        return found

    def _spot(
        self,
        candidate: Candidate,
        image: str,
        index: int,
        place: float,
        extent: float,
        iou: float,
    ) -> Credit:
        """Place and extent that a mark earns; of a device, which has no extent, its place twice."""
        mark, size = self.marks[index], self.sizes.get(image, UNKNOWN)
        distance = None
        if candidate.point:
            distance = tip_distance(candidate.point, mark, size)
            place = extent = nearness(distance, size, self.weights) * self._sized(mark)
        elif mark.point and is_point(mark.label):
            beyond = box_distance(candidate.box, mark.point, size)
            place = extent = nearness(beyond, size, self.weights)
        return Credit(
            float(place), 0.0, float(extent), float(iou), candidate.reader, distance=distance
        )

    def _sized(self, mark: Mark) -> float:
        """What is left of a device's place for a box larger than any device needs."""
        x0, y0, x1, y1 = mark.box
        largest = self.weights.largest
        return largest / max(largest, (x1 - x0) * (y1 - y0))

    def is_one_sided(self, truth: Truth, region: Region) -> bool:
        """Whether the image has nothing of the kind with its middle in the other half."""
        here = boxes.center_of(region.box)[0] >= MIDDLE
        return not any(
            other.image == region.image
            and (boxes.center_of(other.box)[0] >= MIDDLE) != here
            and label_share(truth, one.label, self.weights.vague)
            for one, other in self.regions
        )

    def _credit(self, truth: Truth, spot: Credit, index: int) -> Credit:
        mark, weights = self.marks[index], self.weights
        label = label_share(truth, mark.label, weights.vague)
        side = side_share(truth.label, truth.side, mark.side) if label else 1.0
        label *= side
        is_ = position_of(truth)
        said = "" if index in self.contradicted else position_said(mark)
        verdict = verdict_share(is_, said, weights)
        alarmed = is_ == said == "wrong" and label and index not in self.in_place
        least = weights.alarm if alarmed else 0.0
        dismissed = 1.0 if label else self._left_under_another_name(truth, mark)
        return replace(
            spot, label=label, verdict=verdict, least=least, dismissed=dismissed, side=side
        )

    def _left_under_another_name(self, truth: Truth, mark: Mark) -> float:
        """What is left of the place of a finding that was taken for something else, in [0, 1].

        By what follows for the patient: who calls it benign, a variant or a pitfall says that
        nothing is there; an urgent finding that is not called urgent waits; and a step down in
        significance, the first one left out, is one toward that.
        """
        is_, said = significance_of(truth), significance_of_mark(mark)
        if said == "benign" != is_:
            return self.weights.excused
        late = self.weights.late if is_ == "urgent" != said else 1.0
        return late * self.weights.dismissed ** max(0, steps_below(is_, said) - 1)

    def total(self, credit: Credit) -> float:
        return credit.total(self.weights)

    def _fitting(self, credits: Mapping[int, Credit]) -> set[int]:
        """The marks that lie at a region under a name that fits."""
        least = self.weights.belongs
        return {i for i, one in credits.items() if one.label and one.place >= least}

    def weight_of(self, truth: Truth) -> float:
        """A region's part of its finding's weight."""
        whole = self.weights.significance[significance_of(truth)]
        return whole / max(1, len(truth.regions)) if truth.is_drawn else whole

    def price(self, label: str) -> float:
        return self.weights.false[significance_of_label(label)]

    def price_of_mark(self, mark: Mark) -> float:
        """The price of its label; of a device called misplaced, where none is, of the alarm."""
        if self.has_misplaced or position_said(mark) != "wrong":
            return self.price(mark.label)
        return self.weights.false[significance_of_mark(mark)]

    def price_of_more(self, label: str, truths: Sequence[Truth]) -> float:
        """What a label costs that is true as far as it goes, and graver than what is there.

        0 where any of the findings is as grave, or more than a part of what the label claims.
        """
        told = [truth for truth in truths if label_share(truth, label, self.weights.vague)]
        if told and all(is_overstated(truth, label) for truth in told):
            return self.price(label) * self.weights.overstated
        return 0.0

    def all_truths(self) -> list[Truth]:
        """The findings, one that is drawn at several places so many times."""
        return [*self.named, *(truth for truth, _ in self.regions)]
