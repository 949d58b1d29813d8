"""Air and fluid in the pleural space that do not lie freely: tension, levels, empyema."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from ml.simulate.findings.common import (
    Part,
    Placed,
    Scene,
    axes_of,
    density,
    noise,
    part_of,
    sigmoid,
    window_of,
    zoomed,
)
from ml.simulate.patients import Body, Bump

WALL_MM = 7.0
LUNG = 0.11
"""Density of lung full of air."""


def tension_bend(body: Body, rng: np.random.Generator, side: str) -> Body:
    """Mediastinum pushed to the other side, the diaphragm down."""
    away = -1.0 if side == "left" else 1.0
    z, y, x = body.marks.heart
    carina = body.marks.carina
    amount = float(rng.uniform(19, 25)) * away
    left, right = body.raised
    raised = (left - 10, right) if side == "left" else (left, right - 10)
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
    space = scene.anatomy.space(side)
    window = window_of(scene, space, 2)
    inside = np.clip(zoomed(space, window) * 2 - 0.5, 0, 1)
    wall = ndimage.gaussian_filter(
        zoomed(np.minimum(scene.anatomy.wall_distance(side), 90), window), 1.6
    )
    down, back, left = axes_of(window)
    z, y, x = marks.hilum[side]
    outward = 1.0 if side == "left" else -1.0
    if level is None:
        # What is left of the lung: a lump at the hilum, drawn out downward.
        lump = np.sqrt(
            ((down - z - 12) / 62) ** 2
            + ((back - y - 6) / 62) ** 2
            + ((left - (x - outward * 8)) / 40) ** 2
        )
        lump = lump + 0.03 * noise(scene.rng, inside.shape, 12)
        lung = sigmoid((1 - lump) / 0.012) * inside
        line = 0.25 * np.exp(-(((lump - 1) / 0.012) ** 2)) * inside
        fluid, squeezed = np.zeros_like(lung), 0.34
    else:
        gap = scene.between(20, 30) * np.clip(1.25 - (down - marks.apex) / 330, 0.4, 1)
        gap = gap + noise(scene.rng, inside.shape, 16) * 0.5
        fluid, squeezed = sigmoid((down - level) / 0.5) * inside, 0.06
        lung = sigmoid((wall - gap) / 0.7) * inside * (1 - fluid)
        line = 0.85 * np.exp(-(((wall - gap) / 0.8) ** 2)) * inside * (1 - fluid)
    free = inside * (1 - lung) * (1 - fluid)
    here = density(scene, window)
    # At the wall a voxel holds some of it, which does not go with the air.
    here = np.where(wall < WALL_MM, np.minimum(here, LUNG), here)
    # A person may have more room there than the CT: what is next to the wall is drawn out into it.
    beyond = np.clip(zoomed(ndimage.binary_dilation(space, iterations=3), window) - inside, 0, 1)
    free = free + beyond * (1 - fluid)
    here = np.where(beyond > 0.1, np.minimum(here, LUNG), here)
    added = -here * free + np.clip(0.98 - here, 0, None) * fluid + squeezed * lung + line
    return part_of(window, added, (free + fluid) * inside)


def empyema(scene: Scene, side: str = "") -> Placed:
    """A lens of pus on the lateral wall, that does not run down."""
    side = side or scene.side()
    marks = scene.anatomy.marks
    window = window_of(scene, scene.anatomy.space(side), 2)
    middle = marks.dome - scene.between(12, 44)
    half = scene.between(44, 58)
    window = (slice(int(middle - half - 12), int(middle + half + 12)), *window[1:])
    wall = ndimage.gaussian_filter(
        zoomed(np.minimum(scene.anatomy.wall_distance(side), 90), window), 1.4
    )
    inside = np.clip(zoomed(scene.anatomy.space(side), window) * 2 - 0.5, 0, 1)
    down, back, _ = axes_of(window)
    lens = np.clip(1 - ((down - middle) / half) ** 2, 0, 1) * np.clip(
        1 - ((back - marks.middle[1] - 12) / 72) ** 2, 0, 1
    )
    thick = scene.between(34, 44) * lens**0.8 * (1 + 0.03 * noise(scene.rng, wall.shape, 12))
    share = sigmoid((thick - wall) / 0.9) * inside * (thick > 1.5)
    added = np.clip(0.98 - density(scene, window), 0, None) * share
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
