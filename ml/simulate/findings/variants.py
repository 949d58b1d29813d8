"""What is mistaken for disease and is none: variants of the body, objects, faults of technique.

Each is labeled as a normal variant or pitfall of the taxonomy, with its place and a sentence that
is told to who marked it; the report says nothing of it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import girdle, organs
from ml.simulate.detector import Exposure
from ml.simulate.drawing import Plate, Wire, curve
from ml.simulate.findings.common import (
    Part,
    Placed,
    Scene,
    around,
    axes_of,
    held,
    part_of,
    sigmoid,
)
from ml.simulate.findings.routes import ring_facing_front, skin_at
from ml.simulate.patients import Body

AREA = "technique"
HAIR, PLASTIC, METAL = 1.05, 1.4, 22.0
"""Attenuation beside water: a strand of hair, a button, a snap fastener."""
FOLD = 2.6
"""The same of a fold of skin, which is deeper than the layer that it is drawn in."""


def nipples(scene: Scene) -> Placed:
    """Both nipples on the lower lungs: round, the outer edge sharp, the inner fading."""
    marks = scene.anatomy.marks
    low = scene.between(6, 20) if scene.body.breast_mm else scene.between(-22, -4)
    away = scene.between(78, 88)
    radius = scene.between(4.6, 6.0)
    parts = []
    for sign in (-1, 1):
        across = marks.middle[2] + sign * (away + scene.between(-3, 3))
        level = marks.dome + low + scene.between(-5, 5)
        center = (level, skin_at(scene, level, across) + 2, across)
        window = around(scene, center, 2.5 * radius)
        down, back, left = axes_of(window, center)
        reach = np.sqrt(down**2 + left**2)
        round_ = sigmoid((radius - reach) / 0.5)
        fading = np.clip(0.72 + 0.4 * sign * left / radius, 0.25, 1.1)
        deep = np.exp(-((back / 7) ** 2))
        parts.append(part_of(window, 1.35 * round_ * fading * deep, round_ * (deep > 0.8)))
    return Placed(
        "nipple_shadow",
        AREA,
        "Both nipples are projected over the lower lungs at about the same height.",
        tuple(parts),
        "bilateral",
        "lower lung zones",
    )


def skin_fold(scene: Scene, side: str = "") -> Placed:
    """A fold of the back's skin pressed on the cassette: an edge, dark outside, that runs on."""
    side = side or scene.side()
    marks = scene.anatomy.marks
    outward = 1.0 if side == "left" else -1.0
    half = abs(marks.sides[side][1] - marks.middle[2])
    top, bottom = marks.apex + scene.between(-6, 14), marks.dome + scene.between(26, 44)
    window = (
        slice(int(max(0, top)), int(bottom)),
        slice(scene.hu.shape[1] - 34, scene.hu.shape[1] - 22),
        slice(0, scene.hu.shape[2]),
    )
    down, _, left = axes_of(window, (0.0, 0.0, marks.middle[2]))
    share = np.clip((down - top) / (bottom - top), 0, 1)
    bow = scene.between(14, 22)
    edge = half * (0.60 + 0.22 * share) + bow * np.sin(np.pi * share) - 4
    inward = edge - outward * left  # positive on the inner side
    ends = np.clip((down - top) / 22, 0, 1) * np.clip((bottom - down) / 22, 0, 1)
    thick = sigmoid(inward / 0.5) * np.exp(-np.clip(inward, 0, None) / 13) * ends
    shape = (window[0].stop - window[0].start, window[1].stop - window[1].start, scene.hu.shape[2])
    added = np.broadcast_to(FOLD * thick, shape)
    at_edge = np.broadcast_to((np.abs(inward - 3) < 5) & (ends > 0.5), shape)
    return Placed(
        "skin_fold",
        AREA,
        f"A skin fold on the {side}: an edge without a line of its own, with vessels "
        "beyond it; not a pleural line.",
        (part_of(window, added, at_edge.astype(np.float32)),),
        side,
        f"{side} outer lung",
    )


def _clavicle(scene: Scene, side: str) -> tuple[NDArray[np.bool_], tuple[int, ...]] | None:
    """A clavicle as the film shows it, in a box of 1 mm voxels, and the box's corner."""
    if scene.body.lowered:
        block = girdle.named(scene.anatomy, scene.body, scene.kind)[f"{side} clavicle"]
        return block.values > 0, tuple(map(int, block.corner))
    bone = scene.anatomy.base.mask(organs.CLAVICLE[side])
    if not bone.any():
        return None
    window = held(bone)
    return bone[window], tuple(part.start for part in window)


