"""Shape descriptors of simulated persons, and what is published of adults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ml.simulate import measures, organs
from ml.simulate.anatomy import Anatomy
from ml.simulate.patients import Body, Points
from ml.simulate.projector import View

RIB = 6
"""Whose slope is measured, behind."""


@dataclass(frozen=True)
class Descriptor:
    """One number of a chest, and the range that `source` gives for healthy adults."""

    name: str
    unit: str
    low: float | None
    high: float | None
    source: str


ADULTS = (
    Descriptor("heart_ratio", "", None, 0.50, "Danzer 1919, Am J Med Sci 157:513"),
    Descriptor("lung_height", "mm", None, None, ""),
    Descriptor("chest_width", "mm", None, None, ""),
    Descriptor("lung_aspect", "", None, None, ""),
    Descriptor("posterior_ribs", "", None, None, ""),
    Descriptor("rib_slope", "°", None, None, ""),
    Descriptor("kyphosis", "°", 9.0, 53.0, "Bernhardt & Bridwell 1989, Spine 14:717"),
    Descriptor("cobb", "°", None, 10.0, "Negrini et al. 2018, Scoliosis Spinal Disord 13:3"),
    Descriptor("hilum_right", "", 1.0, None, "Homer 1978, Radiology 129:11"),
    Descriptor("hilum_left", "", None, 1.0, "Homer 1978, Radiology 129:11"),
    Descriptor("dome_gap", "mm", None, None, ""),
)
"""Without a source no range is claimed: only the spread is told."""


def describe(anatomy: Anatomy, view: View) -> dict[str, float]:
    """The descriptors of the person in a frontal view; `ADULTS` has their units."""
    person = measures.of_person(anatomy, view)
    mm = measures.millimeters(view)
    marks = anatomy.marks
    top = view.pixels(_at((marks.apex, marks.middle[1], marks.middle[2])))[0, 0]
    domes = {side: measures.dome_top(anatomy, view, side) for side in organs.SIDES}
    height = float((domes["right"] - top) * mm)
    width = float(measures.chest_width(anatomy, view) * mm)
    hila = {side: view.pixels(_at(marks.hilum[side]))[0, 0] for side in organs.SIDES}
    ratios = {side: float((hila[side] - top) / max(domes[side] - hila[side], 1.0)) for side in hila}
    return {
        "heart_ratio": person.heart_ratio,
        "lung_height": round(height, 1),
        "chest_width": round(width, 1),
        "lung_aspect": round(height / width, 3),
        "posterior_ribs": float(person.ribs["right"]),
        "rib_slope": round(_rib_slope(anatomy, view), 1),
        "kyphosis": round(_kyphosis(anatomy, view.body), 1),
        "cobb": person.cobb_deg,
        "hilum_right": round(ratios["right"], 2),
        "hilum_left": round(ratios["left"], 2),
        "dome_gap": person.dome_gap_mm,
    }


def another_day(body: Body, rng: np.random.Generator) -> Body:
    """The same person on another film: turned, bent and breathed in a little otherwise."""
    return replace(
        body,
        turn=body.turn + float(rng.normal(0, 1.5)),
        lean=body.lean + float(rng.normal(0, 1.5)),
        breath=body.breath + float(rng.normal(0, 3.0)),
    )


def spread(persons: Sequence[dict[str, float]]) -> NDArray[np.float64]:
    """Standard deviation of each descriptor among persons, in the order of `ADULTS`."""
    return np.maximum(_table(persons).std(axis=0), 1e-6)  # type: ignore[no-any-return]


def apart(one: dict[str, float], other: dict[str, float], scale: NDArray[np.float64]) -> float:
    """How far two persons' descriptors lie apart: root mean square, in standard deviations."""
    first, second = _table([one, other])
    return float(np.sqrt(np.mean(((first - second) / scale) ** 2)))


def _table(persons: Sequence[dict[str, float]]) -> NDArray[np.float64]:
    return np.array([[person[one.name] for one in ADULTS] for person in persons])


def _at(point: tuple[float, float, float]) -> Points:
    return np.array([point])


def _rib_slope(anatomy: Anatomy, view: View) -> float:
    """How much a posterior rib falls outward on the picture, degrees, mean of both sides."""
    slopes = []
    middle = anatomy.marks.middle[2]
    for side in organs.SIDES:
        rib = np.argwhere(anatomy.rib(side, RIB)).astype(np.float64) + 0.5
        if len(rib) < 20:
            continue
        outward = np.abs(rib[:, 2] - middle)
        behind = rib[:, 1] > np.median(rib[:, 1])
        part = behind & (outward > 35) & (outward < 0.75 * outward.max())
        if part.sum() < 10:
            continue
        pixels = view.pixels(rib[part][::4])
        sign = 1 if side == "left" else -1
        slopes.append(sign * np.polyfit(pixels[:, 1], pixels[:, 0], 1)[0])
    return float(np.degrees(np.arctan(np.mean(slopes)))) if slopes else 0.0


def _kyphosis(anatomy: Anatomy, body: Body) -> float:
    """Angle between the spine's directions at T4 and T12 seen from the side, degrees."""
    line = body.from_ct(measures.vertebral_bodies(anatomy))
    if len(line) < 4:
        return 0.0
    curve = np.polynomial.Polynomial.fit(line[:, 0], line[:, 1], 3).deriv()
    ends = np.degrees(np.arctan(curve(line[[0, -1], 0])))
    return float(ends[0] - ends[1])
