"""Ways through the body and shapes on it, for things that people carry."""

from __future__ import annotations

import numpy as np

from ml.simulate.anatomy import Point
from ml.simulate.drawing import Path3
from ml.simulate.findings.common import Scene

STEEL, PLASTIC, STRIPE, LEAD = 26.0, 0.9, 6.0, 16.0
"""Attenuation beside water: surgical wire, tube walls, their radiopaque lines, pacing leads."""


def middle_line(scene: Scene, organ: int, bottom: float) -> Path3:
    """The organ's middle every few mm from its top down to `bottom`."""
    labels = scene.anatomy.base.labels
    line = []
    for level in range(32, min(int(bottom) + 1, labels.shape[0]), 6):
        found = np.argwhere(labels[level] == organ)
        if len(found) > 6:
            y, x = found.mean(0)
            line.append((float(level), float(y), float(x)))
    if not line:
        z, y, x = scene.anatomy.marks.carina
        line = [(z - 60, y, x), (z, y, x)]
    smooth = np.array(line)
    if len(smooth) > 4:
        inner = (smooth[:-2] + smooth[1:-1] * 2 + smooth[2:]) / 4
        smooth[1:-1, 1:] = inner[:, 1:]
    return smooth


def ended(scene: Scene, path: Path3, above_mm: float, *, of_person: bool = False) -> Path3:
    """The way cut off `above_mm` higher than the carina in the person; below 0, lower.

    `of_person` where the way is the person's already.
    """
    levels = scene.body.from_ct(np.vstack([path, scene.anatomy.marks.carina]))[:, 0]
    if of_person:
        levels[:-1] = path[:, 0]
    wanted = levels[-1] - above_mm
    levels = np.maximum.accumulate(levels[:-1] + 1e-6 * np.arange(len(path)))
    tip = [np.interp(wanted, levels, path[:, axis]) for axis in range(3)]
    return np.vstack([path[levels < wanted - 2], tip])


def falling(path: list[tuple[float, ...]]) -> list[tuple[float, float, float]]:
    """The points that lie lower than all before, so that a line does not turn back."""
    kept: list[tuple[float, float, float]] = []
    for point in path:
        if not kept or point[0] > kept[-1][0] + 3:
            kept.append(tuple(point))  # type: ignore[arg-type]
    return kept


def ring_facing_front(center: Point, tall: float, wide: float, power: float = 2.0) -> Path3:
    """A superellipse facing the front."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    z = np.sign(s) * np.abs(s) ** (2 / power) * tall
    x = np.sign(c) * np.abs(c) ** (2 / power) * wide
    return np.stack([center[0] + z, np.full_like(z, center[1]), center[2] + x], axis=1)


def skin_at(scene: Scene, height: float, across: float) -> float:
    """How far back the skin lies there, mm."""
    column = scene.hu[int(height), :, int(np.clip(across, 0, scene.hu.shape[2] - 1))]
    return float(np.argmax(column > -300))
