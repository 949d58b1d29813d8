"""Water and cells in the septa: interstitial edema, lymphangitic spread; tuberculosis above."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ml.simulate import organs
from ml.simulate.findings import septa
from ml.simulate.findings.common import (
    Part,
    Placed,
    Scene,
    around,
    axes_of,
    density,
    halved,
    lung_share,
    noise,
    part_of,
    sigmoid,
)
from ml.simulate.findings.nodules import lung_place
from ml.simulate.findings.opacities import reticulation
from ml.simulate.findings.pleura import half_part, pooled

UP_MM, BESIDE_MM = 100.0, 72.0
"""How far from a hilum vessels are made wide: upward, and to the other sides."""


def interstitial_edema(scene: Scene) -> Placed:
    """Septal lines, cuffs, a thick fissure, wide upper vessels and blurred hila: ticked."""
    parts = []
    for side in organs.SIDES:
        parts += [
            _wet(scene, side),
            septa.lines_at_the_side(scene, side, 14),
            septa.network(scene, side, 70),
            septa.lines_from_the_hilum(scene, side, 4),
            septa.cuffs(scene, side, 4),
        ]
    parts.append(septa.fissure(scene))
    return Placed(
        "edema",
        "lungs",
        scene.pick(
            "Kerley B lines at both bases, peribronchial cuffing, a thick minor fissure and wide "
            "upper lobe vessels, in keeping with interstitial edema.",
            "Interstitial edema with septal lines at both bases, cuffed bronchi and indistinct "
            "hila.",
        ),
        tuple(parts),
        "bilateral",
        "both lungs",
        severity="moderate",
        impression="Interstitial pulmonary edema.",
    )


def _wet(scene: Scene, side: str) -> Part:
    """Wide vessels, above all upward, and a haze around the hilum, in voxels of 2 mm."""
    z, y, x = scene.anatomy.marks.hilum[side]
    high, beside = (around(scene, (z, y, x), reach) for reach in (UP_MM, BESIDE_MM))
    half = halved((slice(high[0].start, beside[0].stop), *beside[1:]))
    lobes = scene.anatomy.base.labels[::2, ::2, ::2][half]
    ends = (slice(p.start, p.start + n) for p, n in zip(half, lobes.shape, strict=True))
    down, back, left = (
        2 * at.astype(np.float32) + 1 - c
        for at, c in zip(np.ogrid[tuple(ends)], (z, y, x), strict=True)
    )
    lung = ndimage.gaussian_filter(np.isin(lobes, organs.LUNG[side]).astype(np.float32), 0.65)
    lung = np.clip(lung * 2 - 0.5, 0, 1)
    here = pooled(scene, half)[tuple(slice(0, n) for n in lung.shape)]
    near = np.exp(-((down / 62) ** 2 + (back / 60) ** 2 + (left / 44) ** 2))
    # It fades out before the window ends.
    lung = lung * sigmoid((BESIDE_MM - 14 - np.abs(back)) / 4)
    lung = lung * sigmoid((BESIDE_MM - 14 - np.abs(left)) / 4)
    lung = lung * sigmoid((BESIDE_MM - 14 - down) / 4) * sigmoid((UP_MM - 14 + down) / 4)
    upper = sigmoid((8 - down) / 14)
    vessels = ndimage.gaussian_filter(np.clip((here - 0.25) * 2.5, 0, 1), 0.9)
    haze = near * (0.10 + 0.10 * sigmoid((noise(scene.rng, lung.shape, 3.5)) / 0.5))
    added = np.clip(haze + vessels * (0.55 + 1.1 * upper), 0, None) * lung
    return Part(half_part(half, added, lung).added)


def lymphangitic(scene: Scene, side: str = "") -> Placed:
    """Septal lines and coarse reticulation of one lung, its hilum full."""
    side = side or scene.side()
    part = reticulation(scene, side, 0.75)
    more = (
        _wet(scene, side),
        septa.lines_at_the_side(scene, side, 18),
        septa.network(scene, side, 150),
        septa.lines_from_the_hilum(scene, side, 6),
    )
    return Placed(
        "interstitial_pattern",
        "lungs",
        f"Reticular pattern of the {side} lung with septal lines, on one side only: suspicious for "
        "lymphangitic spread of carcinoma.",
        (part, *more),
        side,
        f"{side} lung",
        severity="moderate",
        impression=(
            f"Interstitial pattern of the {side} lung, suspicious for lymphangitic carcinomatosis. "
            "CT is recommended."
        ),
    )


def upper_infiltrate(scene: Scene, side: str = "") -> Placed:
    """Patches and small nodules of the upper lung, as in active tuberculosis."""
    side = side or scene.side()
    center = lung_place(scene, side, 14, high=True)
    window = around(scene, center, 62)
    away = axes_of(window, center)
    lung = lung_share(scene, window, organs.LUNG[side])
    distance = np.sqrt(sum(a * a for a in away))
    near = sigmoid((scene.between(38, 46) - distance) / 9) * lung
    patches = sigmoid((noise(scene.rng, lung.shape, 6) - 0.35) / 0.3)
    seeds = (scene.rng.random(lung.shape, dtype=np.float32) < 1 / 420) * (lung > 0.5)
    dots = ndimage.gaussian_filter(seeds.astype(np.float32), 1.5)
    dots = np.clip(dots / max(float(dots.max()), 1e-9) * 1.8, 0, 1)
    share = np.clip(0.85 * patches + dots, 0, 1) * near
    added = np.clip(0.9 - density(scene, window), 0, None) * share
    return Placed(
        "infiltration",
        "lungs",
        scene.pick(
            f"Patchy and nodular opacities of the {side} upper zone, in the pattern of "
            "tuberculosis.",
            f"Ill-defined nodular infiltrate in the {side} upper zone.",
        ),
        (part_of(window, added, near),),
        side,
        f"{side} upper zone",
        severity="moderate",
        significance="actionable",
        impression=(
            f"Infiltrate of the {side} upper lung: active tuberculosis has to be excluded."
        ),
        focal=True,
    )
