"""Tubes in airway, stomach and pleural space, in right and in wrong places."""

from __future__ import annotations

import numpy as np

from ml.simulate import organs
from ml.simulate.drawing import Wire, curve
from ml.simulate.findings.common import Part, Placed, Scene
from ml.simulate.findings.routes import PLASTIC, STRIPE, middle_line


def tracheal_tube(scene: Scene, *, right: bool = True) -> Placed:
    """An endotracheal tube: tip above the carina, or in the right main bronchus."""
    marks = scene.anatomy.marks
    carina = marks.carina
    above = scene.between(32, 52)
    path = middle_line(scene, organs.TRACHEA, carina[0] - (above if right else 6))
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
        path = middle_line(scene, organs.ESOPHAGUS, marks.dome + 30)
        tail = [
            (bottom - 8, marks.middle[1] - 5, marks.middle[2] + 30),
            (bottom + 8, marks.middle[1] - 22, marks.middle[2] + 52),
            (bottom + 26, marks.middle[1] - 34, marks.middle[2] + 58),
        ]
    else:
        carina = marks.carina
        path = middle_line(scene, organs.TRACHEA, carina[0] - 4)
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


def chest_tube(scene: Scene, side: str = "") -> Placed:
    """A drain from the lateral chest wall up to the apex."""
    side = side or scene.side()
    marks = scene.anatomy.marks
    _, lateral = marks.sides[side]
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
