"""Heart, mediastinum, hila and diaphragm: some bend the body, some add to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import ndimage

from ml.simulate import organs
from ml.simulate.findings.common import (
    BONE,
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
from ml.simulate.patients import Body, Bump


def cardiomegaly(scene: Scene) -> Placed:
    """The body has the large heart already; its ratio is measured when the case is taken."""
    return Placed(
        "cardiomegaly",
        "heart",
        scene.pick(
            "The heart is enlarged, with a cardiothoracic ratio of {ratio:.2f}.",
            "Cardiomegaly (cardiothoracic ratio {ratio:.2f}).",
            "Enlarged cardiac silhouette; cardiothoracic ratio {ratio:.2f}.",
        ),
        location="heart",
        impression="Cardiomegaly.",
    )


def bent_aorta(body: Body, rng: np.random.Generator) -> Body:
    z, y, x = body.marks.arch
    amount = float(rng.uniform(15, 20))
    return body.with_bumps(
        Bump((z, y, x), (30, 55, 26), (-5, 0, amount)),
        Bump((z + 70, y + 8, x + 6), (42, 45, 26), (0, 0, amount * 0.8)),
    )


def tortuous_aorta(scene: Scene) -> Placed:
    return Placed(
        "tortuous_aorta",
        "mediastinum",
        scene.pick(
            "The thoracic aorta is tortuous and elongated.",
            "Elongated, tortuous aorta.",
        ),
        location="aorta",
    )


def mediastinal_widening(scene: Scene) -> Placed:
    """Soft tissue on both sides of the trachea, its outer borders long and smooth."""
    z, y, x = scene.anatomy.marks.carina
    center = (z - 34, y - 14, x + 4)
    window = around(scene, center, 84)
    down, back, left = axes_of(window, center)
    wide = scene.between(40, 47)
    reach = np.sqrt((down / 74) ** 2 + (back / 36) ** 2 + (left / wide) ** 2)
    reach = reach + 0.03 * noise(
        scene.rng, np.broadcast_shapes(down.shape, back.shape, left.shape), 14
    )
    share = sigmoid((1 - reach) / 0.02)
    lungs = lung_share(scene, window, organs.LUNGS)
    added = np.clip(0.85 - density(scene, window), 0, None) * share * lungs
    part = part_of(window, added, share)
    return Placed(
        "mediastinal_widening",
        "mediastinum",
        scene.pick(
            "The upper mediastinum is widened.",
            "Widening of the superior mediastinum.",
        ),
        (Part(part.added),),
        location="mediastinum",
        impression="Widened upper mediastinum; contrast-enhanced CT is recommended.",
    )


def aortic_calcification(scene: Scene) -> Placed:
    """An arc of calcium in the wall of the arch."""
    marks = scene.anatomy.marks
    window = around(scene, marks.arch, 34)
    aorta = ndimage.gaussian_filter(
        (scene.anatomy.base.labels[window] == organs.AORTA).astype(np.float32), 1.5
    )
    wall = np.exp(-(((aorta - 0.5) / 0.13) ** 2))
    down, back, left = axes_of(window, marks.arch)
    outer = sigmoid((left + 2 - 0.35 * down) / 2.5) * sigmoid((16 - np.abs(back)) / 4)
    speckle = sigmoid((noise(scene.rng, wall.shape, 3) + 0.6) / 0.3)
    share = wall * outer * speckle * sigmoid((22 - np.abs(down + 2)) / 3)
    part = part_of(window, share * 1.1 * BONE, share)
    return Placed(
        "aortic_calcification",
        "mediastinum",
        scene.pick(
            "Calcification of the aortic arch.", "Atherosclerotic calcification of the aortic knob."
        ),
        (Part(part.added),),
        location="aortic arch",
    )


def hila(scene: Scene, side: str = "bilateral") -> Placed:
    """Lobulated soft tissue at one hilum or both."""
    sides = organs.SIDES if side == "bilateral" else (side,)
    parts = []
    for one in sides:
        z, y, x = scene.anatomy.marks.hilum[one]
        outward = 1 if one == "left" else -1
        window = around(scene, (z, y, x), 46)
        total = np.zeros([p.stop - p.start for p in window], np.float32)
        for _ in range(5):
            center = (
                z + scene.between(-17, 17),
                y + scene.between(-12, 12),
                x + outward * scene.between(-4, 10),
            )
            reach = np.sqrt(sum(a * a for a in axes_of(window, center)))
            total = np.maximum(total, sigmoid((scene.between(9, 13.5) - reach) / 0.9))
        share = total
        parts.append(
            part_of(window, np.clip(1.04 - density(scene, window), 0, None) * share, share)
        )
    sentence = (
        scene.pick(
            "Both hila are enlarged and lobulated.",
            "Bilateral lobulated hilar enlargement, suggesting adenopathy.",
        )
        if len(sides) == 2
        else f"The {side} hilum is enlarged and lobulated."
    )
    return _large_hila(side, sentence, [Part(part.added) for part in parts])


def _large_hila(side: str, sentence: str, parts: Sequence[Part]) -> Placed:
    """What is told and drawn of one side or, `bilateral`, of both."""
    return Placed(
        "hilar_enlargement",
        "mediastinum",
        sentence,
        tuple(parts),
        side,
        "both hila" if side == "bilateral" else f"{side} hilum",
        impression=(
            "Bilateral hilar adenopathy; sarcoidosis or lymphoma should be considered."
            if side == "bilateral"
            else f"Enlarged {side} hilum; CT is recommended."
        ),
    )


NODES_AT = {"right": (22.0, -2.0, 36.0), "left": (10.0, 4.0, 60.0)}
"""Where the middle of a hilum's nodes lies from the carina, mm: down, back, outward; the heart
hides less of them than of the hilum itself."""
INWARD = 0.5
"""A node reaches toward the mediastinum as many times as far as this goes into one."""


def hilar_nodes(scene: Scene, side: str = "bilateral") -> Placed:
    """Large nodes at one hilum or both, whose outer borders bulge into the lung as lobes."""
    sides = organs.SIDES if side == "bilateral" else (side,)
    parts = [_nodes(scene, one) for one in sides]
    sentence = (
        scene.pick(
            "Both hila are enlarged and lobulated, in keeping with adenopathy.",
            "Bilateral hilar enlargement with lobulated, sharp outer borders.",
        )
        if len(sides) == 2
        else scene.pick(
            f"The {side} hilum is enlarged and lobulated.",
            f"Lobulated enlargement of the {side} hilum.",
        )
    )
    return _large_hila(side, sentence, parts)


def _nodes(scene: Scene, side: str) -> Part:
    """Nodes one above the other in an arc that is farthest out in its middle, in two layers."""
    carina = scene.anatomy.marks.carina
    outward = 1.0 if side == "left" else -1.0
    lower, behind, beside = NODES_AT[side]
    middle = (carina[0] + lower, carina[1] + behind, carina[2] + outward * beside)
    window = around(scene, middle, 66)
    total = np.zeros([part.stop - part.start for part in window], np.float32)
    for layer in (-16.0, 16.0):
        for step in np.linspace(-1, 1, 4):
            center = (
                middle[0] + 21 * step + scene.between(-5, 5),
                middle[1] + layer + scene.between(-5, 5),
                middle[2] - outward * (9 * step * step + scene.between(0, 6)),
            )
            down, back, left = axes_of(window, center)
            # Longer toward the mediastinum, so that no lung is left between it and the nodes.
            across = np.where(outward * left < 0, INWARD * left, left)
            away = np.sqrt(down * down + back * back + across * across)
            total = np.maximum(total, sigmoid((scene.between(15, 19) - away) / 0.9))
    added = np.clip(1.04 - density(scene, window), 0, None) * total
    return Part(part_of(window, added, total).added)


def hernia(scene: Scene) -> Placed:
    """A stomach above the diaphragm: a round shape behind the heart with air over fluid."""
    marks = scene.anatomy.marks
    radius = scene.between(27, 36)
    center = (
        marks.dome + scene.between(12, 22),
        marks.middle[1] + 34,
        marks.middle[2] + scene.between(24, 36),
    )
    window = around(scene, center, radius + 10)
    down, back, left = axes_of(window, center)
    reach = np.sqrt((down / 0.92) ** 2 + back**2 + (left / 1.12) ** 2)
    reach = (
        reach + noise(scene.rng, np.broadcast_shapes(down.shape, back.shape, left.shape), 12) * 1.2
    )
    whole = sigmoid((radius - reach) / 0.8)
    cavity = sigmoid((radius - 4.5 - reach) / 0.8)
    level = scene.between(-6, 4)
    air = cavity * sigmoid((level - down) / 0.7)
    here = density(scene, window)
    target = 0.62 * (1 - air) + 0.01 * air
    bone = scene.anatomy.base.mask(organs.BONES)[window]
    share = whole * ~bone
    # Where organs are already as dense, nothing is added; where there is air, all is taken out.
    change = np.where(air > 0.5, target - here, np.clip(target - here, 0, None))
    change = ndimage.gaussian_filter(change * share, 0.7)
    part = part_of(window, change, share)
    return Placed(
        "hiatal_hernia",
        "mediastinum",
        scene.pick(
            "Retrocardiac rounded opacity with an air-fluid level, consistent with "
            "a hiatal hernia.",
            "Hiatal hernia with an air-fluid level behind the heart.",
        ),
        (part,),
        "",
        "retrocardiac",
        round(2 * radius),
        impression="Hiatal hernia.",
    )


def free_air(scene: Scene) -> Placed:
    """A crescent of air between liver and diaphragm, on the right."""
    base = scene.anatomy.base
    marks = scene.anatomy.marks
    liver = base.mask((organs.LIVER,))
    lung = base.lung("right")
    top = np.where(liver.any(axis=0), liver.argmax(axis=0), 10_000).astype(np.float32)
    under = (
        lung.any(axis=0) & (top < 9_000) & (np.arange(top.shape[1])[None, :] < marks.middle[2] - 12)
    )
    dome = float(top[under].min())
    smooth = ndimage.gaussian_filter(np.where(under, top, dome + 40), 4)
    rise = smooth - smooth[under].min()
    depth = scene.between(9, 14)
    gap = depth * np.clip(1 - rise / 26, 0, 1)
    gap = gap * ndimage.gaussian_filter(under.astype(np.float32), 4)
    low, high = int(dome) - 4, int(dome + 50)
    window = (slice(low, high), slice(0, top.shape[0]), slice(0, top.shape[1]))
    down = np.arange(low, high, dtype=np.float32)[:, None, None] + 0.5
    below = down - smooth[None] - 3.0
    air = sigmoid(below / 0.6) * sigmoid((gap[None] - below) / 0.6) * (gap[None] > 1)
    part = part_of(window, -density(scene, window) * air, air)
    return Placed(
        "pneumoperitoneum",
        "abdomen",
        scene.pick(
            "Free air under the right hemidiaphragm.",
            "Crescent of subdiaphragmatic free air on the right, consistent with pneumoperitoneum.",
        ),
        (Part(part.added),),
        "right",
        "under the right hemidiaphragm",
        impression="Pneumoperitoneum. The referring team was informed.",
    )


def raised_diaphragm(body: Body, rng: np.random.Generator, side: str) -> Body:
    amount = float(rng.uniform(58, 70) if side == "left" else rng.uniform(38, 48))
    left, right = body.raised
    return replace(
        body, raised=(left + amount, right) if side == "left" else (left, right + amount)
    )


def elevated_diaphragm(scene: Scene, side: str) -> Placed:
    return Placed(
        "elevated_diaphragm",
        "diaphragm",
        scene.pick(
            f"The {side} hemidiaphragm is elevated.",
            f"Marked elevation of the {side} hemidiaphragm.",
        ),
        side=side,
        location=f"{side} hemidiaphragm",
        impression=f"Elevated {side} hemidiaphragm.",
    )


def deep_breath(body: Body, rng: np.random.Generator) -> Body:
    """Air trapped: the domes low and flat, the chest deep, the heart narrow."""
    return replace(
        body,
        breath=float(rng.uniform(58, 66)),
        follow=0.5,
        deep=body.deep * 1.06,
        raised=(0.0, -4.0),
    )


def hyperinflation(scene: Scene) -> Placed:
    return Placed(
        "hyperinflation",
        "volume",
        scene.pick(
            "The lungs are hyperinflated with flattened hemidiaphragms.",
            "Hyperinflated lungs with low, flat hemidiaphragms.",
        ),
        location="both lungs",
        impression="Hyperinflation, consistent with obstructive lung disease.",
    )


def shallow_breath(body: Body, rng: np.random.Generator) -> Body:
    """Breathed out: the domes higher on the ribs than in the CT."""
    return replace(body, breath=float(rng.uniform(-40, -33)), raised=(0.0, 0.0))


def small_lungs(body: Body, rng: np.random.Generator) -> Body:
    """Lungs that stiffness keeps small."""
    return replace(body, breath=float(rng.uniform(-6, 6)))


def hypoinflation(scene: Scene) -> Placed:
    return Placed(
        "hypoinflation",
        "volume",
        scene.pick("Low lung volumes.", "Low lung volumes with crowding of the vessels."),
        location="both lungs",
    )


def bottle(body: Body, rng: np.random.Generator) -> Body:
    """A heart's shadow filled to both sides and at its waist, as fluid around it makes it."""
    z, y, x = body.marks.heart
    amount = float(rng.uniform(0.9, 1.2))
    return body.with_bumps(
        Bump((z - 38, y, x + 34), (34, 60, 34), (0, 0, 13 * amount)),
        Bump((z - 20, y, x - 44), (44, 60, 34), (0, 0, -9 * amount)),
        Bump((z + 22, y, x - 46), (32, 60, 34), (0, 0, -9 * amount)),
    )


