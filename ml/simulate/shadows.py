"""What a finding's parts add to a picture and shadow on it, and what is measured of that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ml.simulate import gates, measures, organs
from ml.simulate.anatomy import Anatomy
from ml.simulate.drawing import draw_plate, draw_wire
from ml.simulate.findings.common import Part, Placed
from ml.simulate.projector import Mask, Picture, View

Box = tuple[float, float, float, float]
BORDER_SHARE = 0.25
"""Of the heart's border on one side, or a dome, what a finding must cover before it is judged."""


@dataclass(frozen=True)
class Shown:
    """What one part of a finding adds to a picture, and the pixels it shadows."""

    added: Picture
    mask: Mask


def with_devices(view: View, part: Part, shown: Shown) -> Shown:
    """A part with its wires and plates, all at half resolution."""
    added, mask = shown.added.copy(), shown.mask.copy()
    for drawn in drawn_devices(view, part):
        added += drawn[0]
        mask |= drawn[1]
    return Shown(added, mask)


def part_shown(view: View, part: Part) -> Shown:
    """What a part's voxels add; its wires are drawn later, at full resolution."""
    nothing = np.zeros(view.shape, np.float32)
    added = view.added(part.added) if part.added else nothing
    mask = view.shadow(part.mask) if part.mask else nothing > 0
    return Shown(added, mask)


def drawn_devices(view: View, part: Part) -> list[tuple[Picture, Mask]]:
    return [draw_wire(view, wire) for wire in part.wires] + [
        draw_plate(view, plate) for plate in part.plates
    ]


def edge_kept(
    placed: Placed, anatomy: Anatomy, view: View, parts: list[Shown], healthy: Picture
) -> float | None:
    """How much is left of a border that the finding may hide; None where the finding is elsewhere.

    It is the dome's where the text speaks of that one, else the heart's, on the finding's side.
    """
    clause = gates.clause_of_edge(placed.sentence)
    if "diaphragm" in clause or "dome" in clause:
        border = _dome_border(anatomy, view, placed.side, medial="medial" in clause)
    else:
        border = _heart_border(anatomy, view, placed.side)
    covered = border & np.any([part.mask for part in parts], axis=0)
    if covered.sum() < BORDER_SHARE * border.sum():
        return None
    added = sum((part.added for part in parts), np.zeros_like(healthy))
    return measures.edge_kept(covered, healthy, healthy + added)


def _heart_border(anatomy: Anatomy, view: View, side: str) -> Mask:
    heart = measures.shadow_of(anatomy, view, (organs.HEART, organs.ATRIAL_APPENDAGE))
    border = ndimage.binary_dilation(heart, iterations=2) & ~ndimage.binary_erosion(heart)
    middle = np.nonzero(heart)[1].mean()
    columns = np.arange(heart.shape[1])[None, :]
    border &= columns > middle if side == "left" else columns < middle
    return border


def _dome_border(anatomy: Anatomy, view: View, side: str, *, medial: bool) -> Mask:
    """Pixels along a hemidiaphragm, or along its half beside the spine."""
    line = measures.dome_line(anatomy, view, side)
    line = line[np.argsort(line[:, 1])]
    columns = np.arange(int(line[0, 1]), int(line[-1, 1]) + 1)
    if medial:
        half = len(columns) // 2
        columns = columns[:half] if side == "left" else columns[half:]
    rows = np.interp(columns, line[:, 1], line[:, 0]).round().astype(int)
    border = np.zeros(view.shape, bool)
    seen = (rows >= 0) & (rows < view.shape[0]) & (columns >= 0) & (columns < view.shape[1])
    border[rows[seen], columns[seen]] = True
    return ndimage.binary_dilation(border, iterations=2)  # type: ignore[no-any-return]


def length_of(view: View, parts: list[Shown]) -> float:
    """The longest diameter that shows, mm of the person."""
    mm = measures.millimeters(view)
    return max((measures.longest(part.mask, mm) for part in parts), default=0.0)


def overlaps(parts: list[Shown], others: list[list[Shown]]) -> bool:
    """Whether a finding shows nowhere, or lies on or right beside one of the others."""
    mine = np.any([part.mask for part in parts], axis=0)
    if not mine.any():
        return True
    if not others:
        return False
    near = ndimage.binary_dilation(mine, iterations=12)
    return any((near & part.mask).any() for other in others for part in other)


def is_inside(mask: Mask) -> bool:
    """Whether a shadow is there and keeps off the edges of the picture."""
    beside = (mask[:4], mask[-4:], mask[:, :4], mask[:, -4:])
    return bool(mask.any()) and not any(edge.any() for edge in beside)


def contrast_of(parts: list[Shown], healthy: Picture) -> float | None:
    """Mean of what a finding adds over the anatomy's own variation around it, without units."""
    ratios = []
    for part in parts:
        if not part.mask.any():
            continue
        rows, columns = np.nonzero(part.mask)
        margin = 24
        window = (
            slice(max(0, rows.min() - margin), rows.max() + margin),
            slice(max(0, columns.min() - margin), columns.max() + margin),
        )
        mask = part.mask[window]
        around = ndimage.binary_dilation(mask, iterations=12) & ~mask
        local = healthy[window] - ndimage.gaussian_filter(healthy[window], 12)
        noise = float(local[around].std()) if around.any() else 0.0
        ratios.append(float(np.abs(part.added[window][mask]).mean()) / max(noise, 1e-3))
    return round(min(ratios), 2) if ratios else None


def box_of(mask: Mask) -> Box:
    """Bounds of a mask that is not empty, normalized to the picture."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    return (
        round(float(columns[0] / width), 5),
        round(float(rows[0] / height), 5),
        round(float((columns[-1] + 1) / width), 5),
        round(float((rows[-1] + 1) / height), 5),
    )
