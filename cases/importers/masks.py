"""Masks that come as run lengths → outlines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cases.importers.base import Point

Mask = NDArray[np.bool_]
LEAST_AREA = 16
"""Pixels of the smallest part of a mask that is kept: less is a slip of the brush."""
LARGEST = 100_000_000
MOST_EDGES = 1_000_000
"""Between pixels of a mask and others: following each takes about a microsecond or ten."""
FULL_TURN = 4
STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))
"""Right, down, left, up as x and y."""


def from_relative_runs(text: str, rows: int, columns: int) -> Mask:
    """SIIM-ACR: pairs of a gap since the last run's end and a length, down the columns.

    Raises:
        ValueError: not pairs of whole numbers, or more than the image has pixels.
    """
    try:
        numbers = np.array([int(part) for part in text.split()], np.int64)
    except (ValueError, OverflowError):
        raise ValueError("is not a list of whole numbers") from None
    if len(numbers) % 2 or not len(numbers) or (numbers < 0).any():
        raise ValueError("is not a list of pairs from 0 up")
    return _from_runs(numbers, rows, columns)


def from_coco_counts(counts: Sequence[int] | str, rows: int, columns: int) -> Mask:
    """COCO: lengths of runs off, on, off …, down the columns; as numbers or in COCO's own letters.

    The letters hold five bits each, a sign and whether more follow; from the third number on they
    tell the difference to the one before the last (`rleFrString` of the COCO API).

    Raises:
        ValueError: not such a list, or not of as many pixels as the image has.
    """
    numbers = _letters(counts) if isinstance(counts, str) else list(counts)
    if any(isinstance(one, bool) or not isinstance(one, int) or one < 0 for one in numbers):
        raise ValueError("is not a list of whole numbers from 0 up")
    if len(numbers) % 2:
        numbers = [*numbers, 0]
    if sum(numbers) > rows * columns:
        raise ValueError("has more pixels than the image")
    return _from_runs(np.array(numbers, np.int64), rows, columns)


def from_rows(runs: Sequence[int], rows: int, columns: int) -> Mask:
    """CVAT: lengths of runs off, on, off …, along the rows.

    Raises:
        ValueError: not of as many pixels as the image has.
    """
    return from_coco_counts(list(runs), columns, rows).T


def _letters(text: str) -> list[int]:
    numbers: list[int] = []
    value = shift = 0
    for letter in text:
        bits = ord(letter) - 48
        if not 0 <= bits < 64:
            raise ValueError("holds a letter that is none of COCO's")
        value |= (bits & 0x1F) << shift
        shift += 5
        if shift > 60:
            raise ValueError("holds a number that is far too large")
        if not bits & 0x20:
            if bits & 0x10:
                value |= -1 << shift
            numbers.append(value + (numbers[-2] if len(numbers) > 2 else 0))
            value = shift = 0
    if shift:
        raise ValueError("ends amid a number")
    return numbers


def _from_runs(numbers: NDArray[np.int64], rows: int, columns: int) -> Mask:
    if rows * columns > LARGEST:
        raise ValueError("is of an image that is far too large")
    ends = np.cumsum(numbers)
    if len(ends) and (ends[-1] > rows * columns or (ends < 0).any()):
        raise ValueError("has more pixels than the image")
    flat = np.zeros(rows * columns + 1, np.int8)
    np.add.at(flat, ends[0::2], 1)
    np.add.at(flat, ends[1::2], -1)
    return np.cumsum(flat[:-1]).reshape((columns, rows)).T > 0


def outlines(mask: Mask) -> list[tuple[Point, ...]]:
    """The outer outline of each part of a mask, in pixels along their edges; holes are filled.

    Parts joined by a corner only are two. Corners lie where the outline turns.

    Raises:
        ValueError: more than `MOST_EDGES`, as of noise.
    """
    edges = np.count_nonzero(mask[1:] != mask[:-1]) + np.count_nonzero(mask[:, 1:] != mask[:, :-1])
    if edges > MOST_EDGES:
        raise ValueError("is of far too many small parts")
    labeled, count = ndimage.label(mask)
    found = []
    for number, place in enumerate(ndimage.find_objects(labeled), start=1):
        part = np.pad(labeled[place] == number, 1)
        if part.sum() < min(LEAST_AREA, mask.sum() if count == 1 else LEAST_AREA):
            continue
        top, left = place[0].start - 1, place[1].start - 1
        found.append(tuple((float(x + left), float(y + top)) for x, y in _traced(part)))
    return found


def _traced(part: Mask) -> list[tuple[int, int]]:
    """Around one part with a margin of empty pixels, keeping it on the right hand."""
    y, x = (int(one) for one in np.argwhere(part)[0])
    start, direction = (x, y), 0
    at, corners = start, []
    while True:
        corners.append(at)
        while True:  # straight on along an edge
            dx, dy = STEPS[direction]
            at = (at[0] + dx, at[1] + dy)
            ahead_left, ahead_right = _ahead(part, at, direction)
            if ahead_right and not ahead_left:
                continue
            break
        # Joined by a corner only: stay at this side of it.
        direction = (direction + (1 if not ahead_right else -1)) % FULL_TURN
        if at == start and direction == 0:
            return corners


def _ahead(part: Mask, at: tuple[int, int], direction: int) -> tuple[bool, bool]:
    """The pixels before a corner of pixels, at the left and at the right of the way."""
    x, y = at
    pairs = (((x, y - 1), (x, y)), ((x, y), (x - 1, y)), ((x - 1, y), (x - 1, y - 1)),
             ((x - 1, y - 1), (x, y - 1)))  # fmt: skip
    left, right = pairs[direction]
    return bool(part[left[1], left[0]]), bool(part[right[1], right[0]])
