"""Whole cases: a person, findings, radiographs, their truth and a report."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml import taxonomy
from ml.simulate import detector, organs, plans, words
from ml.simulate.anatomy import Anatomy
from ml.simulate.body import extra_tissue
from ml.simulate.detector import Exposure
from ml.simulate.drawing import draw_plate, draw_wire, side_marker
from ml.simulate.findings.common import Part, Placed, Scene
from ml.simulate.patients import Body, person
from ml.simulate.plans import RECIPES, Plan
from ml.simulate.projector import Block, Field, Kind, Mask, Picture, View

SIZE = 1500
"""Pixels of the picture's long side."""
TRIES = 12
"""How often a small finding is placed anew until it is as visible as wanted."""
CONSPICUITY = {"easy": (4.5, 14.0), "medium": (2.6, 8.0), "hard": (1.5, 3.2), "any": (2.2, 9.0)}
"""Contrast-to-noise ratios a small finding may have, by difficulty."""
Box = tuple[float, float, float, float]
Difficulty = Literal["easy", "medium", "hard", "any"]


@dataclass(frozen=True)
class Shown:
    """What one part of a finding adds to a picture, and the pixels it shadows."""

    added: Picture
    mask: Mask


@dataclass(frozen=True)
class Found:
    """A finding as it shows: boxes normalised x0 y0 x1 y1, and its contrast-to-noise ratio."""

    placed: Placed
    boxes: tuple[Box, ...]
    lateral_boxes: tuple[Box, ...]
    conspicuity: float | None
    shown: tuple[Shown, ...]
    """On the frontal picture at half its resolution, a part a box; devices drawn in."""

    @property
    def drawn(self) -> bool:
        return taxonomy.labels()[self.placed.label].mode == "draw"


@dataclass(frozen=True)
class Radiograph:
    values: NDArray[np.uint16]
    """12 bits, (rows, columns)."""
    view: str
    spacing_mm: float


@dataclass(frozen=True)
class SimulatedCase:
    key: str
    age: int
    sex: str
    indication: str
    pictures: tuple[Radiograph, ...]
    findings: tuple[Found, ...]
    report: dict[str, str]


def generate(
    anatomy: Anatomy,
    key: str,
    plan: Plan,
    seed: int,
    difficulty: Difficulty = "any",
    size: int = SIZE,
) -> SimulatedCase:
    """One case; the same key, plan and seed give the same bytes."""
    rng = np.random.default_rng([seed, zlib.crc32(key.encode())])
    patient = words.patient(rng, plan.labels)
    body = person(rng, anatomy.marks, patient.sex, patient.age)
    for name in plan.findings:
        bend = RECIPES[name].bend
        if bend:
            body = bend(body, rng)
    kind: Kind = "AP" if plan.portable else "PA"
    frontal = _view(anatomy, body, kind, size)
    healthy = _healthy(anatomy, frontal)
    scene = Scene(anatomy, rng)
    shown: list[list[Shown]] = []
    placed: list[Placed] = []
    for name in plan.findings:
        one, parts = _visible(scene, RECIPES[name].place, frontal, healthy, shown, difficulty)
        placed.append(_completed(one, anatomy, frontal, body))
        shown.append(parts)
    pictures = [_taken(frontal, healthy, placed, shown, rng, size)]
    lateral: list[list[Shown]] = [[] for _ in placed]
    if plan.lateral:
        side = _view(anatomy, body, "LATERAL", size)
        lateral = [[_part_shown(side, part) for part in one.parts] for one in placed]
        pictures.append(_taken(side, _healthy(anatomy, side), placed, lateral, rng, size))
    found = tuple(
        _found(one, frontal, parts, sides, healthy)
        for one, parts, sides in zip(placed, shown, lateral, strict=True)
    )
    return SimulatedCase(
        key=key,
        age=patient.age,
        sex=patient.sex,
        indication=patient.indication,
        pictures=tuple(pictures),
        findings=found,
        report=words.report(rng, placed),
    )


