"""The trainee's start page, the next case, series of cases, and their progress."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import UserRequest
from attempts.games import Game, game_of, kinds
from attempts.models import Attempt, Mode, Series
from attempts.modes import open_guided
from attempts.queries import held_keys
from attempts.series import MODES, case_ahead, may_open, open_next, settle
from attempts.series import end as end_series
from cases.models import Case
from cases.queries import first_images
from learning import assigned, columns, curves, daily, errors, queries, review, services
from learning.comparing import own_past
from learning.drills import choosing as drill_films
from learning.drills import figures as drill_figures
from learning.drills.game import KIND as DRILL
from learning.drills.months import thresholds_of
from learning.forecast import skill_of, to_be_forgotten
from learning.forms import StartForm
from learning.history import attempts_of, choices
from learning.past import attempt_url, described, name_of, with_reasons
from learning.points import preferences_of, shown_to
from learning.skills import skills_of
from localize.scoring import KIND as LOCALIZE
from report.scoring import KIND as REPORT

PAST_A_PAGE = 20
MOST_CONFUSED = 10


@require_GET
@never_cache
def home(request: UserRequest) -> HttpResponse:
    user, wants = request.user, shown_to(request.user)
    begun = queries.begun_series(user)
    held, of_today = held_keys(user) if begun else set(), daily.kept_apart(user, wants)
    known = services.known_of(user, held | of_today, wants.strategy)
    found = {kind: services.next_case_for(user, kind, known=known) for kind in kinds()}
    set_for = {one.kind for one in begun if one.is_open and one.is_assigned}
    firsts = {kind: services.set_first(user, kind) for kind in set_for & found.keys()}
    following = {kind: services.with_what_is_set(found[kind], firsts.get(kind)) for kind in found}
    has_own = any(one.is_open and not one.is_assigned for one in begun)
    running = queries.open_series(user) if has_own else {}
    has_cases = any(following.values())
    context = {
        "games": [(game_of(kind), following[kind], running.get(kind)) for kind in kinds()],
        "has_cases": has_cases or bool(running),
        "has_daily": bool(of_today),
        "only_simulated": not known.has_real and (has_cases or services.has_cases(user)),
        "attempts": queries.last_attempts(user, held=held),
        "decks": review.open_decks(user) if set_for else [],
        "wants": wants,
        "panels": [panel(request) for panel in assigned.panels],
    }
    return render(request, "learning/home.html", context)


def _game_or_404(kind: str) -> Game:
    if kind not in kinds():
        raise Http404(f"There is no game called {kind!r:.30}.")
    return game_of(kind)


@require_GET
@never_cache
def next_case(request: UserRequest, kind: str) -> HttpResponse:
    """Go to the next case of one game; `?after=` names the case just played, `?mode=` how.

    Asked for JSON it names the first images of that case instead, so that a page can fetch
    them ahead; nothing else of the case, and no attempt is begun.
    """
    game = _game_or_404(kind)
    just_played = request.GET.get("after", "").replace("\0", "")
    after = Case.objects.filter(public_id=just_played).first() if just_played else None
    mode = request.GET.get("mode")
    begun_by_button = (*MODES, *((Mode.GUIDED,) if game.guided_shows else ()))
    if mode is not None and (mode not in game.modes or mode in begun_by_button):
        raise Http404(f"There is no mode called {mode!r:.30}.")
    begun = queries.begun_series(request.user)
    is_set = any(one.kind == kind and one.is_assigned for one in begun)
    if mode is None and is_set and (assigned_series := services.set_first(request.user, kind)):
        if _asks_ahead(request):
            return _images_of(None)
        return redirect("learning:onward", assigned_series.public_id)
    wants, held = shown_to(request.user), held_keys(request.user) if begun else set()
    left_out = held | daily.kept_apart(request.user, wants)
    known = services.known_of(request.user, left_out, wants.strategy)
    found = services.next_case_for(request.user, kind, after=after, mode=mode, known=known)
    if _asks_ahead(request):
        return _images_of(found.case if found else None)
    if found is None:
        return _nothing(request)
    services.keep_choice(request.user, kind, found)
    return _to_case(game, found)


def _nothing(request: UserRequest) -> HttpResponse:
    """No case is left now: the film of the day may be, which nothing but its go gives."""
    context = {"has_daily": bool(daily.kept_apart(request.user))}
    return render(request, "learning/nothing.html", context)


def _asks_ahead(request: UserRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


def _images_of(*cases: Case | None) -> JsonResponse:
    return JsonResponse({"images": [url for case in cases if case for url in first_images(case)]})


def _to_case(game: Game, found: services.NextCase) -> HttpResponse:
    address = reverse(game.url_name, args=[found.case.public_id])
    return redirect(address if found.mode == Mode.PRACTICE else f"{address}?mode={found.mode}")


@require_POST
def start(request: UserRequest, kind: str) -> HttpResponse:
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
            return _nothing(request)
        return redirect("learning:onward", begun.public_id)
    found = services.next_case_for(request.user, kind, mode=mode)
    if found is None:
        return _nothing(request)
    if mode == Mode.GUIDED and game.guided_shows:
        shown = open_guided(user=request.user, case=found.case, kind=kind, rule=game.rules[0])
        return redirect(game.attempt_url_name, shown.public_id)
    return _to_case(game, found)


def _series_or_404(request: UserRequest, series_id: Any) -> Series:
    found = Series.objects.filter(public_id=series_id, user=request.user).first()
    if found is None:
        raise Http404("There is no such series of yours.")
    return found


@require_GET
@never_cache
def series(request: UserRequest, series_id: Any) -> HttpResponse:
    """A series: how far it is, and once it is closed all its results together."""
    found = _series_or_404(request, series_id)
    settle(found)
    context = {
        "series": found,
        "figures": queries.series_page(found),
        "waits": found.is_open and not may_open(found),
        "belongs_to": assigned.page_of(found),
        "may_end": found.is_open and _is_own(found),
        "drill": drill_figures.of_series(found) if found.kind == DRILL else None,
    }
    return render(request, "learning/series.html", context)


@require_GET
@never_cache
def onward(request: UserRequest, series_id: Any) -> HttpResponse:
    """The next case of a series, or its results when there is none.

    Asked for JSON it names the first images of the case after the one being played, and begins
    nothing; none where each case has a clock of its own.
    """
    found = _series_or_404(request, series_id)
    if _asks_ahead(request):
        if found.kind == DRILL:
            return _images_of(*drill_films.ahead(found))
        return _images_of(case_ahead(found))
    if found.kind == DRILL:
        drill_films.prepare(found)
    attempt = open_next(found)
    if attempt is None:
        return redirect("learning:series", found.public_id)
    return redirect(attempt_url(attempt))


def _is_own(series: Series) -> bool:
    """Whether the learner began it and may end it: nobody else set it."""
    return not series.is_assigned or series.kind == DRILL or review.is_deck(series)


@require_POST
def end(request: UserRequest, series_id: Any) -> HttpResponse:
    found = _series_or_404(request, series_id)
    if not _is_own(found):
        messages.error(request, "This was set for you: it ends with its last case or its time.")
        return redirect("learning:series", found.public_id)
    end_series(found)
    return redirect("learning:series", found.public_id)


@require_GET
@never_cache
def progress(request: UserRequest) -> HttpResponse:
    """The learner's own figures in one game: the one asked for, else the first that was played."""
    played = queries.games_played(request.user)
    wanted = [request.GET.get("game", ""), *played, *kinds()]
    kind = next(one for one in wanted if one in kinds())
    figures = queries.progress_of(request.user, kind, rule=request.GET.get("rule", ""))
    zone = preferences_of(request.user).zone
    context = {
        "game": game_of(kind),
        "games": [game_of(one) for one in kinds() if one in {*played, kind}],
        "claims": "False claims" if kind == REPORT else "False marks",
        "progress": figures,
        "enough_cases": queries.ENOUGH_CASES,
        "attempts": queries.last_attempts(request.user),
        "months": thresholds_of(request.user, zone),
    }
    if figures.enough:
        context |= _figures(request, figures, kind, zone)
    return render(request, "learning/progress.html", context)


