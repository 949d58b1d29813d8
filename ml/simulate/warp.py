"""Flat pictures bent onto a detector, cell by cell, where there is anything to be seen.

The warp is exact at the corners of a grid of cells, and bilinear between. Most cells of a slab see
nothing, or the same everywhere; those are not warped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.float32]
Mask = NDArray[np.bool_]
Points = NDArray[np.float64]
Window = tuple[slice, slice]
CELLS = 14
"""How many cells a side there are."""
BLOCK, FINE_BLOCK = 8, 4
"""Pixels a side of the blocks by which a picture is known to be empty; of small ones the second."""
SMALL = 256
ONE_PLACE = np.array([1, 1 << 20])
"""Makes one number of a cell's place, x and y."""


@dataclass(frozen=True)
class Cells:
    """Cells of the output: their boxes in it, and the four corners that they come from."""

    boxes: NDArray[np.int64]
    """(n, 4) pixels: x0, y0, x1, y1."""
    quads: Points
    """(n, 8) x and y in the source: top left, bottom left, bottom right, top right."""
    low: Points
    """(n, 2) lowest x and y in the source."""
    high: Points

    def of(self, chosen: Mask) -> Cells:
        if chosen.all():
            return self
        return Cells(self.boxes[chosen], self.quads[chosen], self.low[chosen], self.high[chosen])

    def like(self, others: Cells) -> Cells:
        """Those in the places of the output that others have."""
        there = others.boxes[:, :2] @ ONE_PLACE
        return self.of(np.isin(self.boxes[:, :2] @ ONE_PLACE, there))

    @property
    def along(self) -> Points:
        """(n, 8) of x and y in the source: at the top left, and what is added for a pixel to the
        right, for one down, and for one of both.
        """
        x0, y0, x1, y1 = self.boxes.T[:, :, None]
        across, down = 1.0 / (x1 - x0), 1.0 / (y1 - y0)
        first, lower, last, right = (
            self.quads[:, 2 * corner : 2 * corner + 2] for corner in range(4)
        )
        both = (last - lower - right + first) * across * down
        parts = (first, (right - first) * across, (lower - first) * down, both)
        return np.stack(parts, axis=-1).reshape(-1, 8)

    @property
    def window(self) -> Window:
        """The rectangle of the output that holds them; there is one at least."""
        x0, y0 = self.boxes[:, :2].min(axis=0).tolist()
        x1, y1 = self.boxes[:, 2:].max(axis=0).tolist()
        return (slice(y0, y1), slice(x0, x1))


class Extent:
    """Where a mask of a picture holds anything, by blocks."""

    def __init__(self, mask: Mask) -> None:
        self.shape = mask.shape
        self.block = FINE_BLOCK if max(mask.shape) < SMALL else BLOCK
        rows, columns = (-(-n // self.block) for n in mask.shape)
        whole = np.zeros((rows * self.block, columns * self.block), bool)
        whole[: mask.shape[0], : mask.shape[1]] = mask
        tall = reduce(np.logical_or, (whole[first :: self.block] for first in range(self.block)))
        blocks = reduce(
            np.logical_or, (tall[:, first :: self.block] for first in range(self.block))
        )
        self.sums = np.zeros((rows + 1, columns + 1), np.int32)
        self.sums[1:, 1:] = blocks.cumsum(axis=0).cumsum(axis=1)

    def touches(self, cells: Cells) -> Mask:
        """Of which cells a pixel may see something of it: (n,)."""
        last = np.array(self.sums.shape)[::-1] - 1
        # Bilinear interpolation looks at the nearest pixel beside.
        first = np.clip(np.floor((cells.low - 1) / self.block).astype(int), 0, last)
        end = np.clip(np.floor((cells.high + 1) / self.block).astype(int) + 1, 0, last)
        s, (x0, y0), (x1, y1) = self.sums, first.T, np.maximum(first, end).T
        count = s[y1, x1] - s[y0, x1] - s[y1, x0] + s[y0, x0]
        return count > 0  # type: ignore[no-any-return]

    def holds(self, cells: Cells) -> Mask:
        """Of which cells every pixel comes from within the picture: (n,)."""
        within = (cells.low >= 0) & (cells.high <= self.shape[::-1])
        return within[:, 0] & within[:, 1]  # type: ignore[no-any-return]


def edges(length: int) -> Points:
    """Where the cells of `length` pixels begin and end: (CELLS + 1,)."""
    return np.linspace(0, length, CELLS + 1).round()


def cells_of(
    rows: Points, columns: Points, down: Points, across: Points, shape: tuple[int, ...]
) -> list[Cells]:
    """Of each of n pictures of that shape the cells that see any of it.

    `down` and `across` (n, rows, columns) are the places in the pictures that the cells' corners
    see.
    """
    corners = np.stack([_corners(across), _corners(down)], axis=-1)
    low, high = (_over(corners, of) for of in (np.minimum, np.maximum))
    inside = (high >= 0).all(axis=-1) & (low <= shape[1::-1]).all(axis=-1)
    inside &= (np.diff(rows) > 0)[:, None] & (np.diff(columns) > 0)[None, :]
    i, j = np.meshgrid(range(len(rows) - 1), range(len(columns) - 1), indexing="ij")
    boxes = np.stack([columns[j], rows[i], columns[j + 1], rows[i + 1]], axis=-1).astype(int)
    quads = corners.reshape(*corners.shape[:-2], 8)
    return [
        Cells(boxes[seen], quads[n][seen], low[n][seen], high[n][seen])
        for n, seen in enumerate(inside)
    ]


def _over(corners: Points, of: np.ufunc) -> Points:
    first, second, third, fourth = (corners[..., index, :] for index in range(4))
    return of(of(first, second), of(third, fourth))  # type: ignore[no-any-return]


def warped(picture: Picture, cells: Cells, window: Window) -> Picture:
    """What those cells show of a picture, in a window of the output; 0 elsewhere in it."""
    rows, columns = window
    size = (columns.stop - columns.start, rows.stop - rows.start)
    if not len(cells.boxes):
        return np.zeros(size[::-1], np.float32)
    boxes = cells.boxes - np.array([columns.start, rows.start] * 2)
    out = Image.new("F", size)
    core = out.im
    source = Image.fromarray(np.ascontiguousarray(picture, np.float32)).im
    # What `Image.transform` does for each cell of a mesh, its sums done for all cells at once.
    for box, along in zip(
        map(tuple, boxes.tolist()), map(tuple, cells.along.tolist()), strict=True
    ):
        core.transform(box, source, Image.Transform.QUAD, along, Image.Resampling.BILINEAR, 0)
    return np.asarray(out)


def share_warped(
    share: Picture, whole: float, some: Extent, lacking: Extent, cells: Cells, window: Window
) -> Picture:
    """The same of a picture that is `whole` nearly everywhere: only its edges are warped.

    `some` is where it is above 0, `lacking` where it is below `whole`.
    """
    full = ~lacking.touches(cells) & lacking.holds(cells)
    out = warped(share, cells.of(some.touches(cells) & ~full), window)
    out = out if out.flags.writeable else out.copy()
    top, left = window[0].start, window[1].start
    for x0, y0, x1, y1 in cells.boxes[full].tolist():
        out[y0 - top : y1 - top, x0 - left : x1 - left] = whole
    return out


def _corners(grid: Points) -> Points:
    """Of each cell its values at top left, bottom left, bottom right, top right: (..., 4)."""
    upper, lower = grid[:, :-1], grid[:, 1:]
    ends = (upper[..., :-1], lower[..., :-1], lower[..., 1:], upper[..., 1:])
    return np.stack(ends, axis=-1)
