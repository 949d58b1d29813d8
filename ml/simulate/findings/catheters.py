"""Central venous catheters and ports, in right and in wrong places."""

from __future__ import annotations

import numpy as np

from ml.simulate import organs
from ml.simulate.anatomy import Point
from ml.simulate.drawing import Plate, Wire, curve
from ml.simulate.findings.common import Part, Placed, Scene
from ml.simulate.findings.routes import (
    ended,
    falling,
    middle_line,
    ring_facing_front,
    skin_at,
)

TIP_MM, DEEP_MM = (30.0, 38.0), (72.0, 92.0)
"""How far below the carina a line ends that lies well, at the lower end of the superior vena cava
and at the cavoatrial junction both, and one in the atrium, mm of the person (`gates.lines`)."""
ATRIUM = ((72.0, -6.0, 6.0), (98.0, -14.0, 22.0))
"""The way on into the right atrium, mm: down from the carina, back and left from the end of the
CT's superior vena cava."""


def central_line(scene: Scene, *, right: bool = True) -> Placed:
    """A line from the right jugular vein to the cavoatrial junction, or into the atrium.

    The CT's own superior vena cava ends 48 mm below its carina, 46 to 62 in five persons who have
    breathed in: deeper than where readers look for the junction.
    """
    cava = middle_line(scene, organs.VENA_CAVA, 10_000)
    top = cava[0]
    end = cava[-1]
    vein = middle_line(scene, organs.RIGHT_VEIN, 10_000)
    neck = vein[0] if len(vein) > 2 and vein[0][0] < top[0] else np.array(top) - (40, 0, -4)
    path = [
        (scene.top, neck[1] + 2, neck[2] - 5),
        (neck[0] * 0.6, neck[1] + 1, neck[2] - 3),
        tuple(neck),
        *map(tuple, vein[2::3] if len(vein) > 4 else ()),
        *map(tuple, cava[:: max(1, len(cava) // 4)]),
        tuple(end),
    ]
    way = curve(falling([*path, *_into_the_atrium(scene, end)]))
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
    line = ended(scene, way, -scene.between(*(TIP_MM if right else DEEP_MM)))
    return Placed(
        "central_line",
        "devices",
        sentence,
        (Part(wires=(Wire(line, 1.15, 4.2),), ways=(line,)),),
        "right",
        "superior vena cava" if right else "right atrium",
        severity="" if right else "malpositioned",
        significance="" if right else "actionable",
        impression=(
            "Central venous catheter in appropriate position."
            if right
            else "Central venous catheter too deep, in the right atrium: withdraw by about "
            "{withdraw} cm."
        ),
        goal=None if right else tuple(ended(scene, way, -sum(TIP_MM) / 2)[-1]),
    )


def _into_the_atrium(scene: Scene, end: np.ndarray) -> list[Point]:
    level = scene.anatomy.marks.carina[0]
    return [(level + down, end[1] + back, end[2] + left) for down, back, left in ATRIUM]


def crossed_line(scene: Scene) -> Placed:
    """A line from the right subclavian vein that has turned up into the neck."""
    marks = scene.anatomy.marks
    cava = middle_line(scene, organs.VENA_CAVA, 10_000)
    top = cava[0]
    skin = skin_at(scene, marks.apex + 44, marks.middle[2] - 96)
    path = [
        (marks.apex + 44, skin + 10, marks.middle[2] - 96),
        (marks.apex + 22, top[1] - 14, marks.middle[2] - 72),
        (marks.apex + 16, top[1] - 8, top[2] - 24),
        (marks.apex + 10, top[1] - 3, top[2] - 11),
        (marks.apex + 1, top[1] - 2, top[2] - 8),
        (marks.apex - 8, top[1] - 2, top[2] - 8),
    ]
    line = curve([tuple(map(float, point)) for point in path])  # type: ignore[misc]
    return Placed(
        "central_line",
        "devices",
        scene.pick(
            "The right subclavian catheter turns up into the internal jugular vein.",
            "Right subclavian central venous catheter malpositioned, its tip in the right internal "
            "jugular vein.",
        ),
        (Part(wires=(Wire(line, 1.15, 4.2),), ways=(line,)),),
        "right",
        "internal jugular vein",
        severity="malpositioned",
        significance="actionable",
        impression="Central venous catheter in the internal jugular vein: reposition.",
    )


def port(scene: Scene) -> Placed:
    """A port under the right clavicle with its line in the superior vena cava."""
    marks = scene.anatomy.marks
    cava = middle_line(scene, organs.VENA_CAVA, 10_000)
    top, end = cava[0], cava[-1]
    front = skin_at(scene, marks.apex + 52, marks.middle[2] - 82)
    chamber = (marks.apex + 52, front + 12, marks.middle[2] - 82)
    path = [
        (chamber[0] - 10, chamber[1], chamber[2] + 6),
        (marks.apex + 22, chamber[1] + 8, chamber[2] + 20),
        (top[0] - 22, top[1] - 10, top[2] - 30),
        (top[0] - 10, top[1] - 4, top[2] - 12),
        *map(tuple, cava[:: max(1, len(cava) // 4)]),
        tuple(end),
        *_into_the_atrium(scene, end),
    ]
    # From the chest wall to the vein: smooth in the person, whose inside has slid along the wall.
    within_person = scene.body.from_ct(np.array(path))
    way = curve([*map(tuple, within_person)])
    line = ended(scene, way, -scene.between(*TIP_MM), of_person=True)
    wires = (Wire(line, 1.2, 4.4, of_person=True),)
    plates = (
        Plate(ring_facing_front(chamber, 13.5, 11), 7, 1.1),
        Plate(ring_facing_front(chamber, 9, 8), 6, 1.6),
        Plate(ring_facing_front(chamber, 4.5, 4), 4, 2.0),
    )
    return Placed(
        "central_line",
        "devices",
        scene.pick(
            "Right-sided port with its catheter tip in the lower superior vena cava.",
            "Right chest port catheter ending at the cavoatrial junction.",
        ),
        (Part(wires=wires, plates=plates, ways=(line,)),),
        "right",
        "right upper chest, superior vena cava",
        impression="Port catheter in appropriate position.",
    )
