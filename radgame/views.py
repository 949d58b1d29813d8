"""The start page's fork, the health check and the error pages."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from accounts.models import Role

START = {
    Role.TRAINEE: "learning:home",
    Role.INSTRUCTOR: "classroom:dashboard",
    Role.CURATOR: "cases:desk",
}


def home(request: HttpRequest) -> HttpResponse:
    """Every role starts on its own page."""
    return redirect(START.get(request.user.role, "learning:home"))


@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    """200 when the web process and its database answer; for load balancers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


def _problem(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"error": sentence}, status=status)
    context = {"status": status, "title": title, "sentence": sentence}
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
    return _problem(
        request,
        500,
        "Something broke",
        "The error is on our side and has been written to the log. What you saved is safe.",
    )
