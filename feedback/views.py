"""What a page asks of the models: an explanation, and to keep what the learner thinks of it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from accounts.requests import UserRequest
from attempts.payload import json_object, whole_number
from attempts.queries import is_told
from attempts.views import answered_problem, attempt_or_404, told_or_409
from feedback import explanations, ratings


@require_POST
@answered_problem
def explain(request: UserRequest, attempt_id: Any, kind: str) -> HttpResponse:
    """Have a model explain one row: its kept text, or 202 and the WebSocket tells it."""
    found = attempt_or_404(request, attempt_id, kind)
    refusal = told_or_409(found)
    if refusal:
        return refusal
    row = str(json_object(request).get("row", ""))[:60]
    status, told = explanations.asked(found, row)
    return JsonResponse(told, status=status)


@require_POST
@answered_problem
def rate(request: UserRequest, attempt_id: Any, kind: str) -> HttpResponse:
    """Keep whether the learner finds the explanation of a row helpful, or wrong."""
    found = attempt_or_404(request, attempt_id, kind)
    body = json_object(request)
    row, number = str(body.get("row", ""))[:60], whole_number(body, "explanation")
    explanation = explanations.shown_to(found, row, number) if is_told(found) else None
    if explanation is None:
        raise Http404("You were not shown such an explanation.")
    rating = str(body.get("rating", ""))
    ratings.rate(explanation, request.user, rating)
    return JsonResponse({"rating": rating})
