"""One person examined twice: an ordinary film, and an earlier one on which something is otherwise.

Either the person has changed between the films, or the earlier one was taken in another way, or
both. The later film is always taken as it should be, so that its truth holds for itself. What is
the same on both films is the same in the person: one body, one finding, projected twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial

import numpy as np
from scipy import ndimage

from ml.simulate import gates, measures, words
from ml.simulate.anatomy import Anatomy
from ml.simulate.cases import (
    SIZE,
    Aim,
    Difficulty,
    Earlier,
    Found,
    SimulatedCase,
    Sitting,
    completed,
    exposure_of,
    found_of,
    taken,
    visible,
)
from ml.simulate.changes import CHANGES, TECHNIQUES
from ml.simulate.detector import Exposure
from ml.simulate.findings import chest, pleura, variants
from ml.simulate.findings.common import Part, Placed, Scene
from ml.simulate.patients import Body
from ml.simulate.plans import RECIPES, Plan
from ml.simulate.projector import Block, Picture, View
from ml.simulate.shadows import part_shown
from ml.simulate.standing import PERSONS, beginning, healthy_of, stood, view_of

SMALLER = 0.62
"""Diameter of a nodule by that of the same one when it is larger."""
TURN, LEAN, BREATH = 1.0, 1.5, 3.0
"""How differently one person stands (degrees, either way) and breathes (mm) on two good films."""
WHEN = ("3 months ago", "8 months ago", "a year ago", "2 years ago")
STAGES: dict[str, Callable[..., Placed]] = {
    "effusion": pleura.effusion,
    "pneumothorax": pleura.pneumothorax,
}
"""Recipes that are drawn in stages; a nodule is made smaller as a whole."""
SIZED = ("nodule", *STAGES)
"""Recipes of what can be larger or smaller than it was."""


@dataclass(frozen=True)
class Twice:
    """What is otherwise on the earlier of two films; words of `CHANGES` and `TECHNIQUES`."""

    change: str = ""
    """Of the plan's one finding; empty for a plan without any."""
    technique: str = ""
    """Empty where the earlier film is as good as the later one, taken on another day."""

    def __str__(self) -> str:
        return f"twice {self.change or '-'} {self.technique or '-'}"


def generate_twice(
    anatomy: Anatomy,
    key: str,
    plan: Plan,
    seed: int,
    difficulty: Difficulty | Aim = "any",
    size: int = SIZE,
    attempt: int = 0,
    *,
    twice: Twice,
) -> SimulatedCase:
    """A case of two frontal films, the later one first; the same arguments give the same bytes.

    Raises:
        ValueError: the plan has not the one finding that changes, or one that cannot change so.
    """
    _check(plan, twice)
    rng, patient = beginning(key, plan, seed, attempt)
    later = _Standing.of(anatomy, stood(anatomy, rng, patient, plan, size))
    body = _again(anatomy, later.view, twice.technique, rng)
    earlier = later
    if body is not later.view.body:
        earlier = _Standing.of(anatomy, view_of(anatomy, body, later.view.kind, size))
    placed: tuple[Placed | None, Placed | None] = (None, None)
    if twice.change:
        scene = Scene(anatomy, rng, later.view.body, later.view.kind)
        placed = _placed(scene, plan, later, difficulty, twice)
    exposures = _exposures(later.view, twice.technique, rng)
    shown = [_shown(anatomy, later, placed[0])]
    # The same thing in the same person, taken in another way, need not be projected anew.
    is_same = earlier is later and placed[1] is placed[0]
    shown.append(shown[0] if is_same else _shown(anatomy, earlier, placed[1]))
    sittings = [
        replace(sitting, exposure=exposure)
        for (sitting, _), exposure in zip(shown, exposures, strict=True)
    ]
    now, before = (taken(anatomy, sitting, rng) for sitting in sittings)
    (_, now_found), (_, before_found) = shown
    return SimulatedCase(
        key=key,
        age=patient.age,
        sex=patient.sex,
        indication=patient.indication,
        pictures=(now, before),
        findings=now_found,
        report=words.report(rng, [found.placed for found in now_found]),
        measured=asdict(later.person),
        sitting=sittings[0],
        earlier=Earlier(
            change=twice.change,
            technique=twice.technique,
            when=str(rng.choice(WHEN)),
            findings=before_found,
            measured=asdict(earlier.person),
        ),
    )


def _check(plan: Plan, twice: Twice) -> None:
    if twice.change not in ("", *CHANGES) or twice.technique not in ("", *TECHNIQUES):
        raise ValueError(f"{twice} is no word of changes.CHANGES or changes.TECHNIQUES")
    if len(plan.findings) != bool(twice.change):
        raise ValueError(f"{twice} with {len(plan.findings)} findings")
    for name in plan.findings:
        recipe = RECIPES[name]
        if recipe.bend or recipe.taken or recipe.portable:
            raise ValueError(f"{name} lies in the body or the exposure itself")
        if twice.change in ("larger", "smaller") and name not in SIZED:
            raise ValueError(f"{name} has but one size")


