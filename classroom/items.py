"""Cases as items of a test: how hard each is for a class, and whether able learners do better.

Difficulty and discrimination are of the score that counts, over the learners of a class; the
formulas are in `ml.psychometrics`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Count

from attempts.models import Attempt
from cases.models import Case, Finding, Image, Region
from cases.queries import shown_url
from classroom.figures import Scope
from classroom.models import AssignmentCase
from learning.columns import Columns, read
from learning.curves import mistaken
from learning.models import LabelRecord
from learning.past import name_of
from localize.models import Flag
from localize.places import NEAR_FRAMES
from ml.psychometrics import Interval, difficulty, discrimination
from report.models import Contest

ENOUGH_ANSWERS = 8
"""Below that a case gets no verdict."""
HARD, EASY = 0.25, 0.95
TELLS_APART = 0.2
"""Discrimination from which on an item is usually called good (Ebel RL, Frisbie DA. Essentials of
Educational Measurement. 1991, table 13.4)."""
GRID = 32
"""Cells of the heat map along the longer side."""
ODD = ("false", "wrong_label", "poorly_located")
"""Outcomes of marks that the heat map is of."""


@dataclass(frozen=True)
class Item:
    """A case in figures."""

    case_id: int
    answers: int
    difficulty: float
    """The mean score, 0 to 1: higher is easier."""
    discrimination: Interval | None
    minutes: float | None
    doubts: int = 0
    """Doubts and contests that learners of the class raised."""

    @property
    def verdict(self) -> str:
        """What the figures say, in words."""
        if self.answers < ENOUGH_ANSWERS:
            return f"Too few answers to say anything: {ENOUGH_ANSWERS} are needed."
        tells = self.discrimination
        if tells and tells.is_below_zero:
            return "Able learners fail here: look at the truth."
        if self.difficulty > EASY:
            return "Nearly everybody is right: it says little about anybody."
        if self.difficulty < HARD and (tells is None or tells.value < TELLS_APART):
            return "Hardly anybody is right, the able neither: look whether it can be seen."
        if self.doubts >= 2:
            return f"Doubted {self.doubts} times: look at the truth."
        if tells and tells.is_above_zero and tells.value >= TELLS_APART:
            return "Tells able learners from others."
        return "Nothing stands out."

    @property
    def is_alarming(self) -> bool:
        return "look" in self.verdict


def items(records: Columns, of: int | None = None) -> list[Item]:
    """Every case of these records, those to look at first, then the hardest; or the one asked for,
    by its key.
    """
    rows = records.rows[np.lexsort((records.rows["id"], records.rows["at"]))]
    users, of_user = np.unique(rows["user"], return_inverse=True)
    cases, of_case = np.unique(rows["case"], return_inverse=True)
    elapsed, timed = rows["elapsed"], rows["elapsed"] >= 0
    times = np.bincount(of_case, minlength=len(cases), weights=elapsed * timed)
    known = np.bincount(of_case, minlength=len(cases), weights=timed)
    # Of each learner the first answer to a case counts, in the case and in the rest.
    _, first = np.unique(of_case * len(users) + of_user, return_index=True)
    scores, who = rows["score"][first], of_user[first]
    played, scored = np.bincount(who), np.bincount(who, weights=scores)
    with np.errstate(invalid="ignore", divide="ignore"):
        rest = (scored[who] - scores) / (played[who] - 1)
    has_rest = played[who] > 1
    ends = np.cumsum(np.bincount(of_case[first], minlength=len(cases)))
    doubts = _doubts(records)
    found = []
    for number, (case, end) in enumerate(zip(cases.tolist(), ends.tolist(), strict=True)):
        if of not in (None, case):
            continue
        own = slice(ends[number - 1] if number else 0, end)
        others = has_rest[own]
        found.append(
            Item(
                case,
                len(scores[own]),
                difficulty(scores[own] / 100),
                discrimination(scores[own][others], rest[own][others]),
                float(times[number] / known[number]) / 60_000 if times[number] else None,
                doubts[case],
            )
        )
    return sorted(found, key=lambda item: (not item.is_alarming, item.difficulty, item.case_id))


def _doubts(records: Columns) -> Counter[int]:
    """Of each case how often it was doubted or contested in these records' attempts."""
    learners = np.unique(records.rows["user"]).tolist()
    counted: Counter[int] = Counter()
    for model in (Flag, Contest):
        said = model.objects.filter(attempt__user__in=learners).order_by()
        pairs = np.array(
            list(said.values_list("attempt", "attempt__case")), dtype=np.int64
        ).reshape(-1, 2)
        counted.update(pairs[np.isin(pairs[:, 0], records.rows["attempt"]), 1].tolist())
    return counted


