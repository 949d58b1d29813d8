"""A case to compare: one with the same finding whose truth this user may know already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import User
from accounts.prepared import prepared, prepared_models
from attempts.models import Attempt, Outcome, Result
from attempts.queries import held_cases
from cases.models import Case, Image, Region
from cases.queries import open_to
from localize.result import ResultData
from ml import taxonomy

LEAST_VIEW = 0.45
"""Part of the image's shorter side that a thumbnail shows at least."""


def similar_cases(attempt: Attempt, labels: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Label → a case with that label (or one of its group) to compare with.

    Only cases that the learner has answered and been told of, none that an open series
    holds; for those who see truths anyway, any published case. `exact` tells a case of that very
    label. Labels without a case are left out.
    """
    wanted = {label: _group(label) for label in labels}
    found = _scored(attempt, {slug for slugs in wanted.values() for slug in slugs})
    chosen = {label: _best(label, slugs, found) for label, slugs in wanted.items()}
    missing = [label for label, result in chosen.items() if result is None]
    cards = _cards({label: result for label, result in chosen.items() if result})
    if missing and attempt.user.sees_truth:
        cards |= _published(attempt.case, missing)
    return cards


def _group(label: str) -> list[str]:
    group = taxonomy.group_of(label)
    return [slug for slug, known in taxonomy.labels().items() if known.group == group] or [label]


def _scored(attempt: Attempt, slugs: set[str]) -> list[tuple[str, int]]:
    """(label, result) of the learner's other cases, newest first."""
    if not slugs:
        return []
    asked = _outcomes(attempt.user.is_guest, len(slugs))
    return asked(attempt.user_id, attempt.kind, attempt.case_id, *sorted(slugs))


@cache
def _outcomes(is_guest: bool, labels: int) -> Callable[..., list[tuple[Any, ...]]]:
    """Asks for them by user, game, the case to leave out, and so many labels."""

    def build(user: int, kind: str, case: int, *slugs: str) -> QuerySet[Outcome, Any]:
        learner = User(pk=user, is_guest=is_guest)
        published = Case.objects.filter(status=Case.Status.PUBLISHED)
        return (
            Outcome.objects.filter(
                about=Outcome.About.TRUTH,
                label__in=slugs,
                result__counts=True,
                result__attempt__user=user,
                result__attempt__kind=kind,
                result__attempt__state=Attempt.State.SCORED,
                result__attempt__case__in=open_to(learner, published),
            )
            .exclude(result__attempt__case=case)
            .exclude(result__attempt__case__in=held_cases(learner).values("case"))
            .order_by("-result_id")
            .values_list("label", "result_id")
        )

    return prepared(build)


def _best(label: str, slugs: list[str], found: list[tuple[str, int]]) -> int | None:
    same = [result for slug, result in found if slug == label]
    return next(iter(same or [result for slug, result in found if slug in slugs]), None)


def _cards(chosen: dict[str, int]) -> dict[str, dict[str, Any]]:
    keys = sorted(set(chosen.values()))
    results = {result.pk: result for result in (_results(len(keys))(*keys) if keys else ())}
    places = {label: _place(label, results[result].data) for label, result in chosen.items()}
    images = _images(place["image"] for place in places.values())
    cards = {}
    for label, result in chosen.items():
        place = places[label]
        address = reverse("localize:attempt", args=[results[result].attempt.public_id])
        outcome = place.get("outcome", "")
        card = card_of(address, images.get(place["image"]), place["box"], outcome)
        cards[label] = {**card, "exact": place.get("label") == label}
    return cards


@cache
def _results(count: int) -> Callable[..., list[Result]]:
    """Asks for so many by their keys."""

    def build(*keys: int) -> QuerySet[Result]:
        return Result.objects.select_related("attempt").filter(pk__in=keys)

    return prepared_models(build)


def _place(label: str, data: ResultData) -> Mapping[str, Any]:
    group = taxonomy.group_of(label)
    rows = [row for row in data["truths"] if taxonomy.group_of(row["label"]) == group]
    rows.sort(key=lambda row: (row["label"] != label, row["box"] is None))
    return rows[0] if rows else {"image": None, "box": None}


def _images(public_ids: Iterable[str | None]) -> dict[str, Image]:
    keys = sorted({key for key in public_ids if key})
    found = _images_called(len(keys))(*keys) if keys else ()
    return {image.public_id: image for image in found}


@cache
def _images_called(count: int) -> Callable[..., list[Image]]:
    """Asks for so many by their names."""

    def build(*names: str) -> QuerySet[Image]:
        return Image.objects.filter(public_id__in=names)

    return prepared_models(build)


def card_of(
    address: str, image: Image | None, box: list[float] | None, outcome: str
) -> dict[str, Any]:
    """What the page shows of a case to compare: a link, and a thumbnail with the box."""
    card: dict[str, Any] = {"url": address, "outcome": outcome, "thumbnail": ""}
    if image is None or box is None:
        return card
    width, height = image.width, image.true_height
    x0, y0, x1, y1 = box
    return {
        **card,
        "thumbnail": reverse("cases:thumbnail", args=[image.public_id, image.token]),
        "view": _view(box, width, height),
        "width": width,
        "height": height,
        "rect": {
            "x": round(x0 * width),
            "y": round(y0 * height),
            "width": round((x1 - x0) * width),
            "height": round((y1 - y0) * height),
        },
    }


def _view(box: list[float], width: int, height: int) -> str:
    """The SVG view box of a square around a box, with room to see where it lies."""
    x0, y0, x1, y1 = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    size = min(
        max(2.5 * (x1 - x0), 2.5 * (y1 - y0), LEAST_VIEW * min(width, height)), width, height
    )
    left = min(max((x0 + x1 - size) / 2, 0), width - size)
    top = min(max((y0 + y1 - size) / 2, 0), height - size)
    return f"{left:.0f} {top:.0f} {size:.0f} {size:.0f}"


def _published(case: Case, labels: list[str]) -> dict[str, dict[str, Any]]:
    cards = {}
    for label in labels:
        region = (
            Region.objects.filter(finding__label=label, finding__case__status=Case.Status.PUBLISHED)
            .filter(finding__case__made_for=None)
            .exclude(finding__case=case)
            .select_related("image", "finding__case")
            .last()
        )
        if region:
            address = reverse("cases:detail", args=[region.finding.case.public_id])
            card = card_of(address, region.image, list(region.box), "")
            cards[label] = {**card, "exact": True}
    return cards
