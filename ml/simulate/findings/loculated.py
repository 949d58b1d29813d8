"""Air and fluid in the pleural space that do not lie freely: tension, levels, empyema."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ml.simulate.findings.common import (
    Part,
    Placed,
    Scene,
    Volume,
    axes_of,
    lateral_of,
    levels,
    noise,
    part_of,
    sigmoid,
    to_the_wall,
    window_of,
)
from ml.simulate.patients import Body, Bump, solved
from ml.simulate.projector import Block

LEVEL_STEP = 10
"""A level's place is asked for so often, mm: between, the person is smooth."""


def tension_bend(body: Body, rng: np.random.Generator, side: str) -> Body:
    """Mediastinum pushed to the other side, the diaphragm down."""
    away = -1.0 if side == "left" else 1.0
    z, y, x = body.marks.heart
    carina = body.marks.carina
    amount = float(rng.uniform(29, 36)) * away
    left, right = body.raised
    raised = (left - 20, right) if side == "left" else (left, right - 20)
    bumps = (
        Bump((z, y, x), (80, 90, 85), (0, 0, amount)),
        Bump((carina[0] - 35, *carina[1:]), (60, 60, 60), (0, 0, 0.7 * amount)),
    )
    return replace(body.with_bumps(*bumps), raised=raised)


def tension(scene: Scene, side: str) -> Placed:
    """The lung collapsed to a lump at its hilum, nothing but air around it."""
    part = _air(scene, side, level=None)
    return Placed(
        "pneumothorax",
        "pleura",
        f"Large {side} pneumothorax under tension: the lung has collapsed to the hilum and the "
        f"{side} hemidiaphragm is depressed.",
        (part,),
        side,
        f"{side} pleural space",
        severity="severe",
        significance="urgent",
        impression=(
            f"Tension pneumothorax on the {side}: immediate decompression. The referring team was "
            "informed."
        ),
    )


def shift(scene: Scene, side: str) -> Placed:
    """What the tension does; `side` is the one toward which the mediastinum went."""
    return Placed(
        "mediastinal_shift",
        "mediastinum",
        f"Heart and trachea are shifted to the {side}.",
        side=side,
        location="mediastinum",
        severity="severe",
        significance="urgent",
    )


def hydropneumothorax(scene: Scene, side: str = "") -> Placed:
    """Air over fluid in one pleural space: a level from wall to wall, without meniscus."""
    side = side or scene.side()
    marks = scene.anatomy.marks
    level = marks.dome - scene.between(14, 36)
    part = _air(scene, side, level=level)
    return Placed(
        "hydropneumothorax",
        "pleura",
        scene.pick(
            f"{side.capitalize()} hydropneumothorax with a straight air-fluid level across the "
            "hemithorax.",
            f"Air and fluid in the {side} pleural space with a horizontal level.",
        ),
        (part,),
        side,
        f"{side} pleural space",
        severity="moderate",
        significance="urgent",
        impression=(f"{side.capitalize()} hydropneumothorax. The referring team was informed."),
    )


def _air(scene: Scene, side: str, level: float | None) -> Part:
    """Air around a collapsed lung; below `level`, where one is given, fluid."""
    marks = scene.anatomy.marks
    window = window_of(scene, scene.anatomy.space(side), 2, margin=8)
    inside, wall, here = to_the_wall(scene, side, window)
    down, back, left = axes_of(window)
    z, y, x = marks.hilum[side]
    outward = 1.0 if side == "left" else -1.0
    if level is None:
        lung, line = (np.zeros_like(inside) for _ in range(2))
        near = tuple(
            slice(max(0, int(c - r) - part.start), max(0, int(c + r) - part.start))
            for c, r, part in zip(
                (z + 6, y + 4, x - outward * 12), (66, 70, 44), window, strict=True
            )
        )
        lump = _lump(scene, side, down[near[0]], back[:, near[1]], left[:, :, near[2]])
        lung[near] = sigmoid((1 - lump) / 0.012) * inside[near]
        line[near] = 0.25 * np.exp(-(((lump - 1) / 0.012) ** 2)) * inside[near]
        fluid, squeezed = np.zeros_like(lung), 0.34
    else:
        gap = scene.between(20, 30) * np.clip(1.25 - (down - marks.apex) / 330, 0.4, 1)
        gap = gap + noise(scene.rng, inside.shape, 16) * 0.5
        below = _below(scene, side, window, level)
        fluid, squeezed = sigmoid(below / 0.5) * inside, 0.06
        lung = sigmoid((wall - gap) / 0.7) * inside * (1 - fluid)
        line = 0.85 * np.exp(-(((wall - gap) / 0.8) ** 2)) * inside * (1 - fluid)
    free = inside * (1 - lung) * (1 - fluid)
    added = -here * free + np.clip(0.98 - here, 0, None) * fluid + squeezed * lung + line
    share = ((free + fluid) * inside)[::2, ::2, ::2].astype(np.float32)
    top, front, right = (float(part.start) for part in window)
    corner = (top, front, right)
    return Part(Block(corner, added.astype(np.float32)), Block(corner, share, 2.0))


