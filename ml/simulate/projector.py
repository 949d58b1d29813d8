"""Line integrals of a person through a cone beam, slab by slab.

Each slab of the CT is warped to where the person's body and the beam's magnification
put it on the detector, and added up. This is exact for thin slabs and takes a hundredth
of the time of following single rays. Because it is linear, what a lesion adds is
projected alone and added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate.base import Base, Slabs
from ml.simulate.organs import STEP
from ml.simulate.patients import SOFT_MM, Body, Points, solved
from ml.simulate.warp import (
    Cells,
    Extent,
    Mask,
    Picture,
    Window,
    cells_of,
    edges,
    share_warped,
    warped,
)

Kind = Literal["PA", "AP", "LATERAL"]
Mapping = Callable[[Points], Points]

WATER_PER_MM = 0.0185
"""Effective attenuation of water at chest energies (about 125 kVp), 1/mm."""
BONE_FACTOR = 1.4
"""How much more bone attenuates than its density says: 0.315 against 0.206 cm²/g at the 60 keV of a
filtered beam (Hubbell & Seltzer 1995), a little less since part of a bone is marrow."""
IN_PLACE = 0.65
"""Density of soft tissue by that of the bone in whose place it is."""
DISTANCE_MM = {"PA": 1800.0, "AP": 1150.0, "LATERAL": 1800.0}
GAP_MM = 25.0
"""Between the body and the detector."""
SLAB_MM = 5.0
"""Depth of what is projected at once."""
REACH_MM = 14.0
"""How far past the wall what slides is drawn out: where a person has more room than the CT."""
FAINT = {"sum": 1e-4, "max": 0.05}
"""At the rim of a block nothing is seen of densities, or shares, up to this."""
NEARLY = 1e-4
"""What is so little below the whole is the whole."""


@dataclass(frozen=True)
class Field:
    """What the collimator leaves open, on the detector: its middle and size in mm."""

    middle: tuple[float, float]
    size: tuple[float, float]


@dataclass(frozen=True)
class Block:
    """Part of the volume: values whose first voxel's corner lies at `corner` mm."""

    corner: tuple[float, float, float]
    values: NDArray[np.float32]
    spacing: float = 1.0
    slides: bool = True
    """Whether what lies within the ribs goes with what slides there; else all is of the wall."""
    stacks: dict[tuple[int, str, bool], Stacks] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """What `View` made of it, by the beam's axis and how; not of one person."""


Stack = list[tuple[float, Picture]]
"""Slabs across the beam, each after its depth."""


@dataclass(frozen=True)
class Stacks:
    """A block flattened: what goes with the wall, and what slides within it."""

    wall: Stack
    inside: Stack
    corner: tuple[float, float]
    """Of the slabs' first pixel, rows and columns, mm."""
    spacing: float


