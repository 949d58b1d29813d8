"""Whole cases: a person, findings, radiographs, their truth and a report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ml import taxonomy
from ml.simulate import detector, gates, measures, organs, outlines, plans, vessels, words
from ml.simulate.anatomy import Anatomy
from ml.simulate.detector import Exposure
from ml.simulate.drawing import side_marker
from ml.simulate.findings.common import BONES, Placed, Scene
from ml.simulate.patients import Body
from ml.simulate.plans import RECIPES, Plan
from ml.simulate.projector import Mask, Picture, View
from ml.simulate.shadows import (
    Box,
    Shown,
    box_of,
    contrast_of,
    drawn_devices,
    edge_kept,
    is_inside,
    length_of,
    overlaps,
    part_shown,
    with_devices,
)
from ml.simulate.standing import beginning, healthy_of, stood, view_of
from ml.simulate.tips import Path2, body_of, tips_of
from ml.simulate.tissue import is_lowered

SIZE = 1500
"""Pixels of the picture's long side."""
TRIES = 12
"""How often a small finding is placed anew until it is as visible as wanted."""
CONSPICUITY = {"easy": (4.5, 14.0), "medium": (2.6, 8.0), "hard": (1.5, 3.2), "any": (2.2, 9.0)}
"""Contrast-to-noise ratios a small finding may have, by difficulty."""
AIMED_TRIES = 24
"""The same where a place is wanted, too."""
OTHER_ZONE = 0.3
"""What lying in another place weighs, in units of contrast-to-noise ratio."""
SHOULDERS_TO = 1.1
"""Line integral up to which a film with shoulders shows these alone, not lungs."""
STEP_TOLD_MM = 5
"""To what a distance is rounded by which something is to be moved."""
NO_LUNG = -0.01
"""What a finding adds where it has taken so much lung away that no vessels are left."""
Difficulty = Literal["easy", "medium", "hard", "any"]


@dataclass(frozen=True)
class Aim:
    """What a small finding shall be like, where more is wanted than a difficulty."""

    low: float
    """Contrast-to-noise ratio, above 0."""
    high: float
    zone: str = ""
    """``upper``, ``middle`` or ``lower`` third of the lung; empty: anywhere."""

    def __str__(self) -> str:
        return f"{self.low:.3f}-{self.high:.3f} {self.zone}".rstrip()


@dataclass(frozen=True)
class Found:
    """A finding as it shows: boxes normalized x0 y0 x1 y1, and its contrast-to-noise ratio."""

    placed: Placed
    boxes: tuple[Box, ...]
    lateral_boxes: tuple[Box, ...]
    conspicuity: float | None
    shown: tuple[Shown, ...]
    """On the frontal picture at half its resolution, a part a box; devices drawn in."""
    ways: tuple[Path2, ...] = ()
    """Of a device on the frontal picture, see `tips_of`."""
    body: Box | None = None
    """Of a device that has one beside its tips, see `body_of`."""
    outlines: tuple[Path2, ...] = ()
    """Of a finding with a border of its own, see `outlines.OUTLINED`: one a box."""
    measured: dict[str, float] = field(default_factory=dict)
    """What the gates ask of it; see `ml/simulate/gates.py`."""
    change: str = ""
    """What it is against the other film, where there are two days; a word of `changes.CHANGES`."""

    @property
    def is_placed(self) -> bool:
        """Whether its truth has a place: it is drawn, or it is to be told what was marked on it."""
        label = taxonomy.labels()[self.placed.label]
        return label.mode == "draw" or label.is_variant


@dataclass(frozen=True)
class Radiograph:
    values: NDArray[np.uint16]
    """12 bits, (rows, columns)."""
    view: str
    spacing_mm: float
    """Of the person's middle plane: the beam's magnification is taken out."""


@dataclass(frozen=True)
class SimulatedCase:
    key: str
    age: int
    sex: str
    indication: str
    pictures: tuple[Radiograph, ...]
    findings: tuple[Found, ...]
    report: dict[str, str]
    measured: dict[str, Any] = field(default_factory=dict)
    """What the gates ask of the person; see `measures.Person`."""
    sitting: Sitting | None = field(default=None, repr=False, compare=False)
    """What the frontal picture was taken of."""
    earlier: Earlier | None = None
    """What the second picture is of where that is an earlier one (`ml.simulate.twice`)."""


