"""Signs of tuberculosis: a cavity in the upper lung, miliary nodules in all of it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ml.simulate import organs
from ml.simulate.findings.common import (
    Part,
    Placed,
    Scene,
    around,
    axes_of,
    density,
    lung_share,
    noise,
    part_of,
    sigmoid,
)
from ml.simulate.findings.nodules import lung_place


def cavity(scene: Scene, side: str = "") -> Placed:
    """Air within a thick, uneven wall, opacity around it, in the upper lung."""
    side = side or scene.side()
    radius = scene.between(14, 21)
    center = lung_place(scene, side, radius + 5, high=True)
    window = around(scene, center, 2 * radius)
    away = axes_of(window, center)
    lung = lung_share(scene, window, organs.LUNG[side])
    reach = np.sqrt(sum(a * a for a in away)) + noise(scene.rng, lung.shape, 7) * 1.6
    wall = scene.between(4, 6.5) + noise(scene.rng, lung.shape, 6) * 0.8
    whole = sigmoid((radius - reach) / 0.8) * lung
    air = sigmoid((radius - wall - reach) / 0.7) * lung
    here = density(scene, window)
    beside = np.exp(-np.clip(reach - radius, 0, None) / 7) * (1 - whole) * lung
    patches = sigmoid((noise(scene.rng, lung.shape, 5) - 0.2) / 0.4)
    added = np.clip(1.05 - here, 0, None) * (whole - air) - np.clip(here - 0.01, 0, None) * air
    part = part_of(window, added + 0.45 * beside * patches, whole)
    return Placed(
        "cavity",
        "lungs",
        scene.pick(
            f"Thick-walled cavity of {{cm}} cm in the {side} upper lung zone.",
            f"Cavitary lesion of {{cm}} cm with a thick wall in the {side} upper zone.",
        ),
        (part,),
        side,
        f"{side} upper zone",
        round(2 * radius),
        impression=(
            f"Cavity in the {side} upper lung: tuberculosis has to be excluded; isolate until then."
            " The referring team was informed."
        ),
        significance="urgent",
        focal=True,
    )


def miliary(scene: Scene) -> Placed:
    """Nodules of 2 to 3 mm without number in both lungs alike: ticked, not drawn."""
    parts = []
    for side in organs.SIDES:
        lung = scene.anatomy.base.lung(side)
        found = [np.flatnonzero(lung.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
        window = tuple(slice(int(f[0]), int(f[-1]) + 1) for f in found)
        seeds = scene.rng.random(lung[window].shape, dtype=np.float32) < MILIARY_PER_MM3
        dots = ndimage.gaussian_filter((seeds & lung[window]).astype(np.float32), 1.0)
        share = np.clip(dots / float(dots.max()) * 2.2, 0, 1)
        added = np.clip(1.0 - density(scene, window), 0, None) * share
        parts.append(Part(part_of(window, added, share).added))
    return Placed(
        "miliary_pattern",
        "lungs",
        scene.pick(
            "Innumerable nodules of 2 to 3 mm, evenly spread through both lungs.",
            "Miliary nodules throughout both lungs.",
        ),
        tuple(parts),
        "bilateral",
        "both lungs",
        impression=(
            "Miliary pattern: tuberculosis or metastases. The referring team was informed."
        ),
        significance="urgent",
    )


MILIARY_PER_MM3 = 1 / 900
"""How many nodules there are: about one a cubic centimeter."""