@dataclass(frozen=True)
class View:
    """One exposure of one person: `shape` (rows, columns) pixels over `field`."""

    body: Body
    kind: Kind
    field: Field
    shape: tuple[int, int]
    size_mm: tuple[int, int, int]
    """Of the CT."""
    parallel: bool = False

    @property
    def mm(self) -> float:
        """Size of a pixel on the detector, mm."""
        return self.field.size[0] / self.shape[0]

    @property
    def beam_axis(self) -> int:
        return 2 if self.kind == "LATERAL" else 1

    @property
    def columns_axis(self) -> int:
        return 1 if self.kind == "LATERAL" else 2

    def magnification(self, depth: Points | float) -> Points | float:
        """Of what lies at that position along the beam, mm in the CT's frame."""
        if self.parallel:
            return 1.0 + 0.0 * depth
        near = depth if self.kind == "PA" else self.size_mm[self.beam_axis] - depth
        distance = DISTANCE_MM[self.kind]
        return distance / (distance - near - GAP_MM)

    def _points_at(self, mapping: Mapping, rows: Points, columns: Points, depth: Points) -> Points:
        """The CT's points that pixels (rows, columns) see at those depths, which broadcast."""
        scale = self.magnification(depth)
        down = self.field.middle[0] + (rows * self.mm - self.field.size[0] / 2) / scale
        across = self.field.middle[1] + (columns * self.mm - self.field.size[1] / 2) / scale
        at = np.broadcast_to(depth, down.shape)
        order = (down, across, at) if self.kind == "LATERAL" else (down, at, across)
        return mapping(np.stack(order, axis=-1))

    def pixels(self, points: Points) -> Points:
        """Where points of the CT (n, 3) in mm show: (n, 2) rows and columns of this view."""
        return self.seen(self.standing(points))

    def standing(self, points: Points) -> Points:
        """Where points of the CT (n, 3) in mm are in the person, as the beam sees them."""
        points = np.asarray(points, dtype=np.float64)
        kept = [0, self.columns_axis]
        # The slabs are not moved along the beam, so that a point keeps its depth.
        person = solved(self.body.wall, points, kept)
        if self.body.inside is not None:
            share = np.clip(self.body.inside.cage.depth_at(points) / SOFT_MM, 0, 1)[:, None]
            if share.any():
                person = person * (1 - share) + solved(self.body.inner, points, kept) * share
        return person

    def seen(self, person: Points) -> Points:
        """Where points of the person (n, 3) in mm show: (n, 2) rows and columns of this view."""
        kept = [0, self.columns_axis]
        scale = np.asarray(self.magnification(person[:, self.beam_axis]))[:, None]
        away = (person[:, kept] - np.array(self.field.middle)) * scale
        return (away + np.array(self.field.size) / 2) / self.mm

    def _cells(
        self,
        mapping: Mapping,
        depths: NDArray[np.floating[Any]],
        shape: tuple[int, ...],
        corner: tuple[float, float] = (0.0, 0.0),
        spacing: tuple[float, float] = (1.0, 1.0),
        step: int = 1,
    ) -> list[Cells]:
        """Of each depth the cells of the detector (every `step`-th pixel) that see any of a slab.

        A slab there has that shape, its first corner (mm), and pixels of that spacing.
        """
        rows, columns = (edges(n) for n in _every(step, self.shape))
        mesh = np.meshgrid(rows * step, columns * step, indexing="ij")
        points = self._points_at(mapping, *mesh, np.asarray(depths)[:, None, None])
        down = (points[..., 0] - corner[0]) / spacing[0]
        across = (points[..., self.columns_axis] - corner[1]) / spacing[1]
        return cells_of(rows, columns, down, across, shape)

    def healthy(self, base: Base) -> Picture:
        """Line integrals of attenuation of the whole body, without units."""
        slabs = self._slabs(base)
        soft, bone = np.float32(self.body.soft), np.float32(self.body.bone * BONE_FACTOR)
        total = self._walls(slabs, lambda i: slabs.soft[i] * soft + slabs.bone[i] * bone)
        mapping = self.body.inner if self.body.inside is not None else self.body.wall
        shape = slabs.room.shape[1:]
        filled = slabs.filled
        pairs = (
            self._cells(m, slabs.centers[filled], shape, (0.0, 0.0), slabs.spacing)
            for m in (self.body.wall, mapping)
        )
        for index, here, there in zip(filled, *pairs, strict=True):
            room, (some, lacking) = slabs.room[index], slabs.rooms[index]
            seen = here.of(some.touches(here))
            if not len(seen.boxes):
                continue
            window = seen.window
            share = share_warped(room, slabs.whole, some, lacking, seen, window)
            inner = warped(slabs.inner[index], there.like(seen), window)
            total[window] += share * inner * soft
        return total * np.float32(self.path_scale)

    def _slabs(self, base: Base) -> Slabs:
        if self.kind == "LATERAL":
            return base.side
        return base.front if base.bare is None or not self.body.lowered else base.bare

    def bones(self, base: Base) -> Picture:
        """What of `healthy` bone attenuates beyond soft tissue in its place."""
        slabs = self._slabs(base)
        more = np.float32(self.body.bone * BONE_FACTOR - self.body.soft * IN_PLACE)
        total = self._walls(slabs, lambda i: slabs.bone[i] * more)
        return total * np.float32(self.path_scale)

    def _walls(self, slabs: Slabs, of: Callable[[int], Picture]) -> Picture:
        """The sum of pictures, one a slab, of what does not slide."""
        total = np.zeros(self.shape, np.float32)
        cells = self._cells(
            self.body.wall, slabs.centers, slabs.soft.shape[1:], (0.0, 0.0), slabs.spacing
        )
        for index, (known, extent) in enumerate(zip(cells, slabs.walls, strict=True)):
            seen = known.of(extent.touches(known))
            if len(seen.boxes):
                total[seen.window] += warped(of(index), seen, seen.window)
        return total

    @property
    def path_scale(self) -> float:
        """Attenuation of a millimeter of water of the CT: the person may be deeper or wider."""
        return WATER_PER_MM * (self.body.wide if self.kind == "LATERAL" else self.body.deep)

    def added(self, block: Block) -> Picture:
        """Line integrals of a block of densities (water 1, attenuating as soft tissue does)."""
        step = self._step(block)
        total = np.zeros(_every(step, self.shape), np.float32)
        for window, picture in self._of_block(block, "sum", step):
            total[window] += picture
        return self._whole(total * np.float32(self.path_scale), step)

    def shadow(self, block: Block) -> Mask:
        """Pixels where a block's mask (values 0 to 1) shows."""
        step = self._step(block)
        total = np.zeros(_every(step, self.shape), np.float32)
        for window, picture in self._of_block(block, "max", step):
            np.maximum(total[window], picture, out=total[window])
        return self._whole(total, step) >= 0.5

    def _step(self, block: Block) -> int:
        """Every which pixel is worth projecting: two for a voxel, or all."""
        return max(1, int(block.spacing / (2 * self.mm)))

    def _whole(self, coarse: Picture, step: int) -> Picture:
        """A picture of every `step`-th pixel at the view's own size."""
        if step == 1:
            return coarse
        large = ndimage.zoom(coarse, step, order=1, mode="nearest", grid_mode=True)
        return large[: self.shape[0], : self.shape[1]].astype(np.float32)  # type: ignore[no-any-return]

    def _of_block(self, block: Block, how: str, step: int) -> Iterator[tuple[Window, Picture]]:
        stacks = self._stacks(block, how)
        for _, window, picture in self._of_stack(self.body.wall, stacks.wall, stacks, step):
            yield window, picture
        shares = self._seen_within([depth for depth, _ in stacks.inside], step)
        for depth, window, picture in self._of_stack(self.body.inner, stacks.inside, stacks, step):
            yield window, picture * shares[depth][window]

    def _of_stack(
        self, mapping: Mapping, stack: Stack, stacks: Stacks, step: int
    ) -> Iterator[tuple[float, Window, Picture]]:
        if not stack:
            return
        depths, shape = np.array([depth for depth, _ in stack]), stack[0][1].shape
        mm = (stacks.spacing, stacks.spacing)
        cells = self._cells(mapping, depths, shape, stacks.corner, mm, step)
        for (depth, flat), some in zip(stack, cells, strict=True):
            kept = some.of(Extent(flat != 0).touches(some))
            if len(kept.boxes):
                yield depth, kept.window, warped(flat, kept, kept.window)

    def _stacks(self, block: Block, how: str) -> Stacks:
        """A block as slabs across the beam, which are the same for everybody and kept with it."""
        axis, inside = self.beam_axis, self.body.inside
        slides = block.slides and inside is not None
        key = (axis, how, slides)
        if key not in block.stacks:
            block.stacks[key] = self._new_stacks(block, how, slides)
        return block.stacks[key]

    def _new_stacks(self, block: Block, how: str, slides: bool) -> Stacks:
        axis, mm = self.beam_axis, block.spacing
        block = _trimmed(block, FAINT[how], axis)
        pad = max(1, round(REACH_MM / mm)) if slides else 1
        pads = [0 if i == axis else pad for i in range(3)]
        values = np.pad(block.values, [(n, n) for n in pads])
        corner = [c - n * mm for c, n in zip(block.corner, pads, strict=True)]
        place = (corner[0], corner[self.columns_axis])
        share = self._share(corner, values.shape, mm) if slides else None
        if share is None:
            return Stacks(_flattened(values, axis, mm, corner[axis], how), [], place, mm)
        sliding = values * share
        values -= sliding
        walls = _flattened(values, axis, mm, corner[axis], how)
        inside = _flattened(sliding, axis, mm, corner[axis], how)
        filled = [
            (depth, self._drawn_out(flat, depth, corner, share, mm)) for depth, flat in inside
        ]
        return Stacks(walls, filled, place, mm)

    def _share(self, corner: list[float], shape: tuple[int, ...], mm: float) -> Picture:
        """Share of a block that lies within the ribs; kept, since two follow one another."""
        key = (*corner, *shape, mm)
        if self._last.get("key") != key:
            sides = [c + (np.arange(n) + 0.5) * mm for c, n in zip(corner, shape, strict=True)]
            share = self.body.inside.cage.share_on(*sides)  # type: ignore[union-attr]
            self._last.clear()
            self._last.update(key=key, share=share, near={})
        return self._last["share"]  # type: ignore[no-any-return]

    def _drawn_out(
        self, flat: Picture, depth: float, corner: list[float], share: Picture, mm: float
    ) -> Picture:
        """A slab of what slides, drawn out past the wall, so that it fills any room there."""
        near = self._last["near"]
        if depth not in near:
            if not near:
                means = _flattened(share, self.beam_axis, mm, corner[self.beam_axis], "mean")
                self._last["shares"] = dict(means)
            known = self._last["shares"][depth] > 0.9
            near[depth] = None
            if not known.all() and known.any():
                index = ndimage.distance_transform_edt(
                    ~known, return_distances=False, return_indices=True
                )
                near[depth] = np.ravel_multi_index(tuple(index), known.shape)
        return flat if near[depth] is None else flat.ravel()[near[depth]]

    @cached_property
    def _last(self) -> dict[str, Any]:
        return {}

    def _seen_within(self, depths: list[float], step: int) -> dict[float, Picture]:
        """At each depth the share of each `step`-th pixel that sees within the ribs; kept."""
        keys = {depth: (int(depth // SLAB_MM), step) for depth in depths}
        new = {key: depth for depth, key in reversed(keys.items()) if key not in self._windows}
        if new:
            cage = self.body.inside.cage  # type: ignore[union-attr]
            layers = [cage.layer(self.beam_axis, (index + 0.5) * SLAB_MM) for index, _ in new]
            at, mm = np.array(list(new.values())), (float(STEP), float(STEP))
            cells = self._cells(self.body.wall, at, layers[0].shape, (0.0, 0.0), mm, step)
            rows, columns = _every(step, self.shape)
            whole = (slice(0, rows), slice(0, columns))
            for key, layer, seen in zip(new, layers, cells, strict=True):
                some, lacking = Extent(layer > 0), Extent(layer < 1 - NEARLY)
                self._windows[key] = share_warped(layer, 1.0, some, lacking, seen, whole)
        return {depth: self._windows[key] for depth, key in keys.items()}

    @cached_property
    def _windows(self) -> dict[tuple[int, int], Picture]:
        return {}


def _every(step: int, shape: tuple[int, int]) -> tuple[int, int]:
    """The shape of every `step`-th pixel, the last ones whole."""
    return (-(-shape[0] // step), -(-shape[1] // step))


def _trimmed(block: Block, least: float, axis: int) -> Block:
    """The part of a block that holds more than `least`, with whole slabs along the beam."""
    held = np.abs(block.values) > least
    step = max(1, round(SLAB_MM / block.spacing))
    window, corner = [], []
    for along, start in enumerate(block.corner):
        found = np.flatnonzero(held.any(axis=tuple(a for a in range(3) if a != along)))
        low, high = (int(found[0]), int(found[-1]) + 1) if len(found) else (0, 1)
        if along == axis:
            low, high = low // step * step, -(-high // step) * step
        window.append(slice(low, high))
        corner.append(start + low * block.spacing)
    z, y, x = corner
    return replace(block, corner=(z, y, x), values=block.values[tuple(window)])


def _flattened(
    values: Picture, axis: int, mm: float, corner: float, how: str
) -> list[tuple[float, Picture]]:
    """Slabs across the beam, each with its depth: their sums in mm, their means or maxima."""
    step = max(1, round(SLAB_MM / mm))
    stack = []
    across = np.moveaxis(values, axis, 0)
    for start in range(0, len(across), step):
        slices = np.ascontiguousarray(across[start : start + step])
        if not slices.any():
            continue
        depth = corner + (start + len(slices) / 2) * mm
        flat = reduce(np.maximum if how == "max" else np.add, slices)
        if how != "max":
            flat = flat * np.float32(mm if how == "sum" else 1 / len(slices))
        stack.append((depth, flat))
    return stack
