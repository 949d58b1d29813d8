"""The trainee's start page, the next case, series of cases, and their progress."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cases.models import Case
from cases.queries import first_images
from feedback.models import Mode, Series
from feedback.modes import open_guided
from feedback.registry import Game, game_of, kinds
from feedback.series import MODES, case_ahead, open_next, settle
from feedback.series import end as end_series
from learning import queries, services
from learning.forms import StartForm


@require_GET
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    following = {kind: services.next_case_for(request.user, kind) for kind in kinds()}
    running = queries.open_series(request.user)
    context = {
        "games": [(game_of(kind), following[kind], running.get(kind)) for kind in kinds()],
        "has_cases": any(following.values()) or bool(running),
        "attempts": queries.last_attempts(request.user),
    }
    return render(request, "learning/home.html", context)


def _game_or_404(kind: str) -> Game:
    if kind not in kinds():
        raise Http404(f"There is no game called {kind!r:.30}.")
    return game_of(kind)


@require_GET
@never_cache
def next_case(request: HttpRequest, kind: str) -> HttpResponse:
    """Go to the next case of one game; `?after=` names the case just played, `?mode=` how.

    Asked for JSON it names the first images of that case instead, so that a page can fetch
    them ahead; nothing else of the case, and no attempt is begun.
    """
    game = _game_or_404(kind)
    just_played = request.GET.get("after", "").replace("\0", "")
    after = Case.objects.filter(public_id=just_played).first()
    mode = request.GET.get("mode")
    begun_by_button = (*MODES, *((Mode.GUIDED,) if game.guided_shows else ()))
    if mode is not None and (mode not in game.modes or mode in begun_by_button):
        raise Http404(f"There is no mode called {mode!r:.30}.")
    found = services.next_case_for(request.user, kind, after=after, mode=mode)
    if _asks_ahead(request):
        return _images_of(found.case if found else None)
    if found is None:
        return render(request, "learning/nothing.html")
    return _to_case(game, found)


def _asks_ahead(request: HttpRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


def _images_of(case: Case | None) -> JsonResponse:
    return JsonResponse({"images": first_images(case) if case else []})


def _to_case(game: Game, found: services.NextCase) -> HttpResponse:
    address = reverse(game.url_name, args=[found.case.public_id])
    return redirect(address if found.mode == Mode.PRACTICE else f"{address}?mode={found.mode}")


@require_POST
def start(request: HttpRequest, kind: str) -> HttpResponse:
    """Begin to play in the mode chosen on the start page."""
    game = _game_or_404(kind)
    form = StartForm(game, request.POST)
    if not form.is_valid():
        messages.error(request, form.sentence)
        return redirect("learning:home")
    mode = form.cleaned_data["mode"]
    if mode in MODES:
        begun = services.begin_series(request.user, kind, form.cleaned_data)
        if begun is None:
            return render(request, "learning/nothing.html")
        return redirect("learning:onward", begun.public_id)
    found = services.next_case_for(request.user, kind, mode=mode)
    if found is None:
        return render(request, "learning/nothing.html")
    if mode == Mode.GUIDED and game.guided_shows:
        shown = open_guided(user=request.user, case=found.case, kind=kind, rule=game.rules[0])
        return redirect(game.attempt_url_name, shown.public_id)
    return _to_case(game, found)


def _series_or_404(request: HttpRequest, series_id: Any) -> Series:
    found = Series.objects.filter(public_id=series_id, user=request.user).first()
    if found is None:
        raise Http404("There is no such series of yours.")
    return found


@require_GET
@never_cache
def series(request: HttpRequest, series_id: Any) -> HttpResponse:
    """A series: how far it is, and once it is closed all its results together."""
    found = _series_or_404(request, series_id)
    settle(found)
    context = {"series": found, "figures": queries.series_page(found)}
    return render(request, "learning/series.html", context)


@require_GET
@never_cache
def onward(request: HttpRequest, series_id: Any) -> HttpResponse:
    """The next case of a series, or its results when there is none.

    Asked for JSON it names the first images of the case after the one being played, and begins
    nothing; none where each case has a clock of its own.
    """
    found = _series_or_404(request, series_id)
    if _asks_ahead(request):
        return _images_of(case_ahead(found))
    attempt = open_next(found)
    if attempt is None:
        return redirect("learning:series", found.public_id)
    return redirect(queries.attempt_url(attempt))


@require_POST
def end(request: HttpRequest, series_id: Any) -> HttpResponse:
    found = _series_or_404(request, series_id)
    end_series(found)
    return redirect("learning:series", found.public_id)


@require_GET
@never_cache
def progress(request: HttpRequest) -> HttpResponse:
    context = {
        "progress": queries.progress_of(request.user),
        "enough_cases": queries.ENOUGH_CASES,
    }
    return render(request, "learning/progress.html", context)
