"""What lies between lung and chest wall: effusion, pneumothorax, thickening."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import organs
from ml.simulate.findings.common import (
    WALL_MM,
    Part,
    Placed,
    Scene,
    Volume,
    axes_of,
    density,
    lateral_of,
    levels,
    noise,
    part_of,
    sigmoid,
    to_the_wall,
    window_of,
    zoomed,
)
from ml.simulate.projector import Block

WALL_STEPS = 3
"""How far past the CT's lung fluid goes on where the ribs leave room, voxels of 2 mm."""
UNDER_DOME_MM = 20.0
"""How far under the higher dome it still does."""
FLUID = {"small": 0.95, "moderate": 0.85, "large": 0.78}
"""Density it is drawn with, water 1: a large one pushes the chest wall out less than it should."""


def effusion(scene: Scene, side: str = "", amount: str = "") -> Placed:
    """Free fluid with a meniscus that rises along the chest wall; the lung above is pressed."""
    side = side or scene.side()
    amount = amount or scene.pick("small", "small", "moderate", "moderate", "large")
    part = _fluid(scene, side, amount)
    sentence = {
        "small": scene.pick(
            f"Small {side} pleural effusion with blunting of the costophrenic angle.",
            f"Blunted {side} costophrenic angle, consistent with a small pleural effusion.",
        ),
        "moderate": scene.pick(
            f"Moderate {side} pleural effusion with a meniscus along the lateral chest wall.",
            f"There is a moderate {side} pleural effusion.",
        ),
        "large": scene.pick(
            f"Large {side} pleural effusion obscuring the hemidiaphragm and the lower lung.",
            f"Large {side}-sided pleural effusion with opacification of the lower hemithorax.",
        ),
    }[amount]
    return Placed(
        "pleural_effusion",
        "pleura",
        sentence,
        (part,),
        side,
        f"{side} pleural space",
        severity={"small": "mild", "large": "severe"}.get(amount, amount),
        impression=f"{amount.capitalize()} {side} pleural effusion.",
    )


def effusions(scene: Scene) -> Placed:
    """Small effusions on both sides."""
    parts = tuple(_fluid(scene, side, "small") for side in organs.SIDES)
    sentence = scene.pick(
        "Small bilateral pleural effusions.",
        "Blunting of both costophrenic angles by small pleural effusions.",
    )
    return Placed(
        "pleural_effusion",
        "pleura",
        sentence,
        parts,
        "bilateral",
        "both pleural spaces",
        severity="mild",
        impression="Small bilateral pleural effusions.",
    )


def _fluid(scene: Scene, side: str, amount: str) -> Part:
    marks = scene.anatomy.marks
    space = scene.anatomy.space(side)
    half = _half_window(space, margin=5)
    wall = scene.anatomy.wall_distance(side)[half]
    share, here = _up_to_the_ribs(scene, side, wall, half)
    down = _half_down(half)
    recess = marks.heights[side][1] - marks.dome
    level = {
        "small": marks.dome + recess * scene.between(0.72, 0.84),
        "moderate": marks.dome + recess * scene.between(0.2, 0.36),
        "large": marks.dome - scene.between(35, 65),
    }[amount]
    rise, width = {"small": (58.0, 15.0), "moderate": (66.0, 22.0), "large": (74.0, 28.0)}[amount]
    # The meniscus stands highest at the side, where the beam runs along it, and behind.
    surface = level - rise * np.exp(-_from_side(space, half, side) / width)
    surface = surface - 0.35 * rise * np.exp(-np.minimum(wall, 120) / 12.0)
    surface = surface + noise(scene.rng, share.shape, 14) * 2.0
    # A small one thins out behind, so that no level line shows through the liver.
    fluid = sigmoid((down - surface) / (9.0 if amount == "small" else 3.5)) * share
    pressed = np.exp(-np.clip(surface - down, 0, None) / 20) * (1 - fluid) * share
    lift = {"small": 0.05, "moderate": 0.13, "large": 0.2}[amount]
    added = np.clip(FLUID[amount] - here, 0, None) * fluid + pressed * lift
    return half_part(half, added, fluid)


