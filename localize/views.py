"""The drawing game's pages and its JSON exchanges."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cases.queries import case_to_play
from feedback import services
from feedback.models import Attempt
from feedback.payload import client_uuid, json_object, whole_number
from feedback.queries import attempt_for, counting_result
from feedback.views import answered_problem
from localize import queries
from localize.review import review_of
from localize.scoring import KIND


def attempt_or_404(request: HttpRequest, attempt_id: Any) -> Attempt:
    attempt = attempt_for(request.user, attempt_id)
    if attempt is None or attempt.kind != KIND:
        raise Http404("There is no such attempt of yours.")
    return attempt


@require_GET
@never_cache
def case(request: HttpRequest, case_id: str) -> HttpResponse:
    """Open a case: the learner's draft of it, new or as it was left."""
    found = case_to_play(case_id)
    mode = request.GET.get("mode", Attempt.Mode.PRACTICE)
    if mode not in queries.MODES:
        raise Http404(f"There is no mode called {mode!r:.30}.")
    attempt = services.open_attempt(
        user=request.user, case=found, kind=KIND, mode=mode, rule=queries.DEFAULT_RULE
    )
    return render(request, "localize/case.html", queries.case_page(attempt, request))


@require_GET
@never_cache
def attempt(request: HttpRequest, attempt_id: Any) -> HttpResponse:
    """The page of one attempt in whatever state it is, for links and reloads."""
    found = attempt_or_404(request, attempt_id)
    context = queries.case_page(found, request)
    if found.state == Attempt.State.SCORED:
        context["review"] = _review(found)
    return render(request, "localize/case.html", context)


@answered_problem
def draft(request: HttpRequest, attempt_id: Any) -> HttpResponse:
    """PUT: keep what the learner has so far. GET: what is kept."""
    found = attempt_or_404(request, attempt_id)
    if request.method == "GET":
        return JsonResponse({"version": found.draft_version, "draft": found.answer})
    if request.method != "PUT":
        return HttpResponse(status=405, headers={"Allow": "GET, PUT"})
    body = json_object(request)
    saved = services.save_draft(
        attempt_id=found.pk,
        version=whole_number(body, "version"),
        answer=body,
        writer=client_uuid(body, "writer") if "writer" in body else None,
    )
    return JsonResponse({"version": saved.draft_version, "saved_at": saved.saved_at.isoformat()})


@require_POST
@answered_problem
def submit(request: HttpRequest, attempt_id: Any) -> HttpResponse:
    found = attempt_or_404(request, attempt_id)
    body = json_object(request)
    submitted = services.submit(
        attempt_id=found.pk,
        submission=client_uuid(body, "submission"),
        answer=body,
        elapsed_ms=whole_number(body, "elapsed_ms", default=0),
    )
    return JsonResponse({"state": submitted.state}, status=202)


@require_GET
@never_cache
def status(request: HttpRequest, attempt_id: Any) -> HttpResponse:
    found = attempt_or_404(request, attempt_id)
    return JsonResponse({"state": found.state, "problem": found.problem})


@require_GET
@never_cache
def result(request: HttpRequest, attempt_id: Any) -> HttpResponse:
    """The feedback panel of a scored attempt."""
    found = attempt_or_404(request, attempt_id)
    if found.state != Attempt.State.SCORED:
        return JsonResponse({"error": "This attempt is not scored yet."}, status=409)
    return render(request, "localize/_feedback.html", {"attempt": found, "review": _review(found)})


@require_POST
def again(request: HttpRequest, attempt_id: Any) -> HttpResponse:
    """Queue an attempt again whose scoring failed."""
    found = attempt_or_404(request, attempt_id)
    try:
        services.score_again(found.pk)
    except services.Conflict as conflict:
        messages.error(request, str(conflict))
    return redirect("localize:attempt", found.public_id)


def _review(attempt: Attempt) -> dict[str, Any]:
    scored = counting_result(attempt)
    if scored is None:
        raise Http404("This attempt has no result.")
    return review_of(attempt, scored)
