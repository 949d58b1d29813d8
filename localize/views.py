"""What the drawing game has beyond the shared pages: doubts, atlas, its scoring explained."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Role
from accounts.permissions import role_required
from accounts.requests import UserRequest
from attempts.games import AnswerProblem
from attempts.queries import is_told, shown_result
from attempts.views import attempt_or_404
from cases.models import Dataset
from localize import flags
from localize.coco import published_truth
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


MOST_DOWNLOADED = 5000
"""Cases whose truth a page gives at once; more are for `manage.py export_coco`."""


@require_GET
@never_cache
@role_required(Role.CURATOR)
def truth_of_dataset(request: UserRequest, dataset: str) -> HttpResponse:
    """The truth of a data set's published cases as COCO, without films, to be saved."""
    found = get_object_or_404(Dataset, slug=dataset)
    if found.cases.filter(status="published").count() > MOST_DOWNLOADED:
        said = f"It has more than {MOST_DOWNLOADED:,} cases: use manage.py export_coco."
        messages.error(request, said)
        return redirect("cases:desk")
    answer = JsonResponse(published_truth(found).document())
    answer["Content-Disposition"] = f'attachment; filename="{found.slug}.json"'
    return answer


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
