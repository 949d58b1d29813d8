"""Septa between the lobules full of water, as sheets in the volume; cuffs and a thick fissure."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import organs
from ml.simulate.findings.common import Part, Scene, Volume, noise, sigmoid, window_of
from ml.simulate.projector import Block

Vector = NDArray[np.float64]
SEPTUM_MM, NET_MM = 0.5, 1.0
"""Voxels that septa are drawn in where they show one by one, and where they are a net."""
OVER_LUNG = 0.78
"""Density of a wet septum over the lung around it, water 1."""
FISSURE_BLUR = 2.0


@dataclass
class Canvas:
    """Part of the volume that sheets are drawn in, in voxels of `spacing`."""

    low: Vector
    high: Vector
    spacing: float = SEPTUM_MM
    values: Volume = field(init=False)

    def __post_init__(self) -> None:
        self.low, self.high = np.floor(self.low), np.ceil(self.high)
        shape = ((self.high - self.low) / self.spacing).astype(int)
        self.values = np.zeros(tuple(shape), np.float32)

    def around(self, center: Vector, reach: float) -> tuple[tuple[slice, ...], list[Volume]]:
        """The voxels within reach of a point, and their places from it, mm."""
        first = np.maximum((center - reach - self.low) / self.spacing, 0).astype(int)
        last = np.minimum((center + reach - self.low) / self.spacing + 1, self.values.shape)
        window = tuple(slice(a, max(a, int(b))) for a, b in zip(first, last, strict=True))
        lines = [
            (low + (np.arange(w.start, w.stop) + 0.5) * self.spacing - c).astype(np.float32)
            for low, w, c in zip(self.low, window, center, strict=True)
        ]
        return window, list(np.meshgrid(*lines, indexing="ij", sparse=True))

    def block(self, *, slides: bool) -> Block:
        z, y, x = (float(mm) for mm in self.low)
        return Block((z, y, x), self.values, self.spacing, slides=slides)


@dataclass(frozen=True)
class Sheet:
    """A septum: how long along `along`, how wide along `wide`, how thick, mm."""

    center: Vector
    along: Vector
    wide: Vector
    long: float
    broad: float
    thick: float
    dense: float

    def drawn(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Uneven, bowed, and broken where it happens to be thin."""
        window, away = canvas.around(self.center, max(self.long, self.broad) / 2 + 2)
        if 0 in canvas.values[window].shape:
            return
        t, w = (
            sum(a * np.float32(d) for a, d in zip(away, direction, strict=True))
            for direction in (self.along, self.wide)
        )
        off = sum(
            a * np.float32(d) for a, d in zip(away, np.cross(self.along, self.wide), strict=True)
        )
        bow, slow = rng.normal(0, 0.9), ndimage.gaussian_filter1d(rng.standard_normal(96), 5)
        slow = (slow / max(slow.std(), 1e-9)).astype(np.float32)
        place = np.clip((t / self.long + 0.5) * 64 + 16, 0, 95).astype(np.int16)
        uneven = np.clip(1 + 0.45 * slow[place], 0, 1.7)
        off = off - np.float32(bow) * ((2 * t / self.long) ** 2 - 0.4) + 0.25 * slow[95 - place]
        ends = sigmoid((self.long / 2 - np.abs(t)) / 0.5) * sigmoid(
            (self.broad / 2 - np.abs(w)) / 0.6
        )
        sheet = self.dense * uneven * ends * np.exp(-((off / (0.6 * self.thick)) ** 2))
        np.maximum(canvas.values[window], sheet, out=canvas.values[window])


def lines_at_the_side(scene: Scene, side: str, count: int) -> Part:
    """Kerley B: level sheets at the side of the lower lung, out to the pleura, unevenly apart."""
    rng, marks = scene.rng, scene.anatomy.marks
    space, outward = scene.anatomy.space(side), 1.0 if side == "left" else -1.0
    sheets: list[Sheet] = []
    # The ribs do not go down with the breath as the dome does.
    low = marks.dome + 0.75 * scene.body.breath
    level = low - scene.between(52, 66)
    while level < low + 20 and len(sheets) < count:
        flat = space[int(np.clip(level / 2, 0, len(space) - 1))]
        far = np.flatnonzero(flat.any(axis=0))
        if len(far):
            edge = far[-1] if side == "left" else far[0]
            depths = np.flatnonzero(flat[:, edge])
            back = 2.0 * float(np.median(depths)) + scene.between(-16, 16)
            row = np.flatnonzero(flat[int(np.clip(back / 2, 0, flat.shape[0] - 1))])
            # Septa behind or before the widest place begin a little farther in.
            wall = 2.0 * float((row[-1] if side == "left" else row[0]) if len(row) else edge)
            long, tilt = scene.between(7, 17), scene.between(-0.22, 0.22)
            along = np.array([tilt, scene.between(-0.15, 0.15), outward])
            along /= np.linalg.norm(along)
            wide = np.array([scene.between(-0.05, 0.05), 1.0, 0.0])
            wide = wide - along * (wide @ along)
            center = np.array([level, back, wall + outward * 1.0]) - along * long / 2
            sheets.append(
                Sheet(
                    *(center, along, wide / np.linalg.norm(wide), long, scene.between(7, 15)),
                    thick=scene.between(0.7, 1.25),
                    dense=OVER_LUNG * scene.between(0.45, 1.0),
                )
            )
        level += scene.between(2.5, 8.5)
    return Part(_drawn(sheets, rng, slides=False))


