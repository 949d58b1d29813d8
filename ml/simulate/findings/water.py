"""Water and cells in the septa: interstitial edema, lymphangitic spread; tuberculosis above."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from ml.simulate import organs
from ml.simulate.drawing import Wire, curve
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
from ml.simulate.findings.opacities import reticulation

SEPTUM = 10.0
"""A septum is a sheet: as a line it has so many times the density of water."""
LINE_MM = 0.42
INNER_MM = 10.0
"""So deep within the ribs what is there slides along them."""
CUFF_MM = 2.5


def kerley_b(scene: Scene, side: str, count: int) -> list[Wire]:
    """Short level lines at the side of the lower lung, out to the pleura, unevenly apart."""
    marks = scene.anatomy.marks
    space = scene.anatomy.space(side)
    outward = 1.0 if side == "left" else -1.0
    ends = []
    for level in scene.rng.uniform(marks.dome - 62, marks.dome - 2, count):
        inside = np.flatnonzero(space[int(np.clip(level / 2, 0, len(space) - 1))].any(axis=0))
        if len(inside):
            wall = 2.0 * float(inside[-1] if side == "left" else inside[0])
            ends.append(
                (level, marks.middle[1] + scene.between(-18, 18), wall - outward * INNER_MM)
            )
    if not ends:
        return []
    wires = []
    # From where the lung follows the inner map on, they are drawn in the person, so that they
    # stay straight.
    for end in scene.body.from_ct(np.array(ends)):
        long, tilt = scene.between(8, 14), scene.between(-1.2, 1.2)
        start = end + np.array([tilt, 0.0, -outward * (long - INNER_MM)])
        wall = end + np.array([0.0, 0.0, outward * (INNER_MM - 1)])
        line = np.linspace(start, wall, 8)
        dense = SEPTUM * scene.between(0.5, 0.9)
        wires.append(Wire(line, LINE_MM, dense, of_person=True))
    return wires


def kerley_a(scene: Scene, side: str, count: int) -> list[Wire]:
    """Longer lines from the hilum up and outward."""
    z, y, x = scene.anatomy.marks.hilum[side]
    outward = 1.0 if side == "left" else -1.0
    wires = []
    for _ in range(count):
        angle = scene.between(0.35, 1.1)
        near, long = scene.between(16, 28), scene.between(28, 42)
        bow = scene.between(-3, 3)
        line = [
            (
                z - np.sin(angle) * (near + long * t) + bow * t * (1 - t),
                y + scene.between(-1, 1),
                x + outward * np.cos(angle) * (near + long * t),
            )
            for t in (0.0, 0.33, 0.67, 1.0)
        ]
        wires.append(Wire(curve(line), LINE_MM, SEPTUM * scene.between(0.4, 0.65)))
    return wires


def cuffs(scene: Scene, side: str, count: int) -> list[Wire]:
    """Bronchi seen end-on beside the hilum, their walls thick: small rings."""
    z, y, x = scene.anatomy.marks.hilum[side]
    outward = 1.0 if side == "left" else -1.0
    angle = np.linspace(0, 2 * np.pi, 40)
    wires = []
    for _ in range(count):
        at = (z + scene.between(-30, 8), y, x + outward * scene.between(8, 26))
        radius = CUFF_MM * scene.between(0.85, 1.25)
        ring = np.stack(
            [at[0] + radius * np.sin(angle), np.full(40, at[1]), at[2] + radius * np.cos(angle)], 1
        )
        wires.append(Wire(ring, 0.9, 2.4))
    return wires


def fissure(scene: Scene) -> list[Wire]:
    """The minor fissure, thick with fluid: a level line from the right hilum to the side."""
    marks = scene.anatomy.marks
    z, y, x = marks.hilum["right"]
    wall = marks.sides["right"][1]
    line = [
        (z + 8 - 4 * np.sin(np.pi * t), y - 18, x - 10 + (wall + 4 - x + 10) * t)
        for t in np.linspace(0, 1, 8)
    ]
    return [Wire(curve([tuple(map(float, p)) for p in line]), 0.8, 4.5)]  # type: ignore[misc]


def interstitial_edema(scene: Scene) -> Placed:
    """Septal lines, cuffs, a thick fissure, wide upper vessels and blurred hila: ticked."""
    parts = []
    for side in organs.SIDES:
        z, y, x = scene.anatomy.marks.hilum[side]
        window = around(scene, (z, y, x), 100)
        down, back, left = axes_of(window, (z, y, x))
        lung = lung_share(scene, window, organs.LUNG[side])
        near = np.exp(-((down / 62) ** 2 + (back / 60) ** 2 + (left / 44) ** 2))
        upper = sigmoid((8 - down) / 14)
        vessels = np.clip((density(scene, window) - 0.25) * 2.5, 0, 1)
        wide = ndimage.gaussian_filter(vessels, 1.8) * (0.55 + 1.1 * upper)
        haze = near * (0.10 + 0.10 * sigmoid((noise(scene.rng, lung.shape, 7)) / 0.5))
        added = part_of(window, np.clip(haze + wide, 0, None) * lung, near * lung).added
        wires = (
            *kerley_b(scene, side, 9),
            *kerley_a(scene, side, 5),
            *cuffs(scene, side, 3),
            *(fissure(scene) if side == "right" else ()),
        )
        parts.append(Part(added, wires=wires))
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


def lymphangitic(scene: Scene, side: str = "") -> Placed:
    """Septal lines and coarse reticulation of one lung, its hilum full."""
    side = side or scene.side()
    part = reticulation(scene, side, 0.75)
    wires = (*kerley_b(scene, side, 12), *kerley_a(scene, side, 8))
    return Placed(
        "interstitial_pattern",
        "lungs",
        f"Reticular pattern of the {side} lung with septal lines, on one side only: suspicious for "
        "lymphangitic spread of carcinoma.",
        (replace(part, wires=wires),),
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
