"""What pages read of the case library."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.http import Http404
from django.urls import reverse

from accounts.models import User
from accounts.prepared import keep_related, prepared_models
from cases.doubts import counts_of, with_open_doubts
from cases.models import Case, Dataset, Finding, Image, Region
from cases.patients import MOST_STUDIES
from ml import synonyms, taxonomy

OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}


def open_to(user: User, cases: QuerySet[Case]) -> QuerySet[Case]:
    """Of these cases those whose data set lets the user in (`Dataset.access`), and that were made
    for nobody else.
    """
    found = cases.filter(Q(made_for=None) | Q(made_for=user.pk))
    return found.filter(dataset__access=Dataset.Access.OPEN) if user.is_guest else found


def lets_in(user: User, case: Case) -> bool:
    """Whether the case's data set lets the user in, and it was made for nobody else."""
    if case.made_for_id not in (None, user.pk):
        return False
    return not user.is_guest or case.dataset.access == Dataset.Access.OPEN


def of_same_patient(user: User, case: Case) -> QuerySet[Case]:
    """The other cases of its patient in its data set that the user may practice with."""
    if not case.patient:
        return Case.objects.none()
    same = Case.objects.filter(dataset=case.dataset_id, patient=case.patient)
    if same[: MOST_STUDIES + 1].count() > MOST_STUDIES:  # a number that anybody may have
        return Case.objects.none()
    published = same.filter(status=Case.Status.PUBLISHED, split=Case.Split.PRACTICE)
    return open_to(user, published.exclude(pk=case.pk))


