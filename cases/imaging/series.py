"""Whether the frames of several files, or of one, are one stack, and in which order they lie."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from cases.imaging.pixels import FileImage, ImageProblem, Place

SAME_WAY = 0.999
"""The least cosine between the directions of frames that count as parallel (2.5 degrees)."""
SAME_SPACING = 0.01
"""Parts of the spacing."""
SAME_DEPTH_MM = 0.01
GAP = 1.5
"""Times the usual distance of two slices beyond which one is missing between them."""


def check_series(images: Sequence[FileImage]) -> None:
    """See that single files belong to one stack.

    Raises:
        ImageProblem: a file of several frames, another size, kind, spacing, polarity or direction
            than the first, or the same slice twice.
    """
    first = images[0]
    for image in images[1:]:
        difference = _difference(first, image)
        if difference:
            raise ImageProblem(
                image.name,
                f"{difference} the first frame ({first.name})",
                "leave it out, or make all frames of the stack alike",
            )
    for image in images:
        if len(image.values) > 1:
            raise ImageProblem(
                image.name,
                f"holds {len(image.values)} frames and is named as one of a stack of files",
                "name it alone",
            )
    _refuse_doubles(images)


def _difference(first: FileImage, other: FileImage) -> str:
    """How a file differs from the first of its stack, up to the word "than" or "as"."""
    rows, columns = first.values.shape[1:]
    if other.values.shape[1:] != (rows, columns):
        size = " × ".join(str(side) for side in reversed(other.values.shape[1:]))
        return f"has another size ({size}, not {columns} × {rows}) than"
    if other.modality != first.modality or other.in_hu != first.in_hu:
        return "is of another kind than"
    if other.falls != first.falls:
        return "is dark where high values of others are bright: it has another polarity than"
    if not _same_spacing(first.spacing_mm, other.spacing_mm):
        return "has another pixel spacing than"
    if not _parallel(first.places[0], other.places[0]):
        return "is cut in another direction (as a localizer is) than"
    return ""


def _same_spacing(one: tuple[float, float] | None, other: tuple[float, float] | None) -> bool:
    if one is None or other is None:
        return True
    return bool(np.allclose(one, other, rtol=SAME_SPACING, atol=0))


def _parallel(one: Place | None, other: Place | None) -> bool:
    if one is None or other is None:
        return True
    return (
        float(np.dot(one.row, other.row)) >= SAME_WAY
        and float(np.dot(one.column, other.column)) >= SAME_WAY
    )


def _refuse_doubles(images: Sequence[FileImage]) -> None:
    uids: dict[str, str] = {}
    depths: list[tuple[float, str]] = []
    for image in images:
        place = image.places[0]
        double = uids.get(image.uid) if image.uid else None
        if double is None and place is not None and place.depth is not None:
            depth = place.depth
            double = next((name for at, name in depths if abs(at - depth) < SAME_DEPTH_MM), None)
            depths.append((depth, image.name))
        if double is not None:
            raise ImageProblem(
                image.name, f"shows the same slice as {double}", "name each slice once"
            )
        uids[image.uid] = image.name


def gap_in(places: Sequence[Place | None]) -> str:
    """A sentence on slices that are missing between others of a stack; empty where none is.

    Slices are called by their number as they come, from 1: a file's name may be a person's. Nothing
    is said where their positions are not all known, or not parallel, nor of slices that are missing
    at the ends: nothing tells how many there were.
    """
    known = [
        (number, place) for number, place in enumerate(places, start=1) if place and place.position
    ]
    if len(known) < max(3, len(places)):
        return ""
    first = known[0][1]
    if not all(_parallel(first, place) for _, place in known):
        return ""
    along = first.normal
    depths = sorted((float(along @ np.array(place.position)), number) for number, place in known)
    steps = [
        (higher - lower, one, other)
        for (lower, one), (higher, other) in pairwise(depths)
        if higher - lower >= SAME_DEPTH_MM  # phases of a slice lie in one place
    ]
    if not steps:
        return ""
    usual = sorted(step for step, _, _ in steps)[(len(steps) - 1) // 2]
    gaps = [step for step in steps if step[0] > GAP * usual]
    if not gaps:
        return ""
    width, one, other = max(gaps, key=lambda gap: gap[0])
    where = f" in {len(gaps)} places" if len(gaps) > 1 else ""
    return (
        f"Slices seem to be missing{where}: slices {one} and {other} lie {width:.4g} mm apart, "
        f"others {usual:.4g} mm."
    )


def order_of(images: Sequence[FileImage]) -> tuple[int, ...]:
    """The frames of all files by their position along the normal, numbered from 0 as they came.

    They stay as they came where they lie in order already, in either direction, and where no
    order follows from their positions: some unknown, some equal (as phases are), not parallel.
    """
    places = [place for image in images for place in image.places]
    as_they_came = tuple(range(len(places)))
    known = [place for place in places if place is not None and place.depth is not None]
    if len(known) < len(places) or not all(_parallel(known[0], place) for place in known):
        return as_they_came
    along = known[0].normal
    depths = np.array([along @ np.array(place.position) for place in known])
    if np.diff(np.sort(depths)).min() < SAME_DEPTH_MM:
        return as_they_came
    order = np.argsort(depths)
    if np.polyfit(np.arange(len(depths)), depths, 1)[0] < 0:  # on the whole they came downwards
        order = order[::-1]
    return tuple(int(index) for index in order)
