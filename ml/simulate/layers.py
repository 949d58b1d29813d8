"""What a film would be without something of it: a finding, the bones, the heart.

Projection is linear, so the same exposure without it is the film and a difference, which is empty
but where the thing shows. Differences are kept as 8-bit pictures at half the film's resolution.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import detector, organs, vessels
from ml.simulate.anatomy import Anatomy
from ml.simulate.body import lime
from ml.simulate.cases import Sitting, seen_vessels
from ml.simulate.findings.common import Placed
from ml.simulate.plans import RECIPES
from ml.simulate.projector import Block, Picture, View
from ml.simulate.shadows import Box, Shown, drawn_devices

ZERO = 128
"""The gray that changes nothing."""
STEEPEST = 120
"""Grays that the largest difference is from it."""
QUALITY = 82
STEP = 2
LUNG_DENSITY = 0.24
"""Of what takes the heart's place, water 1."""
CENTRAL = tuple(range(organs.HEART, 64))
"""The labels of heart and great vessels."""
REACH, SOFT = 10, 4
"""How far around a finding its difference is kept, and how softly it ends, pixels."""


@dataclass(frozen=True)
class Layer:
    """What is added to the film's stored values within a box (normalized x0 y0 x1 y1)."""

    kind: str
    """*finding*, *bones*, *heart* or *bare*: without bones and heart."""
    box: Box
    scale: float
    """Stored values of one gray."""
    grays: NDArray[np.uint8]
    label: str = ""
    side: str = ""

    @property
    def added(self) -> Picture:
        """Stored values, (rows, columns) at half the film's resolution."""
        return (self.grays.astype(np.float32) - ZERO) * np.float32(self.scale)

    def encoded(self) -> bytes:
        """The picture as WebP."""
        from PIL import Image

        stream = io.BytesIO()
        Image.fromarray(self.grays).convert("RGB").save(stream, "WEBP", quality=QUALITY, method=6)
        return stream.getvalue()


def layers_of(
    anatomy: Anatomy, sitting: Sitting, names: tuple[str, ...], *, peeled: bool = True
) -> list[Layer]:
    """What can be taken off a frontal film whose findings are the recipes `names`.

    A finding that lies in the body itself, as a raised dome does, cannot be taken off. Without
    `peeled` only findings are.
    """
    removable = [
        index
        for index, one in enumerate(sitting.placed)
        if RECIPES[names[index]].bend is None and any(map(_adds, one.parts))
    ]
    small = vessels.shadow(anatomy, sitting.view)
    film = _integrals(sitting, small)
    others = [_integrals(sitting, small, without=index) for index in removable]
    if peeled:
        bones, heart = _bones(anatomy, sitting.view), _heart(anatomy, sitting.view)
        others += [np.clip(film - gone, 0, None) for gone in (bones, heart, bones + heart)]
    differences = list(detector.without_noise(film, others, sitting.exposure))
    made = []
    for index, difference in zip(removable, differences, strict=False):
        one = sitting.placed[index]
        around = _around(sitting.view, one, sitting.shown[index])
        made.append(_layer("finding", difference * around, one.label, one.side))
    if peeled:
        for kind, difference in zip(("bones", "heart", "bare"), differences[-3:], strict=True):
            made.append(_layer(kind, difference))
    return [one for one in made if one is not None]


def _adds(part: object) -> bool:
    return any(getattr(part, name) for name in ("added", "wires", "plates"))


def _integrals(sitting: Sitting, small: Picture, without: int | None = None) -> Picture:
    """Line integrals of the person, one finding left out."""
    total = sitting.healthy.copy()
    shown = [parts for index, parts in enumerate(sitting.shown) if index != without]
    for parts in shown:
        for part in parts:
            total += part.added
    total = np.clip(total, 0, None)
    for index, one in enumerate(sitting.placed):
        if index != without:
            for added in _devices(sitting.view, one):
                total += added
    return np.clip(total + seen_vessels(small, shown), 0, None)


def _devices(view: View, placed: Placed) -> Iterator[Picture]:
    for part in placed.parts:
        for added, _ in drawn_devices(view, part):
            yield added


def _bones(anatomy: Anatomy, view: View) -> Picture:
    total = view.bones(anatomy.base)
    grains = lime(anatomy, view.body)
    return total if grains is None else total + view.added(grains)


def _heart(anatomy: Anatomy, view: View) -> Picture:
    """What heart and great vessels attenuate beyond lung in their place."""
    base = anatomy.base
    mask = np.isin(base.labels[::STEP, ::STEP, ::STEP], CENTRAL)
    if not mask.any():
        return np.zeros(view.shape, np.float32)
    window = ndimage.find_objects(mask.astype(np.uint8))[0]
    share = ndimage.gaussian_filter(mask[window].astype(np.float32), 0.7)
    hu = base.hu[::STEP, ::STEP, ::STEP][window].astype(np.float32)
    density = np.clip(hu / 1000 + 1 - LUNG_DENSITY, 0, 1.1) * share * np.float32(view.body.soft)
    corner = tuple(float(STEP * part.start) for part in window)
    return view.added(Block(corner, density, float(STEP)))  # type: ignore[arg-type]


def _around(view: View, placed: Placed, parts: list[Shown]) -> Picture:
    """1 where a finding shows and around it, 0 far away."""
    added = sum((np.abs(part.added) for part in parts), np.zeros(view.shape, np.float32))
    added = added + sum(map(np.abs, _devices(view, placed)), np.zeros(view.shape, np.float32))
    near = ndimage.distance_transform_edt(added <= 0.01 * added.max()) <= REACH
    return ndimage.gaussian_filter(near.astype(np.float32), SOFT)


def _layer(kind: str, added: Picture, label: str = "", side: str = "") -> Layer | None:
    """A difference cut to where there is any; None where there is none."""
    most = float(np.abs(added).max())
    if most < 1:
        return None
    scale = most / STEEPEST
    grays = np.clip(np.round(added / scale) + ZERO, 0, 255).astype(np.uint8)
    found = np.argwhere(grays != ZERO)
    (top, left), (bottom, right) = found.min(axis=0), found.max(axis=0) + 1
    rows, columns = grays.shape
    box = (left / columns, top / rows, right / columns, bottom / rows)
    rounded = tuple(round(float(end), 6) for end in box)
    return Layer(kind, rounded, round(scale, 4), grays[top:bottom, left:right], label, side)  # type: ignore[arg-type]
