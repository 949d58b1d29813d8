"""Opacities of the lung: consolidation, pneumonia, bands, reticulation, edema."""

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
    halved,
    held,
    lung_share,
    noise,
    part_of,
    sigmoid,
)
from ml.simulate.findings.nodules import lung_place
from ml.simulate.findings.pleura import half_part, pooled

AIRWAY = 0.055
"""Density below which lung is airway, and stays open as an air bronchogram."""
FULL_VESSELS_MM, VESSEL_REACH = 2.2, 5
"""Blur of vessels with water around them, standard deviation, and how far it reaches, voxels."""


def consolidation(scene: Scene, lobe: str = "") -> Placed:
    """Airspace filled through a lobe or most of it, sharp at the fissure, bronchi open."""
    lobe = lobe or scene.pick(
        "right upper", "right middle", "right lower", "left lower", "left upper"
    )
    side = lobe.split()[0]
    part = _airspace(scene, lobe, reach=scene.between(78, 100), depth=(0.85, 1.05))
    sentence = scene.pick(
        f"Dense consolidation in the {lobe} lobe with air bronchograms.",
        f"Consolidation of the {lobe} lobe.",
        f"Homogeneous airspace opacity in the {lobe} lobe, consistent with consolidation.",
    )
    return Placed(
        "consolidation",
        "lungs",
        sentence,
        (part,),
        side,
        f"{lobe} lobe",
        impression=f"{lobe.capitalize()} lobe consolidation, most likely pneumonia.",
        severity="moderate",
    )


def pneumonia(scene: Scene, lobe: str = "") -> Placed:
    """Patchy, ill-defined airspace opacity."""
    lobe = lobe or scene.pick(
        "right lower", "left lower", "right middle", "right upper", "left upper"
    )
    side = lobe.split()[0]
    part = _airspace(scene, lobe, reach=scene.between(32, 44), depth=(0.45, 0.95), patchy=True)
    sentence = scene.pick(
        f"Patchy ill-defined opacity in the {lobe} lobe.",
        f"Patchy airspace opacities in the {lobe} lobe.",
    )
    return Placed(
        "pneumonia",
        "lungs",
        sentence,
        (part,),
        side,
        f"{lobe} lobe",
        impression=f"Findings consistent with {lobe} lobe pneumonia; follow-up until resolution.",
        severity="mild",
        focal=True,
    )


def infiltrates(scene: Scene) -> Placed:
    """Patchy opacities in both lungs, one region a side."""
    lobes = ("right lower", "left lower") if scene.chance(0.6) else ("right upper", "left upper")
    parts = tuple(
        _airspace(scene, lobe, reach=scene.between(34, 46), depth=(0.5, 0.95), patchy=True)
        for lobe in lobes
    )
    zone = "lower" if "lower" in lobes[0] else "upper"
    return Placed(
        "infiltration",
        "lungs",
        scene.pick(
            f"Patchy bilateral airspace opacities, predominantly in the {zone} zones.",
            f"Ill-defined opacities in both {zone} lung zones.",
        ),
        parts,
        "bilateral",
        f"both {zone} zones",
        impression="Bilateral airspace opacities, infectious or inflammatory.",
        severity="moderate",
        focal=True,
    )


def _airspace(
    scene: Scene, lobe: str, *, reach: float, depth: tuple[float, float], patchy: bool = False
) -> Part:
    number = organs.LOBES[lobe]
    mask = scene.anatomy.base.labels[::4, ::4, ::4] == number
    if patchy:
        place = None
        for _ in range(60):
            at = lung_place(scene, lobe.split()[0], 16)
            if scene.anatomy.lobe_of(at) == lobe:
                place = at
                break
        center = place or tuple(float(c) * 4 for c in ndimage.center_of_mass(mask))
    else:
        center = tuple(float(c) * 4 for c in ndimage.center_of_mass(mask))
    window = around(scene, center, reach + 22)  # type: ignore[arg-type]
    away = axes_of(window, center)  # type: ignore[arg-type]
    distance = np.sqrt(sum(a * a for a in away))
    lung = lung_share(scene, window, (number,))
    rough = noise(scene.rng, lung.shape, 9) * (8 if patchy else 6)
    share = sigmoid((reach - distance + rough) / (7 if patchy else 4.5)) * lung
    grain = noise(scene.rng, lung.shape, 4.5)
    if patchy:
        share = share * sigmoid((noise(scene.rng, lung.shape, 8) + 0.45) / 0.35)
    target = np.clip(np.mean(depth) + grain * (depth[1] - depth[0]) / 3, *depth)
    here = density(scene, window)
    calm = ndimage.gaussian_filter(here, 1.3)
    open_airway = sigmoid((AIRWAY - calm) / 0.006)
    added = np.clip(target - here, 0, None) * share * (1 - open_airway)
    return part_of(window, added, share)