@dataclass(frozen=True)
class _Standing:
    """A person as they stand on one day, without a finding, and what is measured of them."""

    view: View
    healthy: Picture
    person: measures.Person

    @classmethod
    def of(cls, anatomy: Anatomy, view: View) -> _Standing:
        return cls(view, healthy_of(anatomy, view), measures.of_person(anatomy, view))


def _again(anatomy: Anatomy, view: View, technique: str, rng: np.random.Generator) -> Body:
    """The person of `view` as they stood before, drawn anew until that measures as it should."""
    for _ in range(PERSONS):
        body = _drawn_again(view.body, technique, rng)
        if body is view.body:
            break
        person = measures.of_person(anatomy, view_of(anatomy, body, view.kind, 400))
        if gates.fits_earlier(technique, asdict(person), view.kind):
            break
    return body


def _drawn_again(body: Body, technique: str, rng: np.random.Generator) -> Body:
    """The person otherwise in what the technique says, and in that alone."""
    if technique == "rotation":
        return variants.turned(body, rng)
    if technique == "breath":
        return chest.shallow_breath(body, rng)
    if technique:
        return body
    return replace(
        body,
        turn=body.turn + float(rng.uniform(-TURN, TURN)),
        lean=body.lean + float(rng.uniform(-LEAN, LEAN)),
        breath=body.breath + float(rng.uniform(-BREATH, BREATH)),
    )


def _exposures(later: View, technique: str, rng: np.random.Generator) -> tuple[Exposure, Exposure]:
    """How the later and the earlier film are taken and processed."""
    now = exposure_of(later, rng, ())
    if technique == "exposure":
        change = variants.underexposed if rng.random() < 0.5 else variants.overexposed
        return now, change(now)
    if technique == "contrast":
        return now, (_hard if rng.random() < 0.5 else _flat)(now)
    return now, now if technique else exposure_of(later, rng, ())


def _hard(exposure: Exposure) -> Exposure:
    """Another maker's processing, which raises edges and holds the coarse back."""
    return replace(
        exposure,
        detail=exposure.detail * 1.7,
        middle=exposure.middle * 1.5,
        latitude=exposure.latitude * 0.6,
    )


def _flat(exposure: Exposure) -> Exposure:
    """Another maker's processing, which leaves fine structure as it is."""
    return replace(
        exposure,
        detail=exposure.detail * 0.42,
        middle=exposure.middle * 0.65,
        latitude=exposure.latitude * 1.5,
    )


def _placed(
    scene: Scene, plan: Plan, later: _Standing, difficulty: Difficulty | Aim, twice: Twice
) -> tuple[Placed | None, Placed | None]:
    """The finding as it is on the later and on the earlier film; None where it is not."""
    [name] = plan.findings
    if name in STAGES:
        side = scene.side()
        both = {
            amount: STAGES[name](scene, side=side, amount=amount)
            for amount in ("small", "moderate")
        }
        usual = both[scene.pick(*both)]
        large, small = both["moderate"], both["small"]
    else:
        usual, _ = visible(scene, RECIPES[name].place, later.view, later.healthy, [], difficulty)
        large, small = usual, smaller(usual, SMALLER)
    return {
        "new": (usual, None),
        "gone": (None, usual),
        "unchanged": (usual, usual),
        "larger": (large, small),
        "smaller": (small, large),
    }[twice.change]


def smaller(placed: Placed, factor: float) -> Placed:
    """The finding with every part so many times as large about its own middle.

    `factor`: above 0, at most 1. What a voxel adds stays, so that a smaller one is fainter only
    since the beam runs through less of it.
    """
    return replace(placed, parts=tuple(_shrunk(part, factor) for part in placed.parts))


def _shrunk(part: Part, factor: float) -> Part:
    shrink = partial(_shrunk_block, factor=factor)
    return replace(
        part,
        added=shrink(part.added) if part.added else None,
        mask=shrink(part.mask) if part.mask else None,
    )


def _shrunk_block(block: Block, *, factor: float) -> Block:
    size = np.array(block.values.shape)
    middle = np.array(block.corner) + size * block.spacing / 2
    values = ndimage.zoom(block.values, factor, order=1, mode="nearest", grid_mode=True)
    corner = middle - np.array(values.shape) * block.spacing / 2
    z, y, x = map(float, corner)
    return replace(block, corner=(z, y, x), values=values)


def _shown(
    anatomy: Anatomy, standing: _Standing, placed: Placed | None
) -> tuple[Sitting, tuple[Found, ...]]:
    """What a film of the person with the finding is taken of, and what shows on it."""
    view, healthy = standing.view, standing.healthy
    if placed is None:
        return Sitting(view, healthy, (), (), Exposure()), ()
    parts = [part_shown(view, part) for part in placed.parts]
    placed = completed(placed, anatomy, view, view.body, parts, healthy)
    found = found_of(placed, anatomy, view, parts, [], healthy, standing.person.lungs)
    return Sitting(view, healthy, (placed,), (parts,), Exposure()), (found,)