def pericardial_effusion(scene: Scene) -> Placed:
    """The body has the wide shadow already; its ratio is measured when the case is taken."""
    return Placed(
        "pericardial_effusion",
        "heart",
        scene.pick(
            "The cardiac silhouette is large and globular with clear lungs (cardiothoracic ratio "
            "{ratio:.2f}), suspicious for pericardial effusion.",
            "Water-bottle shape of the enlarged cardiac silhouette, cardiothoracic ratio "
            "{ratio:.2f}: pericardial effusion has to be considered.",
        ),
        location="heart",
        impression="Suspected pericardial effusion; echocardiography is recommended.",
    )


def adenopathy(scene: Scene) -> Placed:
    """Nodes beside the trachea on the right, which bulge into the lung: ticked."""
    z, y, x = scene.anatomy.marks.carina
    window = around(scene, (z - 30, y - 10, x - 24), 70)
    total = np.zeros([p.stop - p.start for p in window], np.float32)
    for up in (8, 24, 40):
        beside = x - scene.between(27, 31)
        reach = np.sqrt(sum(a * a for a in axes_of(window, (z - up, y - 10, beside))))
        total = np.maximum(total, sigmoid((scene.between(16, 20) - reach) / 0.9))
    lungs = lung_share(scene, window, organs.LUNGS)
    added = np.clip(1.03 - density(scene, window), 0, None) * total * lungs
    return Placed(
        "adenopathy",
        "mediastinum",
        scene.pick(
            "Lobulated widening of the right paratracheal stripe, consistent with mediastinal "
            "adenopathy.",
            "Right paratracheal mediastinal adenopathy.",
        ),
        (Part(part_of(window, added, total).added),),
        location="mediastinum",
        impression="Mediastinal adenopathy. CT is recommended.",
    )