@dataclass(frozen=True)
class Place:
    """A rectangle over an image, in pixels of its rendition made square, as text for SVG."""

    x: str
    y: str
    width: str
    height: str
    kind: str = ""
    words: str = ""
    opacity: str = ""


def place(image: Image, box: Iterable[float], **more: str) -> Place:
    """A box (fractions of the image) as a rectangle over it."""
    x0, y0, x1, y1 = box
    width, height = image.width, image.true_height
    return Place(
        f"{x0 * width:.1f}",
        f"{y0 * height:.1f}",
        f"{(x1 - x0) * width:.1f}",
        f"{(y1 - y0) * height:.1f}",
        **more,
    )


@dataclass(frozen=True)
class Slices:
    """Of a stack the slice that is shown, and on which slices marks lie; slices count from 1."""

    image: str
    number: int
    count: int
    marked: list[tuple[int, int]]
    """Slices with the number of marks on them."""

    @property
    def key(self) -> str:
        """As addresses name it."""
        return f"{self.image}.{self.number}"

    @property
    def before(self) -> int:
        return max(1, self.number - 1)

    @property
    def after(self) -> int:
        return min(self.count, self.number + 1)


def chosen_slices(keys: Iterable[str]) -> dict[str, int]:
    """What addresses name (`Slices.key`): images and frames, from 0; what is no number is none."""
    pairs = (key.rpartition(".") for key in keys)
    return {
        image: int(number) - 1
        for image, _, number in pairs
        if number.isdecimal() and len(number) < 6
    }


@dataclass(frozen=True)
class Picture:
    """An image, or a slice of a stack, with what lies on it."""

    image: Image
    source: str
    truths: list[Place]
    marks: list[Place]
    heat: list[Place]
    most: int = 0
    """Marks over the darkest cell."""
    slices: Slices | None = None
    """None of a film."""


Marks = list[dict[str, Any]]


