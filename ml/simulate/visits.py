"""One person on two or three days: findings that came, grew, shrank, stayed or went between films.

All films are taken as they should be, on ordinary days that differ in breath, rotation and
exposure; what a finding was and what it is now is projected from the same person. The plans of
the demo set are in `ml.simulate.courses`; `ml.simulate.twice` makes exercises of one finding each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np
from scipy import ndimage

from ml.simulate import gates, measures, words
from ml.simulate.anatomy import Anatomy
from ml.simulate.cases import (
    SIZE,
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
from ml.simulate.changes import CHANGES
from ml.simulate.findings.common import Part, Placed, Scene, sigmoid
from ml.simulate.patients import Body, Inside, person, with_heart
from ml.simulate.plans import RECIPES, Plan
from ml.simulate.projector import WATER_PER_MM, Block, Kind, Picture, View
from ml.simulate.shadows import Shown, length_of, part_shown
from ml.simulate.standing import (
    LARGE_HEART,
    NORMAL_HEART,
    PERSONS,
    beginning,
    healthy_of,
    view_of,
)
from ml.simulate.twice import smaller
from ml.simulate.words import Reason

TURN, LEAN, BREATH = 2.5, 3.0, 5.0
"""How differently one person stands (degrees) and breathes (mm) on two days, at most."""
LARGE = frozenset({"cardiomegaly", "pericardial_effusion"})
EDGE_MM = 6.0
"""How softly an opacity ends that has cleared in part."""


@dataclass(frozen=True)
class Course:
    """What becomes of one finding between two films."""

    recipe: str
    """A name of `plans.RECIPES`: of the film that shows more of it."""
    change: str = ""
    """A word of `CHANGES`; empty where none fits, as for a tube that was moved."""
    sentence: str = ""
    """What today's report says of it; empty: the recipe's own words. `{mm}` and `{cm}` are its size
    now, `{was}` what it was in mm, `{doubling}` in how many days its volume doubles."""
    impression: str = ""
    lesser: float = 1.0
    """How large the lesser of the two is beside the other: its diameter, or of an opacity that
    clears from its edges what is left of its volume."""
    clears: bool = False
    """Whether it is an opacity that clears so."""
    less: str = ""
    """The recipe of the film that shows less of it, where that is drawn anew."""
    difficulty: Difficulty = "any"
    """How visible a small finding is, see `cases.CONSPICUITY`."""

    def __post_init__(self) -> None:
        if self.change not in ("", *CHANGES):
            raise ValueError(f"{self.change} is no word of changes.CHANGES")

    @property
    def label(self) -> str:
        return RECIPES[self.recipe].label


@dataclass(frozen=True)
class Visit:
    """A person examined again after so many days."""

    days: int
    reason: Reason
    courses: tuple[Course, ...] = ()
    first: int = 0
    """How many days before today's film a third one was taken; 0: none. What grows or shrinks did
    so between both pairs of films alike; what is new or gone came or went after the second."""

    def __post_init__(self) -> None:
        if self.first and self.first <= self.days:
            raise ValueError(f"{self.first} days are not before the film of {self.days}")

    @property
    def now(self) -> tuple[Course, ...]:
        return tuple(one for one in self.courses if one.change != "gone")

    @property
    def before(self) -> tuple[Course, ...]:
        return tuple(one for one in self.courses if one.change != "new")

    @property
    def plan(self) -> Plan:
        """Today's film as a case of its own."""
        return Plan(tuple(one.recipe for one in self.now), reason=self.reason, lowered=True)

    @property
    def kind(self) -> Kind:
        lies = self.reason.in_bed or any(RECIPES[one.recipe].portable for one in self.courses)
        return "AP" if lies else "PA"

    @property
    def ago(self) -> str:
        return _ago(self.days)

    def __str__(self) -> str:
        days = f"{self.days} {self.first}" if self.first else f"{self.days}"
        return f"visit {days} " + "; ".join(
            f"{c.recipe} {c.change or '-'} {c.lesser:g} {c.less}{' clears' * c.clears}".rstrip()
            for c in self.courses
        )


def _ago(days: int) -> str:
    return f"{days} day{'s' * (days != 1)} before"