def atelectasis(scene: Scene, side: str = "") -> Placed:
    """A flat band of airless lung at a base, lying nearly level."""
    side = side or scene.side()
    part, length = _band(scene, side, low=True)
    sentence = scene.pick(
        f"Linear band of atelectasis at the {side} lung base.",
        f"Plate-like atelectasis in the {side} lower zone.",
        f"Subsegmental atelectasis at the {side} base.",
    )
    return Placed(
        "atelectasis",
        "lungs",
        sentence,
        (part,),
        side,
        f"{side} lower zone",
        round(length),
        severity="mild",
        impression=f"Subsegmental atelectasis at the {side} base.",
        focal=True,
    )


def scar(scene: Scene, side: str = "") -> Placed:
    """A thin oblique fibrotic band in the upper lung."""
    side = side or scene.side()
    part, length = _band(scene, side, low=False)
    sentence = scene.pick(
        f"Fibrotic band in the {side} upper lung, with the look of a scar.",
        f"Linear scarring in the {side} upper zone.",
    )
    return Placed(
        "fibrotic_band",
        "lungs",
        sentence,
        (part,),
        side,
        f"{side} upper zone",
        round(length),
        severity="mild",
        impression=f"Scarring in the {side} upper lung.",
        focal=True,
    )


def _band(scene: Scene, side: str, *, low: bool) -> tuple[Part, float]:
    marks, rng = scene.anatomy.marks, scene.rng
    for _ in range(50):
        center = lung_place(scene, side, 20 if low else 12, high=not low)
        if not low or marks.dome - 28 < center[0] < marks.dome + 26:
            break
    length = scene.between(52, 78) if low else scene.between(38, 58)
    thick = scene.between(2.6, 4.2) if low else scene.between(1.3, 2.0)
    window = around(scene, center, length / 2 + 8)
    down, back, left = axes_of(window, center)
    outward = 1.0 if side == "left" else -1.0
    slope = rng.uniform(-0.15, 0.25) if low else rng.choice([-1, 1]) * rng.uniform(0.45, 0.8)
    sag = 0.0035 * rng.uniform(-1, 1)
    level = down - outward * slope * left - sag * left**2 - 0.08 * back
    wave = noise(rng, np.broadcast_shapes(down.shape, back.shape, left.shape), 10) * 0.7
    depth_reach = length * (0.34 if low else 0.22)
    ends = np.sqrt((left / (length / 2)) ** 2 + (back / depth_reach) ** 2)
    taper = np.clip(1.25 - 0.75 * ends, 0.2, 1)
    share = sigmoid((thick / 2 * taper - np.abs(level + wave)) / 0.45) * sigmoid((1 - ends) / 0.08)
    share = share * lung_share(scene, window, organs.LUNG[side])
    added = np.clip(1.0 - density(scene, window), 0, None) * share
    return part_of(window, added, share), length


def interstitial(scene: Scene) -> Placed:
    """Fine reticulation of both lower lungs, densest at the periphery; a region a side."""
    parts = tuple(reticulation(scene, side, 0.6) for side in organs.SIDES)
    sentence = scene.pick(
        "Reticular interstitial pattern in both lower zones, most marked in the periphery.",
        "Bilateral basal reticular opacities.",
    )
    return Placed(
        "interstitial_pattern",
        "lungs",
        sentence,
        parts,
        "bilateral",
        "both lower zones",
        severity="moderate",
        impression="Bilateral basal interstitial pattern; high-resolution CT is suggested.",
    )


def fibrosis(scene: Scene) -> Placed:
    """Coarse reticulation with small volumes: pulmonary fibrosis (the body breathes less)."""
    parts = tuple(reticulation(scene, side, 0.85, coarse=True) for side in organs.SIDES)
    return Placed(
        "pulmonary_fibrosis",
        "lungs",
        scene.pick(
            "Coarse reticular opacities in both lung bases with reduced volumes, in keeping with"
            " pulmonary fibrosis.",
            "Bibasal peripheral fibrosis with coarse reticulation.",
        ),
        parts,
        "bilateral",
        "both lower zones",
        severity="severe",
        impression="Pulmonary fibrosis with basal predominance.",
    )


