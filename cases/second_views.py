"""The pages of double reading: reading blind, and settling what differs."""

from __future__ import annotations

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
from cases.models import Finding
from cases.queries import viewer_image
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
    context = {"case": case, "reading": reading, "differences": second.differences(case, reading)}
    return render(request, "cases/settle.html", context)
