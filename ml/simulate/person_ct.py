"""The CT of a simulated person, as the film sees through it: a small volume, and the beam in it.

Its axes are (down, back, left), and a point keeps the depth that the projector gives it, so that a
point of the film is a straight line through the volume. Densities of findings, fat and devices
are in it; vessels below its grid are not.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import arms, organs
from ml.simulate.anatomy import Anatomy
from ml.simulate.base import ABOVE_MM
from ml.simulate.cases import Sitting
from ml.simulate.drawing import Plate, Wire
from ml.simulate.findings.common import Part, Placed
from ml.simulate.patients import Points
from ml.simulate.projector import DISTANCE_MM, GAP_MM, Block, View
from ml.simulate.tissue import added_tissue, is_lowered

Volume = NDArray[np.float32]
SPACING_MM = 3.0
STEP = organs.STEP
"""Voxels of the CT (1 mm) between two that are looked at."""
MESH = 3
"""Voxels of the volume between two at which the person's map is asked; linear between."""
WALL_MM = 3.5
"""Depth within the ribs from which on nothing of the wall is left."""
TABLE = ((-1000, 0), (-160, 90), (240, 190), (1300, 255))
"""Hounsfield units and their grays, linear between: finest where soft tissues differ."""
QUALITY = 45
ACROSS = 12
"""Slices side by side in the picture."""
MOST_POINTS = 4000
DENSE_MM = 0.5
"""Of devices: how far apart the points are that they are drawn by."""
VERSION = 1


