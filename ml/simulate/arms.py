"""The CT without its raised arms: humeri, scapulae and clavicles out of it, and what is beside.

A CT of the chest is taken with the arms raised, and ends at the lungs' apices. What is kept of it
ends softly, so that a model (`shoulders.py`) can go on from there without a step.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import organs
from ml.simulate.organs import Labels, Mask

STEP = 3
"""Voxels of 1 mm between two of the grid on which it is told what is kept."""
HUMERUS = {"left": 69, "right": 70}
ARMS = tuple(range(69, 75))
"""Humeri, scapulae and clavicles."""
NECK = (organs.thoracic(0), organs.thoracic(1), organs.thoracic(2))
"""What the vertebrae above the CT are modeled on."""
THYROID = 17
MUSCLE_HU = 50.0
AROUND_BONE = 2
"""Voxels around an arm's bone that hold a part of it."""
BESIDE = ((45.0, 21.0), (110.0, 75.0), (111.0, 999.0))
"""How far below the apex (mm) tissue within which distance of the rib cage is kept."""
SOFT_MM, TOP_MM = 9.0, 12.0
"""How softly what is kept ends beside and above."""
HIGHEST_MM = 60.0
"""A CT that reaches farther above the apices has a neck of its own."""

Share = NDArray[np.float32]


def can_be_lowered(labels: Labels, top: int) -> bool:
    """Whether there are raised arms to be taken out, of a CT whose own first slice is `top`."""
    some = labels[::STEP, ::STEP, ::STEP]
    here = np.bincount(some.ravel(), minlength=256)
    asked = (*organs.SCAPULA.values(), *organs.CLAVICLE.values(), *HUMERUS.values(), *NECK)
    if not all(here[number] for number in asked):
        return False
    return _apex(labels) - top < HIGHEST_MM and all(_is_raised(some, side) for side in organs.SIDES)


def _is_raised(labels: Labels, side: str) -> bool:
    """Whether an upper arm ends above the middle of its scapula: one that hangs down does not."""
    arm, scapula = (
        np.flatnonzero((labels == number).any(axis=(1, 2)))
        for number in (HUMERUS[side], organs.SCAPULA[side])
    )
    return bool(arm[-1] < scapula.mean())


def _apex(labels: Labels) -> int:
    return int(np.flatnonzero(np.isin(labels[:, ::2, ::2], organs.LUNGS).any(axis=(1, 2)))[0])


def kept_share(labels: Labels, top: int) -> Share:
    """How much is kept, in the middle of each `STEP` voxels of `labels`, which are 1 mm."""
    some = labels[1::STEP, 1::STEP, 1::STEP]
    ribs = (*organs.RIBS["left"], *organs.RIBS["right"])
    core = np.isin(
        some,
        (*organs.LUNGS, *organs.MEDIASTINUM, *organs.VERTEBRAE, *ribs, organs.STERNUM, THYROID),
    )
    away = ndimage.distance_transform_edt(~core) * STEP
    down = np.arange(len(some)) * STEP + STEP / 2
    levels, reach = zip(*BESIDE, strict=True)
    within = np.interp(down - _apex(labels), levels, reach)[:, None, None]
    share = np.clip((within - away) / SOFT_MM + 0.5, 0, 1)
    share = ndimage.gaussian_filter(share, (0, 1, 1))
    share *= np.clip((down - top) / TOP_MM, 0, 1)[:, None, None]
    return share.astype(np.float32)


def bones(labels: Labels) -> Mask:
    """Voxels of the arms' bones and around them, but none of another's bone."""
    mask = np.isin(labels, ARMS)
    for window in filter(None, ndimage.find_objects(mask.astype(np.uint8))):
        wide = tuple(
            slice(max(0, one.start - AROUND_BONE), one.stop + AROUND_BONE) for one in window
        )
        near = ndimage.binary_dilation(mask[wide], iterations=AROUND_BONE)
        others = np.isin(labels[wide], [n for n in organs.BONES if n not in ARMS])
        mask[wide] = near & ~others
    return mask


def layers(
    share: Share, depths: NDArray[np.floating], shape: tuple[int, ...], spacing: tuple[float, float]
) -> Iterator[Share]:
    """What is kept at those depths (mm) from the front, on a grid of that shape and spacing."""
    places = [(np.arange(n) + 0.5) * mm / STEP - 0.5 for n, mm in zip(shape, spacing, strict=True)]
    mesh = np.meshgrid(*places, indexing="ij")
    for depth in depths:
        at = np.clip(depth / STEP - 0.5, 0, share.shape[1] - 1)
        low = int(at)
        near = share[:, low], share[:, min(low + 1, share.shape[1] - 1)]
        plane = near[0] + (near[1] - near[0]) * np.float32(at - low)
        yield ndimage.map_coordinates(plane, mesh, order=1, mode="nearest")