def companions(scene: Scene) -> Placed:
    """Skin over the clavicles, which shows as a stripe beside them."""
    parts = []
    for side in organs.SIDES:
        lift = int(scene.between(7, 9))
        found = _clavicle(scene, side)
        if found is None:
            continue
        mask, (down, back, left) = found
        mask = np.pad(mask, ((lift + 3, 0), (0, 0), (0, 0)))
        corner = (down - lift - 3, back, left)
        window = tuple(slice(c, c + n) for c, n in zip(corner, mask.shape, strict=True))
        # Its upper edge, drawn out upward by as much as the skin stands off.
        above = np.maximum.accumulate(mask[::-1], axis=0)[::-1]
        stripe = np.zeros_like(mask)
        stripe[:-lift] = mask[lift:]
        stripe = np.maximum.accumulate(stripe[::-1], axis=0)[::-1]
        near = ndimage.binary_dilation(mask, iterations=lift)
        soft = ndimage.gaussian_filter((stripe & above & near & ~mask).astype(np.float32), 0.6)
        parts.append(part_of(window, 0.75 * soft, soft))
    return Placed(
        "companion_shadow",
        AREA,
        "Soft tissue accompanies both clavicles as a smooth stripe.",
        tuple(parts),
        "bilateral",
        "above the clavicles",
    )


def braid(scene: Scene, side: str = "") -> Placed:
    """Plaited hair that hangs from the neck over one apex."""
    side = side or scene.side()
    marks = scene.anatomy.marks
    outward = 1.0 if side == "left" else -1.0
    level = np.linspace(scene.top, marks.apex + scene.between(52, 78), 90)
    middle = marks.middle[2] + outward * (
        scene.between(34, 44) + 14 * (level / level[-1]) ** 2 + 2 * np.sin(level / 17)
    )
    wide, turn = scene.between(5.5, 7), scene.between(11, 14)
    taper = np.clip(1.4 * (1 - level / level[-1]), 0.25, 1)
    wires = []
    for strand in range(3):
        phase = 2 * np.pi * (level / (2 * turn) + strand / 3)
        for hair in range(7):
            off = (hair - 3) * 0.95 + 0.4 * scene.rng.standard_normal()
            x = middle + taper * (wide * np.sin(phase) + off)
            y = np.full_like(level, 6.0) + 3 * np.cos(phase)
            line = curve(list(zip(level.tolist(), y.tolist(), x.tolist(), strict=True)), 2.0)
            wires.append(Wire(line, 0.75, HAIR * scene.between(0.8, 1.5)))
    return Placed(
        "external_object",
        AREA,
        f"A braid of hair is projected over the {side} apex.",
        (Part(wires=tuple(wires)),),
        side,
        f"{side} apex",
    )


def buttons(scene: Scene) -> Placed:
    """A row of buttons beside the midline, one of them over the lung."""
    marks = scene.anatomy.marks
    metal = scene.chance(0.4)
    off = scene.between(30, 52) * float(scene.rng.choice([-1, 1]))
    first, gap = marks.apex + scene.between(35, 60), scene.between(52, 64)
    radius = 4.6 if metal else scene.between(5.2, 6.4)
    plates: list[Plate] = []
    parts = []
    for index in range(int((marks.dome + 20 - first) / gap) + 1):
        center = (
            first + index * gap,
            4.0,
            marks.middle[2] + off + scene.between(-4, 4),
        )
        if metal:
            plates = [
                Plate(ring_facing_front(center, radius, radius), 0.5, METAL),
                Plate(ring_facing_front(center, 0.62 * radius, 0.62 * radius), 0.3, -METAL / 2),
                Plate(ring_facing_front(center, 1.4, 1.4), 0.9, METAL),
            ]
        else:
            plates = [
                Plate(ring_facing_front(center, radius, radius), 3.2, PLASTIC),
                Plate(ring_facing_front(center, 0.72 * radius, 0.72 * radius), 1.1, -PLASTIC),
            ]
            for z, x in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
                hole = (center[0] + 1.3 * z, center[1], center[2] + 1.3 * x)
                plates.append(Plate(ring_facing_front(hole, 0.75, 0.75), 2.1, -PLASTIC))
        parts.append(Part(plates=tuple(plates)))
    kind = "Snap fasteners" if metal else "Buttons"
    return Placed(
        "external_object",
        AREA,
        f"{kind} of the clothing are projected over the chest.",
        tuple(parts),
        location="clothing",
    )


