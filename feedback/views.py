"""What the games' views share: the answers to a submission, a question of state, a hint.

Problems become answers with a clear status.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from cases.models import Case
from feedback import modes, services
from feedback.models import Attempt
from feedback.payload import client_uuid, json_object, whole_number
from feedback.queries import attempt_for, holding_series
from feedback.registry import AnswerProblem
from feedback.services import Conflict

TIME_WAS_UP = "Time was up: what was saved last is your answer."
HELD = "This case is part of what you are playing now; it opens by itself when that is over."


def answered_problem(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Turn AnswerProblem into 422 and Conflict into 409, both as JSON with a sentence."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except AnswerProblem as problem:
            return JsonResponse({"error": str(problem)}, status=422)
        except Conflict as conflict:
            attempt = conflict.attempt
            return JsonResponse(
                {
                    "error": str(conflict),
                    "state": attempt.state,
                    "version": attempt.draft_version,
                    "draft": attempt.answer,
                },
                status=409,
            )

    return guarded


def attempt_or_404(request: HttpRequest, attempt_id: Any, kind: str) -> Attempt:
    attempt = attempt_for(request.user, attempt_id)
    if attempt is None or attempt.kind != kind:
        raise Http404("There is no such attempt of yours.")
    return attempt


def away_from(request: HttpRequest, case: Case) -> HttpResponse | None:
    """Where to go instead of a case that an open series holds; None when it may be played."""
    series = holding_series(request.user, case)
    if series is None:
        return None
    messages.info(request, HELD)
    return redirect("learning:series", series.public_id)


def submitted(request: HttpRequest, attempt: Attempt) -> HttpResponse:
    """Take the submission in a request's body."""
    body = json_object(request)
    taken = services.submit(
        attempt_id=attempt.pk,
        submission=client_uuid(body, "submission"),
        answer=body,
        elapsed_ms=whole_number(body, "elapsed_ms", default=0),
    )
    if taken.closed_because == Attempt.Closed.TIME:
        messages.warning(request, TIME_WAS_UP)
    return JsonResponse({"state": taken.state}, status=202)


def hinted(request: HttpRequest, attempt: Attempt) -> HttpResponse:
    """Give the next hint: its words, its cost, and an outline where it has one."""
    hint = modes.give_hint(attempt_id=attempt.pk, request=json_object(request))
    told = {"step": hint.step, "text": hint.text, "cost": hint.cost, "place": hint.place}
    return JsonResponse({"hint": told})
