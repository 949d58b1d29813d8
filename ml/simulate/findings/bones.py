"""Ribs and spine: fractures, a dense lesion, curvature, thin bone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from ml.simulate import arms, organs
from ml.simulate.base import ABOVE_MM, densities
from ml.simulate.findings.common import (
    BONES,
    Part,
    Placed,
    Scene,
    Volume,
    density,
    noise,
    sigmoid,
    to_the_wall,
)
from ml.simulate.findings.ribs import FINE_MM, Site, along_of, broken, dot, listed, site_of
from ml.simulate.patients import Body
from ml.simulate.projector import BONE_FACTOR, Block

BREAK_MM, HEALED_MM = 46.0, 32.0
"""How far past a break the fragment takes to be back at its place; the same of old ones."""
CALLUS, IVORY = 1.95, 3.4
"""Attenuation of young bone around a break and of dense bone in a rib, water 1."""


def fracture(scene: Scene, side: str = "") -> Placed:
    """Fresh breaks of ribs, one below the other: a dark line, a step, the fragment shifted."""
    side = side or scene.side()
    numbers = _neighbors(scene, (1, 2, 2, 3))
    share, lower = scene.between(0.64, 0.88), scene.pick("", "", "up")
    parts = []
    for number in numbers:
        site = site_of(scene, side, number, share + scene.between(-0.03, 0.03), BREAK_MM)
        step = scene.between(2.8, 4.6) * (-1 if lower else 1)
        gap, tilt = scene.between(0.6, 1.7), scene.between(-0.5, 0.5)
        changed, _ = broken(site, step, gap, tilt, 0.35)
        reach = np.sqrt(sum(a * a for a in site.away(FINE_MM)))
        parts.append(site.part(changed, sigmoid((9.5 - reach) / 0.5), FINE_MM))
    ribs, many = listed(side, numbers), len(numbers) > 1
    return Placed(
        "fracture",
        BONES,
        scene.pick(
            f"Displaced fracture{'s' * many} of the lateral {ribs}.",
            f"There {'are' if many else 'is a'} mildly displaced fracture{'s' * many} of the"
            f" {ribs}.",
        ),
        tuple(parts),
        side,
        ribs,
        impression=f"Fracture{'s' * many} of the {ribs}.",
    )


def healed_fracture(scene: Scene, side: str = "") -> Placed:
    """Callus: a spindle of bone around old breaks, whose ends stand a little apart."""
    side = side or scene.side()
    numbers = _neighbors(scene, (1, 2, 3))
    share = scene.between(0.6, 0.86)
    parts = [
        _callus(site_of(scene, side, n, share + scene.between(-0.04, 0.04), HEALED_MM))
        for n in numbers
    ]
    ribs, many = listed(side, numbers), len(numbers) > 1
    return Placed(
        "fracture",
        BONES,
        scene.pick(
            f"Old healed fracture{'s' * many} of the {ribs} with callus.",
            f"Healed fracture{'s' * many} of the {ribs}.",
        ),
        tuple(parts),
        side,
        ribs,
        significance="benign",
        impression=f"Old healed fracture{'s' * many} of the {ribs}.",
    )


def _callus(site: Site) -> Part:
    scene, rng = site.scene, site.scene.rng
    step = scene.between(0.8, 1.8) * float(rng.choice([-1, 1]))
    changed, distance = broken(site, step, 0.0, scene.between(-0.4, 0.4), 0.15)
    away = site.away()
    off = ndimage.distance_transform_edt(~site.rib) - 0.5
    along = along_of(site, away)
    half, thick = scene.between(13, 18), scene.between(3.6, 5.0)
    spindle = np.clip(1 - (along / half) ** 2, 0, 1)
    reach = np.sqrt(sum(a * a for a in away))
    spindle = spindle * sigmoid((half + 6 - reach) / 1.5)
    grown = thick * spindle * (1 + 0.22 * noise(rng, off.shape, 4))
    share = sigmoid((grown - off) / 0.55) * np.clip(spindle * 6, 0, 1)
    here = density(scene, site.window)
    cloud = np.clip(1 + 0.16 * noise(rng, off.shape, 2), 0.5, 1.4)
    shell = np.clip(CALLUS * cloud - here, 0, None) * share * ~site.rib
    inner = 0.55 * spindle * site.rib
    added = changed + _doubled(shell + inner) * (1 - 0.1 * np.exp(-((distance / 1.2) ** 2)))
    return site.part(added, _doubled(share), FINE_MM)


def dense_lesion(scene: Scene, side: str = "") -> Placed:
    """Sclerotic foci within ribs: the marrow filled with dense bone, without a sharp end."""
    side = side or scene.side()
    count = int(scene.rng.integers(1, 4))
    numbers = sorted(int(n) for n in scene.rng.choice(range(5, 10), count, replace=False))
    parts = []
    for number in numbers:
        site = site_of(scene, side, number, scene.between(0.55, 0.85), 34)
        away = site.away()
        half = scene.between(11, 19)
        along = along_of(site, away) + 2.5 * noise(scene.rng, site.rib.shape, 4)
        reach = np.sqrt(sum(a * a for a in away))
        grown = ndimage.gaussian_filter(
            ndimage.binary_dilation(site.rib, iterations=2).astype(np.float32), 0.7
        )
        share = sigmoid((half - np.abs(along)) / 1.8) * grown * sigmoid((half + 5 - reach) / 1.5)
        cloud = np.clip(1 + 0.13 * noise(scene.rng, share.shape, 3), 0.6, 1.4)
        over = density(scene, site.window) * scene.body.soft + np.clip(site.excess, 0, None)
        parts.append(site.part(np.clip(IVORY * cloud - over, 0, None) * share, share))
    ribs, many = listed(side, numbers), count > 1
    return Placed(
        "bone_lesion",
        BONES,
        scene.pick(
            f"Sclerotic lesion{'s' * many} of the {ribs}.",
            f"Dense bone lesion{'s' * many} in the {ribs}.",
        ),
        tuple(parts),
        side,
        ribs,
        impression=f"Sclerotic lesion{'s' * many} of the {ribs}; osteoblastic metastasis has to be"
        " excluded.",
    )


def lytic_lesion(scene: Scene, side: str = "") -> Placed:
    """A piece of rib eaten away, and soft tissue that bulges from there against the lung."""
    side = side or scene.side()
    number = int(scene.rng.integers(5, 8))
    site = site_of(scene, side, number, scene.between(0.9, 1.0), 56)
    away = site.away()
    half = scene.between(18, 26)
    along = along_of(site, away) + 1.6 * noise(scene.rng, site.rib.shape, 3)
    reach = np.sqrt(sum(a * a for a in away))
    eaten = sigmoid((half - np.abs(along)) / 0.9) * sigmoid((half + 8 - reach) / 1.5)
    # Moth-eaten toward its ends, gone in the middle.
    holes = sigmoid((noise(scene.rng, eaten.shape, 2) + 2.2 - 2.4 * np.abs(along) / half) / 0.2)
    gone = -site.excess * eaten * np.clip(holes + 0.15, 0, 1)
    bulge = _bulge(site, half)
    ribs = listed(side, [number])
    return Placed(
        "bone_lesion",
        BONES,
        scene.pick(
            f"Lytic destruction of the {ribs} with an extrapleural soft tissue mass.",
            f"A segment of the {ribs} is destroyed; a soft tissue mass bulges against the lung.",
        ),
        (site.part(gone + bulge, np.maximum(eaten * (site.excess > 0.15), bulge > 0.25)),),
        side,
        ribs,
        significance="actionable",
        impression=f"Lytic lesion of the {ribs}, suspicious for metastasis or myeloma.",
    )


def _bulge(site: Site, half: float) -> Volume:
    """What an extrapleural mass around a place of a rib adds: a lens, blunt-angled at the wall."""
    scene = site.scene
    inside, wall, here = to_the_wall(scene, site.side, site.window)
    away = site.away()
    along = along_of(site, away)
    beside = np.sqrt(np.clip(sum(a * a for a in away) - along**2, 0, None))
    lens = np.clip(1 - (along / (half + 9)) ** 2 - (beside / (half + 5)) ** 2, 0, 1)
    thick = scene.between(17, 24) * lens**0.8 * (1 + 0.05 * noise(scene.rng, wall.shape, 6))
    share = sigmoid((thick - wall) / 0.8) * inside * (thick > 1.2)
    return np.clip(0.98 - here, 0, None) * share


def _neighbors(scene: Scene, counts: tuple[int, ...]) -> list[int]:
    """Ribs that lie one below the other, fifth to ninth: those above hide behind the scapula."""
    count = int(scene.rng.choice(counts))
    first = int(scene.rng.integers(5, 11 - count))
    return list(range(first, first + count))


def _doubled(volume: Volume) -> Volume:
    """At voxels half as large."""
    return ndimage.zoom(volume, 2, order=1, grid_mode=True, mode="nearest")  # type: ignore[no-any-return]


def notching(scene: Scene) -> Placed:
    """Scallops of lower margins of both sides' ribs, behind, no two alike: a region a side."""
    parts = []
    for side in organs.SIDES:
        sites = [
            site_of(scene, side, number, scene.between(low, low + 0.13), 24)
            for number in range(3, 9)
            for low in (0.36, 0.52, 0.68)
            if scene.chance(0.72 if 3 < number < 8 else 0.35)
        ]
        sites = sites or [site_of(scene, side, 5, 0.5, 24), site_of(scene, side, 6, 0.6, 24)]
        low = [min(site.window[axis].start for site in sites) for axis in range(3)]
        high = [max(site.window[axis].stop for site in sites) for axis in range(3)]
        added, share = (
            np.zeros([b - a for a, b in zip(low, high, strict=True)], np.float32) for _ in range(2)
        )
        for site in sites:
            place = tuple(
                slice(part.start - at, part.stop - at)
                for part, at in zip(site.window, low, strict=True)
            )
            bite, rim = _bite(site)
            here = site.excess * (0.35 * rim - bite)
            added[place] = np.where(np.abs(here) > np.abs(added[place]), here, added[place])
            share[place] = np.maximum(share[place], bite + rim)
        corner = (float(low[0]), float(low[1]), float(low[2]))
        added_block, mask = (Block(corner, values, slides=False) for values in (added, share))
        parts.append(Part(added_block, mask))
    return Placed(
        "bone_lesion",
        BONES,
        "Notching of the lower margins of several ribs on both sides, as with "
        "coarctation of the aorta.",
        tuple(parts),
        "bilateral",
        "ribs",
        significance="actionable",
        impression="Bilateral rib notching; coarctation of the aorta has to be excluded.",
    )