def azygos_lobe(scene: Scene) -> Placed:
    """The fissure of an azygos lobe: a fine curve from the right apex to a drop at its end."""
    marks = scene.anatomy.marks
    z, y, x = marks.carina
    end = (z - 14.0, y + 4, x - scene.between(26, 30))
    top = (marks.apex + 9, y + 8, x - scene.between(44, 52))
    bulge = scene.between(9, 13)
    path = [
        (
            top[0] + (end[0] - top[0]) * t,
            top[1] + (end[1] - top[1]) * t,
            top[2] + (end[2] - top[2]) * t - bulge * np.sin(np.pi * t),
        )
        for t in np.linspace(0, 1, 9)
    ]
    line = curve([tuple(map(float, point)) for point in path])  # type: ignore[misc]
    window = around(scene, end, 14)
    down, back, left = axes_of(window, end)
    reach = np.sqrt((down / 9) ** 2 + (back / 12) ** 2 + (left / 5.5) ** 2)
    drop = sigmoid((1 - reach) / 0.08)
    lung = scene.anatomy.base.lungs[window]
    part = part_of(window, 0.9 * drop * lung, drop)
    # The four layers of pleura are seen on edge: a sheet some millimeters deep.
    return Placed(
        "azygos_lobe",
        AREA,
        "An azygos lobe: its fissure runs from the right apex to the azygos vein.",
        (replace(part, wires=(Wire(line, 0.55, 5.0),)),),
        "right",
        "right apex",
    )


def cervical_ribs(scene: Scene) -> Placed:
    """Short ribs above the first ones."""
    marks = scene.anatomy.marks
    parts = []
    for sign in (-1, 1):
        start = (marks.apex - 14.0, marks.middle[1] + 28, marks.middle[2] + sign * 17)
        long = scene.between(24, 36)
        path = [
            start,
            (start[0] + 1, start[1] + 4, start[2] + sign * 0.4 * long),
            (start[0] + 9, start[1] - 4, start[2] + sign * 0.8 * long),
            (start[0] + 17, start[1] - 14, start[2] + sign * long),
        ]
        line = curve(path)
        parts.append(Part(wires=(Wire(line, 3.4, 1.9, bore=2.2), Wire(line, 2.2, 1.1))))
    return Placed(
        "cervical_rib",
        AREA,
        "Cervical ribs on both sides.",
        tuple(parts),
        "bilateral",
        "root of the neck",
    )


def turned(body: Body, rng: np.random.Generator) -> Body:
    """A person who stands askew before the detector."""
    return replace(body, turn=body.turn + float(rng.choice([-1, 1])) * float(rng.uniform(4, 6.5)))


def rotation(scene: Scene) -> Placed:
    return Placed(
        "rotation",
        AREA,
        "The patient is rotated: the clavicles lie unevenly about the spinous processes, and one "
        "lung is darker.",
        location="both lungs",
    )


def supine(scene: Scene) -> Placed:
    return Placed(
        "rotation",
        AREA,
        "An AP image of a lying patient: heart and mediastinum are magnified.",
        location="both lungs",
    )


def underexposed(exposure: Exposure) -> Exposure:
    return replace(exposure, photons=exposure.photons / 26, gamma=0.86)


def overexposed(exposure: Exposure) -> Exposure:
    return replace(exposure, gamma=1.6, detail=exposure.detail * 0.8, burnt=0.08)


def moved(exposure: Exposure) -> Exposure:
    return replace(exposure, motion=7.0)


def underexposure(scene: Scene) -> Placed:
    return _exposure("Underexposed: grain lies over lungs, heart, and abdomen alike.")


def overexposure(scene: Scene) -> Placed:
    return _exposure("Overexposed: the lungs are dark and their small vessels are lost.")


def _exposure(sentence: str) -> Placed:
    return Placed("exposure", AREA, sentence, location="whole image")


def motion(scene: Scene) -> Placed:
    return Placed(
        "motion_blur",
        AREA,
        "The patient breathed during the exposure: domes and vessels are blurred, the marker is "
        "sharp.",
        location="whole image",
    )
