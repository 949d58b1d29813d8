"""Answers of many kinds and the verdicts that the scoring rules gave on them when last released.

``python -m tests.ml.verdicts`` writes `verdicts.jsonl` anew: one line an answer and rule. A verdict
that is meant to change needs another `SCORER_VERSION`, because stored results carry it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ml import boxes, taxonomy
from ml.boxes import Box
from ml.localize import (
    RULES,
    SCORER_VERSION,
    Alternate,
    Mark,
    Region,
    Size,
    Slice,
    Tick,
    Truth,
    score,
)
from ml.localize.changed import CHANGES
from tests.ml.plain import plain

TABLE = Path(__file__).with_name("verdicts.jsonl")
SCENES = 220
COMPARED = 80
"""Further scenes, beside a prior film."""
STEPS = 20
"""Boxes lie on a grid, so that edges, middles and sizes are often equal."""
SIZES = {"mm": {"": Size(400.0, 350.0), "lateral": Size(400.0, 300.0)}, "unknown": None}
SIDES = ("", "left", "right", "bilateral")
POSITIONS = ("", "", "right", "wrong")


KINDS = (
    ("consolidation", "pneumonia", "emphysema", "fracture", "surgical_material", "edema"),
    ("cardiac_lead", "central_line", "tracheal_tube", "chest_tube"),
    ("atelectasis", "nodule_mass", "cavity", "cyst", "mediastinal_mass", "hiatal_hernia"),
    ("pleural_effusion", "pneumothorax", "cardiomegaly", "blunted_angle", "nipple_shadow"),
)
"""Labels in parts, labels of tips, other labels to draw, labels to tick."""


@dataclass(frozen=True)
class Scene:
    """A truth and an answer to it."""

    truths: tuple[Truth, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    tolerance: int
    sizes: str


def scenes() -> Iterator[Scene]:
    for number in range(SCENES):
        yield _Draw(random.Random(number)).scene()
    for number in range(SCENES, SCENES + COMPARED):
        chance = random.Random(number)
        yield _with_changes(_Draw(chance).scene(), chance)


def _with_changes(scene: Scene, chance: random.Random) -> Scene:
    """The same beside a prior film: what has become of the findings, and what is said of that."""
    truths = tuple(replace(one, change=chance.choice(["", *CHANGES])) for one in scene.truths)
    said = chance.choice([[""], [None, "", *CHANGES]])
    marks = [replace(one, change=chance.choice(said)) for one in scene.marks]
    drawn = [(truth, region) for truth in truths for region in truth.regions]
    for truth, region in drawn[:1]:  # one that is marked as it should be but for its change
        mark = Mark("exact", truth.label, region.box, region.image, region.frame, None)
        told = {"point": region.point, "position": truth.position, "side": truth.side}
        marks.append(replace(mark, **told, change=chance.choice(said)))
    return replace(scene, truths=truths, marks=tuple(marks))


class _Draw:
    """Draws one scene: a crowded film, on which marks are near the truth and often misnamed."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        drawn = [chance.choice(chance.choice(KINDS)) for _ in range(3)]
        related = [
            slug for kind in KINDS for slug in kind for one in drawn if _are_related(slug, one)
        ]
        self.labels = [*drawn, *drawn, chance.choice(related or drawn), "no_such_label"]

    def scene(self) -> Scene:
        truths = tuple(self._truth(str(n)) for n in range(self.chance.choice([0, 1, 1, 2, 3])))
        marks = tuple(
            self._mark(str(n), truths) for n in range(self.chance.choice([0, 1, 2, 4, 9]))
        )
        ticks = tuple(
            Tick(self.chance.choice(self.labels), self.chance.choice(SIDES))
            for _ in range(self.chance.choice([0, 0, 1, 3]))
        )
        sizes = self.chance.choice(list(SIZES))
        return Scene(truths, marks, ticks, self.chance.choice([0, 0, 1]), sizes)

    def _box(self) -> Box:
        x0, y0 = self.chance.randrange(STEPS), self.chance.randrange(STEPS)
        x1 = self.chance.randint(x0 + 1, min(STEPS, x0 + 8))
        y1 = self.chance.randint(y0 + 1, min(STEPS, y0 + 8))
        return (x0 / STEPS, y0 / STEPS, x1 / STEPS, y1 / STEPS)

    def _near(self, box: Box) -> Box:
        moved = [
            min(1.0, max(0.0, side + self.chance.choice([-2, -1, 0, 0, 0, 1, 2]) / STEPS))
            for side in box
        ]
        x0, y0, x1, y1 = moved
        return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else box

    def _truth(self, name: str) -> Truth:
        label = self.chance.choice(self.labels)
        known = taxonomy.labels().get(label)
        mode = known.mode if known else "draw"
        count = 0 if mode == "select" else self.chance.choice([0, 1, 1, 2, 4])
        is_point = bool(known and known.is_point)
        regions = tuple(self._region(f"{name}.{n}", is_point) for n in range(count))
        significance = self.chance.choice(["", "", *taxonomy.SIGNIFICANCES])
        position = self.chance.choice(POSITIONS) if is_point else ""
        return Truth(name, label, mode, regions, significance, self.chance.choice(SIDES), position)

    def _region(self, name: str, is_point: bool) -> Region:
        box, frame = self._box(), self.chance.choice([0, 0, 3])
        tip = boxes.center_of(box) if is_point and self.chance.random() < 0.8 else None
        other = self._near(box)
        point = boxes.center_of(other) if tip else None
        alternates = (Alternate(other, "second", f"{name}b", None, point),)
        slices = (Slice(frame + 1, self._near(box)),)
        return Region(
            name,
            box,
            self.chance.choice(["", "", "lateral"]),
            frame,
            self.chance.choice(["", "first"]),
            alternates if self.chance.random() < 0.3 else (),
            slices if self.chance.random() < 0.3 else (),
            tip,
        )

    def _mark(self, name: str, truths: tuple[Truth, ...]) -> Mark:
        regions = [(truth, region) for truth in truths for region in truth.regions]
        label, box, image, frame = self.chance.choice(self.labels), self._box(), "", 0
        if regions and self.chance.random() < 0.85:
            truth, region = self.chance.choice(regions)
            box, image = self._near(region.box), region.image
            frame = region.frame + self.chance.choice([0, 0, 0, 1, 2])
            label = truth.label if self.chance.random() < 0.7 else label
        known = taxonomy.labels().get(label)
        is_point = bool(known and known.is_point and self.chance.random() < 0.7)
        point = boxes.center_of(box) if is_point else None
        if point:
            box = boxes.around(point)
        side, position = self.chance.choice(SIDES), self.chance.choice(POSITIONS)
        return Mark(name, label, box, image, frame, None, point, side, position)


def _are_related(one: str, other: str) -> bool:
    return one != other and taxonomy.are_compatible(one, other)


def verdict(scene: Scene, rule: str) -> Any:
    """Everything a rule says of a scene."""
    result = score(
        scene.truths,
        scene.marks,
        scene.ticks,
        rule=rule,
        frame_tolerance=scene.tolerance,
        sizes=SIZES[scene.sizes],
    )
    return plain(result)


def main() -> None:
    lines = [json.dumps({"version": SCORER_VERSION})]
    lines += [json.dumps(verdict(scene, rule)) for scene in scenes() for rule in RULES]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