def _figures(
    request: UserRequest, figures: queries.Progress, kind: str, zone: tzinfo
) -> dict[str, Any]:
    """What the page of progress has once there are cases enough for rates; weeks are those of the
    learner's `zone`.
    """
    own = queries.own_records(request.user, figures.rule, kind)
    records = columns.read(own)
    skills, now = skills_of(request.user, kind), timezone.now()
    return {
        "zone": zone,
        "rows": [(one, skill_of(skills, one.slug, now)) for one in figures.labels],
        "forgetting": [
            (name_of(label), label, remembered)
            for label, remembered in to_be_forgotten(skills, now)
        ],
        "times": curves.time_for_each(records),
        "curve": curves.learning_curve(records),
        "response": curves.free_response(records, of_one=True) if kind == LOCALIZE else None,
        "calibration": curves.calibration(records),
        "losses": curves.losses_over_time(records, zone),
        "errors": errors.report_errors(records) if kind == REPORT else [],
        "significances": errors.SIGNIFICANCES.values(),
        "past": own_past(own),
        "compared": [write(request, kind, figures.rule) for write in assigned.compared],
        "confused": [
            (name_of(label), name_of(called), count)
            for label, called, count in curves.mistaken(records)[:MOST_CONFUSED]
        ],
    }


@require_GET
@never_cache
def history(request: UserRequest) -> HttpResponse:
    """Every submitted attempt of the learner, narrowed by what the address chooses."""
    chosen = choices(request.user, request.GET)
    found = attempts_of(request.user, chosen)
    page = Paginator(found, PAST_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "choices": chosen,
        "is_narrowed": any(choice.chosen for choice in chosen if choice.field != "order"),
        "page": page,
        "attempts": with_reasons(
            request.user, described(request.user, cast("QuerySet[Attempt]", page.object_list))
        ),
    }
    # Going back asks for the whole page anew: none is kept in the browser.
    in_place = request.htmx and not request.htmx.history_restore_request
    return render(
        request, "learning/_history.html" if in_place else "learning/history.html", context
    )