def _below(scene: Scene, side: str, window: tuple[slice, ...], level: float) -> Volume:
    """How far each voxel lies below a level that the person has horizontal, however bent, mm.

    At the hilum's column the level is at that height of the CT.
    """
    lines = [np.arange(part.start, part.stop + LEVEL_STEP, LEVEL_STEP) for part in window]
    mesh = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).astype(np.float64)
    _, back, left = scene.anatomy.marks.hilum[side]
    points = np.vstack([mesh.reshape(-1, 3), (level, back, left)])
    stands = solved(scene.body.inner, points)[:, 0]
    coarse = (stands[:-1] - stands[-1]).reshape(mesh.shape[:3])
    at = [(np.arange(part.stop - part.start) + 0.5) / LEVEL_STEP for part in window]
    for axis, places in enumerate(at):
        low = places.astype(int)
        share = np.expand_dims(places - low, [n for n in range(3) if n != axis])
        coarse = coarse.take(low, axis) * (1 - share) + coarse.take(low + 1, axis) * share
    return coarse.astype(np.float32)


def _lump(scene: Scene, side: str, down: Volume, back: Volume, left: Volume) -> Volume:
    """What is left of the lung, drawn out downward at its hilum: 1 at its border, less within."""
    z, y, x = scene.anatomy.marks.hilum[side]
    outward = 1.0 if side == "left" else -1.0
    low = np.where(down > z + 6, 50.0, 46.0).astype(np.float32)
    lump = np.sqrt(
        ((down - z - 6) / low) ** 2
        + ((back - y - 4) / 54) ** 2
        + ((left - (x - outward * 12)) / 33) ** 2
    )
    return lump + 0.03 * noise(scene.rng, lump.shape, 12)


def empyema(scene: Scene, side: str = "") -> Placed:
    """A lens of pus on the lateral wall, that does not run down."""
    side = side or scene.side()
    marks = scene.anatomy.marks
    window = window_of(scene, scene.anatomy.space(side), 2, margin=8)
    middle = marks.dome - scene.between(12, 44)
    half = scene.between(44, 58)
    window = (levels(scene, middle - half - 12, middle + half + 12), *window[1:])
    inside, wall, here = to_the_wall(scene, side, window)
    down, back, _ = axes_of(window)
    lens = np.clip(1 - ((down - middle) / half) ** 2, 0, 1) * np.clip(
        1 - ((back - marks.middle[1] - 12) / 72) ** 2, 0, 1
    )
    thick = scene.between(34, 44) * lens**0.8 * (1 + 0.03 * noise(scene.rng, wall.shape, 12))
    share = sigmoid((thick - wall) / 0.9) * inside * np.clip((thick - 1.5) / 4, 0, 1)
    share = share * lateral_of(scene, side, window)
    added = np.clip(0.98 - here, 0, None) * share
    return Placed(
        "pleural_effusion",
        "pleura",
        f"Loculated {side} pleural collection, lens-shaped on the lateral chest wall with obtuse "
        "angles to it: empyema has to be considered.",
        (part_of(window, added, share),),
        side,
        f"{side} lateral pleural space",
        severity="moderate",
        significance="actionable",
        impression=f"Loculated {side} pleural collection, empyema until shown otherwise.",
    )