@dataclass(frozen=True)
class Earlier:
    """An earlier film of the same person, and what has changed since."""

    change: str
    """Of the one finding: a word of `changes.CHANGES`; empty where there is none on either film,
    and where each finding has its own."""
    technique: str
    """What of the earlier film is otherwise than it should be: a word of `changes.TECHNIQUES`."""
    when: str
    """What learners are told of it, such as "8 months ago"."""
    findings: tuple[Found, ...]
    measured: dict[str, Any]
    days: int = 0
    """How long before the other film it was taken; 0 where that is not known."""
    first: Earlier | None = None
    """What the third picture is of, where there is one: a film from before this one."""


@dataclass(frozen=True)
class Sitting:
    """What a picture was taken of and how, all at half its resolution."""

    view: View
    healthy: Picture
    placed: tuple[Placed, ...]
    shown: tuple[list[Shown], ...]
    exposure: Exposure


def generate(
    anatomy: Anatomy,
    key: str,
    plan: Plan,
    seed: int,
    difficulty: Difficulty | Aim = "any",
    size: int = SIZE,
    attempt: int = 0,
) -> SimulatedCase:
    """One case; the same key, plan, seed and attempt give the same bytes.

    Whether it passes the gates is for the caller to ask; of persons, several are tried here.
    """
    rng, patient = beginning(key, plan, seed, attempt)
    frontal = stood(anatomy, rng, patient, plan, size)
    body = frontal.body
    healthy = healthy_of(anatomy, frontal)
    scene = Scene(anatomy, rng, body, frontal.kind)
    shown: list[list[Shown]] = []
    placed: list[Placed] = []
    for name in plan.findings:
        one, parts = visible(scene, RECIPES[name].place, frontal, healthy, shown, difficulty)
        placed.append(completed(one, anatomy, frontal, body, parts, healthy))
        shown.append(parts)
    of_person = measures.of_person(anatomy, frontal)
    exposure = exposure_of(frontal, rng, plan.findings)
    sitting = Sitting(frontal, healthy, tuple(placed), tuple(shown), exposure)
    pictures = [taken(anatomy, sitting, rng)]
    lateral: list[list[Shown]] = [[] for _ in placed]
    if plan.lateral:
        side = view_of(anatomy, body, "LATERAL", size)
        lateral = [[part_shown(side, part) for part in one.parts] for one in placed]
        around = healthy_of(anatomy, side)
        exposure = exposure_of(side, rng, plan.findings)
        beside = Sitting(side, around, tuple(placed), tuple(lateral), exposure)
        pictures.append(taken(anatomy, beside, rng))
    found = tuple(
        found_of(one, anatomy, frontal, parts, sides, healthy, of_person.lungs)
        for one, parts, sides in zip(placed, shown, lateral, strict=True)
    )
    measured = asdict(of_person)
    if plan.lateral:
        measured["vertebrae"] = measures.vertebrae_seen(anatomy, side, pictures[1].values)
    return SimulatedCase(
        key=key,
        age=patient.age,
        sex=patient.sex,
        indication=patient.indication,
        pictures=tuple(pictures),
        findings=found,
        report=words.report(rng, placed),
        measured=measured,
        sitting=sitting,
    )


def found_of(
    placed: Placed,
    anatomy: Anatomy,
    view: View,
    parts: list[Shown],
    sides: list[Shown],
    healthy: Picture,
    lungs: dict[str, Box],
) -> Found:
    drawn = [with_devices(view, p, s) for p, s in zip(placed.parts, parts, strict=True)]
    whole = [shown for shown in drawn if shown.mask.any()]
    lines: tuple[Path2, ...] = ()
    if placed.label in outlines.OUTLINED:
        lines = tuple(_outline(placed, shown.mask, lungs) for shown in whole)
        boxes = tuple(outlines.bounds(line) for line in lines)
    else:
        boxes = tuple(_clipped(placed, box_of(shown.mask), lungs) for shown in whole)
    return Found(
        placed,
        boxes=boxes,
        outlines=lines,
        lateral_boxes=tuple(box_of(shown.mask) for shown in sides if shown.mask.any()),
        conspicuity=contrast_of(parts, healthy),
        shown=tuple(whole),
        measured=_measured(placed, anatomy, view, parts, drawn, healthy),
        ways=tuple(tips_of(placed, view)),
        body=body_of(placed, view),
    )


