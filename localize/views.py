"""The drawing game's pages and its JSON exchanges."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET, require_POST

from cases.queries import case_to_play
from feedback import explanations, ratings, services
from feedback.models import Attempt, Mode
from feedback.payload import json_object, whole_number
from feedback.queries import is_told, rounds_in_words, shown_result
from feedback.registry import AnswerProblem
from feedback.views import answered_problem, attempt_or_404, away_from
from localize import flags, queries
from localize.guided import guided_review
from localize.review import review_of
from localize.scoring import KIND, RULES
from localize.wording import KINDS
from ml import atlas, boxes
from ml.localize import RADGAME_THRESHOLD


@require_GET
@never_cache
def case(request: HttpRequest, case_id: str) -> HttpResponse:
    """Open a case: the learner's draft of it, new or as it was left."""
    found = case_to_play(case_id)
    mode = request.GET.get("mode", Mode.PRACTICE)
    if mode not in queries.OPENED_BY_ADDRESS:
        raise Http404(f"There is no mode called {mode!r:.30} to open a case in.")
    elsewhere = away_from(request, found)
    if elsewhere:
        return elsewhere
    opened = services.open_attempt(
        user=request.user, case=found, kind=KIND, mode=mode, rule=RULES[0]
    )
    return render(request, "localize/case.html", queries.case_page(opened, request))


@require_GET
@never_cache
def attempt(request: HttpRequest, attempt_id: Any) -> HttpResponse:
    """The page of one attempt in whatever state it is, for links and reloads."""
    found = attempt_or_404(request, attempt_id, KIND)
    context = queries.case_page(found, request)
    if is_told(found):
        context |= _told(found)
    return render(request, "localize/case.html", context)


@require_GET
@never_cache
def result(request: HttpRequest, attempt_id: Any) -> HttpResponse:
    """The feedback panel of an attempt that may be told of."""
    found = attempt_or_404(request, attempt_id, KIND)
    if not is_told(found):
        return JsonResponse({"error": "There is no feedback on this attempt yet."}, status=409)
    return render(request, "localize/_told.html", {"attempt": found, **_told(found)})


@require_POST
@answered_problem
def explain(request: HttpRequest, attempt_id: Any) -> HttpResponse:
    """Have a model explain one row: its kept text, or 202 and the WebSocket tells it."""
    found = attempt_or_404(request, attempt_id, KIND)
    if not is_told(found):
        return JsonResponse({"error": "There is no feedback on this attempt yet."}, status=409)
    row = str(json_object(request).get("row", ""))[:60]
    status, told = explanations.asked(found, row)
    return JsonResponse(told, status=status)


@require_POST
@answered_problem
def rate(request: HttpRequest, attempt_id: Any) -> HttpResponse:
    """Keep whether the learner finds the explanation of a row helpful, or wrong."""
    found = attempt_or_404(request, attempt_id, KIND)
    body = json_object(request)
    row, number = str(body.get("row", ""))[:60], whole_number(body, "explanation")
    explanation = explanations.shown_to(found, row, number) if is_told(found) else None
    if explanation is None:
        raise Http404("You were not shown such an explanation.")
    rating = str(body.get("rating", ""))
    ratings.rate(explanation, request.user, rating)
    return JsonResponse({"rating": rating})


@require_POST
def flag(request: HttpRequest, attempt_id: Any) -> HttpResponse:
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
    }
    return render(request, "localize/about_scoring.html", context)


@require_GET
@cache_control(private=True, max_age=3600)
def atlas_entry(request: HttpRequest, label: str) -> HttpResponse:
    """What the atlas says of a label, as a piece of a page; the same for every case."""
    entry = atlas.entries().get(label)
    if entry is None:
        raise Http404("The atlas has no such label.")
    return render(request, "localize/_entry.html", {"entry": entry})


def _told(attempt: Attempt) -> dict[str, Any]:
    """Template context of the feedback."""
    result = shown_result(attempt)
    if result is None:
        raise Http404("This attempt has no result.")
    if attempt.mode == Mode.GUIDED:
        return {"review": guided_review(attempt, result)}
    hints = result.data.get("hints", [])
    return {"review": review_of(attempt, result), "hints": hints, **rounds_in_words(attempt)}