def _up_to_the_ribs(
    scene: Scene, side: str, wall: Volume, half: tuple[slice, ...]
) -> tuple[Volume, Volume]:
    """How far (0 to 1) each voxel of 2 mm lies in one half of the chest, and its density.

    As the projector has it: up to the ribs, with lung where a voxel of the CT holds some wall, so
    that no slit of air is left beside the fluid.
    """
    cut = scene.anatomy.space(side)[half]
    belly = scene.anatomy.base.mask(organs.ABDOMEN, every=2)[half]
    belly = belly[tuple(slice(0, n) for n in cut.shape)]
    # Level by level, and not under the dome, where there are only its muscle and fat.
    level = ndimage.generate_binary_structure(2, 1)[None]
    outer = ndimage.binary_dilation(cut & (wall <= WALL_MM), level, WALL_STEPS)
    outer &= ~ndimage.binary_dilation(belly, iterations=WALL_STEPS + 1)
    more = outer * sigmoid((scene.anatomy.marks.dome + UNDER_DOME_MM - _half_down(half)) / 6)
    grown = ndimage.gaussian_filter(np.maximum(cut, more).astype(np.float32), 0.8)
    places = [2.0 * np.arange(part.start, part.stop) + 1 for part in half]
    share = scene.anatomy.cage.share_on(*places) * np.clip(grown * 1.6 - 0.3, 0, 1)
    here = pooled(scene, half)
    deep = cut & (wall > WALL_MM)
    if not deep.any():
        return share, here
    near = ndimage.distance_transform_edt(~deep, return_distances=False, return_indices=True)
    at_wall = ndimage.gaussian_filter(here, 1.0)[tuple(near)]
    return share, here - more * ~deep * np.clip(here - at_wall, 0, None)


def _from_side(space: np.ndarray, half: tuple[slice, ...], side: str) -> Volume:
    """How far each voxel of 2 mm lies from the most lateral lung of its level, mm."""
    flat: NDArray[np.bool_] = np.asarray(space[half].any(axis=1))
    columns = np.arange(flat.shape[1])
    ends = [np.flatnonzero(level) for level in flat]
    far = [(e[-1] if side == "left" else e[0]) if len(e) else np.nan for e in ends]
    known = np.flatnonzero(~np.isnan(far))
    edge = np.interp(np.arange(len(far)), known, np.array(far)[known])
    edge = ndimage.gaussian_filter1d(edge, 4)
    away = np.abs(columns[None, :] - edge[:, None]) * 2.0
    return away[:, None, :].astype(np.float32)


def pneumothorax(scene: Scene, side: str = "", amount: str = "") -> Placed:
    """Air over apex and side, tapering to nothing, with the visceral pleura as a thin line."""
    side = side or scene.side()
    amount = amount or scene.pick("small", "moderate", "moderate")
    marks = scene.anatomy.marks
    top, _ = marks.heights[side]
    window = window_of(scene, scene.anatomy.space(side), 2)
    reach = {"small": 105, "moderate": 175}[amount]
    window = (slice(window[0].start, int(top + reach + 12)), *window[1:])
    space = zoomed(scene.anatomy.space(side), window)
    wall = ndimage.gaussian_filter(
        zoomed(np.minimum(scene.anatomy.wall_distance(side), 60), window), 1.6
    )
    inside = np.clip(space * 2 - 0.5, 0, 1)
    down, back, _ = axes_of(window)
    height = (down - top) / reach
    depth = {"small": scene.between(13, 18), "moderate": scene.between(22, 30)}[amount]
    # A standing person's air gathers at the top and, less, along the side, not behind.
    gap = depth * np.clip(1 - np.clip(height, 0, 1) ** 1.4, 0, 1)
    front = sigmoid((marks.middle[1] + 78 - back) / 10)
    gap = gap * (0.25 + 0.75 * front) + noise(scene.rng, wall.shape, 16) * 0.5
    apart = gap - wall
    air = sigmoid(apart / 0.6) * inside * (gap > 1.5)
    line = np.exp(-((apart / 0.75) ** 2)) * inside * np.clip((gap - 1.5) / 3, 0, 1)
    here = density(scene, window)
    added = -here * air + 0.85 * line
    lung = inside * (1 - air)
    added = added + {"small": 0.015, "moderate": 0.04}[amount] * lung * np.clip(1.2 - height, 0, 1)
    part = part_of(window, added, air * (gap > 3))
    sentence = {
        "small": scene.pick(
            f"Small {side} apical pneumothorax with a visible pleural line.",
            f"A fine pleural line is seen at the {side} apex without lung markings beyond it:"
            " small pneumothorax.",
        ),
        "moderate": scene.pick(
            f"Moderate {side} pneumothorax, the pleural line well seen along the "
            "lateral chest wall.",
            f"{side.capitalize()}-sided pneumothorax of moderate size without mediastinal shift.",
        ),
    }[amount]
    return Placed(
        "pneumothorax",
        "pleura",
        sentence,
        (part,),
        side,
        f"{side} apex",
        round(depth),
        {"small": "mild"}.get(amount, amount),
        impression=f"{amount.capitalize()} {side} pneumothorax. The referring team was informed.",
    )


