"""What the writing game has beyond the shared pages: models beside, contests, macros."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import UserRequest
from attempts.games import AnswerProblem
from attempts.pages import result_or_404
from attempts.payload import json_object
from attempts.queries import is_told
from attempts.views import answered_problem, attempt_or_404, told_or_409
from report import services
from report.beside import opinions_in_words
from report.models import Macro
from report.scoring import KIND


@require_GET
@never_cache
def beside(request: UserRequest, attempt_id: Any) -> HttpResponse:
    """What models say beside the score, as far as they have answered."""
    found = attempt_or_404(request, attempt_id, KIND)
    refusal = told_or_409(found)
    if refusal:
        return refusal
    beside = opinions_in_words(result_or_404(found))
    return render(request, "report/_beside.html", {"attempt": found, "beside": beside})


@require_POST
def contest(request: UserRequest, attempt_id: Any) -> HttpResponse:
    """A learner's word against one note of the feedback; answers with a fragment."""
    found = attempt_or_404(request, attempt_id, KIND)
    if not is_told(found):
        raise Http404("There is no feedback to contest yet.")
    note, why = request.POST.get("note", ""), request.POST.get("why", "")
    try:
        services.contest(attempt=found, result=result_or_404(found), note=note, why=why)
    except AnswerProblem as problem:
        context = {"attempt": found, "problem": str(problem), "note": {"id": note}}
        return render(request, "report/_contest.html", context, status=422)
    return render(request, "report/_contest.html", {"attempt": found, "kept": True})


@require_http_methods(["GET", "POST", "DELETE"])
@answered_problem
def macros(request: UserRequest) -> HttpResponse:
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
