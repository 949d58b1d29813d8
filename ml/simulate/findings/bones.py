"""Ribs and spine: fractures, a dense lesion, curvature, thin bone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from ml.simulate import organs
from ml.simulate.anatomy import Point
from ml.simulate.base import densities
from ml.simulate.findings.common import (
    BONE,
    Placed,
    Scene,
    around,
    axes_of,
    density,
    noise,
    part_of,
    sigmoid,
)
from ml.simulate.patients import Body

BONE_TO_SOFT = 1.4
"""What is taken away of bone attenuates so much more than soft tissue of its density."""
ORDINALS = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
)


def fracture(scene: Scene, side: str = "") -> Placed:
    """A displaced rib fracture: beyond the break the rib is shifted, with a gap between."""
    side = side or scene.side()
    number = int(scene.rng.integers(5, 9))
    center, along = _lateral_point(scene, side, number)
    window = around(scene, center, 40)
    here = scene.hu[window].astype(np.float32)
    rib = ndimage.gaussian_filter(scene.anatomy.rib(side, number)[window].astype(np.float32), 0.6)
    rib = ndimage.grey_dilation(rib, size=3)
    excess = 1.6 * np.clip(here - 30, 0, None) * rib / 1000
    axes = axes_of(window, center)
    distance = np.asarray(sum(a * d for a, d in zip(axes, along, strict=True)))
    step = scene.between(7.0, 9.0)
    beyond = sigmoid(distance / 0.5) * np.exp(-np.clip(distance, 0, None) / 22)
    index = np.indices(excess.shape).astype(np.float32)
    index[0] -= beyond * step
    moved = ndimage.map_coordinates(excess, index, order=1)
    gap = np.exp(-((distance / 1.3) ** 2))
    reach = np.sqrt(sum(a * a for a in axes))
    changed = (moved * (1 - 0.9 * gap) - excess) * sigmoid((34 - reach) / 2)
    share = sigmoid((11 - reach) / 0.8)
    part = part_of(window, changed * BONE, share)
    name = ORDINALS[number - 1]
    return Placed(
        "fracture",
        "bones",
        scene.pick(
            f"Displaced fracture of the lateral {side} {name} rib.",
            f"There is a mildly displaced fracture of the {side} {name} rib.",
        ),
        (part,),
        side,
        f"{side} {name} rib",
        impression=f"Fracture of the {side} {name} rib.",
    )


def healed_fracture(scene: Scene, side: str = "") -> Placed:
    """Callus: a spindle of bone around an old break."""
    side = side or scene.side()
    number = int(scene.rng.integers(4, 9))
    center, along = _lateral_point(scene, side, number)
    window = around(scene, center, 24)
    axes = axes_of(window, center)
    distance = np.asarray(sum(a * d for a, d in zip(axes, along, strict=True)))
    reach = np.sqrt(np.clip(sum(a * a for a in axes) - distance**2, 0, None))
    size = scene.between(6.5, 8.0)
    lumps = noise(scene.rng, reach.shape, 3) * 0.7
    share = sigmoid((size - np.sqrt(reach**2 + (distance / 1.5) ** 2) + lumps) / 0.8)
    added = np.clip(1.75 - density(scene, window), 0, None) * share * BONE
    part = part_of(window, added, share)
    name = ORDINALS[number - 1]
    return Placed(
        "fracture",
        "bones",
        scene.pick(
            f"Old healed fracture of the {side} {name} rib with callus.",
            f"Healed {side} {name} rib fracture.",
        ),
        (part,),
        side,
        f"{side} {name} rib",
        significance="benign",
        impression=f"Old healed {side} rib fracture.",
    )


def dense_lesion(scene: Scene, side: str = "") -> Placed:
    """A sclerotic focus within a rib."""
    side = side or scene.side()
    number = int(scene.rng.integers(4, 8))
    center, _ = _lateral_point(scene, side, number)
    window = around(scene, center, 16)
    size = scene.between(7, 9.5)
    reach = np.sqrt(sum(a * a for a in axes_of(window, center)))
    rib = ndimage.gaussian_filter(
        ndimage.binary_dilation(scene.anatomy.rib(side, number)[window], iterations=1).astype(
            np.float32
        ),
        0.7,
    )
    share = sigmoid((size - reach + noise(scene.rng, reach.shape, 3) * 0.8) / 0.8) * rib
    soft, hard = densities(scene.hu[window].astype(np.float32))
    added = np.clip(2.1 - soft - hard, 0, None) * share * BONE
    part = part_of(window, added, share)
    name = ORDINALS[number - 1]
    return Placed(
        "bone_lesion",
        "bones",
        scene.pick(
            f"Sclerotic focus in the {side} {name} rib.",
            f"Dense lesion in the lateral {side} {name} rib.",
        ),
        (part,),
        side,
        f"{side} {name} rib",
        round(2 * size),
        impression=(
            f"Sclerotic lesion of the {side} {name} rib; correlate with history of malignancy."
        ),
    )


def lytic_lesion(scene: Scene, side: str = "") -> Placed:
    """A piece of rib eaten away, with a little soft tissue in its place."""
    side = side or scene.side()
    number = int(scene.rng.integers(4, 8))
    center, along = _lateral_point(scene, side, number)
    window = around(scene, center, 26)
    axes = axes_of(window, center)
    distance = np.asarray(sum(a * d for a, d in zip(axes, along, strict=True)))
    reach = np.sqrt(sum(a * a for a in axes))
    long = scene.between(12, 16)
    beside = np.sqrt(np.clip(reach**2 - distance**2, 0, None))
    away = np.sqrt((distance / long) ** 2 + (beside / 13) ** 2)
    away = away + 0.07 * noise(scene.rng, reach.shape, 4)
    share = sigmoid((1 - away) / 0.05)
    soft, hard = densities(scene.hu[window].astype(np.float32))
    swollen = sigmoid((9.5 - beside) / 0.8) * share
    added = -0.95 * hard * share * BONE_TO_SOFT + np.clip(0.9 - soft - hard, 0, None) * swollen
    name = ORDINALS[number - 1]
    return Placed(
        "bone_lesion",
        "bones",
        scene.pick(
            f"Lytic destruction of the {side} {name} rib with a small soft tissue component.",
            f"A segment of the {side} {name} rib is destroyed.",
        ),
        (part_of(window, added, share),),
        side,
        f"{side} {name} rib",
        round(2 * long),
        significance="actionable",
        impression=f"Lytic lesion of the {side} {name} rib, suspicious for metastasis or myeloma.",
    )


def notching(scene: Scene) -> Placed:
    """Scallops of the lower margins of both sides' middle ribs, behind: a region a side."""
    parts = []
    for side in organs.SIDES:
        ribs = scene.anatomy.base.mask(tuple(organs.RIBS[side][n - 1] for n in range(4, 9)))
        found = np.argwhere(ribs[::2, ::2, ::2]) * 2
        middle = np.median(found[:, 1])
        low, high = found.min(axis=0), found.max(axis=0) + 2
        window = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        mask = ribs[window]
        _, back, left = axes_of(window)
        below = mask & ~np.roll(mask, -7, axis=0)  # the lowest 7 mm of each rib
        wave = np.sin(2 * np.pi * left / 17 + scene.between(0, 6)) > 0.35
        outward = np.abs(left - scene.anatomy.marks.middle[2])
        bitten = below & wave & (back > middle) & (outward > 44)
        share = ndimage.gaussian_filter(bitten.astype(np.float32), 1.0)
        added = -density(scene, window) * share * BONE_TO_SOFT
        parts.append(part_of(window, added, share * 1.6))
    return Placed(
        "bone_lesion",
        "bones",
        "Notching of the lower margins of the fourth to eighth ribs on both sides, as with "
        "coarctation of the aorta.",
        tuple(parts),
        "bilateral",
        "ribs",
        significance="actionable",
        impression="Bilateral rib notching; coarctation of the aorta has to be excluded.",
    )