def _bite(site: Site) -> tuple[Volume, Volume]:
    """How far voxels lie in a scallop of the rib's lower margin, and in the dense rim around it."""
    scene, away = site.scene, site.away()
    out, down = dot(away, site.normal), dot(away, site.across)
    beside = site.rib & (np.abs(out) < 4)
    edge = float(np.quantile(down[beside], 0.97)) if beside.any() else 5.0
    wide, deep = scene.between(3.5, 6.5), scene.between(3.0, 5.0)
    # Along the beam it goes through the whole margin.
    reach = np.sqrt((out / wide) ** 2 + ((down - edge - 0.5) / deep) ** 2)
    near = sigmoid((9.0 - np.sqrt(sum(a * a for a in away))) / 1.5)
    bite = sigmoid((1 - reach) / 0.08) * near
    rim = np.exp(-(((reach - 1.25) / 0.16) ** 2)) * near * (1 - bite)
    return bite, rim


def curved(body: Body, rng: np.random.Generator) -> Body:
    amount = float(rng.uniform(8, 12)) * float(rng.choice([-1, 1]))
    return replace(body, curve=amount, curve_phase=float(rng.uniform(-0.12, 0.02)))


def scoliosis(scene: Scene) -> Placed:
    return Placed(
        "scoliosis",
        BONES,
        scene.pick(
            "Scoliosis of the thoracic spine, convex to the {convex}.",
            "Thoracic scoliosis with convexity to the {convex}.",
        ),
        location="thoracic spine",
        severity="mild",
    )


