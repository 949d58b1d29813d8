"""Images for the viewer, and a case with its truth."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Role
from accounts.permissions import role_required
from accounts.requests import UserRequest
from cases import history, queries, scored, second, series, services
from cases.differences import differences
from cases.doubts import open_doubts
from cases.duplicates import twins_of
from cases.imaging import htj2k
from cases.imaging.htj2k import Damaged
from cases.imaging.pixels import Gray, Window
from cases.imaging.render import pixels_of, png_bytes, shown_bytes
from cases.importers.base import MOST_SERIES
from cases.models import Case, Image
from cases.served import file_answer
from cases.truth import CannotPublish

MEDIA_TYPES = {"jhc": htj2k.MEDIA_TYPE, "png": "image/png"}

logger = logging.getLogger(__name__)


@require_GET
def frame(request: UserRequest, image_id: str, token: str, number: int, kind: str) -> HttpResponse:
    """The rendition of one frame, for whoever may see the case.

    Any can be had as PNG, for browsers that decode nothing else.
    """
    image = _image_or_404(request, image_id, token)
    if number >= image.frames:
        raise Http404("The image has no such frame.")
    name = image.frame_path(number)
    if kind == image.kind:
        return file_answer(request, name, MEDIA_TYPES[kind])
    if kind != "png":
        raise Http404("The image is not kept in that form.")
    return file_answer(request, name, MEDIA_TYPES[kind], as_png)


@require_GET
def shown(request: UserRequest, image_id: str, token: str, number: int) -> HttpResponse:
    """One frame as it is first shown, of 8 bits, which any browser draws without the viewer."""
    image = _image_or_404(request, image_id, token)
    if number >= image.frames:
        raise Http404("The image has no such frame.")
    window = Window(image.window_center, image.window_width)

    def first_look(content: bytes) -> bytes:
        return shown_bytes(_pixels(content), window)

    return file_answer(request, image.frame_path(number), "image/webp", first_look)


@require_GET
def thumbnail(request: UserRequest, image_id: str, token: str) -> HttpResponse:
    image = _image_or_404(request, image_id, token)
    name = str(image.thumbnail.name)
    return file_answer(request, name, "image/webp" if name.endswith(".webp") else "image/png")


def _image_or_404(request: UserRequest, image_id: str, token: str) -> Image:
    image = queries.image_for(request.user, image_id)
    if image is None or image.token != token:
        raise Http404("There is no such image, or you may not see it.")
    return image


def as_png(content: bytes) -> bytes:
    """A rendition of whatever kind as PNG; Http404 where it is damaged."""
    return png_bytes(_pixels(content))


def _pixels(content: bytes) -> Gray:
    try:
        return pixels_of(content)
    except Damaged as problem:
        logger.error("A rendition is damaged: %s; import its case again with --force", problem)
        raise Http404("The image's file is damaged in the media storage.") from None


@require_GET
@role_required(Role.CURATOR, Role.INSTRUCTOR)
def detail(request: UserRequest, case_id: str) -> HttpResponse:
    """One case with its truth, for curators and instructors."""
    case = get_object_or_404(
        Case.objects.select_related("dataset", "duplicate_of").prefetch_related(
            "images", "findings__regions", "reports"
        ),
        public_id=case_id,
    )
    context = {
        "case": case,
        "statuses": Case.Status.choices,
        "differences": differences(case),
        "wants_reading": second.is_wanted(case),
        "reading": second.open_reading(case),
        "doubts": open_doubts(case) if request.user.has_role(Role.CURATOR) else [],
        "outdated": scored.outdated(case) if request.user.has_role(Role.CURATOR) else 0,
        "twins": _twins(case) if request.user.has_role(Role.CURATOR) else [],
        "series": series.offered(case) if request.user.has_role(Role.CURATOR) else [],
        "places": range(1, MOST_SERIES + 1),
        "changes": case.changes.select_related("by").defer("said")[: history.SHOWN],
    }
    return render(request, "cases/detail.html", context)


def _twins(case: Case) -> list[Case]:
    """Cases that are not retired and have an image that looks like one of this case."""
    found = {twin.case.pk: twin.case for twin in twins_of(case.images.all())}
    return [one for one in found.values() if one.status != Case.Status.RETIRED]


@require_POST
@role_required(Role.CURATOR)
def score_again(request: UserRequest, case_id: str) -> HttpResponse:
    """Have answers scored by the truth there is now that an earlier one scored."""
    case = get_object_or_404(Case, public_id=case_id)
    why = request.POST.get("why", "").replace("\0", "").strip()[:400]
    try:
        count = scored.score_again(case=case, by=request.user, why=why)
    except scored.CannotScore as problem:
        messages.error(request, str(problem))
    else:
        said = f"{count} answer{'s are' if count != 1 else ' is'} being scored again."
        messages.success(request, f"{said} Earlier scores are kept beside, and learners are told.")
    return redirect("cases:detail", case.public_id)


@require_POST
@role_required(Role.CURATOR)
def merge(request: UserRequest, case_id: str) -> HttpResponse:
    """Keep one of two cases of the same film: this one is retired, and points to the other."""
    case = get_object_or_404(Case, public_id=case_id)
    into = Case.objects.filter(public_id=request.POST.get("into", "").replace("\0", "")).first()
    if into is None:
        messages.error(request, "Choose the case that is kept.")
        return redirect("cases:detail", case.public_id)
    why = request.POST.get("why", "").replace("\0", "").strip()
    try:
        services.merge_cases(case=case, into=into, by=request.user, why=why)
    except ValueError as problem:
        messages.error(request, str(problem))
        return redirect("cases:detail", case.public_id)
    messages.success(request, f"{case.source_key} was retired; this is the case that is kept.")
    return redirect("cases:detail", into.public_id)


@require_POST
@role_required(Role.CURATOR)
def choose_series(request: UserRequest, case_id: str) -> HttpResponse:
    """Say which series of a case's study are shown, and in which order."""
    case = get_object_or_404(Case, public_id=case_id)
    keys = series.in_order(
        (request.POST.get(f"series-{one.number}", ""), one.key) for one in series.offered(case)
    )
    try:
        coming = series.choose(case=case, keys=keys, by=request.user)
    except series.CannotChoose as problem:
        messages.error(request, str(problem))
    else:
        said = "Kept, for later imports too."
        if coming:
            said += f" Not here yet, so upload the study again: {'; '.join(coming)}."
        messages.success(request, said)
    return redirect(f"{reverse('cases:detail', args=[case.public_id])}#series")


@require_POST
@role_required(Role.CURATOR)
def set_status(request: UserRequest, case_id: str) -> HttpResponse:
    case = get_object_or_404(Case, public_id=case_id)
    status = request.POST.get("status", "")
    if status not in Case.Status.values:
        messages.error(request, f"{status!r:.30} is not a status a case can have.")
        return redirect("cases:detail", case.public_id)
    try:
        why = request.POST.get("why", "").replace("\0", "").strip()
        services.set_status(case=case, status=status, by=request.user, why=why)
    except CannotPublish as problem:
        messages.error(request, f"It was not published. {problem}")
    else:
        messages.success(request, f"The case is now: {Case.Status(status).label.lower()}.")
    return redirect("cases:detail", case.public_id)
