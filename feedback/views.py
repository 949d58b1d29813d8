"""What the games share: draft, submission, hint and state of an attempt, for each game's addresses.

Problems become answers with a clear status.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cases.models import Case
from feedback import modes, services
from feedback.models import Attempt
from feedback.payload import client_uuid, json_object, whole_number
from feedback.queries import attempt_for, holding_series
from feedback.registry import AnswerProblem, game_of
from feedback.services import Conflict

TIME_WAS_UP = "Time was up: what was saved last is your answer."
HELD = "This case is part of what you are playing now; it opens by itself when that is over."


def answered_problem(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Turn AnswerProblem into 422, Conflict into 409, a deleted attempt into 404, all as JSON."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except AnswerProblem as problem:
            return JsonResponse({"error": str(problem)}, status=422)
        except Attempt.DoesNotExist:  # its series was ended while this was under way
            return JsonResponse({"error": "This attempt is not there any more."}, status=404)
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


@answered_problem
def draft(request: HttpRequest, attempt_id: Any, kind: str) -> HttpResponse:
    """PUT: keep what the learner has so far. GET: what is kept."""
    found = attempt_or_404(request, attempt_id, kind)
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
    return JsonResponse({"version": saved.draft_version, **game_of(kind).kept(saved)})


@require_POST
@answered_problem
def submit(request: HttpRequest, attempt_id: Any, kind: str) -> HttpResponse:
    """Take the submission in the request's body."""
    found = attempt_or_404(request, attempt_id, kind)
    body = json_object(request)
    taken = services.submit(
        attempt_id=found.pk,
        submission=client_uuid(body, "submission"),
        answer=body,
        elapsed_ms=whole_number(body, "elapsed_ms", default=0),
        version=whole_number(body, "version") if "version" in body else None,
        writer=client_uuid(body, "writer") if "writer" in body else None,
    )
    if taken.closed_because == Attempt.Closed.TIME:
        messages.warning(request, TIME_WAS_UP)
    return JsonResponse({"state": taken.state}, status=202)


@require_POST
@answered_problem
def hint(request: HttpRequest, attempt_id: Any, kind: str) -> HttpResponse:
    """The next hint on the draft as saved last: its words, its cost, maybe an outline."""
    found = attempt_or_404(request, attempt_id, kind)
    hint = modes.give_hint(attempt_id=found.pk, request=json_object(request))
    told = {"step": hint.step, "text": hint.text, "cost": hint.cost, "place": hint.place}
    return JsonResponse({"hint": told})


@require_GET
@never_cache
def status(request: HttpRequest, attempt_id: Any, kind: str) -> HttpResponse:
    found = attempt_or_404(request, attempt_id, kind)
    return JsonResponse({"state": found.state, "problem": found.problem})


@require_POST
def again(request: HttpRequest, attempt_id: Any, kind: str) -> HttpResponse:
    """Queue an attempt again whose scoring failed."""
    found = attempt_or_404(request, attempt_id, kind)
    try:
        services.score_again(found.pk)
    except Conflict as conflict:
        messages.error(request, str(conflict))
    return redirect(game_of(kind).attempt_url_name, found.public_id)
