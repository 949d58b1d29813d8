"""The views that every game has (`attempts.urls`): the page of a case, draft, submission, feedback.

Problems become answers with a clear status.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.prepared import prepared
from accounts.requests import UserRequest
from attempts import modes, scoring, services
from attempts.games import AnswerProblem, game_of
from attempts.models import Attempt, Mode
from attempts.pages import GamePages, case_page, told_page
from attempts.payload import client_uuid, json_object, whole_number
from attempts.queries import attempt_for, holding_series, is_held, is_told, is_withheld
from attempts.services import Conflict
from cases.models import Case
from cases.queries import case_to_play

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


def attempt_or_404(request: UserRequest, attempt_id: Any, kind: str) -> Attempt:
    attempt = attempt_for(request.user, attempt_id)
    if attempt is None or attempt.kind != kind:
        raise Http404("There is no such attempt of yours.")
    return attempt


def away_from(request: UserRequest, case: Case) -> HttpResponse | None:
    """Where to go instead of a case that an open series holds; None when it may be played."""
    if not is_held(request.user, case):
        return None
    series = holding_series(request.user, case)
    if series is None:
        return None  # it was over just now
    messages.info(request, HELD)
    return redirect("learning:series", series.public_id)


def told_or_409(attempt: Attempt) -> JsonResponse | None:
    """The refusal of whatever needs feedback that may be shown; None where there is some."""
    if is_told(attempt):
        return None
    return JsonResponse({"error": "There is no feedback on this attempt yet."}, status=409)


@require_GET
@never_cache
def case(request: UserRequest, case_id: str, pages: GamePages) -> HttpResponse:
    """Open a case: the learner's draft of it, new or as it was left."""
    game, found = pages.game, case_to_play(case_id, request.user)
    mode, rule = request.GET.get("mode", Mode.PRACTICE), game.rules[0]
    if mode not in game.opened_by_address:
        raise Http404(f"There is no mode called {mode!r:.30} to open a case in.")
    if not _is_played(game.playable, rule)(found.pk):
        raise Http404(f"This case cannot be played in {game.name}.")
    elsewhere = away_from(request, found)
    if elsewhere:
        return elsewhere
    opened = services.open_attempt(
        user=request.user, case=found, kind=game.kind, mode=mode, rule=rule
    )
    context = case_page(opened, request, pages, held=False)
    return render(request, f"{game.kind}/case.html", context)


@cache
def _is_played(
    playable: Callable[[QuerySet[Case], str], QuerySet[Case]], rule: str
) -> Callable[[int], Any]:
    """Asks by a case's key whether a game plays it; a game may play whatever is published."""
    every = Case.objects.all()
    if playable(every, rule) is every:
        return lambda key: True

    def build(key: int) -> QuerySet[Case, Any]:
        return playable(Case.objects.filter(pk=key), rule).values_list("pk")

    return prepared(build)


@require_GET
@never_cache
def attempt(request: UserRequest, attempt_id: Any, pages: GamePages) -> HttpResponse:
    """The page of one attempt in whatever state it is, for links and reloads."""
    found = attempt_or_404(request, attempt_id, pages.kind)
    if found.is_open and not found.case.is_playable:
        services.set_aside(found.pk)
        found = attempt_or_404(request, attempt_id, pages.kind)
    held = is_withheld(found)
    context = case_page(found, request, pages, held=held)
    if found.state == Attempt.State.SCORED and not held:
        context |= told_page(found, pages)
    return render(request, f"{pages.kind}/case.html", context)


@require_GET
@never_cache
def result(request: UserRequest, attempt_id: Any, pages: GamePages) -> HttpResponse:
    """The feedback panel of an attempt that may be told of."""
    found = attempt_or_404(request, attempt_id, pages.kind)
    refusal = told_or_409(found)
    if refusal:
        return refusal
    context = {"attempt": found, **told_page(found, pages)}
    return render(request, f"{pages.kind}/_told.html", context)


@answered_problem
def draft(request: UserRequest, attempt_id: Any, kind: str) -> HttpResponse:
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
def submit(request: UserRequest, attempt_id: Any, kind: str) -> HttpResponse:
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
def hint(request: UserRequest, attempt_id: Any, kind: str) -> HttpResponse:
    """The next hint on the draft as saved last: its words, its cost, maybe an outline."""
    found = attempt_or_404(request, attempt_id, kind)
    hint = modes.give_hint(attempt_id=found.pk, request=json_object(request))
    names = ("step", "text", "cost", "place", "last")
    return JsonResponse({"hint": {name: getattr(hint, name) for name in names}})


@require_GET
@never_cache
def status(request: UserRequest, attempt_id: Any, kind: str) -> HttpResponse:
    found = attempt_or_404(request, attempt_id, kind)
    scoring.look_after(found)
    return JsonResponse({"state": found.state, "problem": found.problem})


@require_POST
def again(request: UserRequest, attempt_id: Any, kind: str) -> HttpResponse:
    """Queue an attempt again whose scoring failed."""
    found = attempt_or_404(request, attempt_id, kind)
    try:
        scoring.score_again(found.pk)
    except Conflict as conflict:
        messages.error(request, str(conflict))
    return redirect(game_of(kind).attempt_url_name, found.public_id)