def _withdrawal(placed: Placed, view: View) -> float:
    """By how much a device is to be withdrawn until its tip is where it belongs, mm."""
    return measures.beyond(view, placed.parts[0].wires[0].points, np.array(placed.goal))


def _outline(placed: Placed, mask: Mask, lungs: dict[str, Box]) -> Path2:
    """The outline of what a part shadows, held within its hemithorax as its box is."""
    line = outlines.outline_of(mask)
    return outlines.within(line, _clipped(placed, outlines.bounds(line), lungs))


def _clipped(placed: Placed, box: Box, lungs: dict[str, Box]) -> Box:
    """The box of a lung finding, held within the hemithorax in which its middle lies."""
    if placed.label in gates.BESIDE_THE_LUNGS:
        return box
    middle = (box[0] + box[2]) / 2
    x0, y0, x1, y1 = lungs["left" if middle > lungs["left"][0] else "right"]
    held = (max(box[0], x0), max(box[1], y0), min(box[2], x1), min(box[3], y1))
    return held if held[0] < held[2] and held[1] < held[3] else box


def _measured(
    placed: Placed,
    anatomy: Anatomy,
    view: View,
    parts: list[Shown],
    shown: list[Shown],
    healthy: Picture,
) -> dict[str, float]:
    """What of a finding can be measured: its length, place and edges, and how well it shows."""
    found: dict[str, float] = {}
    if placed.size_mm is not None and any(one.mask.any() for one in shown):
        found["longest_mm"] = round(length_of(view, shown), 1)
    added = sum((one.added for one in shown), np.zeros_like(healthy))
    if added.any():
        lungs = measures.shadow_of(anatomy, view, organs.LUNGS)
        found["detectability"] = measures.detectability(added, healthy, lungs)
    if placed.label == "consolidation" or gates.clause_of_edge(placed.sentence):
        kept = edge_kept(placed, anatomy, view, parts, healthy)
        found |= {} if kept is None else {"edge_kept": kept}
    wires = [
        view.body.in_ct(part.wires[0].points) if part.wires[0].of_person else part.wires[0].points
        for part in placed.parts
        if part.wires
    ]
    if placed.label == "tracheal_tube" and placed.location == "trachea":
        carina = np.array(anatomy.marks.carina)
        found["above_carina_mm"] = round(measures.above(view, wires[0][-1], carina), 1)
    if placed.label == "central_line":
        carina = np.array(anatomy.marks.carina)
        found["below_carina_mm"] = round(measures.above(view, carina, wires[0][-1]), 1)
    if placed.goal is not None:
        found["withdraw_mm"] = round(_withdrawal(placed, view), 1)
    if placed.label == "osteopenia":
        found["bone_kept"] = measures.bone_kept(anatomy, view, added)
    if placed.label == "chest_tube":
        found["in_pleura"] = measures.share_inside(anatomy, placed.side, wires[0])
    return found


def visible(
    scene: Scene,
    place: plans.Place,
    view: View,
    healthy: Picture,
    others: list[list[Shown]],
    difficulty: Difficulty | Aim,
) -> tuple[Placed, list[Shown]]:
    """The finding, placed anew until a small one is as visible as wanted and lies apart."""
    aim = difficulty if isinstance(difficulty, Aim) else Aim(*CONSPICUITY[difficulty])
    low, high = aim.low, aim.high
    best: tuple[float, Placed, list[Shown]] | None = None
    for _ in range(AIMED_TRIES if aim.zone else TRIES):
        placed = place(scene)
        parts = [part_shown(view, part) for part in placed.parts]
        if not placed.focal:
            return placed, parts
        value = contrast_of(parts, healthy) or 0.0
        off = max(low - value, value - high, 0.0) + (100.0 if overlaps(parts, others) else 0.0)
        if not all(is_inside(part.mask) for part in parts):
            off += 100.0
        if placed.lengths and not placed.lengths[0] <= length_of(view, parts) <= placed.lengths[1]:
            off += 50.0
        if aim.zone and f" {aim.zone} zone" not in f" {placed.location}":
            off += OTHER_ZONE  # how faint it is matters more than where it lies
        if best is None or off < best[0]:
            best = (off, placed, parts)
        if off == 0.0:
            break
    assert best is not None
    return best[1], best[2]


