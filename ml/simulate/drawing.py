"""Devices drawn sharply on the detector: wires as cylinders, plates as polygons, side markers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from ml.simulate.projector import WATER_PER_MM, View

Picture = NDArray[Any]
Mask = NDArray[np.bool_]
Path3 = NDArray[np.float64]
SHOWN_MM = 0.5
"""What is drawn around a thin wire counts as its shadow too."""


@dataclass(frozen=True)
class Wire:
    """A line through `points` (n, 3) of the CT, mm; `density` is its attenuation, water being 1."""

    points: Path3
    radius: float
    density: float
    bore: float = 0.0
    """Radius of the hollow inside, for tubes."""
    of_person: bool = False
    """Whether the points are the person's already, as for a line that goes through the ribs."""


@dataclass(frozen=True)
class Plate:
    """A flat thing: the outline (n, 3) in mm, and how thick it is toward the beam."""

    outline: Path3
    thickness: float
    density: float


def curve(points: list[tuple[float, float, float]], step_mm: float = 1.0) -> Path3:
    """A smooth line through points: Catmull-Rom, sampled about every `step_mm`."""
    known = np.asarray(points, dtype=np.float64)
    known = np.vstack([2 * known[0] - known[1], known, 2 * known[-1] - known[-2]])
    pieces = []
    for index in range(1, len(known) - 2):
        a, b, c, d = known[index - 1 : index + 3]
        t = np.linspace(0, 1, max(2, int(np.linalg.norm(c - b) / step_mm)), endpoint=False)[:, None]
        pieces.append(
            0.5
            * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * b - a - 3 * c + d) * t**3
            )
        )
    return np.vstack([*pieces, known[-2:-1]])


def draw_wire(view: View, wire: Wire) -> tuple[Picture, Mask]:
    """Line integrals a wire adds to `view`, and the pixels that it shadows."""
    added = np.zeros(view.shape, np.float32)
    shadow = np.zeros(view.shape, bool)
    line = view.seen(wire.points) if wire.of_person else view.pixels(wire.points)
    scale = 1.05 / view.mm
    outer, inner = wire.radius * scale, wire.bore * scale
    reach = outer + 2 + SHOWN_MM * scale
    low = np.floor(line.min(0) - reach).astype(int).clip(0)
    high = np.minimum(np.ceil(line.max(0) + reach).astype(int) + 1, view.shape)
    if (low >= high).any():
        return added, shadow
    distance = _distance(line - low, tuple(high - low))
    window = (slice(low[0], high[0]), slice(low[1], high[1]))
    chord = _chord(distance, outer) - _chord(distance, inner)
    added[window] = chord / scale * WATER_PER_MM * wire.density
    shadow[window] = distance <= outer + SHOWN_MM * scale / 2
    return added, shadow


def _distance(line: Path3, shape: tuple[int, int]) -> Picture:
    """Distance of each pixel to a line, in pixels: the line is drawn four times finer."""
    fine = 3
    steps = np.maximum(1, np.ceil(np.abs(np.diff(line, axis=0)).max(1) * fine)).astype(int)
    dense = np.vstack(
        [
            start + (end - start) * (np.arange(count) / count)[:, None]
            for start, end, count in zip(line[:-1], line[1:], steps, strict=True)
        ]
        + [line[-1:]]
    )
    off = np.ones((shape[0] * fine, shape[1] * fine), bool)
    at = np.floor(dense * fine).astype(int)
    ok = ((at >= 0) & (at < off.shape)).all(1)
    off[at[ok, 0], at[ok, 1]] = False
    if off.all():
        return np.full(shape, 1e3, np.float32)
    far = ndimage.distance_transform_edt(off) / fine
    return far[fine // 2 :: fine, fine // 2 :: fine].astype(np.float32)


def _chord(distance: Picture, radius: float) -> Picture:
    if radius <= 0:
        return np.zeros_like(distance)
    return 2 * np.sqrt(np.clip(radius**2 - distance**2, 0, None)).astype(np.float32)


def draw_plate(view: View, plate: Plate) -> tuple[Picture, Mask]:
    """Line integrals a plate adds to `view`, edges smooth, and the pixels that it shadows."""
    fine = 3
    corners = view.pixels(plate.outline) * fine
    canvas = Image.new("L", (view.shape[1] * fine, view.shape[0] * fine))
    ImageDraw.Draw(canvas).polygon([(float(x), float(y)) for y, x in corners], fill=255)
    share = np.asarray(canvas.resize(view.shape[::-1], Image.Resampling.BOX), np.float32) / 255
    return share * np.float32(WATER_PER_MM * plate.density * plate.thickness), share >= 0.5


def side_marker(
    values: NDArray[np.uint16], letter: str, place: tuple[float, float]
) -> NDArray[np.uint16]:
    """A lead letter burnt in, its middle at `place` (rows, columns as shares)."""
    rows, columns = values.shape
    size = max(12, rows // 26)
    font = ImageFont.load_default(size)
    at = (place[1] * columns, place[0] * rows)
    # It is as high as wide, and what lies farther off is not touched.
    x, y = (max(0, int(middle) - size) for middle in at)
    around = (slice(y, y + 2 * size), slice(x, x + 2 * size))
    out = values.copy()
    part = out[around]
    canvas = Image.new("L", part.shape[::-1])
    ImageDraw.Draw(canvas).text((at[0] - x, at[1] - y), letter, fill=255, font=font, anchor="mm")
    share = np.asarray(canvas, np.float32) / 255
    share = ndimage.gaussian_filter(share, 0.7)
    part[:] = np.round(part * (1 - share) + 3900 * share)
    return out
