"""The trainee's start page, the next case, and their progress."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cases.models import Case
from feedback.registry import game_of, kinds
from learning import queries, services


@require_GET
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    following = {kind: services.next_case_for(request.user, kind) for kind in kinds()}
    context = {
        "next": following,
        "has_cases": any(following.values()),
        "attempts": queries.last_attempts(request.user),
    }
    return render(request, "learning/home.html", context)


@require_GET
@never_cache
def next_case(request: HttpRequest, kind: str) -> HttpResponse:
    """Go to the next case of one game; `?after=` names the case just played."""
    if kind not in kinds():
        raise Http404(f"There is no game called {kind!r:.30}.")
    just_played = request.GET.get("after", "").replace("\0", "")
    after = Case.objects.filter(public_id=just_played).first()
    found = services.next_case_for(request.user, kind, after=after)
    if found is None:
        return render(request, "learning/nothing.html")
    return redirect(game_of(kind).url_name, found.case.public_id)


@require_GET
@never_cache
def progress(request: HttpRequest) -> HttpResponse:
    context = {
        "progress": queries.progress_of(request.user),
        "enough_cases": queries.ENOUGH_CASES,
    }
    return render(request, "learning/progress.html", context)
