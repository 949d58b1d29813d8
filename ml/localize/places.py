"""Where findings and marks lie: other readers' boxes, overlaps, a fixed order for ties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml import boxes
from ml.boxes import Box
from ml.localize.model import Alternate, Mark, Region, Slice, Truth

Drawn = tuple[Truth, Region]


def join_slices(regions: Sequence[Region]) -> tuple[Region, ...]:
    """Regions that continue each other through a stack as one, named by its largest box.

    Boxes of one reader that overlap on neighboring frames of an image are one place, however
    many frames a lesion spans; what is alone stays as it is.
    """
    chains: list[list[Region]] = []
    for region in sorted(regions, key=lambda one: one.frame):
        chain = next((chain for chain in chains if _continues(chain[-1], region)), None)
        if chain is None:
            chains.append([region])
        else:
            chain.append(region)
    return tuple(_joined(chain) for chain in chains)


def _continues(last: Region, region: Region) -> bool:
    same = (last.image, last.reader) == (region.image, region.reader)
    return same and region.frame == last.frame + 1 and _iou(last.box, region.box) > 0


def _joined(chain: list[Region]) -> Region:
    main = max(chain, key=lambda one: (one.box[2] - one.box[0]) * (one.box[3] - one.box[1]))
    rest = tuple(Slice(one.frame, one.box) for one in chain if one is not main)
    return replace(main, slices=rest)


def _iou(one: Box, other: Box) -> float:
    return float(boxes.iou_matrix(boxes.as_boxes([one]), boxes.as_boxes([other]))[0, 0])


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
            point = alternate.point
            regions.append(Region(name, alternate.box, image, frame, alternate.reader, point=point))
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
    candidates = [found for row, (_, region) in enumerate(regions) for found in _boxes(row, region)]
    truth_boxes = boxes.as_boxes([box for _, _, box, _ in candidates])
    mark_boxes = boxes.as_boxes([mark.box for mark in marks])
    iou = boxes.iou_matrix(truth_boxes, mark_boxes)
    frames = np.array([frame for _, frame, _, _ in candidates], dtype=int)
    here = _same_image([regions[row][1] for row, *_ in candidates], marks)
    here &= np.abs(frames[:, None] - _frames(marks)[None, :]) <= tolerance
    # A hit by any reader goes before a larger overlap that is none.
    rank = np.where(here, iou + 2.0 * boxes.hits(truth_boxes, mark_boxes, iou), 0.0)
    best = np.full((len(regions), len(marks)), -1.0)
    readers = [[region.reader] * len(marks) for _, region in regions]
    for index, (row, _, _, reader) in enumerate(candidates):
        better = rank[index] > best[row]
        best[row][better] = rank[index][better]
        for column in np.flatnonzero(better):
            readers[row][column] = reader
    permitted = best >= 2.0
    return Overlaps(best - 2.0 * permitted, permitted, readers)


def _boxes(row: int, region: Region) -> list[tuple[int, int, Box, str]]:
    """Row, frame, box and reader of everything that stands for a region."""
    own = [Slice(region.frame, region.box), *region.slices]
    others = [
        (row, region.frame if a.frame is None else a.frame, a.box, a.reader)
        for a in region.alternates
    ]
    return [(row, one.frame, one.box, region.reader) for one in own] + others


def same_place(regions: Sequence[Drawn], marks: Sequence[Mark], tolerance: int) -> boxes.Flags:
    """Whether mark and region are on one image, frames at most `tolerance` apart, ``(n, m)``."""
    frames = np.array([region.frame for _, region in regions], dtype=int)
    near = np.abs(frames[:, None] - _frames(marks)[None, :]) <= tolerance
    return _same_image([region for _, region in regions], marks) & near


def _frames(marks: Sequence[Mark]) -> np.ndarray:
    return np.array([mark.frame for mark in marks], dtype=int)


def _same_image(regions: Sequence[Region], marks: Sequence[Mark]) -> boxes.Flags:
    images = np.array([region.image for region in regions], dtype=object)
    return images[:, None] == np.array([mark.image for mark in marks], dtype=object)[None, :]


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