def near(
    image: Image, marks: Marks, chosen: int | None, frames: Sequence[int]
) -> tuple[int, Marks]:
    """Which frame to show, and the marks near it: as near as scoring takes a mark for one there.

    The chosen one, else where most marks are near, else the middle one of `frames` or of the stack.
    """
    if image.frames == 1:
        return 0, marks
    at = Counter(mark.get("frame", 0) for mark in marks)
    if chosen is not None and 0 <= chosen < image.frames:
        frame = chosen
    elif at:
        frame = min(at, key=lambda one: (-sum(at[k] for k in _around(one)), one))
    else:
        frame = sorted(frames)[len(frames) // 2] if frames else image.middle_frame
    return frame, [mark for mark in marks if mark.get("frame", 0) in _around(frame)]


def _around(frame: int) -> range:
    return range(frame - NEAR_FRAMES, frame + NEAR_FRAMES + 1)


def _slices(image: Image, marks: Marks, frame: int) -> Slices | None:
    if image.frames == 1:
        return None
    at = Counter(mark.get("frame", 0) + 1 for mark in marks)
    return Slices(image.public_id, frame + 1, image.frames, sorted(at.items()))


def _regions_on(image: Image, case: Case) -> list[tuple[Finding, Region]]:
    return [
        (finding, region)
        for finding in case.findings.all()
        for region in finding.regions.all()
        if region.image_id == image.pk and not region.alternate
    ]


def truths_on(image: Image, case: Case, frame: int) -> list[Place]:
    """The first reader's places; on a stack those of the slice."""
    return [
        place(image, region.box, words=finding.name)
        for finding, region in _regions_on(image, case)
        if region.frame == frame or image.frames == 1
    ]


def heat_over(image: Image, boxes: list[list[float]]) -> tuple[list[Place], int]:
    """How many boxes lie over each cell of a grid, as rectangles more and less opaque."""
    counts: Counter[tuple[int, int]] = Counter()
    for x0, y0, x1, y1 in boxes:
        for column in range(int(x0 * GRID), min(GRID, int(x1 * GRID - 1e-9) + 1)):
            for row in range(int(y0 * GRID), min(GRID, int(y1 * GRID - 1e-9) + 1)):
                counts[column, row] += 1
    most = max(counts.values(), default=0)
    cells = [
        place(
            image,
            (column / GRID, row / GRID, (column + 1) / GRID, (row + 1) / GRID),
            opacity=f"{0.15 + 0.6 * count / most:.2f}",
        )
        for (column, row), count in sorted(counts.items())
    ]
    return cells, most


@dataclass(frozen=True)
class ItemPage:
    """A case with the answers of a class."""

    case: Case
    item: Item
    pictures: list[Picture]
    """With the heat of wrong marks."""
    confused: list[tuple[str, str, int]]
    """A finding, what it was called, how often."""
    overcalled: list[tuple[str, int]]
    """What was said and is not there, and by how many learners."""
    doubts: list[Any]
    assignments: list[AssignmentCase]
    """Where it is part of the class's work."""


def item_page(scope: Scope, case: Case, slices: Mapping[str, int]) -> ItemPage | None:
    """All of one case; None where the class has no answer that counts. Of stacks these slices."""
    case = (
        Case.objects.select_related("dataset")
        .prefetch_related("images", "findings__regions")
        .get(pk=case.pk)
    )
    found = items(scope.columns(), case.pk)
    if not found:
        return None
    records = scope.records().filter(case=case)
    marks = _marks_by_image(records.values_list("result__data", flat=True))
    pictures = []
    for image in case.images.all():
        wrong = [mark for mark in marks[image.public_id] if mark["outcome"] in ODD]
        true_frames = [region.frame for _, region in _regions_on(image, case)]
        frame, shown = near(image, wrong, slices.get(image.public_id), true_frames)
        heat, most = heat_over(image, [mark["box"] for mark in shown])
        source, truths = shown_url(image, frame), truths_on(image, case, frame)
        own = _slices(image, wrong, frame)
        pictures.append(Picture(image, source, truths, [], heat, most, own))
    overcalled = LabelRecord.objects.filter(record__in=records, overcalls__gt=0)
    over = overcalled.values_list("label").annotate(n=Count("record__user", distinct=True))
    attempts = records.values("attempt")
    return ItemPage(
        case,
        found[0],
        pictures,
        [(name_of(label), name_of(called), n) for label, called, n in mistaken(read(records))],
        [(name_of(label), n) for label, n in over.order_by("-n", "label")],
        [
            *Flag.objects.filter(attempt__in=attempts),
            *Contest.objects.filter(attempt__in=attempts),
        ],
        list(
            AssignmentCase.objects.filter(
                case=case, assignment__cohort=scope.cohort, assignment__archived_at=None
            ).select_related("assignment")
        ),
    )


def _marks_by_image(results: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for data in results:
        for mark in data.get("marks", []):
            found[mark["image"]].append(mark)
    return found


@dataclass(frozen=True)
class Everybody:
    """A case with everybody's boxes, for the room."""

    case: Case
    pictures: list[Picture]
    answers: int
    said: list[tuple[str, int]]
    """What was said to be there, or that nothing is, and by how many; most often first."""
    truth: bool
    """Whether the truth is shown too."""


def everybody(scope: Scope, case: Case, slices: Mapping[str, int], *, truth: bool) -> Everybody:
    """The marks of all learners of the class on a case, nobody's named; of stacks these slices."""
    case = Case.objects.prefetch_related("images", "findings__regions").get(pk=case.pk)
    rows = list(scope.records().filter(case=case).values_list("result__data", "attempt__answer"))
    marks = _marks_by_image(data for data, _ in rows)
    pictures = []
    for image in case.images.all():
        of_image = marks[image.public_id]
        frame, shown = near(image, of_image, slices.get(image.public_id), [])
        places = [
            place(
                image,
                mark["box"],
                kind=mark["outcome"] if truth else "",
                words=name_of(mark["label"]),
            )
            for mark in shown
        ]
        truths = truths_on(image, case, frame) if truth else []
        own = _slices(image, of_image, frame)
        pictures.append(Picture(image, shown_url(image, frame), truths, places, [], slices=own))
    return Everybody(case, pictures, len(rows), _said(answer for _, answer in rows), truth)


def _said(answers: Iterable[dict[str, Any]]) -> list[tuple[str, int]]:
    """How many learners named each finding of the drawing game; reports name none here."""
    counted: Counter[str] = Counter()
    for answer in answers:
        ticked = (one if isinstance(one, str) else one["label"] for one in answer.get("ticked", []))
        named = {name_of(label) for label in ticked}
        named |= {name_of(mark["label"]) for mark in answer.get("marks", [])}
        counted.update(named or ({"No abnormality"} if answer.get("normal") else ()))
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


def seen_attempts(scope: Scope, case: Case) -> list[int]:
    """The learners whose marks on a case are shown: for the log of who looked."""
    found = Attempt.objects.filter(records__in=scope.records().filter(case=case))
    return list(found.order_by().values_list("user_id", flat=True).distinct())
