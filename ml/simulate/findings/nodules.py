"""Round things in the lung: nodules, masses, calcified granulomas, bullae."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ml.simulate.anatomy import Point
from ml.simulate.findings.common import (
    BONE,
    Part,
    Placed,
    Scene,
    Volume,
    around,
    axes_of,
    density,
    noise,
    part_of,
    sigmoid,
)

EDGE_MM = 1.1
"""How softly a nodule ends."""


def nodule(scene: Scene, side: str = "", diameter: float = 0.0) -> Placed:
    """A solid nodule, round, lobulated or spiculated; no size given: 11 to 26 mm."""
    side = side or scene.side()
    diameter = diameter or scene.between(9, 24)
    kind = scene.pick("round", "round", "lobulated", "spiculated" if diameter > 13 else "round")
    center = lung_place(scene, side, diameter / 2 + 5, clear=True)
    part = _round(scene, center, diameter, kind)
    where = _where(scene, side, center)
    words = {"round": "well-defined", "lobulated": "lobulated", "spiculated": "spiculated"}[kind]
    sentence = scene.pick(
        f"{words.capitalize()} {{mm}} mm nodule in the {where}.",
        f"There is a {{mm}} mm {words} nodule projecting over the {where}.",
        f"A {words} nodule of {{mm}} mm is seen in the {where}.",
    )
    return _placed(
        "nodule_mass",
        scene,
        side,
        center,
        diameter,
        part,
        sentence,
        f"{{mm}} mm nodule in the {side} lung. CT is recommended.",
        lengths=(7.0, 30.0),
    )


def mass(scene: Scene, side: str = "") -> Placed:
    """The CT's own mass, taken out of its base, in another place, or a drawn one."""
    side = side or scene.side()
    template = scene.anatomy.base.template
    diameter = scene.between(22, 40)
    center = lung_place(scene, side, diameter * 0.7, clear=True)
    if template.size:
        part = _from_template(scene, center, diameter, template)
        words = "spiculated"
    else:
        part, words = _round(scene, center, 1.5 * diameter, "spiculated"), "irregular"
    where = _where(scene, side, center)
    sentence = scene.pick(
        f"There is a {{cm}} cm {words} mass in the {where}.",
        f"{words.capitalize()} mass of {{cm}} cm in the {where}.",
    )
    return _placed(
        "nodule_mass",
        scene,
        side,
        center,
        diameter,
        part,
        sentence,
        (f"{side.capitalize()} lung mass, suspicious for malignancy. CT is recommended."),
        significance="urgent",
        lengths=(32.0, 85.0),
    )


def granuloma(scene: Scene, side: str = "") -> Placed:
    side = side or scene.side()
    diameter = scene.between(5, 9)
    center = lung_place(scene, side, diameter / 2 + 6, clear=True)
    part = _round(scene, center, diameter, "calcified")
    where = _where(scene, side, center)
    sentence = scene.pick(
        f"Dense {{mm}} mm calcified granuloma in the {where}.",
        f"Small calcified nodule ({{mm}} mm) in the {where}, consistent with an old granuloma.",
    )
    return _placed(
        "calcification",
        scene,
        side,
        center,
        diameter,
        part,
        sentence,
        ("Calcified granuloma, benign."),
    )


def bulla(scene: Scene, side: str = "") -> Placed:
    """A thin-walled space without vessels, in the upper lung."""
    side = side or scene.side()
    radius = scene.between(24, 34)
    center = lung_place(scene, side, radius * 0.75, high=True)
    window = around(scene, center, radius + 6)
    away = axes_of(window, center)
    lung = _in_lung(scene, window, side)
    reach = np.sqrt(sum(a * a for a in away)) + noise(scene.rng, lung.shape, 9) * 1.4
    inside = sigmoid((radius - reach) / 0.7) * lung
    wall = np.exp(-(((reach - radius) / 1.0) ** 2)) * lung
    here = density(scene, window)
    added = -np.clip(here - 0.02, 0, None) * inside * 0.95 + wall * 0.55
    # What is left of the lung beside it is pressed together.
    beside = np.exp(-np.clip(reach - radius, 0, None) / 6) * (1 - inside) * lung
    added = added + 0.06 * beside
    part = part_of(window, added, np.maximum(inside, (wall > 0.6) * lung))
    sentence = scene.pick(
        f"Thin-walled bulla of {{cm}} cm in the {side} upper lung, without vessels.",
        f"Large avascular lucency with a thin wall in the {side} upper zone, "
        "consistent with a bulla.",
    )
    return _placed(
        "bulla",
        scene,
        side,
        center,
        2 * radius,
        part,
        sentence,
        (f"Bulla in the {side} upper lung."),
    )


def lung_place(
    scene: Scene, side: str, depth_mm: float, *, high: bool = False, clear: bool = False
) -> Point:
    """A point of that lung at least `depth_mm` from its border, where the beam meets much air.

    `high` keeps it in the upper lung, `clear` above the diaphragm's dome.
    """
    anatomy = scene.anatomy
    depth = anatomy.lung_depth(side)
    air = anatomy.air_behind()[::2, ::2]
    lucent = air > 0.62 * np.percentile(air[air > 20], 95)
    ok = (depth >= depth_mm) & lucent[:, None, :]
    top, _ = anatomy.marks.heights[side]
    if high:
        ok[int((top + 90) / 2) :] = False
    if clear:
        ok[int((anatomy.marks.dome - depth_mm) / 2) :] = False
    places = np.flatnonzero(ok)
    if len(places) == 0:
        flat = np.where(ok.any() | lucent[:, None, :], depth, 0)
        if high:
            flat[int((top + 95) / 2) :] = 0
        places = np.flatnonzero(flat >= flat.max() * 0.8)
    place = np.unravel_index(places[scene.rng.integers(len(places))], ok.shape)
    z, y, x = (float(index) * 2 + 1 for index in place)
    return (z, y, x)