def thin_bones(body: Body, rng: np.random.Generator) -> Body:
    return replace(body, bone=float(rng.uniform(0.8, 0.86)))


def osteopenia(scene: Scene) -> Placed:
    """Marrow without its trabeculae: all bone is pale, and its outline the more distinct."""
    base, body = scene.anatomy.base, scene.body
    # The bones of arms that are lowered are not the CT's, nor is what lies above it.
    ours = [n for n in organs.BONES if not (body.lowered and n in arms.ARMS)]
    bone = np.isin(base.labels[::2, ::2, ::2], ours)
    marrow = ndimage.gaussian_filter(ndimage.binary_erosion(bone).astype(np.float32), 0.6)
    if body.lowered:
        below = np.arange(0, len(marrow) * 2, 2) - ABOVE_MM
        marrow *= np.clip(below / arms.TOP_MM, 0, 1)[:, None, None].astype(np.float32)
    soft, hard = densities(base.hu[::2, ::2, ::2].astype(np.float32))
    over = hard * (body.bone * BONE_FACTOR) + (soft - 1) * body.soft
    lost = scene.between(0.55, 0.7) * np.clip(over, 0, None) * marrow
    return Placed(
        "osteopenia",
        BONES,
        scene.pick("Diffuse osteopenia.", "The bones appear diffusely demineralized."),
        (Part(Block((0.0, 0.0, 0.0), -lost.astype(np.float32), 2.0, slides=False)),),
        location="skeleton",
    )