@dataclass(frozen=True)
class PersonCt:
    """A person's CT: `hu` (down, back, left), the corner of its first voxel, and voxels' size."""

    hu: NDArray[np.int16]
    corner: tuple[float, float, float]
    """mm, in the frame of the CT that the person was made of."""
    spacing: float
    """mm; from front to back the person is `deep` times as thick."""
    deep: float
    beam: dict[str, Any]
    spots: list[dict[str, Any]]

    def encoded(self) -> bytes:
        """All slices side by side as one WebP picture, axial ones, from left to right."""
        from PIL import Image

        levels, grays = zip(*TABLE, strict=True)
        gray = np.interp(self.hu, levels, grays).round().astype(np.uint8)
        down, back, left = gray.shape
        lines = -(-down // ACROSS)
        sheet = np.zeros((lines * back, ACROSS * left), np.uint8)
        for index, one in enumerate(gray):
            line, column = divmod(index, ACROSS)
            sheet[line * back : (line + 1) * back, column * left : (column + 1) * left] = one
        stream = io.BytesIO()
        Image.fromarray(sheet).convert("RGB").save(stream, "WEBP", quality=QUALITY, method=6)
        return stream.getvalue()

    def described(self) -> dict[str, Any]:
        """What a browser needs beside the picture to cut slices from it; numbers in mm."""
        return {
            "version": VERSION,
            "shape": list(self.hu.shape),
            "corner": [round(mm, 2) for mm in self.corner],
            "spacing": self.spacing,
            "deep": round(self.deep, 4),
            "across": ACROSS,
            "table": [list(pair) for pair in TABLE],
            "beam": self.beam,
            "spots": self.spots,
        }


def person_ct(anatomy: Anatomy, sitting: Sitting, spacing: float = SPACING_MM) -> PersonCt:
    """The volume of whom a frontal film was taken, with its findings."""
    view = sitting.view
    grid = _grid(view, spacing)
    wall, inner = (_mapped(view, mapping, grid) for mapping in _maps(view))
    parts = [part for one in sitting.placed for part in one.parts]
    density = _density(anatomy, view, parts, wall, inner)
    for part in parts:
        for wire in part.wires:
            _put(density, grid, spacing, *_wire(view, wire))
        for plate in part.plates:
            _put(density, grid, spacing, *_plate(view, plate))
    hu = np.clip((density - 1) * 1000, -1000, 3000).round().astype(np.int16)
    corner = tuple(float(axis[0] - spacing / 2) for axis in grid)
    spots = [spot for one in sitting.placed for spot in _spots(view, one)]
    return PersonCt(hu, corner, spacing, view.body.deep, beam_of(view), spots)  # type: ignore[arg-type]


def beam_of(view: View) -> dict[str, Any]:
    """How a point (x, y; shares) of a frontal film is a line through the person.

    At the depth `d` mm it is at `middle + (corner + share * size) * (near + slope * d)` mm down
    and left.
    """
    distance = DISTANCE_MM[view.kind]
    deep = view.size_mm[1]
    near = (distance - GAP_MM - (0 if view.kind == "PA" else deep)) / distance
    return {
        "middle": [round(mm, 2) for mm in view.field.middle],
        "corner": [round(-mm / 2, 2) for mm in view.field.size],
        "size": [round(n * view.mm, 2) for n in view.shape],
        "near": round(near, 6),
        "slope": round((-1 if view.kind == "PA" else 1) / distance, 8),
    }


def _grid(view: View, spacing: float) -> list[Points]:
    """Middles of the voxels along each axis, mm: all that the film sees at any depth."""
    axes: list[Points] = []
    for middle, size in zip(view.field.middle, view.field.size, strict=True):
        count = int(np.ceil(size / spacing))
        places = middle + (np.arange(count) - (count - 1) / 2) * spacing
        axes.append(places.astype(np.float64))
    fat = view.body.fat_mm + view.body.breast_mm
    before, behind = fat + 6, view.body.fat_mm + 6
    back = np.arange(-before, view.size_mm[1] + behind, spacing)
    down, left = axes
    return [down, back, left]


def _maps(view: View) -> Iterator[Any]:
    body = view.body
    yield body.wall
    yield body.inner if body.inside is not None else body.wall


def _mapped(view: View, mapping: Any, grid: list[Points]) -> list[Volume]:
    """Of each voxel the place in the CT at every `STEP`-th voxel: three arrays of its indices."""
    coarse = [
        axis[0] + np.arange(0, len(axis) + MESH - 1, MESH) * np.diff(axis)[0] for axis in grid
    ]
    points = np.stack(np.meshgrid(*coarse, indexing="ij"), axis=-1)
    found = mapping(points)
    found[..., 1] = points[..., 1]  # slabs are not moved along the beam
    places = []
    for axis in range(3):
        field = (found[..., axis] / STEP - 0.5).astype(np.float32)
        for along, wanted in enumerate(grid):
            field = _finer(field, along, len(wanted))
        places.append(field)
    return places


def _finer(field: Volume, axis: int, count: int) -> Volume:
    """`count` values along an axis of which every `MESH`-th is known, linear between."""
    place = np.arange(count)
    low = place // MESH
    share = (place % MESH / MESH).astype(np.float32)
    share = share.reshape([-1 if a == axis else 1 for a in range(3)])
    first = field.take(low, axis)
    return first + (field.take(np.minimum(low + 1, field.shape[axis] - 1), axis) - first) * share


@lru_cache(maxsize=1)
def _whole(anatomy: Anatomy) -> tuple[Volume, Volume, Volume]:
    """The CT's density, its share within the ribs, and the density there drawn out past them."""
    hu = anatomy.base.hu
    even = [n // STEP * STEP for n in hu.shape]
    cut = hu[: even[0], : even[1], : even[2]].astype(np.float32)
    cut = cut.reshape(even[0] // 2, 2, even[1] // 2, 2, even[2] // 2, 2).mean(axis=(1, 3, 5))
    density: Volume = np.clip(cut / 1000 + 1, 0, None)
    inside = anatomy.cage.inside[tuple(slice(0, n) for n in density.shape)]
    share: Volume = np.clip(inside / STEP, 0, 1).astype(np.float32)
    return density, share, _drawn_out(density, inside > WALL_MM)


@lru_cache(maxsize=1)
def _without_arms(anatomy: Anatomy) -> Volume:
    """The CT's density without its arms, as `Base.bare` is of."""
    density = _whole(anatomy)[0].copy()
    labels = anatomy.base.labels
    even = tuple(slice(0, n * STEP) for n in density.shape)
    bone = arms.bones(labels[even][::STEP, ::STEP, ::STEP])
    density[bone] = np.minimum(density[bone], 1 + arms.MUSCLE_HU / 1000)
    depths = (np.arange(density.shape[1]) + 0.5) * STEP
    kept = arms.kept_share(labels, round(ABOVE_MM))
    shape = (density.shape[0], density.shape[2])
    planes = arms.layers(kept, depths, shape, (float(STEP), float(STEP)))
    for index, plane in enumerate(planes):
        # What lies within the ribs stays whole; it is kept everywhere there.
        density[:, index] *= plane
    return density


def _drawn_out(values: Volume, known: NDArray[np.bool_]) -> Volume:
    """Each layer across the beam with what is not known taken from what is near."""
    out = np.zeros_like(values)
    for index in np.flatnonzero(known.any(axis=(0, 2))):
        near = ndimage.distance_transform_edt(
            ~known[:, index], return_distances=False, return_indices=True
        )
        out[:, index] = values[:, index][tuple(near)]
    return out


def _density(
    anatomy: Anatomy, view: View, parts: list[Part], wall: list[Volume], inner: list[Volume]
) -> Volume:
    """What lies in each voxel, water 1, as the projector puts wall and inside together."""
    whole, share, drawn = _whole(anatomy)
    if is_lowered(view):
        whole = _without_arms(anatomy)
    slides = view.body.inside is not None
    if not slides:
        share = np.zeros_like(share)
    of_wall, inside = whole * (1 - share), drawn
    added = _on_grid([part.added for part in parts if part.added], whole.shape)
    if added.any():
        of_wall = of_wall + added * (1 - share)
        if slides:
            inside = inside + _drawn_out(added, share > 0.9)
    total = _at(of_wall, wall)
    if slides:
        total += _at(share, wall) * _at(inside, inner)
    for block in added_tissue(anatomy, view):
        _add(total, block, wall)
    return np.clip(total, 0, None)


def _at(values: Volume, places: list[Volume]) -> Volume:
    found: Volume = ndimage.map_coordinates(values, places, order=1, mode="constant")
    return found


def _on_grid(blocks: list[Block], shape: tuple[int, ...]) -> Volume:
    """The sum of blocks at every `STEP`-th voxel of the CT."""
    total = np.zeros(shape, np.float32)
    for block in blocks:
        values = block.values
        if block.spacing < STEP:
            values = ndimage.uniform_filter(values, round(STEP / block.spacing), mode="constant")
        window, places = [], []
        for corner, count, length in zip(block.corner, values.shape, shape, strict=True):
            end = corner + count * block.spacing
            low, high = max(0, int(corner / STEP) - 1), min(length, int(end / STEP) + 2)
            window.append(slice(low, max(low, high)))
            middles = (np.arange(low, max(low, high)) + 0.5) * STEP
            # An even filter's middle lies between voxels.
            shift = 0.5 if block.spacing < STEP else 0.0
            places.append((middles - corner) / block.spacing - 0.5 + shift)
        if all(len(along) for along in places):
            mesh = np.meshgrid(*places, indexing="ij")
            total[tuple(window)] += ndimage.map_coordinates(values, mesh, order=1, mode="constant")
    return total


def _add(total: Volume, block: Block, places: list[Volume]) -> None:
    """Add what a block that does not slide adds to each voxel."""
    index = [
        ((place + 0.5) * STEP - corner) / block.spacing - 0.5
        for place, corner in zip(places, block.corner, strict=True)
    ]
    near = np.ones(total.shape, bool)
    for at, count in zip(index, block.values.shape, strict=True):
        near &= (at > -1) & (at < count)
    total[near] += _at(block.values, [at[near] for at in index])


def _wire(view: View, wire: Wire) -> tuple[Points, float]:
    """Points along a device, mm of the person, and how much water each stands for, mm³."""
    line = wire.points if wire.of_person else view.standing(wire.points)
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    dense = np.arange(0, max(along[-1], DENSE_MM), DENSE_MM)
    points = np.stack([np.interp(dense, along, line[:, axis]) for axis in range(3)], axis=-1)
    return points, np.pi * (wire.radius**2 - wire.bore**2) * DENSE_MM * wire.density


def _plate(view: View, plate: Plate) -> tuple[Points, float]:
    """The same of a flat thing, by points on the triangles between its middle and its edge."""
    middle = plate.outline.mean(axis=0)
    rays = np.roll(plate.outline, -1, axis=0) - middle, plate.outline - middle
    shares = (np.arange(12) + 0.5) / 12
    u, v = (one.ravel() for one in np.meshgrid(shares, shares))
    inside = u + v < 1
    points = middle + sum(
        share[inside][None, :, None] * ray[:, None, :]
        for share, ray in zip((u, v), rays, strict=True)
    )
    area = np.linalg.norm(np.cross(*rays), axis=1).sum() / 2
    flat = points.reshape(-1, 3)
    return view.standing(flat), float(area * plate.thickness * plate.density / len(flat))


def _put(density: Volume, grid: list[Points], spacing: float, points: Points, water: float) -> None:
    """Add what a device's points stand for to the voxels around them."""
    place = np.stack(
        [(points[:, axis] - along[0]) / spacing for axis, along in enumerate(grid)], axis=-1
    )
    low = np.floor(place).astype(int)
    part = place - low
    for corner in np.ndindex(2, 2, 2):
        at = low + corner
        weight = np.prod(np.where(corner, part, 1 - part), axis=1) * water / spacing**3
        seen = ((at >= 0) & (at < density.shape)).all(axis=1)
        np.add.at(density, tuple(at[seen].T), weight[seen])


def _spots(view: View, placed: Placed) -> Iterator[dict[str, Any]]:
    """Where each part of a finding lies in the person: its middle, and from where to where."""
    for part in placed.parts:
        for points in _places(view, part):
            low, high = np.percentile(points[:, 1], (2, 98))
            middle = np.median(points, axis=0)
            yield {
                "label": placed.label,
                "side": placed.side,
                "at": [round(float(mm), 1) for mm in middle],
                "depth": [round(float(low), 1), round(float(high), 1)],
            }


def _places(view: View, part: Part) -> Iterator[Points]:
    """Points of a part, mm of the person; of a device its tips."""
    if part.ways:
        of_person = any(wire.of_person for wire in part.wires)
        for way in part.ways:
            tip = np.asarray(way[-1:], float)
            yield tip if of_person else view.standing(tip)
        return
    block = part.mask or part.added
    if block is not None:
        held = np.argwhere(np.abs(block.values) > 0.5 * np.abs(block.values).max())
        held = held[:: max(1, len(held) // MOST_POINTS)]
        if len(held):
            yield view.standing(np.array(block.corner) + (held + 0.5) * block.spacing)
    elif part.wires:
        wire = part.wires[0]
        yield wire.points if wire.of_person else view.standing(wire.points)
    elif part.plates:
        yield view.standing(part.plates[0].outline)
