"""Collapse of each lobe: what it leaves of the lobe, and what moves into its place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ml.simulate import organs
from ml.simulate.findings.common import (
    Placed,
    Scene,
    Volume,
    axes_of,
    density,
    lung_share,
    noise,
    part_of,
    sigmoid,
    window_of,
)
from ml.simulate.patients import Body, Bump

AIRLESS = 0.98
"""Density of collapsed lung, water 1."""
VEIL = 0.5
"""Density of a left upper lobe where it lies flat in front: the lung behind shines through."""
WORDS = {
    "right upper": (
        "Collapse of the right upper lobe: a dense wedge beside the upper mediastinum with a raised"
        " minor fissure as its concave lower border; the right hilum is raised."
    ),
    "right middle": (
        "Collapse of the right middle lobe: a triangular opacity that blurs the right heart border."
    ),
    "right lower": (
        "Collapse of the right lower lobe: a triangular opacity at the right base beside the spine;"
        " the right hilum is low and the medial right hemidiaphragm is lost."
    ),
    "left upper": (
        "Collapse of the left upper lobe: a veil-like opacity of the left upper and mid zones that "
        "blurs the left heart border, with an elevated left hemidiaphragm."
    ),
    "left lower": (
        "Collapse of the left lower lobe: a triangular opacity behind the heart; the medial left "
        "hemidiaphragm is lost and the left hilum is low."
    ),
}


def bend(body: Body, rng: np.random.Generator, lobe: str) -> Body:
    """Mediastinum and diaphragm drawn toward the lobe that is lost, the hilum up or down."""
    side, part = lobe.split()
    toward = 1.0 if side == "left" else -1.0
    marks = body.marks
    amount = float(rng.uniform(0.8, 1.1))
    up = {"upper": -1.0, "middle": 0.0, "lower": 1.0}[part]
    z, y, x = marks.heart
    if lobe == "right lower":
        return _lower_right(body, amount)
    bumps = [Bump(marks.hilum[side], (45, 60, 40), (13 * up * amount, 0, 0))]
    if part == "upper":
        carina = marks.carina
        bumps.append(Bump((carina[0] - 45, *carina[1:]), (60, 60, 55), (0, 0, 9 * toward * amount)))
    if part == "lower":
        bumps.append(Bump((z, y, x), (75, 80, 75), (0, 0, 9 * toward * amount)))
    left, right = body.raised
    # Ribs are counted above the right dome: a full breath must still show there.
    most = 14.0 if side == "left" else 6.0
    raised = amount * (2.0 if part == "middle" else most)
    raised_both = (left + raised, right) if side == "left" else (left, right + raised)
    return replace(body.with_bumps(*bumps), raised=raised_both)


def _lower_right(body: Body, amount: float) -> Body:
    """All drawn toward the spine at the base: heart, dome and the vessels of what lung is left."""
    marks = body.marks
    y = marks.hilum["right"][1]
    left, right = body.raised
    base = (marks.dome - 6, y + 30, marks.middle[2] - 34)
    bumps = (
        Bump(marks.hilum["right"], (48, 60, 38), (13 * amount, 0, 6 * amount)),
        Bump(marks.heart, (75, 80, 75), (0, 0, -9 * amount)),
        Bump(base, (90, 200, 75), swell=-0.32 * amount, axes=(0.1, 0, 1)),
    )
    return replace(body.with_bumps(*bumps), raised=(left, right + 5 * amount))


def collapse(scene: Scene, lobe: str) -> Placed:
    """An airless lobe, at its place and of its shape on the frontal view."""
    side = lobe.split()[0]
    window = window_of(scene, scene.anatomy.space(side), 2)
    lung = lung_share(scene, window, organs.LUNG[side])
    share = _shape(scene, window, lobe) * lung
    here = density(scene, window)
    target = AIRLESS if lobe != "left upper" else VEIL
    if lobe == "left upper":
        added = target * share * (1 + 0.12 * noise(scene.rng, lung.shape, 12))
    else:
        added = np.clip(target - here, 0, None) * share
    part = part_of(window, np.clip(added, 0, None), share)
    return Placed(
        "atelectasis",
        "lungs",
        WORDS[lobe],
        (part,),
        side,
        f"{lobe} lobe",
        severity="severe",
        significance="actionable",
        impression=(
            f"{lobe.capitalize()} lobe collapse; an obstructing lesion has to be excluded. "
            "CT is recommended."
        ),
    )


def _shape(scene: Scene, window: tuple[slice, ...], lobe: str) -> Volume:
    """How far each voxel of the window belongs to what is left of the lobe."""
    side = lobe.split()[0]
    marks = scene.anatomy.marks
    outward = 1.0 if side == "left" else -1.0
    z, y, x = marks.hilum[side]
    down, back, left = axes_of(window)
    across = outward * (left - marks.middle[2])  # from the spine outward
    hilum = outward * (x - marks.middle[2])
    rough = noise(
        scene.rng, np.broadcast_shapes(down.shape, back.shape, left.shape), 14
    ) * np.float32(1.2)
    top, _ = marks.heights[side]
    wide = abs(marks.sides[side][1] - marks.middle[2])
    if lobe == "right upper":
        # The minor fissure swings up from the hilum to the lateral apex, concave below.
        t = np.clip((across - 14) / (0.86 * wide - 14), 0, 1)
        edge = (z - 12) - (z - 12 - (top + 22)) * t**0.75
        return sigmoid((edge - down + rough) / 1.4) * sigmoid((0.88 * wide - across) / 5)
    if lobe == "left upper":
        # It lies against the front wall, densest at the hilum, fading up and out.
        front = sigmoid((marks.middle[1] - 12 - back) / 6)
        fall = np.exp(-(((down - (z - 2)) / 74) ** 4)) * np.exp(-((across / (0.62 * wide)) ** 3))
        core = (
            ((down - z - 2) / 40) ** 2 + ((back - y + 12) / 40) ** 2 + ((across - hilum) / 26) ** 2
        )
        dense = sigmoid((1 - np.sqrt(core) + 0.05 * rough) / 0.22)
        return np.maximum(front * fall, 1.4 * dense)
    if lobe == "right middle":
        # Between the minor and the major fissure, both drawn together, out to the side.
        t = np.clip((across - 18) / 66, 0, 1)
        middle = z + 8 + 0.22 * across
        thick = 19 * (1 - t) + 0.5
        front = sigmoid((marks.middle[1] + 6 - back) / 5)
        return sigmoid((thick - np.abs(down - middle + rough)) / 1.6) * front * (t < 1)
    if lobe == "right lower":
        return _lower_right_shape(scene, window, 0.7 * rough)
    # A lower lobe falls behind the heart, against spine and diaphragm.
    low = marks.dome + 30
    t = np.clip((down - (z - 6)) / (low - z + 6), 0, 1.25)
    edge = 16 + (hilum - 6) * 0.35 + 0.33 * wide * t**1.1
    behind = sigmoid((back - (marks.middle[1] + 10)) / 5)
    above = sigmoid((low - down) / 6)
    return sigmoid((edge - across + rough) / 1.3) * sigmoid((down - z + 4) / 4) * behind * above


def _lower_right_shape(scene: Scene, window: tuple[slice, ...], rough: Volume) -> Volume:
    """A triangle on the picture: from the hilum down along the major fissure, past the dome."""
    marks = scene.anatomy.marks
    down, back, left = axes_of(window)
    wide = abs(marks.sides["right"][1] - marks.middle[2])
    start = marks.hilum["right"][0] - 24
    t = np.clip((down - start) / (marks.dome - start), 0, 1.4)
    edge = 24 + (0.37 * wide - 6) * t - 5 * np.sin(np.pi * np.clip(t, 0, 1))
    # The fissure runs forward as it goes down.
    forward = marks.middle[1] + 16 - 92 * np.clip(t, 0, 1) ** 1.5
    behind = sigmoid((back - forward) / 3)
    ends = sigmoid((down - start - 3) / 3) * sigmoid((marks.dome + 44 - down) / 9)
    return sigmoid(edge - (marks.middle[2] - left) + rough) * behind * ends
