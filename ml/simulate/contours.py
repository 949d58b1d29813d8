"""What lies where on a simulated film: the outlines of organs and bones, each with its name.

The CT's labels go through the same body and beam as the picture. The document that comes of it is
no truth, but tells of it; it is shown when a case has been answered.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import girdle, measures, organs
from ml.simulate.anatomy import Anatomy
from ml.simulate.outlines import way_around
from ml.simulate.projector import Block, Mask, View
from ml.simulate.tissue import is_lowered

VERSION = 2
"""1 had no fissures."""
UNIT = 4000
"""Coordinates are whole numbers, so many to a picture's width and height."""
STEP = 2
"""Voxels of the CT (1 mm) between two that are projected."""
TOLERANCE = 0.5
"""How far a simplified outline may lie off, in pixels of the view that it is drawn on."""
SMOOTH = 1.5
"""Of the outlines, pixels: labels are drawn on slices that are some millimeters apart."""
MARGIN = 8
"""Pixels around a mask that are looked at: its outline may lie outside, but no farther."""
SMALLEST = 24
"""Pieces of fewer pixels are left out."""
CRUMB = 0.12
"""Pieces of a smaller share of the largest one's area are left out."""
FEWEST = 40
"""Voxels that a structure has at least, of those that are projected."""
GROUPS = (
    "lungs",
    "fissures",
    "heart",
    "airways",
    "diaphragm",
    "ribs",
    "spine",
    "shoulders",
    "abdomen",
)
VESSELS = {
    52: "aorta",
    53: "pulmonary arteries and veins",
    54: "brachiocephalic trunk",
    58: "left brachiocephalic vein",
    59: "right brachiocephalic vein",
    61: "left atrial appendage",
    62: "superior vena cava",
    63: "inferior vena cava",
}
"""Of what lies beside the heart, what is named."""
BELLY = {5: "liver", 6: "stomach", 1: "spleen", 20: "colon"}
ORDINALS = ("1st", "2nd", "3rd", *(f"{number}th" for number in range(4, 13)))

FISSURES = {
    "horizontal fissure": ("right upper", "right middle"),
    "right oblique fissure": ("right lower", "right upper", "right middle"),
    "left oblique fissure": ("left lower", "left upper"),
}
"""Between which lobes each lies: the first and any of the others."""

Line = list[tuple[float, float]]
"""Pixels (row, column) along a line."""


@dataclass(frozen=True)
class Structure:
    """Something with a name, as it lies in the CT."""

    name: str
    group: str
    block: Block
    depth_mm: float
    """Its middle along the frontal beam, from the front."""


def anatomy_of(anatomy: Anatomy, view: View) -> dict[str, Any]:
    """The outlines of what shows in a frontal view: a document as `docs/datasets.md` has it."""
    found = []
    for one in _seen(anatomy, view):
        rings = [_whole(line, view) for line in rings_of(view.shadow(one.block))]
        rings = without_crumbs(rings)
        if rings:
            entry = {"name": one.name, "group": one.group, "depth": round(one.depth_mm)}
            found.append(entry | {"rings": rings})
    for side in organs.SIDES:
        profile = measures.dome_line(anatomy, view, side)
        line = [(float(row), float(column)) for row, column in simplified(profile, TOLERANCE)]
        name = f"{side} dome of the diaphragm"
        found.append({"name": name, "group": "diaphragm", "line": _whole(line, view)})
    for name, block in fissures(anatomy):
        for ring in without_crumbs([_whole(way, view) for way in rings_of(view.shadow(block))]):
            # A line, not an area: only its edge is seen, and named.
            found.append({"name": name, "group": "fissures", "line": ring + ring[:2]})
    [(row, column)] = view.pixels(np.array([anatomy.marks.carina]))
    at = [(float(row), float(column))]
    found.append({"name": "carina", "group": "airways", "line": _whole(at, view)})
    return {"version": VERSION, "unit": UNIT, "structures": found}