def generate_visit(
    anatomy: Anatomy, key: str, visit: Visit, seed: int, size: int = SIZE, attempt: int = 0
) -> SimulatedCase:
    """A case of two or three frontal films, the latest first; the same arguments give the same
    bytes.
    """
    rng, patient = beginning(key, visit.plan, seed, attempt)
    bodies = [*_bodies(anatomy, rng, patient, visit)]
    if visit.first:
        bodies.append(_another_day(bodies[1], rng))
    days = [_Day.of(anatomy, view_of(anatomy, body, visit.kind, size)) for body in bodies]
    scene = Scene(anatomy, rng, bodies[0], visit.kind)
    placed: list[tuple[Placed | None, ...]] = []
    for course in visit.courses:
        placed.append(_placed(scene, course, days, [day.shown for day in days]))
        for day, one in zip(days, placed[-1], strict=True):
            if one is not None:
                day.add(one)
    for course, pair in zip(visit.courses, placed, strict=True):
        _finish(anatomy, course, pair, days, visit.days)
    films, sittings = [], []
    for day in days:
        exposure = exposure_of(day.view, rng, ())
        sitting = Sitting(day.view, day.healthy, tuple(day.placed), tuple(day.shown), exposure)
        films.append(taken(anatomy, sitting, rng))
        sittings.append(sitting)
    now, before, *third = days
    first = None
    if third:
        found, measured = tuple(third[0].found), asdict(third[0].person)
        first = Earlier("", "", _ago(visit.first), found, measured, visit.first)
    gone = {
        one.placed.area: course.sentence
        for course, one in zip(visit.before, before.found, strict=True)
        if course.change == "gone"
    }
    report = words.report(rng, [one.placed for one in now.found], gone)
    ended = [course.impression for course in visit.courses if course.change == "gone"]
    return SimulatedCase(
        key=key,
        age=patient.age,
        sex=patient.sex,
        indication=patient.indication,
        pictures=tuple(films),
        findings=tuple(now.found),
        report=_compared(report, visit, ended, is_clear=not now.found),
        measured=asdict(now.person),
        sitting=sittings[0],
        earlier=Earlier(
            change="",
            technique="",
            when=visit.ago,
            findings=tuple(before.found),
            measured=asdict(before.person),
            days=visit.days,
            first=first,
        ),
    )


@dataclass
class _Day:
    """A person as they stand on one day, and what is seen of them."""

    view: View
    healthy: Picture
    person: measures.Person
    placed: list[Placed] = field(default_factory=list)
    shown: list[list[Shown]] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)

    @classmethod
    def of(cls, anatomy: Anatomy, view: View) -> _Day:
        return cls(view, healthy_of(anatomy, view), measures.of_person(anatomy, view))

    def add(self, placed: Placed) -> None:
        self.placed.append(placed)
        self.shown.append([part_shown(self.view, part) for part in placed.parts])

    def finish(self, anatomy: Anatomy, index: int, said: Placed, change: str) -> None:
        """What is found of the `index`-th finding, which is told in the words of `said`."""
        view, parts = self.view, self.shown[index]
        placed = completed(said, anatomy, view, view.body, parts, self.healthy)
        found = found_of(placed, anatomy, view, parts, [], self.healthy, self.person.lungs)
        volume = volume_of(view, found.shown)
        measured = {**found.measured, "volume_ml": volume} if volume else found.measured
        self.found.append(replace(found, measured=measured, change=change))


def volume_of(view: View, shown: Sequence[Shown]) -> float:
    """How much a finding adds to a film or takes from it, milliliters of water."""
    added = sum(float(np.abs(one.added).sum()) for one in shown)
    return round(added / WATER_PER_MM * measures.millimeters(view) ** 2 / 1000, 2)


def _bodies(
    anatomy: Anatomy, rng: np.random.Generator, patient: words.Patient, visit: Visit
) -> tuple[Body, Body]:
    """The person today and before, drawn anew until both measure as their findings say."""
    inside = Inside(anatomy.cage, anatomy.spine)
    for _ in range(PERSONS):
        usual = person(rng, anatomy.marks, patient.sex, patient.age, inside)
        usual = replace(usual, lowered=anatomy.base.bare is not None)
        wanted = float(rng.uniform(*NORMAL_HEART))
        same = [one for one in visit.now if one in visit.before]
        shared = _bent(usual, same, rng)
        bodies, fits = [], True
        for number, courses in enumerate((visit.now, visit.before)):
            body = _bent(shared, [one for one in courses if one not in same], rng)
            body = body if number == 0 else _another_day(body, rng)
            is_large = bool(LARGE & {one.label for one in courses})
            ratio = float(rng.uniform(*LARGE_HEART)) if is_large else wanted
            body = _with_heart(anatomy, body, ratio, visit.kind)
            measured = measures.of_person(anatomy, view_of(anatomy, body, visit.kind, 400))
            named = [one.recipe for one in courses]
            labels = [one.label for one in courses]
            fits &= gates.fits(named, labels, asdict(measured), visit.kind)
            bodies.append(body)
        if fits:
            break
    return bodies[0], bodies[1]


def _bent(body: Body, courses: Sequence[Course], rng: np.random.Generator) -> Body:
    for course in courses:
        bend = RECIPES[course.recipe].bend
        body = bend(body, rng) if bend else body
    return body


def _another_day(body: Body, rng: np.random.Generator) -> Body:
    """The person as they stood and breathed another time."""

    def apart(most: float) -> float:
        return float(rng.choice([-1, 1]) * rng.uniform(0.4, 1.0) * most)

    return replace(
        body,
        turn=body.turn + apart(TURN),
        lean=body.lean + apart(LEAN),
        breath=body.breath + apart(BREATH),
    )


