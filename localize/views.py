"""What the drawing game has beyond the shared pages: doubts, atlas, its scoring explained."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import UserRequest
from attempts.games import AnswerProblem
from attempts.queries import is_told, shown_result
from attempts.views import attempt_or_404, told_or_409
from cases.served import file_answer
from localize import flags, seen_through
from localize.scoring import KIND
from localize.wording import KINDS
from ml import atlas, boxes, taxonomy
from ml.localize import RADGAME_THRESHOLD
from ml.localize.credit import WEIGHTS


@require_POST
def flag(request: UserRequest, attempt_id: Any) -> HttpResponse:
    """Keep a learner's doubt about a truth; answers with its place on the feedback."""
    found = attempt_or_404(request, attempt_id, KIND)
    scored = shown_result(found) if is_told(found) else None
    if scored is None:
        return JsonResponse({"error": "There is no feedback to doubt yet."}, status=409)
    subject = request.POST.get("subject", "")[:60]
    row: dict[str, Any] = {"subject": subject, "flag": None}
    context = {"attempt": found, "row": row}
    try:
        why = request.POST.get("why", "")
        row["flag"] = flags.flag(attempt=found, result=scored, subject=subject, why=why)
        context["kept"] = True
    except AnswerProblem as problem:
        context["problem"] = str(problem)
    return render(request, "localize/_flag.html", context)


@require_GET
@never_cache
def behind(request: UserRequest, attempt_id: Any) -> HttpResponse:
    """What lies behind the film of an attempt that may be told of."""
    found = attempt_or_404(request, attempt_id, KIND)
    refusal = told_or_409(found)
    return refusal or JsonResponse(seen_through.told(found))


@require_GET
@never_cache
def layer(request: UserRequest, attempt_id: Any, layer_id: str) -> HttpResponse:
    """The picture of what is taken off the film of an attempt that may be told of."""
    found = attempt_or_404(request, attempt_id, KIND)
    refusal = told_or_409(found)
    if refusal:
        return refusal
    one = seen_through.picture_of(found, layer_id)
    if one is None:
        raise Http404("There is no such layer of this case.")
    return file_answer(request, str(one.file.name), "image/webp")


@require_GET
def about_scoring(request: HttpRequest) -> HttpResponse:
    """How boxes are scored, for who is scored."""
    limits = [round(100 * limit) for limit in boxes.AREA_LIMITS]
    areas = [
        f"below {limits[0]}",
        *(f"{low} to below {high}" for low, high in pairwise(limits)),
        f"{limits[-1]} and more",
    ]
    thresholds = [{"area": a, "iou": t} for a, t in zip(areas, boxes.THRESHOLDS, strict=True)]
    context = {
        "thresholds": thresholds,
        "area_ratio": f"{boxes.AREA_RATIO:g}",
        "radgame_threshold": RADGAME_THRESHOLD,
        "kinds": KINDS.values(),
        "weights": WEIGHTS,
        "large": f"{WEIGHTS.large:g}",
        "far": f"{WEIGHTS.tolerance_mm * WEIGHTS.far:g}",
        "significances": [
            {"name": name, "weight": f"{weight:g}", "cost": f"{WEIGHTS.false[name]:g}"}
            for name, weight in WEIGHTS.significance.items()
        ],
    }
    return render(request, "localize/about_scoring.html", context)


@require_GET
@cache_control(private=True, max_age=3600)
def atlas_entry(request: HttpRequest, label: str) -> HttpResponse:
    """What the atlas says of a label, as a piece of a page; the same for every case."""
    entry = atlas.entries().get(label)
    if entry is None:
        raise Http404("The atlas has no such label.")
    is_variant = taxonomy.labels()[label].is_variant
    return render(request, "localize/_entry.html", {"entry": entry, "is_variant": is_variant})