def without_crumbs(rings: list[list[int]]) -> list[list[int]]:
    """The outlines that are no crumbs beside the largest: voxels that were labeled by mistake."""
    areas = [_area(ring) for ring in rings]
    least = CRUMB * max(areas, default=0.0)
    return [ring for ring, area in zip(rings, areas, strict=True) if area >= least]


def _area(ring: list[int]) -> float:
    x, y = np.array(ring[::2], float), np.array(ring[1::2], float)
    return abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2


def packed(document: dict[str, Any]) -> bytes:
    """The document as a gzip file; the same document gives the same bytes."""
    text = json.dumps(document, separators=(",", ":"))
    return gzip.compress(text.encode(), 9, mtime=0)


def _seen(anatomy: Anatomy, view: View) -> Iterator[Structure]:
    """What is named on a film: the shoulders are not the CT's own where the arms are lowered."""
    lowered = girdle.named(anatomy, view.body, view.kind) if is_lowered(view) else {}
    yield from (one for one in structures(anatomy) if one.name not in lowered)
    for name, block in lowered.items():
        middle = np.argwhere(block.values)[:, 1].mean()
        yield Structure(name, "shoulders", block, block.corner[1] + float(middle))


@lru_cache(maxsize=2)
def structures(anatomy: Anatomy) -> tuple[Structure, ...]:
    """All that is named, in no order; what the CT's labels lack is left out."""
    return tuple(_structures(anatomy))


def _structures(anatomy: Anatomy) -> Iterator[Structure]:
    labels = np.asarray(anatomy.base.labels[::STEP, ::STEP, ::STEP])
    windows = ndimage.find_objects(labels, 255)

    def cut(*numbers: int) -> tuple[Mask, tuple[int, ...]] | None:
        found = [windows[number - 1] for number in numbers if windows[number - 1]]
        if not found:
            return None
        window = tuple(
            slice(min(one[axis].start for one in found), max(one[axis].stop for one in found))
            for axis in range(3)
        )
        return np.isin(labels[window], numbers), tuple(part.start for part in window)

    whole = [(f"{name} lobe", "lungs", (number,)) for name, number in organs.LOBES.items()]
    whole += [("heart", "heart", (organs.HEART,)), ("trachea", "airways", (organs.TRACHEA,))]
    whole += [(name, "heart", (number,)) for number, name in VESSELS.items()]
    whole += [(name, "abdomen", (number,)) for number, name in BELLY.items()]
    for first, count, letter in ((27, 5, "L"), (32, 12, "T"), (44, 7, "C")):
        whole += [
            (f"vertebra {letter}{count - index}", "spine", (first + index,))
            for index in range(count)
        ]
    for side in organs.SIDES:
        whole.append((f"{side} clavicle", "shoulders", (organs.CLAVICLE[side],)))
        whole.append((f"{side} scapula", "shoulders", (organs.SCAPULA[side],)))
    whole.append(("sternum", "shoulders", (organs.STERNUM,)))
    for name, group, numbers in whole:
        piece = cut(*numbers)
        if piece:
            yield from _structure(name, group, *piece)
    for side in organs.SIDES:
        for ordinal, number in zip(ORDINALS, organs.RIBS[side], strict=True):
            piece = cut(number)
            if piece:
                yield from _rib(f"{ordinal} rib", side, *piece)


@lru_cache(maxsize=2)
def fissures(anatomy: Anatomy) -> tuple[tuple[str, Block], ...]:
    """Where lobes meet; none where the labels' lobes do not."""
    labels = np.asarray(anatomy.base.labels[::STEP, ::STEP, ::STEP])
    found = []
    for name, (first, *others) in FISSURES.items():
        one = labels == organs.LOBES[first]
        other = np.isin(labels, [organs.LOBES[lobe] for lobe in others])
        border = ndimage.binary_dilation(one) & ndimage.binary_dilation(other)
        if border.sum() >= FEWEST:
            found.append((name, Block((0.0, 0.0, 0.0), border.astype(np.float32), float(STEP))))
    return tuple(found)


