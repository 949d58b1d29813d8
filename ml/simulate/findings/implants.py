"""Pacemakers, valves, and what surgery leaves behind."""

from __future__ import annotations

import numpy as np

from ml.simulate import organs
from ml.simulate.anatomy import Point
from ml.simulate.drawing import Plate, Wire, curve
from ml.simulate.findings.common import Part, Placed, Scene
from ml.simulate.findings.routes import LEAD, STEEL, middle_line, ring_facing_front, skin_at
from ml.simulate.patients import SOFT_MM


def pacemaker(scene: Scene) -> Placed:
    """A generator below the left clavicle with leads to the right atrium and ventricle."""
    marks = scene.anatomy.marks
    heart = marks.heart
    cava = middle_line(scene, organs.VENA_CAVA, 10_000)
    across = marks.middle[2] + 96
    front = skin_at(scene, marks.apex + 45, across)
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
        (end[0] + 12, end[1] - 6, end[2] + 1),
        (end[0] + 18, end[1] - 16, end[2] + 9),
        (end[0] + 12, end[1] - 26, end[2] + 17),
        (end[0] - 6, end[1] - 33, end[2] + 21),
    ]
    ventricle = [
        *[(z + 1, y + 2, x + 3.5) for z, y, x in vein],
        (end[0] + 42, end[1] - 8, end[2] + 10),
        (heart[0] + 26, heart[1] - 22, heart[2] + 4),
        _inside(scene, (heart[0] + 25, heart[1] - 22, heart[2] + 43)),
    ]
    wires = []
    leads = (curve(atrium), curve(ventricle))
    for line in leads:
        wires += [
            Wire(line, 0.9, LEAD * 0.55),
            Wire(line[-9:], 1.25, LEAD),
            Wire(line[-26:-21], 1.25, LEAD),
        ]
    plates = (
        Plate(ring_facing_front(at, 21, 24, power=3.2), 6, 7.0),
        Plate(ring_facing_front((at[0] + 5, at[1], at[2]), 13, 20, power=4), 5, 9.0),
        Plate(ring_facing_front((at[0] - 16, at[1], at[2] + 2), 5, 15, power=4), 6, -2.0),
    )
    return Placed(
        "cardiac_lead",
        "devices",
        scene.pick(
            "Left-sided dual-chamber pacemaker with leads in the right atrium and right ventricle.",
            "Left pectoral pacemaker; lead tips project over the right atrium and "
            "the right ventricle.",
        ),
        (Part(wires=tuple(wires), plates=plates, ways=leads),),
        "left",
        "left pectoral, right heart",
        impression="Dual-chamber pacemaker in expected position.",
    )


def _inside(scene: Scene, tip: Point) -> Point:
    """The point, or the first toward the heart's middle that goes with the heart, not the wall.

    What lies at the wall does not go down with a breath: a lead that ends there would turn up.
    """
    middle = np.array(scene.anatomy.marks.heart)
    way = np.array(tip) + np.linspace(0, 1, 21)[:, None] * (middle - np.array(tip))
    within = scene.anatomy.cage.depth_at(way) > SOFT_MM
    down, back, left = way[int(within.argmax())]
    return float(down), float(back), float(left)


def valve(scene: Scene) -> Placed:
    """The ring of a prosthetic aortic or mitral valve."""
    z, y, x = scene.anatomy.marks.heart
    which = scene.pick("aortic", "mitral")
    angle = np.linspace(0, 2 * np.pi, 80)
    if which == "aortic":
        center = np.array([z - 16, y - 6, x - 22])
        tilt = np.array([[0.55, 0.2, 0.81], [0.35, -0.93, 0.0]])
    else:
        center = np.array([z + 6, y + 12, x + 8])
        tilt = np.array([[0.93, 0.2, 0.3], [0.2, -0.55, 0.81]])
    ring = center + 12.5 * (np.cos(angle)[:, None] * tilt[0] + np.sin(angle)[:, None] * tilt[1])
    return Placed(
        "heart_device",
        "devices",
        scene.pick(f"Prosthetic {which} valve.", f"Status post {which} valve replacement."),
        (Part(wires=(Wire(ring, 0.9, LEAD),)),),
        "",
        f"{which} valve",
    )


def sternal_wires(scene: Scene) -> Placed:
    """Twisted loops of wire around the sternum, one region for all."""
    bone = np.argwhere(scene.anatomy.base.labels[:, ::2, ::2] == organs.STERNUM).astype(float)
    bone[:, 1:] *= 2
    if len(bone) == 0:  # a CT without a labeled sternum: where one would be
        z, _, x = scene.anatomy.marks.middle
        bone = np.array(
            [
                (z + d, skin_at(scene, z + d, x) + 16, x + s)
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
