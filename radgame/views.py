"""The start page's fork, the health checks, the figures and the error pages."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.crypto import constant_time_compare
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from structlog.contextvars import get_contextvars

from accounts.models import Role
from accounts.requests import UserRequest
from radgame import health, metrics, reserve
from radgame.door import RETRY_SECONDS

DATABASE_AWAY = (OperationalError, InterfaceError)
START: dict[str, str] = {
    Role.TRAINEE: "learning:home",
    Role.INSTRUCTOR: "classroom:classes",
    Role.CURATOR: "cases:desk",
}


def home(request: UserRequest) -> HttpResponse:
    """Every role starts on its own page."""
    return redirect(START.get(request.user.role, "learning:home"))


@login_not_required
def alive(request: HttpRequest) -> HttpResponse:
    """200 when the web process answers; who gets none starts it again."""
    return JsonResponse({"status": "ok"})


@login_not_required
def ready(request: HttpRequest) -> HttpResponse:
    """How each part is; 503 when this process cannot serve pages, since its database is away.

    With a part that makes learners wait, but turns nobody away, it is 200 and "late".
    """
    return _parts(request, turned_away_by=("database",))


@login_not_required
def well(request: HttpRequest) -> HttpResponse:
    """The same, but 503 as soon as any part is not well; for whoever has to be called."""
    return _parts(request)


@login_not_required
def figures(request: HttpRequest) -> HttpResponse:
    """The figures for Prometheus, for who knows `METRICS_TOKEN`; to all others there are none."""
    given = request.headers.get("Authorization", "").encode()
    expected = f"Bearer {settings.METRICS_TOKEN}".encode()
    if not settings.METRICS_TOKEN or not constant_time_compare(given, expected):
        raise Http404
    return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _parts(request: HttpRequest, turned_away_by: Sequence[str] | None = None) -> HttpResponse:
    found = health.parts()
    ill = [part.name for part in found if not part.is_well]
    fatal = [name for name in ill if turned_away_by is None or name in turned_away_by]
    told = {
        part.name: {
            "well": part.is_well,
            **({"word": part.word} if part.word else {}),
            **({} if part.seconds is None else {"seconds": round(part.seconds, 1)}),
        }
        for part in found
    }
    word = "ok" if not ill else "away" if "database" in ill else "late"
    return JsonResponse({"status": word, "parts": told}, status=503 if fatal else 200)


def _come_again(request: HttpRequest) -> HttpResponse:
    """For when the database is away, busy or full: a page that asks it for nothing."""
    sentence = "The server cannot get at its data just now. What you saved is safe; try again soon."
    if request.headers.get("Accept", "").startswith("application/json"):
        answer: HttpResponse = JsonResponse({"error": sentence}, status=503)
    else:
        again = {"again_after": RETRY_SECONDS} if request.method == "GET" else {}
        context = {"status": 503, "title": "One moment", "sentence": sentence, **again}
        answer = HttpResponse(render_to_string("problem.html", context), status=503)
    answer["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _problem(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"error": sentence}, status=status)
    context = {"status": status, "title": title, "sentence": sentence}
    if status == 500:
        context["number"] = get_contextvars().get("request")
    return render(request, "problem.html", context, status=status)


@login_not_required
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _problem(request, 400, "That did not work", "The request could not be understood.")


@login_not_required
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    sentence = str(exception) or "This page is not for your role."
    return _problem(request, 403, "Not for this account", sentence)


@login_not_required
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    sentence = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    return _problem(request, 404, "Nothing here", sentence or "There is no such page.")


@login_not_required
def failed(request: HttpRequest) -> HttpResponse:
    error = sys.exception()
    if isinstance(error, DATABASE_AWAY):
        reserve.give_up(error)
        return _come_again(request)
    return _problem(
        request,
        500,
        "Something broke",
        "The error is on our side and has been written to the log. What you saved is safe.",
    )