def _rib(name: str, side: str, mask: Mask, start: tuple[int, ...]) -> Iterator[Structure]:
    """A rib's two parts: before and behind where it lies farthest out."""
    places = np.argwhere(mask)
    outward = places[:, 2] if side == "left" else -places[:, 2]
    turn = places[outward >= outward.max() - 1, 1].mean()
    before = np.arange(mask.shape[1])[None, :, None] < turn
    yield from _structure(f"{name} anterior, {side}", "ribs", mask & before, start)
    yield from _structure(f"{name} posterior, {side}", "ribs", mask & ~before, start)


def _structure(name: str, group: str, mask: Mask, start: tuple[int, ...]) -> Iterator[Structure]:
    if mask.sum() < FEWEST:
        return
    corner = tuple(float(STEP * index) for index in start)
    depth = corner[1] + STEP * (ndimage.center_of_mass(mask)[1] + 0.5)
    block = Block(corner, mask.astype(np.float32), float(STEP))  # type: ignore[arg-type]
    yield Structure(name, group, block, float(depth))


def rings_of(mask: Mask) -> list[Line]:
    """The simplified outlines of a mask's pieces, the largest first; holes are filled."""
    found = ndimage.find_objects(mask.astype(np.uint8))
    if not found:
        return []
    # Where nothing is, nothing is looked for: past the reach of the smoothing.
    window = tuple(slice(max(0, one.start - MARGIN), one.stop + MARGIN) for one in found[0])
    corner = np.array([one.start for one in window], float)
    smooth = ndimage.gaussian_filter(mask[window].astype(np.float32), SMOOTH) > 0.5
    pieces, count = ndimage.label(smooth)
    sizes = np.bincount(pieces.ravel(), minlength=1)
    order = sorted(range(1, count + 1), key=lambda piece: -sizes[piece])
    rings = []
    for piece in order:
        if sizes[piece] < SMALLEST:
            break
        filled = ndimage.binary_fill_holes(np.pad(pieces == piece, 1))
        way = np.array(way_around(filled), dtype=float) - 1.0 + corner
        middles = (way + np.roll(way, -1, axis=0)) / 2
        half = len(middles) // 2
        ring = [*simplified(middles[: half + 1], TOLERANCE)[:-1]]
        ring += [*simplified(np.vstack([middles[half:], middles[:1]]), TOLERANCE)[:-1]]
        rings.append([(float(row), float(column)) for row, column in ring])
    return rings


def simplified(line: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """A line by as few of its points as keep within `tolerance` (Douglas & Peucker 1973)."""
    kept = np.zeros(len(line), bool)
    kept[[0, -1]] = True
    open_parts = [(0, len(line) - 1)]
    while open_parts:
        start, end = open_parts.pop()
        if end - start < 2:
            continue
        along = line[end] - line[start]
        away = line[start + 1 : end] - line[start]
        length = float(np.hypot(*along))
        if length:
            off = np.abs(away[:, 0] * along[1] - away[:, 1] * along[0]) / length
        else:
            off = np.hypot(away[:, 0], away[:, 1])
        farthest = int(off.argmax())
        if off[farthest] > tolerance:
            middle = start + 1 + farthest
            kept[middle] = True
            open_parts += [(start, middle), (middle, end)]
    return line[kept]


def _whole(line: Line, view: View) -> list[int]:
    """x and y by turns, in `UNIT`s, held within the picture."""
    rows, columns = view.shape
    flat: list[int] = []
    for row, column in line:
        flat += [
            min(max(round(UNIT * column / columns), 0), UNIT),
            min(max(round(UNIT * row / rows), 0), UNIT),
        ]
    return flat