def _with_heart(anatomy: Anatomy, body: Body, wanted: float, kind: Kind) -> Body:
    def ratio(tried: Body) -> float:
        return measures.heart_ratio(anatomy, view_of(anatomy, tried, kind, 400))

    return with_heart(body, anatomy.marks, wanted, ratio)


def _placed(
    scene: Scene, course: Course, days: Sequence[_Day], others: list[list[list[Shown]]]
) -> tuple[Placed | None, ...]:
    """The finding as it is on each day, today first; None where it is not."""
    sight = 1 if course.change == "gone" else 0
    scene = replace(scene, body=days[sight].view.body)
    day = days[sight]
    more, _ = visible(
        scene,
        RECIPES[course.recipe].place,
        day.view,
        day.healthy,
        others[sight],
        course.difficulty,
    )
    less = more
    if course.less:
        less = RECIPES[course.less].place(scene)
    elif course.lesser < 1:
        less = _lessened(course, more)
    pair: tuple[Placed | None, ...] = {
        "new": (more, None),
        "gone": (None, more),
        "larger": (more, less),
        "smaller": (less, more),
    }.get(course.change, (more, less))
    if len(days) == len(pair):
        return pair
    if course.less or course.change not in ("larger", "smaller"):
        return (*pair, pair[1])
    # On three days it is of three sizes, each as much less as the other.
    three = (more, less, _lessened(course, less))
    return three if course.change == "larger" else three[::-1]


def _lessened(course: Course, placed: Placed) -> Placed:
    return (cleared if course.clears else smaller)(placed, course.lesser)


def cleared(placed: Placed, factor: float) -> Placed:
    """An opacity of which the part `factor` of the volume is left, at its middle, and thinner.

    `factor`: above 0, below 1.
    """
    return replace(placed, parts=tuple(_cleared(part, factor) for part in placed.parts))


def _cleared(part: Part, factor: float) -> Part:
    if part.added is None or part.mask is None:
        return part
    mask, spacing = part.mask.values, part.mask.spacing
    middle = ndimage.center_of_mass(mask)
    axes = np.meshgrid(
        *[(np.arange(n) - m) * spacing for n, m in zip(mask.shape, middle, strict=True)],
        indexing="ij",
        sparse=True,
    )
    away = np.sqrt(sum(axis * axis for axis in axes))
    order = np.argsort(away, axis=None)
    within = np.cumsum(mask.ravel()[order])
    reach = away.ravel()[order][np.searchsorted(within, factor * within[-1])]
    left = sigmoid((reach - away) / EDGE_MM).astype(np.float32)
    added = Block(part.added.corner, part.added.values * left * np.float32(0.8), spacing)
    return replace(part, added=added, mask=Block(part.mask.corner, mask * left, spacing))


def _finish(
    anatomy: Anatomy,
    course: Course,
    pair: tuple[Placed | None, ...],
    days: Sequence[_Day],
    after: int,
) -> None:
    """What is found on each film, and what is said of it, now that all have been taken."""
    now, before, *first = pair
    was = 0.0
    if first and first[0] is not None:
        days[2].finish(anatomy, len(days[2].found), first[0], course.change)
    if before is not None:
        index = len(days[1].found)
        was = length_of(days[1].view, days[1].shown[index])
        days[1].finish(anatomy, index, before, course.change)
    if now is not None:
        index = len(days[0].found)
        told = {"{was}": str(round(was))}
        if "{doubling}" in course.impression:
            times = length_of(days[0].view, days[0].shown[index]) / was
            told["{doubling}"] = f"{doubling_time(times, after):.0f}"
        sentence = _filled(course.sentence or now.sentence, told)
        impression = _filled(course.impression or now.impression, told)
        said = replace(now, sentence=sentence, impression=impression)
        days[0].finish(anatomy, index, said, course.change)


def doubling_time(times: float, days: float) -> float:
    """In how many days a volume doubles whose diameter is `times` (above 1) as long after `days`.

    By Schwartz's formula (Cancer 1961;14:1272-94).
    """
    return float(days * np.log(2) / (3 * np.log(times)))


def _filled(text: str, told: dict[str, str]) -> str:
    for name, value in told.items():
        text = text.replace(name, value)
    return text


def _compared(
    report: dict[str, str], visit: Visit, ended: list[str], *, is_clear: bool
) -> dict[str, str]:
    """A report that names the film it is compared with, and says what has gone."""
    since = f"the chest radiograph of {visit.ago}"
    if visit.first:
        since = f"the chest radiographs of {visit.days} and {_ago(visit.first)}"
    findings = f"Comparison with {since}. {report['findings']}"
    rest = [] if is_clear and ended else [report["impression"]]
    return {"findings": findings, "impression": " ".join([*ended, *rest])}