def _lateral_point(
    scene: Scene, side: str, number: int
) -> tuple[Point, tuple[float, float, float]]:
    """The middle of a rib where it turns forward on the side, and the direction it runs there."""
    rib = np.argwhere(scene.anatomy.rib(side, number)).astype(np.float64) + 0.5
    outward = rib[:, 2] if side == "left" else -rib[:, 2]
    far = np.quantile(outward, scene.between(0.36, 0.56))
    # Behind the widest point the rib crosses the lung field, where a break can be seen.
    back = rib[:, 1] > np.median(rib[:, 1])
    near = rib[back & (np.abs(outward - far) < 4)]
    if len(near) == 0:
        near = rib[np.abs(outward - far) < 5]
    center = near.mean(0)
    patch = rib[np.linalg.norm(rib - center, axis=1) < 14] - center
    _, _, vectors = np.linalg.svd(patch, full_matrices=False)
    along = vectors[0]
    if (along[2] > 0) != (side == "left"):
        along = -along
    return tuple(map(float, center)), tuple(map(float, along))  # type: ignore[return-value]


def curved(body: Body, rng: np.random.Generator) -> Body:
    amount = float(rng.uniform(8, 12)) * float(rng.choice([-1, 1]))
    return replace(body, curve=amount, curve_phase=float(rng.uniform(-0.12, 0.02)))


def scoliosis(scene: Scene) -> Placed:
    return Placed(
        "scoliosis",
        "bones",
        scene.pick(
            "Scoliosis of the thoracic spine, convex to the {convex}.",
            "Thoracic scoliosis with convexity to the {convex}.",
        ),
        location="thoracic spine",
        severity="mild",
    )


def thin_bones(body: Body, rng: np.random.Generator) -> Body:
    return replace(body, bone=float(rng.uniform(0.42, 0.5)))


def osteopenia(scene: Scene) -> Placed:
    return Placed(
        "osteopenia",
        "bones",
        scene.pick("Diffuse osteopenia.", "The bones appear diffusely demineralized."),
        location="skeleton",
    )
