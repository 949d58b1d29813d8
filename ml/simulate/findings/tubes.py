"""Tubes in airway, stomach and pleural space, in right and in wrong places."""

from __future__ import annotations

import numpy as np

from ml.simulate import organs
from ml.simulate.drawing import Wire, curve
from ml.simulate.findings.common import Part, Placed, Scene
from ml.simulate.findings.routes import PLASTIC, STRIPE, ended, middle_line

RIGHT_BRONCHUS = np.array([(10.0, 2, -6), (24, 5, -13), (50, 14, -25), (95, 32, -42)])
"""From the carina down the right main bronchus into the lower lobe, mm."""
BEFORE_CARINA_MM = {True: 4.0, False: 24.0}
"""How far above it the trachea's middle is followed by a tube that stays in it, and by one that
goes on to the right: nearer, the middle is that of both main bronchi."""


ABOVE_CARINA_MM = 50
"""Where a tracheal tube that lay too deep is to end (Goodman et al. 1976: 5 +- 2 cm)."""


def tracheal_tube(scene: Scene, *, right: bool = True) -> Placed:
    """An endotracheal tube: tip above the carina, or in the right main bronchus."""
    carina = np.array(scene.anatomy.marks.carina)
    above = round(scene.between(32, 58))
    path = middle_line(scene, organs.TRACHEA, carina[0] - BEFORE_CARINA_MM[right])
    goal = None if right else tuple(ended(scene, path, ABOVE_CARINA_MM)[-1])
    # The right main bronchus leaves at about 25 degrees (Hampton et al. 2000).
    path = ended(scene, path, above) if right else np.vstack([path, carina + RIGHT_BRONCHUS[:2]])
    line = curve([(scene.top, path[0][1] + 4, path[0][2]), *map(tuple, path)])
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
        "tracheal_tube",
        "devices",
        sentence,
        (Part(wires=wires, ways=(line,)),),
        location="trachea" if right else "right main bronchus",
        severity="" if right else "malpositioned",
        significance="" if right else "urgent",
        impression=(
            "Endotracheal tube in appropriate position."
            if right
            else "Endotracheal tube in the right main bronchus: withdraw by about {withdraw} cm. "
            "The team was informed."
        ),
        goal=goal,
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
        path = middle_line(scene, organs.TRACHEA, carina[0] - BEFORE_CARINA_MM[False])
        tail = [tuple(point) for point in np.array(carina) + RIGHT_BRONCHUS]
    line = curve([(scene.top, path[0][1], path[0][2] + 3), *map(tuple, path), *tail])
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
        "feeding_tube",
        "devices",
        sentence,
        (Part(wires=wires, ways=(line,)),),
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


def chest_tube(scene: Scene, side: str = "", *, right: bool = True) -> Placed:
    """A drain from the lateral chest wall up to the apex, or one that never entered the chest."""
    side = side or scene.side()
    marks = scene.anatomy.marks
    cage = scene.anatomy.cage
    end, outward = (1, 1) if side == "left" else (0, -1)

    def within(level: float, back: float, deep: float) -> tuple[float, float, float]:
        """A point `deep` mm inside the lateral wall."""
        wall = cage.across[end, int(level / 2), int(back / 2)]
        return (level, back, float(wall) - outward * deep)

    middle = marks.middle[1]
    entry = marks.dome + 24
    path = [
        within(entry, middle + 2, 9),
        within(entry - 26, middle + 8, 8),
        within(marks.dome - 75, middle + 18, 9),
        within(marks.apex + 48, middle + 24, 12),
        within(marks.apex + 17, middle + 20, 24),
    ]
    if not right:  # it runs up outside the ribs
        path = [
            within(entry, middle + 2, -17),
            within(entry - 30, middle + 6, -19),
            within(marks.dome - 60, middle + 10, -20),
            within(marks.dome - 105, middle + 12, -20),
        ]
    # Outside the ribs nothing has gone down with the breath: the line is drawn in the person.
    within_person = scene.body.from_ct(np.array(path))
    skin = within_person[0] + np.array([(14, -6, outward * 24), (6, -2, outward * 12)])
    line = curve([*map(tuple, skin), *map(tuple, within_person)])
    wires = (
        Wire(line, 4.0, 1.1, bore=2.8, of_person=True),
        Wire(line + np.array([0, 0, 2.6]), 0.7, STRIPE * 1.5, of_person=True),
    )
    if not right:
        return Placed(
            "chest_tube",
            "devices",
            scene.pick(
                f"The {side} chest tube lies in the subcutaneous tissue, outside the ribs.",
                f"Malpositioned {side} chest drain: it runs in the chest wall.",
            ),
            (Part(wires=wires, ways=(line,)),),
            side,
            f"{side} chest wall",
            severity="malpositioned",
            significance="urgent",
            impression=f"{side.capitalize()} chest tube outside the pleural space: replace.",
        )
    return Placed(
        "chest_tube",
        "devices",
        scene.pick(
            f"{side.capitalize()} chest tube with its tip toward the apex.",
            f"Chest drain on the {side}, its tip near the apex.",
        ),
        (Part(wires=wires, ways=(line,)),),
        side,
        f"{side} pleural space",
        impression=f"{side.capitalize()} chest tube in place.",
    )
