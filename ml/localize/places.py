"""Where findings and marks lie: other readers' boxes, overlaps, a fixed order for ties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml import boxes
from ml.boxes import Box
from ml.localize.model import Alternate, Mark, Region, Truth

Drawn = tuple[Truth, Region]


def attach_alternates(
    own: Sequence[Region], others: Sequence[tuple[Alternate, str, int]]
) -> tuple[Region, ...]:
    """Give each other reader's box (with image and frame) to the region it overlaps best.

    A box that overlaps none goes to the nearest region of its image (by center):
    where readers put one finding at different places, either place counts. With no
    region at all the other readers' boxes become the regions, those that hit each
    other by rule ``standard`` together one.
    """
    regions = list(own)
    for alternate, image, frame in others:
        index = _closest(regions, alternate.box, image, frame) if regions else None
        if index is None or (not own and not _agree(regions[index], alternate.box, image, frame)):
            name = alternate.id or f"alternate {len(regions)}"
            regions.append(Region(name, alternate.box, image, frame, alternate.reader))
        else:
            kept = (*regions[index].alternates, alternate)
            regions[index] = replace(regions[index], alternates=kept)
    return tuple(regions)


def _closest(regions: Sequence[Region], box: Box, image: str, frame: int) -> int:
    mine = boxes.as_boxes([region.box for region in regions])
    other = boxes.as_boxes([box])
    iou = boxes.iou_matrix(mine, other)[:, 0]
    distance = np.linalg.norm((mine[:, :2] + mine[:, 2:] - other[:, :2] - other[:, 2:]) / 2, axis=1)
    away = np.array([[r.image != image, abs(r.frame - frame)] for r in regions])
    # Same image first, then the nearest frame, then the best overlap, then the nearest center.
    return int(np.lexsort((distance, -iou, away[:, 1], away[:, 0]))[0])


def _agree(region: Region, box: Box, image: str, frame: int) -> bool:
    hit = boxes.hits(boxes.as_boxes([region.box]), boxes.as_boxes([box]))[0, 0]
    return region.image == image and region.frame == frame and bool(hit)


@dataclass(frozen=True)
class Overlaps:
    """Regions against marks, arrays of shape ``(regions, marks)``.

    `iou` is that with the best of the readers' boxes (0 on another image or too far a
    frame), `permitted` whether one of them is hit, `readers` whose box it was.
    """

    iou: boxes.Floats
    permitted: boxes.Flags
    readers: list[list[str]]


def overlaps(regions: Sequence[Drawn], marks: Sequence[Mark], tolerance: int) -> Overlaps:
    """How every mark lies to every region, over the boxes of all its readers."""
    candidates = [
        (row, alternate.box, alternate.reader)
        for row, (_, region) in enumerate(regions)
        for alternate in (Alternate(region.box, region.reader), *region.alternates)
    ]
    truth_boxes = boxes.as_boxes([box for _, box, _ in candidates])
    mark_boxes = boxes.as_boxes([mark.box for mark in marks])
    iou = boxes.iou_matrix(truth_boxes, mark_boxes)
    # A hit by any reader goes before a larger overlap that is none.
    rank = iou + 2.0 * boxes.hits(truth_boxes, mark_boxes, iou)
    best = np.full((len(regions), len(marks)), -1.0)
    readers = [[region.reader] * len(marks) for _, region in regions]
    for index, (row, _, reader) in enumerate(candidates):
        better = rank[index] > best[row]
        best[row][better] = rank[index][better]
        for column in np.flatnonzero(better):
            readers[row][column] = reader
    here = same_place(regions, marks, tolerance)
    permitted = (best >= 2.0) & here
    return Overlaps(np.where(here, best - 2.0 * permitted, 0.0), permitted, readers)


def same_place(regions: Sequence[Drawn], marks: Sequence[Mark], tolerance: int) -> boxes.Flags:
    """Whether mark and region are on one image, frames at most `tolerance` apart, ``(n, m)``."""
    images = np.array([region.image for _, region in regions], dtype=object)
    frames = np.array([region.frame for _, region in regions], dtype=int)
    mark_images = np.array([mark.image for mark in marks], dtype=object)
    mark_frames = np.array([mark.frame for mark in marks], dtype=int)
    same_image = images[:, None] == mark_images[None, :]
    return same_image & (np.abs(frames[:, None] - mark_frames[None, :]) <= tolerance)


def order_of_regions(regions: Sequence[Drawn]) -> list[int]:
    """An order of regions that does not depend on the order given, for equal overlaps."""
    keys = [
        (truth.label, r.image, r.frame, r.box, [(a.box, a.reader) for a in r.alternates])
        for truth, r in regions
    ]
    return sorted(range(len(keys)), key=keys.__getitem__)


def order_of_marks(marks: Sequence[Mark]) -> list[int]:
    """An order of marks that does not depend on the order given, for equal overlaps."""
    keys = [(mark.label, mark.image, mark.frame, mark.box) for mark in marks]
    return sorted(range(len(keys)), key=keys.__getitem__)