def network(scene: Scene, side: str, count: int) -> Part:
    """Septa of any direction in the lower lung, faint: together a net."""
    rng, marks = scene.rng, scene.anatomy.marks
    deep = scene.anatomy.lung_depth(side)
    places = np.argwhere((deep > 4) & (deep < 26)) * 2.0 + 1
    places = places[(places[:, 0] > marks.dome - 75) & (places[:, 0] < marks.dome + 25)]
    sheets = []
    for index in rng.permutation(len(places))[:count]:
        along, wide = rng.standard_normal(3), rng.standard_normal(3) * (0.4, 1.6, 0.4)
        along /= np.linalg.norm(along)
        wide = wide - along * (wide @ along)
        sheets.append(
            Sheet(
                *(places[index], along, wide / np.linalg.norm(wide)),
                *(scene.between(8, 18), scene.between(5, 11), scene.between(1.0, 1.4)),
                dense=OVER_LUNG * scene.between(0.3, 0.75),
            )
        )
    return Part(_drawn(sheets, rng, NET_MM, slides=True))


def lines_from_the_hilum(scene: Scene, side: str, count: int) -> Part:
    """Kerley A: longer ones that run from the hilum up and outward."""
    rng, (z, y, x) = scene.rng, scene.anatomy.marks.hilum[side]
    outward = 1.0 if side == "left" else -1.0
    sheets = []
    for _ in range(count):
        angle, near, long = scene.between(0.3, 1.1), scene.between(20, 34), scene.between(22, 40)
        along = np.array([-np.sin(angle), scene.between(-0.1, 0.1), outward * np.cos(angle)])
        along /= np.linalg.norm(along)
        wide = np.array([0.0, 1.0, 0.0])
        wide = wide - along * (wide @ along)
        sheets.append(
            Sheet(
                np.array([z, y + scene.between(-14, 14), x]) + along * (near + long / 2),
                *(along, wide / np.linalg.norm(wide), long, scene.between(4, 8)),
                thick=scene.between(0.7, 1.1),
                dense=OVER_LUNG * scene.between(0.4, 0.8),
            )
        )
    return Part(_drawn(sheets, rng, slides=True))


def cuffs(scene: Scene, side: str, count: int) -> Part:
    """Bronchi seen end-on beside the hilum, their walls thick: small, uneven rings."""
    z, y, x = scene.anatomy.marks.hilum[side]
    outward = 1.0 if side == "left" else -1.0
    canvas = Canvas(np.array([z - 48, y - 24, x - 52]), np.array([z + 34, y + 24, x + 52]))
    for _ in range(count):
        at = (scene.between(-32, 14), scene.between(-8, 8), outward * scene.between(8, 27))
        window, (down, back, left) = canvas.around(np.array([z, y, x]) + at, 12)
        inner, wall = scene.between(1.2, 2.1), scene.between(1.1, 1.7)
        squeeze, turn = scene.between(0.85, 1.2), scene.between(0, 2 * np.pi)
        skew, half = scene.between(-0.25, 0.25), scene.between(3, 6)
        down, left = down - skew * back, left * squeeze
        angle = np.arctan2(down, left)
        ring = np.abs(np.hypot(down, left) - inner - wall / 2)
        thick = wall * (1 + 0.3 * np.cos(angle + turn))
        share = sigmoid((thick / 2 - ring) / 0.25) * sigmoid((half - np.abs(back)) / 1.0)
        np.maximum(canvas.values[window], 0.8 * share, out=canvas.values[window])
    return Part(canvas.block(slides=True))


def fissure(scene: Scene) -> Part:
    """The minor fissure with water in it: where upper and middle lobe touch, unevenly thick."""
    labels = (organs.LOBES["right upper"], organs.LOBES["right middle"])
    coarse = scene.anatomy.base.labels[::4, ::4, ::4]
    near = [ndimage.binary_dilation(coarse == one, iterations=2) for one in labels]
    if not (near[0] & near[1]).any():
        return Part()
    window = window_of(scene, near[0] & near[1], 4)
    lobes = scene.anatomy.base.labels[window]
    upper, middle = (
        ndimage.gaussian_filter((lobes == one).astype(np.float32), FISSURE_BLUR) for one in labels
    )
    # Of a flat border between two blurred halves the difference is an error function.
    away = (upper - middle) * FISSURE_BLUR * np.sqrt(np.pi / 2)
    thick = scene.between(0.9, 1.3) * np.clip(1 + 0.5 * noise(scene.rng, upper.shape, 9), 0.3, 2)
    share = np.exp(-((away / thick) ** 2)) * sigmoid((upper + middle - 0.88) / 0.03)
    z, y, x = (float(part.start) for part in window)
    return Part(Block((z, y, x), (0.6 * share).astype(np.float32)))


def _drawn(
    sheets: list[Sheet],
    rng: np.random.Generator,
    spacing: float = SEPTUM_MM,
    *,
    slides: bool,
) -> Block | None:
    if not sheets:
        return None
    centers = np.array([sheet.center for sheet in sheets])
    reach = max(max(sheet.long, sheet.broad) for sheet in sheets) / 2 + 2
    canvas = Canvas(centers.min(axis=0) - reach, centers.max(axis=0) + reach, spacing)
    for sheet in sheets:
        sheet.drawn(canvas, rng)
    return canvas.block(slides=slides)