def _in_lung(scene: Scene, window: tuple[slice, ...], side: str) -> Volume:
    space = scene.anatomy.space(side)
    index = np.meshgrid(
        *[
            np.minimum(np.arange(p.start, p.stop) // 2, n - 1)
            for p, n in zip(window, space.shape, strict=True)
        ],
        indexing="ij",
    )
    return ndimage.gaussian_filter(space[tuple(index)].astype(np.float32), 1.0)


def _round(scene: Scene, center: Point, diameter: float, kind: str) -> Part:
    rng = scene.rng
    window = around(scene, center, diameter * (0.95 if kind == "spiculated" else 0.6) + 5)
    away = axes_of(window, center)
    stretch = rng.uniform(0.88, 1.13, 3)
    reach = np.sqrt(sum((a / s) ** 2 for a, s in zip(away, stretch, strict=True)))
    bumps = noise(rng, reach.shape, diameter / 6)
    amount = {"round": 0.025, "lobulated": 0.075, "spiculated": 0.06, "calcified": 0.05}[kind]
    share = sigmoid((diameter / 2 - reach + bumps * amount * min(diameter, 22.0)) / (EDGE_MM / 2))
    core = share
    if kind == "spiculated":
        share = np.maximum(share, _spikes(rng, away, reach, diameter))
    if kind == "calcified":
        added = np.clip(2.3 - density(scene, window), 0, None) * share
        return part_of(window, added * BONE, core)
    added = np.clip(1.05 - density(scene, window), 0, None) * share
    # Strands are drawn, but nobody measures a nodule by them.
    return part_of(window, added, core)


def _spikes(rng: np.random.Generator, away: list[Volume], reach: Volume, diameter: float) -> Volume:
    """Thin strands that run out from the surface and fade."""
    share = np.zeros(reach.shape, np.float32)
    for _ in range(rng.integers(16, 26)):
        direction = rng.standard_normal(3)
        direction /= np.linalg.norm(direction)
        along = sum(a * d for a, d in zip(away, direction, strict=True))
        beside = np.sqrt(np.clip(reach**2 - along**2, 0, None))
        length = diameter * rng.uniform(0.6, 0.9)
        width = 1.5 * np.clip(1.15 - along / length, 0.05, 1)
        strand = np.exp(-((beside / width) ** 2)) * (along > 0) * (along < length)
        share = np.maximum(share, strand * 0.8)
    return share


def _from_template(scene: Scene, center: Point, diameter: float, template: Volume) -> Part:
    cube = template * _near_core(template)
    for axis in range(3):
        if scene.chance(0.5):
            cube = np.flip(cube, axis)
    cube = np.transpose(cube, scene.rng.permutation(3))
    # Its strands reach far: the size is that of the ball that fits inside, and a little more.
    wide = 2.2 * float(ndimage.distance_transform_edt(np.pad(cube > 500, 1)).max())
    cube = ndimage.zoom(np.pad(cube, 3), diameter / wide, order=1)
    cube = ndimage.gaussian_filter(cube, 0.8) / 1000
    start = [
        int(np.clip(c - n / 2, 0, size - n))
        for c, n, size in zip(center, cube.shape, scene.hu.shape, strict=True)
    ]
    window = tuple(slice(s, s + n) for s, n in zip(start, cube.shape, strict=True))
    share = np.clip(cube / 0.7, 0, 1)
    solid = ndimage.binary_opening(share > 0.6, iterations=3)
    solid = ndimage.gaussian_filter(solid.astype(np.float32), 0.8)
    return part_of(window, np.clip(1.05 - density(scene, window), 0, None) * share, solid)


def _near_core(template: Volume) -> Volume:
    """1 around the mass's solid core and its strands, 0 where the chest wall begins."""
    solid = template > 500
    core = ndimage.distance_transform_edt(np.pad(solid, 1))[1:-1, 1:-1, 1:-1] > 5
    if not core.any():
        return np.ones_like(template)
    away = ndimage.distance_transform_edt(~core)
    return np.clip((14 - away) / 4, 0, 1).astype(np.float32)


def _where(scene: Scene, side: str, center: Point) -> str:
    zone = scene.anatomy.zone_of(side, center[0])
    lobe = scene.anatomy.lobe_of(center)
    if lobe and scene.chance(0.3):
        return f"{lobe} lobe"
    return f"{side} {'mid' if zone == 'middle' else zone} lung zone"


def _placed(
    label: str,
    scene: Scene,
    side: str,
    center: Point,
    size: float,
    part: Part,
    sentence: str,
    impression: str,
    significance: str = "",
    lengths: tuple[float, float] | None = None,
) -> Placed:
    zone = scene.anatomy.zone_of(side, center[0])
    lobe = scene.anatomy.lobe_of(center)
    return Placed(
        label=label,
        area="lungs",
        sentence=sentence,
        parts=(part,),
        side=side,
        location=f"{side} {zone} zone" + (f", {lobe} lobe" if lobe else ""),
        size_mm=round(size),
        impression=impression,
        significance=significance,
        focal=True,
        lengths=lengths,
    )
