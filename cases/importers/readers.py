"""What several readers drew of one finding → one truth that keeps what each of them drew.

Boxes are one place when they hit each other by rule ``standard`` (`ml.boxes.hits`). A place holds
when at least two readers drew it: the box closest to the mean of theirs stands for it, and the
others are alternates of it. So is what one reader drew elsewhere of a finding that others saw too:
where readers put one finding at different places, either counts. The mean of clusters is that of
weighted box fusion with equal weights (Solovyev et al. 2021, arXiv:1910.13302); a box that nobody
drew is not made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cases.importers.base import ImportedRegion
from ml import boxes

NEEDED = 2


def agreed(regions: Sequence[ImportedRegion], readers: int) -> tuple[ImportedRegion, ...]:
    """The regions of one label on one image as truth; none where too few readers saw it.

    `readers` is how many read the image: what a single one drew holds as it is.
    """
    if readers < NEEDED:
        return tuple(regions)
    who = list(dict.fromkeys(region.reader for region in regions))
    if len(who) < NEEDED:
        return ()
    own: list[ImportedRegion] = []
    others: list[ImportedRegion] = []
    for place in _places(regions):
        if len({region.reader for region in place}) < NEEDED:
            others += place
            continue
        middle = _nearest_to_mean(place)
        own.append(middle)
        others += [region for region in place if region is not middle]
    if not own:  # all saw it, each somewhere else
        own = [region for region in regions if region.reader == who[0]]
        others = [region for region in regions if region.reader != who[0]]
    return (*own, *(replace(region, alternate=True) for region in others))


def _places(regions: Sequence[ImportedRegion]) -> list[list[ImportedRegion]]:
    """Regions that hit the mean of those before them, at most one of a reader."""
    found: list[list[ImportedRegion]] = []
    for region in regions:
        fitting = [
            place
            for place in found
            if all(one.reader != region.reader for one in place)
            and (place[0].image, place[0].frame) == (region.image, region.frame)
            and boxes.hits(boxes.as_boxes([_mean(place)]), boxes.as_boxes([region.box]))[0, 0]
        ]
        if fitting:
            max(fitting, key=lambda place: _iou(_mean(place), region.box)).append(region)
        else:
            found.append([region])
    return found


def _nearest_to_mean(place: Sequence[ImportedRegion]) -> ImportedRegion:
    mean = _mean(place)
    return max(place, key=lambda region: _iou(mean, region.box))


def _mean(place: Sequence[ImportedRegion]) -> Sequence[float]:
    return [float(side) for side in np.mean([region.box for region in place], axis=0)]


def _iou(one: Sequence[float], other: Sequence[float]) -> float:
    return float(boxes.iou_matrix(boxes.as_boxes([one]), boxes.as_boxes([other]))[0, 0])