def thickening(scene: Scene, side: str = "") -> Placed:
    """A layer of soft tissue on the lateral chest wall."""
    side = side or scene.side()
    marks = scene.anatomy.marks
    top, _ = marks.heights[side]
    window = window_of(scene, scene.anatomy.space(side), 2, margin=8)
    middle = scene.between(top + 60, marks.dome - 10)
    half = scene.between(38, 58)
    window = (levels(scene, middle - half - 12, middle + half + 12), *window[1:])
    inside, wall, here = to_the_wall(scene, side, window)
    down, back, _ = axes_of(window)
    along = np.clip(1 - (np.abs(down - middle) / half) ** 3, 0, 1)
    lateral = np.exp(-(((back - marks.middle[1] + 5) / 52) ** 4))
    thick = scene.between(6, 9) * along * lateral * (1 + 0.07 * noise(scene.rng, wall.shape, 9))
    share = sigmoid((thick - wall) / 0.9) * inside * np.clip((thick - 1.2) / 2, 0, 1)
    share = share * lateral_of(scene, side, window)
    added = np.clip(0.75 - here, 0, None) * share
    part = part_of(window, added, share)
    return Placed(
        "pleural_thickening",
        "pleura",
        scene.pick(
            f"Pleural thickening along the {side} lateral chest wall.",
            f"Smooth pleural thickening of the {side} lateral hemithorax.",
        ),
        (part,),
        side,
        f"{side} lateral chest wall",
        impression=f"{side.capitalize()} pleural thickening.",
    )


def _half_window(space: np.ndarray, margin: int = 2) -> tuple[slice, ...]:
    found = np.argwhere(space)
    low, high = found.min(0) - margin, found.max(0) + margin + 1
    return tuple(
        slice(max(0, int(a)), min(n, int(b)))
        for a, b, n in zip(low, high, space.shape, strict=True)
    )


def _half_down(half: tuple[slice, ...]) -> Volume:
    down = np.arange(half[0].start, half[0].stop, dtype=np.float32) * 2 + 1
    return down[:, None, None]


def pooled(scene: Scene, half: tuple[slice, ...]) -> Volume:
    """Density of each voxel of 2 mm: the mean of its eight."""
    window = tuple(slice(part.start * 2, part.stop * 2) for part in half)
    full = density(scene, window)
    even = [n // 2 * 2 for n in full.shape]
    full = full[: even[0], : even[1], : even[2]]
    shape = [n for size in even for n in (size // 2, 2)]
    pooled = full.reshape(shape).mean(axis=(1, 3, 5))
    lack = [p.stop - p.start - n for p, n in zip(half, pooled.shape, strict=True)]
    return np.pad(pooled, [(0, n) for n in lack], mode="edge")


def half_part(half: tuple[slice, ...], added: Volume, share: Volume) -> Part:
    corner = tuple(float(part.start * 2) for part in half)
    return Part(
        Block(corner, added.astype(np.float32), 2.0),  # type: ignore[arg-type]
        Block(corner, share.astype(np.float32), 2.0),  # type: ignore[arg-type]
    )
