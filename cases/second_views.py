"""The pages of double reading: reading blind, and settling what differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.models import Role
from accounts.permissions import role_required
from accounts.requests import UserRequest
from cases import curating, second
from cases.curate_views import case_at, labels_here
from cases.curating import Refused
from cases.models import Case, Finding, Image
from cases.queries import shown_url, viewer_image
from cases.sent import Unreadable, sent_object


@require_http_methods(["GET", "POST"])
@role_required(Role.CURATOR)
def read(request: UserRequest, case_id: str) -> HttpResponse:
    """A case without its truth, for the second reader; what they draw is kept beside it."""
    case = case_at(case_id)
    problem = second.why_not(case, request.user)
    if request.method == "POST":
        return _kept(request, case)
    if problem:
        messages.error(request, problem)
        return redirect("cases:detail", case.public_id)
    page: dict[str, Any] = {
        "images": [viewer_image(image) for image in case.images.all()],
        "stamp": "",
        "published": False,
        "findings": [],
        "labels": labels_here(),
        "csrf": get_token(request),
        "urls": {"save": reverse("cases:second", args=[case.public_id])},
        "significances": Finding.Significance.choices,
    }
    return render(request, "cases/second.html", {"case": case, "page": page})


def _kept(request: UserRequest, case: Any) -> HttpResponse:
    try:
        draft = curating.read_draft(case, sent_object(request))
        second.keep_reading(case=case, draft=draft, by=request.user)
    except (Refused, Unreadable) as problem:
        return JsonResponse({"error": str(problem)}, status=422)
    return JsonResponse({"next": reverse("cases:settle", args=[case.public_id])})


@require_http_methods(["GET", "POST"])
@role_required(Role.CURATOR)
def settle(request: UserRequest, case_id: str) -> HttpResponse:
    """What the two readers give differently, decided one by one."""
    case = case_at(case_id)
    if request.method == "POST":
        decisions = {key: str(request.POST[key]) for key in request.POST if "-" in key}
        try:
            second.settle(case=case, decisions=decisions, by=request.user)
        except Refused as problem:
            messages.error(request, str(problem))
            return redirect("cases:settle", case.public_id)
        messages.success(request, "Settled: the case can be published.")
        return redirect("cases:detail", case.public_id)
    reading = second.open_reading(case)
    if reading is None:
        said = "Both readers agree." if second.is_settled(case) else "Nothing waits to be settled."
        messages.info(request, said)
        return redirect("cases:detail", case.public_id)
    found = second.differences(case, reading)
    context = {"case": case, "reading": reading, "differences": found, "views": _views(case, found)}
    return render(request, "cases/settle.html", context)


def _views(case: Case, found: Sequence[second.Difference]) -> list[dict[str, Any]]:
    """Each image and slice on which something differs, with the places that differ by number."""
    images = {image.position: image for image in case.images.all()}
    shown = [(at, frame) for at, frame in second.slices_shown(found) if at in images]
    if not shown:  # what differs has no place: the film is seen all the same
        shown = [(at, image.middle_frame) for at, image in images.items()]
    return [
        {
            "image": images[at],
            "source": shown_url(images[at], frame),
            "slice": frame + 1,
            "places": [
                _drawn(place, number, images[at])
                for number, one in enumerate(found, start=1)
                for place in one.places
                if (place.image, place.frame) == (at, frame)
            ],
        }
        for at, frame in shown
    ]


def _drawn(place: second.Place, number: int, image: Image) -> dict[str, Any]:
    """A place in pixels of the rendition made square."""
    x0, y0, x1, y1 = place.box
    width, height = image.width, image.true_height
    return {
        "number": number,
        "second": place.is_second,
        "closed": place.is_outline,
        "line": " ".join(f"{x * width:f},{y * height:f}" for x, y in place.points),
        "x": f"{x0 * width:f}",
        "y": f"{y0 * height:f}",
        "width": f"{(x1 - x0) * width:f}",
        "height": f"{(y1 - y0) * height:f}",
        "at": f"{(x1 if place.is_second else x0) * width:f}",
        "letters": f"{width / 24:f}",
    }
