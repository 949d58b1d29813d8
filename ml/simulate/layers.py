"""What a film would be without something of it: a finding, the bones, the heart, lung vessels.

Projection is linear, so the same exposure without it is the film and a difference, which is empty
but where the thing shows. Differences are kept as 8-bit pictures at half the film's resolution.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import detector, organs, vessels
from ml.simulate.anatomy import Anatomy
from ml.simulate.cases import Sitting, seen_vessels
from ml.simulate.findings.common import BONES, Part, Placed
from ml.simulate.plans import RECIPES
from ml.simulate.projector import Block, Picture, View
from ml.simulate.shadows import Box, drawn_devices
from ml.simulate.tissue import added_bones

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
DENSER, AIRY = (0.26, 0.38), 0.14
"""Of a lung's voxel, water 1: up to the first it is lung and its grain, from the second on a vessel
or the wall of an airway; and what takes the place of these."""
RIM = 3
"""Voxels of 1 mm at a lung's border that are none of its markings, but the edge of others."""
PEELED = ("bones", "heart", "markings", "bare")
"""What is taken off whichever findings there are, in this order."""
REACH, SOFT = 10, 4
"""How far around a finding its difference is kept, and how softly it ends, pixels."""


@dataclass(frozen=True)
class Layer:
    """What is added to the film's stored values within a box (normalized x0 y0 x1 y1)."""

    kind: str
    """*finding*, *devices* (all there are), *bones*, *heart*, *markings* (those of the lungs) or
    *bare*: without bones and heart."""
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
    `peeled` only findings are. Where there are several devices they come off together, too.
    """
    removable = [
        index
        for index, one in enumerate(sitting.placed)
        if RECIPES[names[index]].bend is None and any(map(_adds, one.parts))
    ]
    devices = [index for index in removable if sitting.placed[index].area == "devices"]
    sets: list[tuple[int, ...]] = [(index,) for index in removable]
    if peeled and len(devices) > 1:
        sets.append(tuple(devices))
    small = vessels.shadow(anatomy, sitting.view)
    film = _integrals(sitting, small)
    others = [_integrals(sitting, small, without=gone) for gone in sets]
    if peeled:
        bones, heart = _bones(anatomy, sitting), _heart(anatomy, sitting.view)
        gone_too = (bones, heart, _markings(anatomy, sitting, small), bones + heart)
        others += [np.clip(film - gone, 0, None) for gone in gone_too]
    differences = list(detector.without_noise(film, others, sitting.exposure))
    made = []
    for gone, difference in zip(sets, differences, strict=False):
        around = _around(sitting, gone)
        one = sitting.placed[gone[0]]
        said = ("finding", one.label, one.side) if len(gone) == 1 else ("devices", "", "")
        made.append(_layer(said[0], difference * around, *said[1:]))
    if peeled:
        for kind, difference in zip(PEELED, differences[len(sets) :], strict=True):
            made.append(_layer(kind, difference))
    return [one for one in made if one is not None]


def _adds(part: Part) -> bool:
    return any(getattr(part, name) for name in ("added", "wires", "plates"))


def _integrals(sitting: Sitting, small: Picture, without: tuple[int, ...] = ()) -> Picture:
    """Line integrals of the person, some findings left out."""
    total = sitting.healthy.copy()
    left = [index for index in range(len(sitting.placed)) if index not in without]
    placed, shown = [sitting.placed[n] for n in left], [sitting.shown[n] for n in left]
    for parts in shown:
        for part in parts:
            total += part.added
    total = np.clip(total, 0, None)
    for one in placed:
        for added in _devices(sitting.view, one):
            total += added
    return np.clip(total + seen_vessels(small, placed, shown), 0, None)


def _devices(view: View, placed: Placed) -> Iterator[Picture]:
    for part in placed.parts:
        for added, _ in drawn_devices(view, part):
            yield added


def _bones(anatomy: Anatomy, sitting: Sitting) -> Picture:
    """Bones as the film shows them: broken, dense or thin where a finding makes them so."""
    view = sitting.view
    total = view.bones(anatomy.base)
    for block in added_bones(anatomy, view):
        total += view.added(block)
    for one, parts in zip(sitting.placed, sitting.shown, strict=True):
        for part in parts if one.area == BONES else ():
            total += part.added
    return total


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


def _markings(anatomy: Anatomy, sitting: Sitting, small: Picture) -> Picture:
    """What the lungs' vessels and airways attenuate beyond lung in their place.

    Those of the CT, but where a finding has taken the lung's place, and the grown ones (`small`).
    """
    total = seen_vessels(small, sitting.placed, sitting.shown)
    found = _lung_markings(anatomy)
    if found is None:
        return total
    values = found.values.copy()
    for placed in sitting.placed:
        for part in placed.parts:
            if part.added is not None and part.mask is not None:
                _clear(values, found.corner, part.mask)
    return total + sitting.view.added(Block(found.corner, values, found.spacing))


@lru_cache(maxsize=2)
def _lung_markings(anatomy: Anatomy) -> Block | None:
    """Density of the CT's own vessels and airways within the lungs beyond that of lung."""
    base = anatomy.base
    mask = base.lungs
    if not mask.any():
        return None
    window = ndimage.find_objects(mask.astype(np.uint8))[0]
    lung = ndimage.binary_erosion(mask[window], iterations=RIM)
    density = base.hu[window].astype(np.float32) / 1000 + 1
    low, high = DENSER
    share = np.clip((density - low) / (high - low), 0, 1) * lung
    values = np.clip(density - AIRY, 0, 1.1) * share
    down, back, left = (float(part.start) for part in window)
    return Block((down, back, left), values)


def _clear(values: Picture, corner: tuple[float, float, float], mask: Block) -> None:
    """Nothing of `values`, 1 mm voxels from `corner` on, where a finding's mask is 1."""
    counts = mask.values.shape
    places = [
        ((np.arange(n) + 0.5 + c - start) // mask.spacing).astype(int)
        for n, c, start in zip(values.shape, corner, mask.corner, strict=True)
    ]
    inside = [
        np.flatnonzero((along >= 0) & (along < count))
        for along, count in zip(places, counts, strict=True)
    ]
    share = mask.values[np.ix_(*(p[i] for p, i in zip(places, inside, strict=True)))]
    values[np.ix_(*inside)] *= 1 - np.clip(share, 0, 1)


def _around(sitting: Sitting, gone: Iterable[int]) -> Picture:
    """1 where any of those findings shows and around it, 0 far away."""
    view = sitting.view
    near = np.zeros(view.shape, bool)
    for index in gone:
        added = np.zeros(view.shape, np.float32)
        for shown in (
            *(part.added for part in sitting.shown[index]),
            *_devices(view, sitting.placed[index]),
        ):
            added += np.abs(shown)
        near |= ndimage.distance_transform_edt(added <= 0.01 * added.max()) <= REACH
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
