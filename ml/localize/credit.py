"""Rule ``clinical``: what a mark or a tick earns of a finding, by place, label and extent.

All shares are in [0, 1]. The numbers of `Weights` were fitted (docs/scoring.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from ml import boxes
from ml.boxes import Box
from ml.localize.model import Mark, Point, Region
from ml.localize.sides import beyond


class Size(NamedTuple):
    """How large an image is: in millimeters, or, where they are not known, in its own widths."""

    height: float
    width: float
    in_mm: bool = True


Sizes = Mapping[str, Size | tuple[float, float]]
"""Image → its size; two numbers are height and width in millimeters."""
UNKNOWN = Size(1.0, 1.0, in_mm=False)
"""Of an image of which nothing is known: as if it were square."""


@dataclass(frozen=True)
class Weights:
    """Every number of the rule."""

    significance: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType(
            {"urgent": 4.0, "actionable": 2.0, "minor": 1.0, "benign": 0.25}
        )
    )
    place: float = 0.4
    label: float = 0.3
    """The rest is for the extent."""
    vague: float = 0.5
    """Of the label's share, for one that is compatible."""
    described: float = 0.8
    """Of a finding that has to be ticked, for all that it implies without its name."""
    overstated: float = 0.5
    """Of the cost of a false claim, for one that holds the finding and something graver."""
    full_iou: float = 0.6
    """IoU that earns the whole extent."""
    large: float = 4.0
    """A mark more times as large as the finding loses of its place, in proportion."""
    both_sides: float = 0.35
    """Left of place and extent for a mark that covers the mirror place of the finding too."""
    misnamed: float = 0.75
    """Left of the extent under a label that does not fit."""
    dismissed: float = 0.5
    """Left under such a label for each step that it is less grave, the first one left out."""
    late: float = 0.6
    """Left under such a label of an urgent finding, where the label is not urgent."""
    excused: float = 0.1
    """Left under the name of something benign, a variant or a pitfall: nearly a miss."""
    near: float = 0.4
    """Of the place, for a mark right beside the finding."""
    reach: float = 0.05
    """Gap between boxes, as a fraction of the image, at which nothing of that is left."""
    named_only: float = 0.25
    """Of a finding that has to be drawn, for naming it by a tick."""
    tolerance_mm: float = 10.0
    tolerance: float = 0.015
    """Distance from a device's tip that is on it: in mm, or as a fraction of the width."""
    far: float = 2.5
    """Times the tolerance, at which nothing of the place is left."""
    largest: float = 0.15
    """Of the image: a box around a device that is larger loses of its place, in proportion."""
    alarm: float = 0.3
    """For who says of a misplaced device that it is, but not where its tip lies."""
    unsaid: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({"right": 0.85, "wrong": 0.4})
    )
    """Left of the credit where a device's position is not judged, by what it is."""
    overcalled: float = 0.55
    """Left of the credit where a device in place is called misplaced."""
    wrong_change: float = 0.75
    """Left of the credit where another change since the prior film is said than there was."""
    reversed_change: float = 0.6
    """The same where what got better is called worse, or the reverse."""
    unsaid_change: float = 0.9
    """The same where it was asked, and nothing said."""
    false: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType(
            {"urgent": 1.25, "actionable": 1.0, "minor": 0.5, "benign": 0.0}
        )
    )
    """What a false claim costs, by the significance of its label."""
    cost: float = 0.5
    """Weight that a cost of 1 takes off what was earned."""
    normal: float = 0.6
    """Left of the score of a normal film for each cost of 1."""
    named: int = 8
    """So many marks may name a finding that has only to be named; each more costs as false."""
    belongs: float = 0.1
    """A place from which on a mark belongs to a finding and is no claim of its own."""

    @property
    def extent(self) -> float:
        return 1.0 - self.place - self.label


WEIGHTS = Weights()


@dataclass(frozen=True)
class Credit:
    """Shares earned of one region by one mark."""

    place: float = 0.0
    label: float = 0.0
    extent: float = 0.0
    iou: float = 0.0
    reader: str = ""
    verdict: float = 1.0
    """What is left after what was said, or not, of a device's position."""
    least: float = 0.0
    """For a right alarm, whatever the place."""
    distance: float | None = None
    """From a device's tip, in the unit of the image's `Size`."""
    dismissed: float = 1.0
    """What is left where the label does not fit, by how much less grave it is."""
    side: float = 1.0
    """What is left of the label by the side that was said with the mark."""

    def total(self, weights: Weights) -> float:
        """The share of the region's weight, in [0, 1]: a label without a place earns nothing."""
        named = 1.0 if self.label else weights.misnamed
        shares = weights.place * self.place + named * weights.extent * self.extent
        shares += weights.label * self.label * self.place**0.5
        return max(self.verdict * self.dismissed * shares, self.least)