def of_everybody(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Of these cases those that were made for no single learner."""
    return cases.filter(made_for=None)


def may_play(user: User, case: Case) -> bool:
    """Whether the case is published, and open to the user."""
    return case.is_playable and lets_in(user, case)


def case_to_play(public_id: str, user: User) -> Case:
    """A published case that the user may play; Http404 for any other, retired ones included."""
    case = next(iter(_case_called(public_id)), None)
    if case is None or not lets_in(user, case):
        raise Http404("There is no such case.")
    if not case.is_playable:
        raise Http404("This case is not open for playing (any more).")
    return case


@prepared_models
def _case_called(public_id: str) -> QuerySet[Case]:
    return Case.objects.select_related("dataset").filter(public_id=public_id)


def keep_images(case: Case) -> None:
    """Have the case know its images, so that `case.images.all()` asks nothing."""
    if "images" not in getattr(case, "_prefetched_objects_cache", {}):
        images = _images_of(case.pk)
        for image in images:
            image.case = case
        keep_related(case, "images", images)


@prepared_models
def _images_of(case: int) -> QuerySet[Image]:
    return Image.objects.filter(case=case)


def findings_with_places(case: Case) -> list[Finding]:
    """The truth of a case: findings that know their regions, and these their images."""
    findings = _findings_of(case.pk)
    by_finding: dict[int, list[Region]] = {finding.pk: [] for finding in findings}
    for region in _regions_of(case.pk) if findings else ():
        if region.finding_id in by_finding:  # else its finding was added just now
            by_finding[region.finding_id].append(region)
    for finding in findings:
        finding.case = case
        for region in by_finding[finding.pk]:
            region.finding = finding
        keep_related(finding, "regions", by_finding[finding.pk])
    return findings


@prepared_models
def _findings_of(case: int) -> QuerySet[Finding]:
    return Finding.objects.filter(case=case)


@prepared_models
def _regions_of(case: int) -> QuerySet[Region]:
    return Region.objects.filter(finding__case=case).select_related("image")


def image_for(user: User, public_id: str) -> Image | None:
    """The image when the user may see its case, else None.

    Learners may see what is published, and what they have an attempt of (a
    retired case stays readable in their history); guests that of open data sets only, and of
    what was made for one learner nobody else but who teaches or curates.
    """
    image = Image.objects.select_related("case__dataset").filter(public_id=public_id).first()
    if image is None or not (user.sees_truth or lets_in(user, image.case)):
        return None
    allowed = (
        image.case.is_playable or user.sees_truth or image.case.attempts.filter(user=user).exists()
    )
    return image if allowed else None


def image_url(image: Image, frame: int = 0) -> str:
    """An address that changes with the pixels, so that it can be cached for ever."""
    return reverse("cases:frame", args=[image.public_id, image.token, frame, image.kind])


def shown_url(image: Image, frame: int = 0) -> str:
    """The address of one frame as it is first shown, for pages without the viewer."""
    return reverse("cases:shown", args=[image.public_id, image.token, frame])


def viewer_image(image: Image) -> dict[str, Any]:
    """What the viewer needs of an image: no truth, no telling name."""
    spacing = None
    if image.row_spacing and image.column_spacing:
        spacing = [image.row_spacing, image.column_spacing]
    return {
        "id": image.public_id,
        "view": image.view,
        "study": image.study,
        "study_label": image.study_label,
        "url": image_url(image),
        "frame_urls": [image_url(image, frame) for frame in range(image.frames)]
        if image.frames > 1
        else [],
        "thumbnail": reverse("cases:thumbnail", args=[image.public_id, image.token]),
        "width": image.width,
        "height": image.height,
        "bits": image.bits,
        "max": image.max_value,
        "frames": image.frames,
        "window": {"center": image.window_center, "width": image.window_width},
        "offset": image.value_offset,
        "scale": image.value_scale,
        "aspect": image.pixel_aspect,
        "letters": letters_of(image),
        "spacing_mm": spacing,
    }


def letters_of(image: Image) -> dict[str, str] | None:
    """What sides of the patient (L R A P) lie at ``left``, ``right``, ``top`` and ``bottom``.

    Head and feet go without saying. None where nobody knows how the patient lies in it.
    """
    if not image.orientation:
        return None
    right, bottom = image.orientation[0], image.orientation[1]
    edges = {"left": OPPOSITE[right], "right": right, "top": OPPOSITE[bottom], "bottom": bottom}
    return {edge: side for edge, side in edges.items() if side in "LRAP"}


def first_images(case: Case) -> list[str]:
    """The addresses of what is seen first of a case: each image, of a stack its first frame."""
    return [image_url(image) for image in case.images.all()]


@dataclass(frozen=True)
class DeskFilters:
    """What the curator's work list is narrowed by; empty fields narrow nothing."""

    status: str = ""
    dataset: str = ""
    label: str = ""
    licence: str = ""
    split: str = ""
    problem: str = ""
    difficulty: str = ""
    """One of `DIFFICULTIES`."""
    text: str = ""
    """A part of the source's name, the indication or a label, in whatever words."""


TINY = 0.0002
"""Of the image's area: a square of 1.4 % of its sides."""
PROBLEMS = {
    "doubts": "Doubts open",
    "reasons": "Something missing or in doubt",
    "unmapped": "Labels not mapped",
    "unknown": "Labels not in the taxonomy",
    "unplaced": "Findings without a place",
    "tiny": "Very small places",
    "odd": "Does not fit learners’ answers",
    "made": "Made for a learner",
}
"""What the list can be narrowed to, in words."""
DIFFICULTIES = {"easy": "Easy", "medium": "Between", "hard": "Hard"}
"""By the hardest label of a case in either game: easy where a new learner is right of three in four
times, hard where they are of one in four."""
HARD = math.log(3)
"""Logits of a chance of one in four; easy is as far on the other side."""


def cases_for_desk(filters: DeskFilters | None = None) -> QuerySet[Case]:
    """The curator's work list, newest first; what was made for learners only when asked for."""
    wanted = filters or DeskFilters()
    found = Case.objects.select_related("dataset").order_by("-id")
    if wanted.problem != "made":
        found = of_everybody(found)
    if wanted.status:
        found = found.filter(status=wanted.status)
    if wanted.dataset:
        found = found.filter(dataset__slug=wanted.dataset)
    if wanted.licence:
        licensed = Dataset.objects.filter(licence=wanted.licence)
        found = found.filter(dataset__in=list(licensed.values_list("pk", flat=True)))
    if wanted.split:
        found = found.filter(split=wanted.split)
    if wanted.label:
        found = found.filter(pk__in=Finding.objects.filter(label=wanted.label).values("case"))
    if wanted.problem:
        found = _with_problem(found, wanted.problem)
    if wanted.difficulty:
        found = _as_hard(found, wanted.difficulty)
    if wanted.text:
        found = found.filter(
            Q(pk__in=_findings_called(wanted.text).values("case"))
            | Q(source_key__icontains=wanted.text)
            | Q(indication__icontains=wanted.text)
        )
    return found


def _as_hard(cases: QuerySet[Case], difficulty: str) -> QuerySet[Case]:
    def above(least: float) -> QuerySet[Any, Any]:
        return Case.objects.filter(difficulties__difficulty__gt=least).values("pk")

    if difficulty == "hard":
        return cases.filter(pk__in=above(HARD))
    if difficulty == "medium":
        return cases.filter(pk__in=above(-HARD)).exclude(pk__in=above(HARD))
    if difficulty == "easy":
        known = Case.objects.filter(difficulties__isnull=False).values("pk")
        return cases.filter(pk__in=known).exclude(pk__in=above(-HARD))
    return cases.none()


def _with_problem(cases: QuerySet[Case], problem: str) -> QuerySet[Case]:
    if problem == "doubts":
        return with_open_doubts(cases)
    if problem == "reasons":
        return cases.exclude(review_reasons=[])
    if problem == "unmapped":
        return cases.exclude(unmapped=[])
    if problem == "unplaced":
        return cases.filter(has_truth_boxes=False)
    if problem == "unknown":
        unknown = Finding.objects.exclude(label__in=list(taxonomy.labels()))
        return cases.filter(pk__in=unknown.values("case"))
    if problem == "made":
        return cases.filter(made_for__isnull=False)
    if problem == "odd":  # able learners miss it and others find it (docs/learning.md)
        odd = Case.objects.filter(difficulties__is_odd=True)
        return cases.filter(pk__in=odd.values("pk"))
    if problem == "tiny":
        area = (F("x1") - F("x0")) * (F("y1") - F("y0"))
        small = Region.objects.exclude(shape=Region.Shape.POINT).annotate(area=area)
        return cases.filter(pk__in=small.filter(area__lt=TINY).values("finding__case"))
    return cases.none()


@dataclass(frozen=True)
class DeskRow:
    """One case of the work list with what its row shows."""

    case: Case
    first_image: Image | None
    images: int
    labels: list[str]
    """Names of its findings, each once."""
    doubts: int


def desk_rows(cases: Iterable[Case]) -> list[DeskRow]:
    """The rows of one page, in a number of queries that does not depend on how many there are."""
    shown = list(cases)
    keys = [case.pk for case in shown]
    images: dict[int, list[Image]] = {}
    pictures = Image.objects.filter(case__in=keys).order_by("case", "position")
    for image in pictures.defer("frame_order"):
        images.setdefault(image.case_id, []).append(image)
    labels: dict[int, dict[str, None]] = {}
    for key, label in (
        Finding.objects.filter(case__in=keys).order_by("id").values_list("case", "label")
    ):
        known = taxonomy.labels().get(label)
        labels.setdefault(key, {})[known.name if known else label] = None
    doubts = counts_of(keys)
    return [
        DeskRow(
            case,
            next(iter(images.get(case.pk, [])), None),
            len(images.get(case.pk, [])),
            list(labels.get(case.pk, {})),
            doubts[case.pk],
        )
        for case in shown
    ]


def _findings_called(text: str) -> QuerySet[Finding]:
    """Findings by a part of their label's name, in whatever words people use for it.

    A label that is no longer in the taxonomy is found by its slug.
    """
    slugs = [slug for slug in _labels_there() if text.casefold() in slug.casefold()]
    return Finding.objects.filter(label__in={*labels_called(text), *slugs})


LABELS_THERE = """
WITH RECURSIVE there AS (
    SELECT min(label) AS label FROM {table}
    UNION ALL
    SELECT (SELECT min(label) FROM {table} WHERE label > there.label) FROM there
    WHERE there.label IS NOT NULL
)
SELECT label FROM there WHERE label IS NOT NULL
"""
"""Each label is looked up from the one before it: of many findings there are few."""


def _labels_there() -> list[str]:
    """The labels that any finding has."""
    with connection.cursor() as cursor:
        cursor.execute(LABELS_THERE.format(table=Finding._meta.db_table))
        return [label for (label,) in cursor.fetchall()]


def labels_called(text: str) -> list[str]:
    """The slugs of the labels whose name, a synonym, or a data set's name of it holds `text`."""
    wanted = _folded(text)
    return [
        slug
        for slug, names in _names_of_labels().items()
        if wanted and any(wanted in name for name in names)
    ]


@cache
def _names_of_labels() -> dict[str, tuple[str, ...]]:
    """Slug → all that the label is called, folded."""
    return {
        slug: tuple(
            {
                _folded(name): None
                for name in (
                    slug,
                    label.name,
                    synonyms.words()[slug].short,
                    *synonyms.words()[slug].synonyms,
                    *(name for names in label.names.values() for name in names),
                )
            }
        )
        for slug, label in taxonomy.labels().items()
    }


def _folded(text: str) -> str:
    """Words alone, in small letters: "Nodule / mass", "nodule_mass" and "nodule/mass" are one."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
