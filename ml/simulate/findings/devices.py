"""Tubes, lines and other things that people carry, in right and in wrong places."""

from __future__ import annotations

import numpy as np

from ml.simulate import organs
from ml.simulate.anatomy import Point
from ml.simulate.drawing import Path3, Plate, Wire, curve
from ml.simulate.findings.common import Part, Placed, Scene

STEEL, PLASTIC, STRIPE, LEAD = 26.0, 0.9, 6.0, 16.0
"""Attenuation beside water: surgical wire, tube walls, their radiopaque lines, pacing leads."""


def tracheal_tube(scene: Scene, *, right: bool = True) -> Placed:
    """An endotracheal tube: tip above the carina, or in the right main bronchus."""
    marks = scene.anatomy.marks
    carina = marks.carina
    above = scene.between(32, 52)
    path = _middle_line(scene, organs.TRACHEA, carina[0] - (above if right else 6))
    if not right:
        path = np.vstack(
            [
                path,
                [
                    (carina[0] + 8, carina[1] + 2, carina[2] - 9),
                    (carina[0] + 22, carina[1] + 6, carina[2] - 22),
                ],
            ]
        )
    line = curve([(0.0, path[0][1] + 4, path[0][2]), *map(tuple, path)])
    wires = (
        Wire(line, 5.2, PLASTIC, bore=3.7),
        Wire(line + np.array([0, 0, 3.6]), 0.6, STRIPE * 1.6),
    )
    sentence = (
        scene.pick(
            f"Endotracheal tube with its tip {above / 10:.1f} cm above the carina.",
            f"The tip of the endotracheal tube lies {above / 10:.1f} cm above the carina.",
        )
        if right
        else scene.pick(
            "The endotracheal tube ends in the right main bronchus and should be withdrawn.",
            "Endotracheal tube malpositioned with its tip in the right main bronchus.",
        )
    )
    return Placed(
        "tube",
        "devices",
        sentence,
        (Part(wires=wires),),
        location="trachea",
        severity="" if right else "malpositioned",
        significance="" if right else "urgent",
        impression=(
            "Endotracheal tube in appropriate position."
            if right
            else "Endotracheal tube in the right main bronchus: withdraw. The team was informed."
        ),
    )


def stomach_tube(scene: Scene, *, right: bool = True) -> Placed:
    """A nasogastric tube: into the stomach, or down the right main bronchus."""
    marks = scene.anatomy.marks
    if right:
        bottom = marks.dome + 62
        path = _middle_line(scene, organs.ESOPHAGUS, marks.dome + 30)
        tail = [
            (bottom - 8, marks.middle[1] - 5, marks.middle[2] + 30),
            (bottom + 8, marks.middle[1] - 22, marks.middle[2] + 52),
            (bottom + 26, marks.middle[1] - 34, marks.middle[2] + 58),
        ]
    else:
        carina = marks.carina
        path = _middle_line(scene, organs.TRACHEA, carina[0] - 4)
        tail = [
            (carina[0] + 24, carina[1] + 6, carina[2] - 24),
            (carina[0] + 52, carina[1] + 18, carina[2] - 40),
            (carina[0] + 96, carina[1] + 34, carina[2] - 56),
        ]
    line = curve([(0.0, path[0][1], path[0][2] + 3), *map(tuple, path), *tail])
    wires = (Wire(line, 2.4, 1.4, bore=1.5), Wire(line + np.array([0, 0, 1.6]), 0.55, STRIPE * 1.7))
    sentence = (
        scene.pick(
            "Nasogastric tube with its tip in the stomach.",
            "The nasogastric tube passes below the diaphragm; its tip projects over the stomach.",
        )
        if right
        else scene.pick(
            "The nasogastric tube follows the right main bronchus; its tip lies in "
            "the right lower lobe.",
            "Malpositioned nasogastric tube with its tip in the right lower lobe bronchus.",
        )
    )
    return Placed(
        "tube",
        "devices",
        sentence,
        (Part(wires=wires),),
        "" if right else "right",
        "stomach" if right else "right lower lobe",
        severity="" if right else "malpositioned",
        significance="" if right else "urgent",
        impression=(
            "Nasogastric tube in the stomach."
            if right
            else "Nasogastric tube in the right lung: remove, do not feed. The team was informed."
        ),
    )