def verdict_share(truth: str, said: str, weights: Weights) -> float:
    """What is left of a device's credit by what is said of its position."""
    if not truth or truth == said:
        return 1.0
    if not said:
        return weights.unsaid[truth]
    return weights.overcalled if truth == "right" else 0.0


class Spots(NamedTuple):
    """What marks have of the place of one box, arrays of shape ``(n,)``."""

    place: boxes.Floats
    extent: boxes.Floats
    iou: boxes.Floats


def spots(truth: Box, marks: boxes.Floats, weights: Weights, one_sided: bool = True) -> Spots:
    """Place, extent and IoU of every mark against one box of the truth.

    `one_sided` tells that the other side has nothing of the kind.
    """
    box = boxes.as_boxes([truth])
    iou = boxes.iou_matrix(box, marks)[0]
    asked = boxes.thresholds_of(box)[0]
    points_at = boxes.holds_centers(box, marks)[0] | boxes.holds_centers(marks, box)[:, 0]
    gap = np.maximum(
        np.maximum(box[:, :2] - marks[:, 2:], marks[:, :2] - box[:, 2:]), 0.0
    )  # shape (n, 2)
    beside = weights.near * np.clip(1 - np.linalg.norm(gap, axis=1) / weights.reach, 0, None)
    share = np.where(points_at, 1.0, np.minimum(1.0, np.maximum(iou / asked, beside)))
    ratio = boxes.areas(marks) / boxes.areas(box)
    told = 1.0 - (1.0 - weights.both_sides) * beyond(truth, marks) * one_sided
    limits = np.minimum(np.minimum(1.0, weights.large / ratio), told)
    return Spots(share * limits, told * np.minimum(1.0, iou / weights.full_iou), iou)


def tip_distance(tip: Point, mark: Mark, size: Size) -> float:
    """From a mark to a device's tip: from its point, or from the best point of its box.

    A box stands for its center, the middles of its sides and its corners: it may be drawn
    around the tip or along the whole device up to it. In the unit of `size`.
    """
    offsets = np.array(_ends(mark)) - np.array(tip)
    return float(np.linalg.norm(offsets * [size.width, size.height], axis=1).min())


def box_distance(box: Box, point: Point, size: Size) -> float:
    """From a point to a box around a whole device, whose tip nobody marked; 0 inside.

    A device ends at an edge of its box, so a little outside is as good.
    """
    (x, y), (x0, y0, x1, y1) = point, box
    beyond = max(x0 - x, 0.0, x - x1), max(y0 - y, 0.0, y - y1)
    return float(np.hypot(beyond[0] * size.width, beyond[1] * size.height))


def nearness(distance: float, size: Size, weights: Weights) -> float:
    """The share of the place for a device marked at a distance: 1 within the tolerance."""
    limit = weights.tolerance_mm if size.in_mm else weights.tolerance
    beyond = (distance - limit) / (limit * (weights.far - 1))
    return float(np.clip(1 - beyond, 0.0, 1.0))


def _ends(mark: Mark) -> Sequence[Point]:
    if mark.point:
        return [mark.point]
    x0, y0, x1, y1 = mark.box
    return [(x, y) for x in (x0, (x0 + x1) / 2, x1) for y in (y0, (y0 + y1) / 2, y1)]


@dataclass(frozen=True)
class Candidate:
    """What may stand for a region: one reader's box or tip, on one frame."""

    frame: int
    box: Box
    reader: str
    point: Point | None


def candidates(region: Region) -> list[Candidate]:
    """Everything that stands for a region."""
    own = [Candidate(region.frame, region.box, region.reader, region.point)]
    own += [
        Candidate(one.frame, one.box, region.reader, region.point and boxes.center_of(one.box))
        for one in region.slices
    ]
    others = [
        Candidate(region.frame if a.frame is None else a.frame, a.box, a.reader, a.point)
        for a in region.alternates
    ]
    return own + others