def reticulation(scene: Scene, side: str, amount: float, *, coarse: bool = False) -> Part:
    """Walls between cells: where smooth noise passes through nought."""
    marks = scene.anatomy.marks
    depth = scene.anatomy.lung_depth(side)
    top, bottom = marks.heights[side]
    found = np.argwhere(depth[::4, ::4, ::4] > 0)
    low, high = found.min(0) * 8, (found.max(0) + 1) * 8
    start = int(top + (bottom - top) * 0.16)
    window = tuple(
        slice(max(start if i == 0 else 0, int(a)), min(int(b), n))
        for i, (a, b, n) in enumerate(zip(low, high, scene.hu.shape, strict=True))
    )
    down = axes_of(window)[0]
    lung = lung_share(scene, window, organs.LUNG[side])
    index = np.ix_(
        *[
            np.minimum(np.arange(p.start, p.stop) // 2, n - 1)
            for p, n in zip(window, depth.shape, strict=True)
        ]
    )
    rim = np.exp(-depth[index] / 16)
    # Less in the deep recess behind the diaphragm, where the beam would show nothing else.
    level = np.clip((down - start - 20) / 70, 0, 1) * np.clip(1 - (down - marks.dome) / 60, 0.2, 1)
    where = lung * level * np.clip(0.35 + rim, 0, 1)
    scale = 3.2 if coarse else 2.3
    field = noise(scene.rng, lung.shape, scale)
    walls = np.exp(-((field / 0.20) ** 2))
    added = walls * where * np.float32(amount) + 0.03 * where
    return part_of(window, added, sigmoid((where - 0.34) / 0.03))


def edema(scene: Scene) -> Placed:
    """Vessels full, haze around both hila, septal lines at the bases: ticked, not drawn."""
    parts = []
    for side in organs.SIDES:
        z, y, x = scene.anatomy.marks.hilum[side]
        # In voxels of 2 mm: nothing of it is finer.
        half = halved(around(scene, (z + 10, y, x), 95))
        lobes = np.isin(scene.anatomy.base.labels[::2, ::2, ::2][half], organs.LUNG[side])
        lung = np.clip(ndimage.gaussian_filter(lobes.astype(np.float32), 0.65) * 2 - 0.5, 0, 1)
        # It is made where the lung is, and as far around as the blur of vessels reaches.
        here = held(lung, margin=VESSEL_REACH)
        lung = lung[here]
        within = tuple(
            slice(whole.start + part.start, whole.start + part.stop)
            for whole, part in zip(half, here, strict=True)
        )
        patches, lines = (noise(scene.rng, lung.shape, scale) for scale in (3, 2))
        down, back, left = (
            2 * at.astype(np.float32) + 1 - c
            for at, c in zip(np.ogrid[tuple(within)], (z + 8, y, x), strict=True)
        )
        near = (
            np.exp(-((down / 70) ** 2)) * np.exp(-((back / 60) ** 2)) * np.exp(-((left / 52) ** 2))
        )
        # The water lies around the vessels and gathers to patches that run together.
        haze = near * (0.10 + 0.34 * sigmoid((patches + 0.3) / 0.4))
        vessels = np.clip((pooled(scene, within) - 0.25) * 2.5, 0, 1)
        thick = ndimage.gaussian_filter(vessels, FULL_VESSELS_MM / 2) * 0.9
        lines = np.exp(-((lines / 0.09) ** 2)) * 0.3
        lines = lines * np.clip((down + 10) / 50, 0, 1)
        added = np.clip(haze + thick + lines, 0, None) * lung
        parts.append(Part(half_part(within, added, lung).added))
    return Placed(
        "edema",
        "lungs",
        scene.pick(
            "Bilateral perihilar haze with indistinct vessels, consistent with pulmonary edema.",
            "Bilateral perihilar airspace opacities with indistinct vessels: pulmonary edema.",
        ),
        tuple(parts),
        "bilateral",
        "perihilar",
        severity="moderate",
        impression="Pulmonary edema.",
    )