def _view(anatomy: Anatomy, body: Body, kind: Kind, size: int) -> View:
    """The exposure with the field that a technologist would collimate to, at half resolution."""
    marks = anatomy.marks
    corners = np.array(
        [
            (marks.apex, marks.middle[1], marks.middle[2]),
            (marks.base, marks.middle[1], marks.middle[2]),
            (marks.dome, marks.middle[1], marks.sides["right"][1]),
            (marks.dome, marks.middle[1], marks.sides["left"][1]),
        ]
    )
    top, bottom, right, left = body.from_ct(corners)
    rng = np.random.default_rng(body.grain)
    # Above the CT's own top nothing is known: the field ends where it does.
    upper = top[0] - 17
    lower = bottom[0] + rng.uniform(-8, 16)
    if kind == "LATERAL":
        deep = anatomy.base.size_mm[1]
        middle, width = (deep / 2 + 4), deep * body.deep + min(30, 2 * body.fat_mm) - 8
    else:
        middle, width = (left[2] + right[2]) / 2, left[2] - right[2] + rng.uniform(52, 76)
    scale = 1.115 if kind != "AP" else 1.14
    # The beam's middle is the field's, so what is shown above the CT's top stays little.
    field = Field(((upper + lower) / 2, float(middle)), ((lower - upper) * scale, width * scale))
    pixel = max(field.size) / (size // 2)
    shape = (round(field.size[0] / pixel), round(field.size[1] / pixel))
    return View(body, kind, field, shape, anatomy.base.size_mm)


def _healthy(anatomy: Anatomy, view: View) -> Picture:
    total = view.healthy(anatomy.base)
    tissue = extra_tissue(anatomy, view.body)
    return total if tissue is None else total + view.added(tissue)


def _found(
    placed: Placed, view: View, parts: list[Shown], sides: list[Shown], healthy: Picture
) -> Found:
    whole = [_with_devices(view, p, s) for p, s in zip(placed.parts, parts, strict=True)]
    whole = [shown for shown in whole if shown.mask.any()]
    return Found(
        placed,
        boxes=tuple(box_of(shown.mask) for shown in whole),
        lateral_boxes=tuple(box_of(shown.mask) for shown in sides if shown.mask.any()),
        conspicuity=_contrast(parts, healthy),
        shown=tuple(whole),
    )


def _with_devices(view: View, part: Part, shown: Shown) -> Shown:
    """A part with its wires and plates, all at half resolution."""
    added, mask = shown.added.copy(), shown.mask.copy()
    for drawn in _drawn(view, part):
        added += drawn[0]
        mask |= drawn[1]
    return Shown(added, mask)


def _part_shown(view: View, part: Part) -> Shown:
    """What a part's voxels add; its wires are drawn later, at full resolution."""
    nothing = np.zeros(view.shape, np.float32)
    added = view.added(part.added) if part.added else nothing
    mask = view.shadow(part.mask) if part.mask else nothing > 0
    return Shown(added, mask)


def _drawn(view: View, part: Part) -> list[tuple[Picture, Mask]]:
    return [draw_wire(view, wire) for wire in part.wires] + [
        draw_plate(view, plate) for plate in part.plates
    ]


def _visible(
    scene: Scene,
    place: plans.Place,
    view: View,
    healthy: Picture,
    others: list[list[Shown]],
    difficulty: Difficulty,
) -> tuple[Placed, list[Shown]]:
    """The finding, placed anew until a small one is as visible as wanted and lies apart."""
    low, high = CONSPICUITY[difficulty]
    best: tuple[float, Placed, list[Shown]] | None = None
    for _ in range(TRIES):
        placed = place(scene)
        parts = [_part_shown(view, part) for part in placed.parts]
        if not placed.focal:
            return placed, parts
        value = _contrast(parts, healthy) or 0.0
        off = max(low - value, value - high, 0.0) + (100.0 if _overlaps(parts, others) else 0.0)
        if not all(_inside(part.mask) for part in parts):
            off += 100.0
        if best is None or off < best[0]:
            best = (off, placed, parts)
        if off == 0.0:
            break
    assert best is not None
    return best[1], best[2]


def _overlaps(parts: list[Shown], others: list[list[Shown]]) -> bool:
    mine = np.any([part.mask for part in parts], axis=0)
    if not mine.any():
        return True
    near = ndimage.binary_dilation(mine, iterations=12)
    return any((near & part.mask).any() for other in others for part in other)


def _inside(mask: Mask) -> bool:
    edge = np.ones_like(mask)
    edge[4:-4, 4:-4] = False
    return bool(mask.any()) and not (mask & edge).any()


def _contrast(parts: list[Shown], healthy: Picture) -> float | None:
    """Mean of what a finding adds over the anatomy's own variation around it, without units."""
    ratios = []
    for part in parts:
        if not part.mask.any():
            continue
        rows, columns = np.nonzero(part.mask)
        margin = 24
        window = (
            slice(max(0, rows.min() - margin), rows.max() + margin),
            slice(max(0, columns.min() - margin), columns.max() + margin),
        )
        mask = part.mask[window]
        around = ndimage.binary_dilation(mask, iterations=12) & ~mask
        local = healthy[window] - ndimage.gaussian_filter(healthy[window], 12)
        noise = float(local[around].std()) if around.any() else 0.0
        ratios.append(float(np.abs(part.added[window][mask]).mean()) / max(noise, 1e-3))
    return round(min(ratios), 2) if ratios else None


def _completed(placed: Placed, anatomy: Anatomy, view: View, body: Body) -> Placed:
    """The finding with what can only be told once the person stands in the beam."""
    if placed.label == "cardiomegaly":
        ratio = heart_ratio(anatomy, view)
        return replace(
            placed,
            sentence=placed.sentence.format(ratio=ratio),
            severity="mild" if ratio < 0.56 else "moderate" if ratio < 0.62 else "severe",
        )
    if placed.label == "scoliosis":
        convex = "left" if body.curve * np.sin(np.pi * (0.5 + body.curve_phase)) > 0 else "right"
        return replace(placed, sentence=placed.sentence.format(convex=convex), side=convex)
    return placed


def heart_ratio(anatomy: Anatomy, view: View) -> float:
    """Cardiothoracic ratio as it is measured on the picture: widest heart by widest chest."""
    heart = _shadow_of(anatomy, view, (organs.HEART, 61))
    chest = _shadow_of(anatomy, view, organs.LUNGS)
    return round(_width(heart) / _width(chest), 2)


def _shadow_of(anatomy: Anatomy, view: View, labels: tuple[int, ...]) -> Mask:
    mask = anatomy.base.mask(labels)[::3, ::3, ::3].astype(np.float32)
    return view.shadow(Block((0.0, 0.0, 0.0), mask, 3.0))


def _width(mask: Mask) -> int:
    columns = np.flatnonzero(mask.any(axis=0))
    return int(columns[-1] - columns[0] + 1)


def _taken(
    view: View,
    healthy: Picture,
    placed: list[Placed],
    shown: list[list[Shown]],
    rng: np.random.Generator,
    size: int,
) -> Radiograph:
    """The picture of a person with all findings, as the detector's processing gives it."""
    total = healthy.copy()
    for parts in shown:
        for part in parts:
            total += part.added
    total = np.clip(total, 0, None)
    full = (view.shape[0] * 2, view.shape[1] * 2)
    large = detector.enlarged(total, full)
    fine = replace(view, shape=full)
    for one in placed:
        for device in one.parts:
            for added, _ in _drawn(fine, device):
                large += added
    exposure = _exposure(view, rng)
    values = detector.radiograph(np.clip(large, 0, None), exposure, rng)
    values = _marked(values, view, rng)
    return Radiograph(values, view.kind, view.field.size[0] / full[0])


def _exposure(view: View, rng: np.random.Generator) -> Exposure:
    """How this machine takes and processes: no two hospitals' pictures look alike."""
    portable = view.kind == "AP"
    return Exposure(
        photons=float(rng.uniform(30_000, 90_000)) * (0.4 if portable else 1.0),
        scatter=float(rng.uniform(0.03, 0.06)) + (0.04 if portable else 0.0),
        detail=float(rng.uniform(2.7, 3.4)),
        middle=float(rng.uniform(1.3, 1.6)),
        latitude=float(rng.uniform(0.95, 1.2)),
        gamma=float(rng.uniform(0.95, 1.25)),
    )


def _marked(values: NDArray[np.uint16], view: View, rng: np.random.Generator) -> NDArray[np.uint16]:
    letter = str(rng.choice(["R", "L"])) if view.kind != "LATERAL" else "L"
    across = rng.uniform(0.05, 0.08)
    if view.kind != "LATERAL" and letter == "L":
        across = 1 - across
    return side_marker(values, letter, (float(rng.uniform(0.06, 0.16)), float(across)))


def box_of(mask: Mask) -> Box:
    """Bounds of a mask that is not empty, normalised to the picture."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    return (
        round(float(columns[0] / width), 5),
        round(float(rows[0] / height), 5),
        round(float((columns[-1] + 1) / width), 5),
        round(float((rows[-1] + 1) / height), 5),
    )