def central_line(scene: Scene, *, right: bool = True) -> Placed:
    """A line from the right jugular vein to the cavoatrial junction, or into the atrium."""
    cava = _middle_line(scene, organs.VENA_CAVA, 10_000)
    top = cava[0]
    end = cava[-1]
    path = [
        (0.0, top[1] - 6, top[2] - 30),
        (top[0] - 38, top[1] - 6, top[2] - 24),
        (top[0] - 14, top[1] - 3, top[2] - 8),
        *map(tuple, cava[:: max(1, len(cava) // 4)]),
        tuple(end),
    ]
    if not right:
        path += [(end[0] + 24, end[1] - 6, end[2] + 6), (end[0] + 50, end[1] - 14, end[2] + 22)]
    line = curve(_falling(path))
    sentence = (
        scene.pick(
            "Right internal jugular central venous catheter with its tip at the "
            "cavoatrial junction.",
            "Right jugular venous catheter ending in the lower superior vena cava.",
        )
        if right
        else scene.pick(
            "Right internal jugular central venous catheter ending deep in the right atrium.",
            "The tip of the right jugular catheter lies within the right atrium, too low.",
        )
    )
    return Placed(
        "catheter",
        "devices",
        sentence,
        (Part(wires=(Wire(line, 1.15, 4.2),)),),
        "right",
        "superior vena cava" if right else "right atrium",
        severity="" if right else "malpositioned",
        significance="" if right else "actionable",
        impression=(
            "Central venous catheter in appropriate position."
            if right
            else "Central venous catheter too deep, in the right atrium: withdraw by about 4 cm."
        ),
    )


def port(scene: Scene) -> Placed:
    """A port under the right clavicle with its line in the superior vena cava."""
    marks = scene.anatomy.marks
    cava = _middle_line(scene, organs.VENA_CAVA, 10_000)
    top, end = cava[0], cava[-1]
    front = _skin(scene, marks.apex + 52, marks.middle[2] - 82)
    chamber = (marks.apex + 52, front + 12, marks.middle[2] - 82)
    path = [
        (chamber[0] - 10, chamber[1], chamber[2] + 6),
        (marks.apex + 22, chamber[1] + 8, chamber[2] + 20),
        (top[0] - 22, top[1] - 10, top[2] - 30),
        (top[0] - 10, top[1] - 4, top[2] - 12),
        *map(tuple, cava[:: max(1, len(cava) // 4)]),
        tuple(end),
    ]
    wires = (Wire(curve(path), 1.2, 4.4),)
    plates = (
        Plate(_ring(chamber, 13.5, 11), 7, 1.1),
        Plate(_ring(chamber, 9, 8), 6, 1.6),
        Plate(_ring(chamber, 4.5, 4), 4, 2.0),
    )
    return Placed(
        "catheter",
        "devices",
        scene.pick(
            "Right-sided port with its catheter tip in the lower superior vena cava.",
            "Right chest port catheter ending at the cavoatrial junction.",
        ),
        (Part(wires=wires, plates=plates),),
        "right",
        "right upper chest, superior vena cava",
        impression="Port catheter in appropriate position.",
    )


def pacemaker(scene: Scene) -> Placed:
    """A generator below the left clavicle with leads to the right atrium and ventricle."""
    marks = scene.anatomy.marks
    heart = marks.heart
    cava = _middle_line(scene, organs.VENA_CAVA, 10_000)
    across = marks.middle[2] + 96
    front = _skin(scene, marks.apex + 45, across)
    at = (marks.apex + 45, front + 12, across)
    start = (at[0] - 20, at[1], at[2] - 14)
    vein = [
        start,
        (marks.apex + 10, at[1] + 18, at[2] - 32),
        (marks.apex + 14, cava[0][1] - 4, marks.middle[2] + 34),
        (cava[0][0] - 8, cava[0][1] - 6, marks.middle[2] + 6),
        tuple(cava[len(cava) // 3]),
        tuple(cava[-1]),
    ]
    end = cava[-1]
    atrium = [
        *vein,
        (end[0] + 32, end[1] - 16, end[2] + 2),
        (end[0] + 24, end[1] - 34, end[2] + 16),
        (end[0] + 10, end[1] - 38, end[2] + 20),
    ]
    ventricle = [
        *[(z + 1, y + 2, x + 3.5) for z, y, x in vein],
        (end[0] + 42, end[1] - 8, end[2] + 10),
        (heart[0] + 26, heart[1] - 22, heart[2] + 4),
        (heart[0] + 34, heart[1] - 30, heart[2] + 42),
    ]
    wires = []
    for path in (atrium, ventricle):
        line = curve(path)
        wires += [
            Wire(line, 0.9, LEAD * 0.55),
            Wire(line[-9:], 1.25, LEAD),
            Wire(line[-26:-21], 1.25, LEAD),
        ]
    plates = (
        Plate(_ring(at, 21, 24, power=3.2), 6, 7.0),
        Plate(_ring((at[0] + 5, at[1], at[2]), 13, 20, power=4), 5, 9.0),
        Plate(_ring((at[0] - 16, at[1], at[2] + 2), 5, 15, power=4), 6, -2.0),
    )
    return Placed(
        "heart_device",
        "devices",
        scene.pick(
            "Left-sided dual-chamber pacemaker with leads in the right atrium and right ventricle.",
            "Left pectoral pacemaker; lead tips project over the right atrium and "
            "the right ventricle.",
        ),
        (Part(wires=tuple(wires), plates=plates),),
        "left",
        "left pectoral, right heart",
        impression="Dual-chamber pacemaker in expected position.",
    )


def valve(scene: Scene) -> Placed:
    """The ring of a prosthetic aortic valve."""
    z, y, x = scene.anatomy.marks.heart
    center = np.array([z - 16, y - 6, x - 22])
    angle = np.linspace(0, 2 * np.pi, 80)
    tilt = np.array([[0.55, 0.2, 0.81], [0.35, -0.93, 0.0]])
    ring = center + 12.5 * (np.cos(angle)[:, None] * tilt[0] + np.sin(angle)[:, None] * tilt[1])
    return Placed(
        "heart_device",
        "devices",
        scene.pick("Prosthetic aortic valve.", "Status post aortic valve replacement."),
        (Part(wires=(Wire(ring, 0.9, LEAD),)),),
        "",
        "aortic valve",
    )


def sternal_wires(scene: Scene) -> Placed:
    """Twisted loops of wire around the sternum, one region for all."""
    bone = np.argwhere(scene.anatomy.base.labels[:, ::2, ::2] == organs.STERNUM).astype(float)
    bone[:, 1:] *= 2
    if len(bone) == 0:  # a CT without a labelled sternum: where one would be
        z, _, x = scene.anatomy.marks.middle
        bone = np.array(
            [
                (z + d, _skin(scene, z + d, x) + 16, x + s)
                for d in range(-50, 40, 2)
                for s in (-12, 12)
            ]
        )
    levels = np.linspace(bone[:, 0].min() + 16, bone[:, 0].max() - 14, 6)
    wires = []
    for level in levels:
        near = bone[np.abs(bone[:, 0] - level) < 3]
        _, y, x = near.mean(0)
        half = np.clip(np.ptp(near[:, 2]) / 2 + 1, 9, 15)
        slant = scene.between(-3, 3)
        angle = np.linspace(-np.pi / 2, 1.5 * np.pi, 60)
        loop = np.stack(
            [
                level + slant * np.cos(angle) + 4.5 * np.sin(angle) + scene.between(-0.5, 0.5),
                y + 9 * np.sin(angle),
                x + half * np.cos(angle),
            ],
            axis=1,
        )
        t = np.linspace(0, 1, 14)
        turn = np.stack(
            [
                loop[0, 0] - 5 * t + np.sin(14 * t),
                loop[0, 1] - 2 * t,
                loop[0, 2] + 5 * t + np.cos(14 * t),
            ],
            axis=1,
        )
        wires += [Wire(loop, 0.45, STEEL), Wire(turn, 0.6, STEEL)]
    return Placed(
        "postoperative_change",
        "devices",
        scene.pick(
            "Median sternotomy wires are intact.",
            "Status post median sternotomy with intact wires.",
        ),
        (Part(wires=tuple(wires)),),
        "",
        "sternum",
    )


def clips(scene: Scene) -> Placed:
    """Small metal clips along the left of the heart, as after bypass surgery."""
    z, y, x = scene.anatomy.marks.heart
    wires = []
    for _ in range(int(scene.rng.integers(7, 11))):
        at = np.array(
            [z + scene.between(-58, 18), y - 30 + scene.between(-8, 8), x + scene.between(2, 26)]
        )
        direction = scene.rng.standard_normal(3)
        direction *= 3.2 / np.linalg.norm(direction)
        wires.append(Wire(np.stack([at - direction, at + direction]), 0.7, STEEL))
    return Placed(
        "surgical_material",
        "devices",
        scene.pick(
            "Surgical clips projecting over the left heart border.", "Mediastinal surgical clips."
        ),
        (Part(wires=tuple(wires)),),
        "left",
        "left heart border",
    )


def chest_tube(scene: Scene, side: str = "") -> Placed:
    """A drain from the lateral chest wall up to the apex."""
    side = side or scene.side()
    marks = scene.anatomy.marks
    medial, lateral = marks.sides[side]
    inward = 1 if side == "right" else -1
    path = [
        (marks.dome + 26, marks.middle[1] - 6, lateral - inward * 26),
        (marks.dome - 2, marks.middle[1], lateral + inward * 6),
        (marks.dome - 60, marks.middle[1] + 22, lateral + inward * 18),
        (marks.apex + 62, marks.middle[1] + 26, lateral + inward * 42),
        (marks.apex + 30, marks.middle[1] + 22, lateral + inward * 62),
    ]
    line = curve(path)
    wires = (Wire(line, 4.0, 1.1, bore=2.8), Wire(line + np.array([0, 0, 2.6]), 0.7, STRIPE * 1.5))
    del medial
    return Placed(
        "tube",
        "devices",
        scene.pick(
            f"{side.capitalize()} chest tube with its tip toward the apex.",
            f"Chest drain on the {side}, its tip near the apex.",
        ),
        (Part(wires=wires),),
        side,
        f"{side} pleural space",
        impression=f"{side.capitalize()} chest tube in place.",
    )


def _middle_line(scene: Scene, organ: int, bottom: float) -> Path3:
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


def _falling(path: list[tuple[float, ...]]) -> list[tuple[float, float, float]]:
    """The points that lie lower than all before, so that a line does not turn back."""
    kept: list[tuple[float, float, float]] = []
    for point in path:
        if not kept or point[0] > kept[-1][0] + 3:
            kept.append(tuple(point))  # type: ignore[arg-type]
    return kept


def _ring(center: Point, tall: float, wide: float, power: float = 2.0) -> Path3:
    """A superellipse facing the front."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    z = np.sign(s) * np.abs(s) ** (2 / power) * tall
    x = np.sign(c) * np.abs(c) ** (2 / power) * wide
    return np.stack([center[0] + z, np.full_like(z, center[1]), center[2] + x], axis=1)


def _skin(scene: Scene, height: float, across: float) -> float:
    """How far back the skin lies there, mm."""
    column = scene.hu[int(height), :, int(np.clip(across, 0, scene.hu.shape[2] - 1))]
    return float(np.argmax(column > -300))