def completed(
    placed: Placed,
    anatomy: Anatomy,
    view: View,
    body: Body,
    parts: list[Shown],
    healthy: Picture,
) -> Placed:
    """The finding with what can only be told once the person stands in the beam."""
    if placed.focal and placed.size_mm is not None:
        mm = round(length_of(view, parts))
        said = {"mm": mm, "cm": f"{mm / 10:.1f}"}
        return replace(
            placed,
            sentence=placed.sentence.format(**said),
            impression=placed.impression.format(**said),
            size_mm=mm,
        )
    if placed.goal is not None:
        told = f"{round(_withdrawal(placed, view) / STEP_TOLD_MM) * STEP_TOLD_MM / 10:g}"
        return replace(placed, impression=placed.impression.format(withdraw=told))
    if placed.label == "consolidation":
        kept = edge_kept(placed, anatomy, view, parts, healthy)
        if kept is not None and kept <= gates.EDGE_KEPT:
            sentence = f"{placed.sentence} The {placed.side} heart border is obscured."
            return replace(placed, sentence=sentence)
    if placed.label in ("cardiomegaly", "pericardial_effusion"):
        ratio = measures.heart_ratio(anatomy, view)
        return replace(
            placed,
            sentence=placed.sentence.format(ratio=ratio),
            severity="mild" if ratio < 0.56 else "moderate" if ratio < 0.62 else "severe",
        )
    if placed.label == "scoliosis":
        convex = "left" if body.curve * np.sin(np.pi * (0.5 + body.curve_phase)) > 0 else "right"
        return replace(placed, sentence=placed.sentence.format(convex=convex), side=convex)
    return placed


def seen_vessels(small: Picture, placed: Iterable[Placed], shown: Iterable[list[Shown]]) -> Picture:
    """Small vessels, without those where a finding has taken lung away; bone it takes is none."""
    for one, parts in zip(placed, shown, strict=True):
        for part in parts if one.area != BONES else ():
            gone = part.added < NO_LUNG
            if gone.any():
                small = small * (1 - detector.enlarged(gone.astype(np.float32), small.shape))
    return small


def taken(anatomy: Anatomy, sitting: Sitting, rng: np.random.Generator) -> Radiograph:
    """The picture of a person with all findings, as the detector's processing gives it."""
    view = sitting.view
    total = sitting.healthy.copy()
    for parts in sitting.shown:
        for part in parts:
            total += part.added
    total = np.clip(total, 0, None)
    full = (view.shape[0] * 2, view.shape[1] * 2)
    large = detector.enlarged(total, full)
    fine = replace(view, shape=full)
    for one in sitting.placed:
        for device in one.parts:
            for added, _ in drawn_devices(fine, device):
                large += added
    large += seen_vessels(vessels.shadow(anatomy, fine), sitting.placed, sitting.shown)
    values = detector.radiograph(np.clip(large, 0, None), sitting.exposure, rng)
    values = _marked(values, view, rng)
    return Radiograph(values, view.kind, measures.millimeters(fine))


def exposure_of(view: View, rng: np.random.Generator, names: tuple[str, ...]) -> Exposure:
    """How this machine takes and processes: no two hospitals' pictures look alike."""
    portable = view.kind == "AP"
    exposure = Exposure(
        photons=float(rng.uniform(30_000, 90_000)) * (0.4 if portable else 1.0),
        scatter=float(rng.uniform(0.03, 0.06)) + (0.04 if portable else 0.0),
        detail=float(rng.uniform(2.7, 3.4)),
        middle=float(rng.uniform(1.3, 1.6)),
        latitude=float(rng.uniform(0.95, 1.2)),
        gamma=float(rng.uniform(0.95, 1.25)),
        body_from=SHOULDERS_TO if is_lowered(view) else 0.3,
    )
    for change in filter(None, (RECIPES[name].taken for name in names)):
        exposure = change(exposure)
    return exposure


def _marked(values: NDArray[np.uint16], view: View, rng: np.random.Generator) -> NDArray[np.uint16]:
    letter = str(rng.choice(["R", "L"])) if view.kind != "LATERAL" else "L"
    across = rng.uniform(0.05, 0.08)
    if view.kind != "LATERAL" and letter == "L":
        across = 1 - across
    return side_marker(values, letter, (float(rng.uniform(0.06, 0.16)), float(across)))
