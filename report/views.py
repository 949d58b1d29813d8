"""The writing game's pages and its exchanges."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases.queries import case_to_play
from feedback import services as attempts
from feedback.models import Attempt, Mode, Result
from feedback.payload import json_object
from feedback.queries import is_told, rounds_in_words, shown_result
from feedback.registry import AnswerProblem
from feedback.views import answered_problem, attempt_or_404, away_from
from report import queries, services
from report.beside import opinions_in_words
from report.models import Macro
from report.review import review_of
from report.scoring import ENGINE, KIND


@require_GET
@never_cache
def case(request: HttpRequest, case_id: str) -> HttpResponse:
    """Open a case to write about: the learner's draft of it, new or as it was left."""
    found = case_to_play(case_id)
    queries.case_to_write(found)
    mode = request.GET.get("mode", Mode.PRACTICE)
    if mode not in queries.OPENED_BY_ADDRESS:
        raise Http404(f"There is no mode called {mode!r:.30} to open a case in.")
    elsewhere = away_from(request, found)
    if elsewhere:
        return elsewhere
    opened = attempts.open_attempt(user=request.user, case=found, kind=KIND, mode=mode, rule=ENGINE)
    return render(request, "report/case.html", queries.case_page(opened, request))


@require_GET
@never_cache
def attempt(request: HttpRequest, attempt_id: Any) -> HttpResponse:
    """The page of one attempt in whatever state it is, for links and reloads."""
    found = attempt_or_404(request, attempt_id, KIND)
    context = queries.case_page(found, request)
    if is_told(found):
        context |= _told(found)
    return render(request, "report/case.html", context)


@require_GET
@never_cache
def result(request: HttpRequest, attempt_id: Any) -> HttpResponse:
    """The feedback of an attempt that may be told of."""
    found = attempt_or_404(request, attempt_id, KIND)
    if not is_told(found):
        return JsonResponse({"error": "There is no feedback on this attempt yet."}, status=409)
    return render(request, "report/_told.html", {"attempt": found, **_told(found)})


@require_GET
@never_cache
def beside(request: HttpRequest, attempt_id: Any) -> HttpResponse:
    """What models say beside the score, as far as they have answered."""
    found = attempt_or_404(request, attempt_id, KIND)
    if not is_told(found):
        return JsonResponse({"error": "There is no feedback on this attempt yet."}, status=409)
    beside = opinions_in_words(_result(found))
    return render(request, "report/_beside.html", {"attempt": found, "beside": beside})


@require_POST
def contest(request: HttpRequest, attempt_id: Any) -> HttpResponse:
    """A learner's word against one note of the feedback; answers with a fragment."""
    found = attempt_or_404(request, attempt_id, KIND)
    if not is_told(found):
        raise Http404("There is no feedback to contest yet.")
    note, why = request.POST.get("note", ""), request.POST.get("why", "")
    try:
        services.contest(attempt=found, result=_result(found), note=note, why=why)
    except AnswerProblem as problem:
        context = {"attempt": found, "problem": str(problem), "note": {"id": note}}
        return render(request, "report/_contest.html", context, status=422)
    return render(request, "report/_contest.html", {"attempt": found, "kept": True})


@require_http_methods(["GET", "POST", "DELETE"])
@answered_problem
def macros(request: HttpRequest) -> HttpResponse:
    """The learner's own macros as JSON; POST makes or changes one, DELETE takes one away."""
    if request.method != "GET":
        body = json_object(request)
        name, text = (str(body.get(key, "")) for key in ("name", "text"))
        if request.method == "POST":
            services.save_macro(user=request.user, name=name, text=text)
        else:
            services.delete_macro(user=request.user, name=name)
    own = Macro.objects.filter(user=request.user).values("name", "text")
    return JsonResponse({"macros": list(own)})


def _result(attempt: Attempt) -> Result:
    scored = shown_result(attempt)
    if scored is None:
        raise Http404("This attempt has no result.")
    return scored


def _told(attempt: Attempt) -> dict[str, Any]:
    """Template context of the feedback."""
    result = _result(attempt)
    beside = opinions_in_words(result)
    return {"review": review_of(attempt, result), "beside": beside, **rounds_in_words(attempt)}
