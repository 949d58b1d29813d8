"""A person who stands before the detector: drawn until they fit, and the field of the exposure."""

from __future__ import annotations

import zlib
from dataclasses import asdict, replace

import numpy as np

from ml.simulate import gates, measures, words
from ml.simulate.anatomy import Anatomy
from ml.simulate.patients import Body, Inside, person, with_heart
from ml.simulate.plans import RECIPES, Plan
from ml.simulate.projector import Field, Kind, Picture, View
from ml.simulate.tissue import added_tissue

NORMAL_HEART, LARGE_HEART = (0.385, 0.465), (0.57, 0.65)
"""Cardiothoracic ratios of persons without and with a large heart."""
PERSONS = 8
"""How many persons are drawn until one fits the findings."""
ABOVE_MM = (42.0, 62.0)
"""How far above the lungs a film with shoulders begins."""


def beginning(
    key: str, plan: Plan, seed: int, attempt: int
) -> tuple[np.random.Generator, words.Patient]:
    """What a case begins with: its chances, and who is examined."""
    rng = np.random.default_rng([seed, zlib.crc32(key.encode()), attempt])
    return rng, words.patient(rng, plan.labels, in_bed=plan.portable, reason=plan.reason)


def stood(
    anatomy: Anatomy, rng: np.random.Generator, patient: words.Patient, plan: Plan, size: int
) -> View:
    """The frontal exposure of the person of a case."""
    kind: Kind = "AP" if plan.portable else "PA"
    return view_of(anatomy, _person(anatomy, rng, patient, plan, kind), kind, size)


def _person(
    anatomy: Anatomy, rng: np.random.Generator, patient: words.Patient, plan: Plan, kind: Kind
) -> Body:
    """A person with the bends of the findings, drawn anew until the body passes its gates."""
    for _ in range(PERSONS):
        body = _drawn_person(anatomy, rng, patient, plan, kind)
        measured = measures.of_person(anatomy, view_of(anatomy, body, kind, 400))
        if gates.fits(plan.findings, plan.labels, asdict(measured), kind):
            break
    return body


def a_person(anatomy: Anatomy, rng: np.random.Generator) -> Body:
    """A healthy person, as a normal case shows one, who passes the gates of the body."""
    return _person(anatomy, rng, words.patient(rng, ()), Plan(()), "PA")


def _drawn_person(
    anatomy: Anatomy, rng: np.random.Generator, patient: words.Patient, plan: Plan, kind: Kind
) -> Body:
    """A person with a heart as large as it should be."""
    inside = Inside(anatomy.cage, anatomy.spine)
    body = person(rng, anatomy.marks, patient.sex, patient.age, inside)
    body = replace(body, lowered=plan.lowered and anatomy.base.bare is not None)
    for name in plan.findings:
        bend = RECIPES[name].bend
        if bend:
            body = bend(body, rng)
    large = {"cardiomegaly", "pericardial_effusion"} & set(plan.labels)
    low, high = LARGE_HEART if large else NORMAL_HEART
    wanted = float(rng.uniform(low, high))

    def ratio(tried: Body) -> float:
        return measures.heart_ratio(anatomy, view_of(anatomy, tried, kind, 400))

    return with_heart(body, anatomy.marks, wanted, ratio)


def view_of(anatomy: Anatomy, body: Body, kind: Kind, size: int) -> View:
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
    # Without a neck nothing is known above the CT's own top: the field ends where it does.
    shoulders = body.lowered and kind != "LATERAL"
    upper = top[0] - (rng.uniform(*ABOVE_MM) if shoulders else 17)
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


def healthy_of(anatomy: Anatomy, view: View) -> Picture:
    total = view.healthy(anatomy.base)
    for block in added_tissue(anatomy, view):
        total += view.added(block)
    return np.maximum(total, 0)
