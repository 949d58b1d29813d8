"""What a learner sets and keeps: goals, the daily film, decks of other films, bookmarks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import UserRequest
from attempts.games import kinds
from attempts.queries import attempt_for, is_told
from learning import assigned, cards, daily, own_data, points, review
from learning.models import Kept, Preferences
from learning.past import described
from ml import taxonomy

BOOKMARKS_A_PAGE = 20


class PreferencesForm(forms.ModelForm):
    class Meta:
        model = Preferences
        fields = [
            *("strategy", "time_zone", "weekly_goal", "shows_streak"),
            *("plays_for_points", "shows_badges", "plays_daily_film"),
        ]
        labels = {
            "strategy": "The next case",
            "weekly_goal": "Cases a week",
            "plays_for_points": "Show points and levels",
            "shows_badges": "Show badges and personal records",
            "shows_streak": "Show the weekly goal and weeks in a row",
            "plays_daily_film": "Offer the daily film",
        }
        help_texts = {
            "weekly_goal": "",
            **dict.fromkeys(points.SWITCHES, ""),
            "time_zone": "Such as Europe/Berlin: your week begins there on Monday.",
        }


@require_http_methods(["GET", "POST"])
@never_cache
def goals(request: UserRequest) -> HttpResponse:
    """What was reached, and how the learner wants to be taught."""
    chosen = points.preferences_of(request.user)
    form = PreferencesForm(request.POST or None, instance=chosen)
    by_class = assigned.plays_no_game(request.user)
    if by_class:  # what was chosen before stays, for when the class is over
        for name in (*points.SWITCHES, "weekly_goal"):
            del form.fields[name]
    if request.method == "POST" and form.is_valid():
        points.keep(request.user, form.cleaned_data)
        messages.success(request, "Kept.")
        return redirect("learning:goals")
    chosen = points.shown_to(request.user)
    standing = points.standing_of(request.user, chosen) if chosen.plays else None
    context = {"form": form, "standing": standing, "shows": chosen, "by_class": by_class}
    return render(request, "learning/goals.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
def daily_film(request: UserRequest) -> HttpResponse:
    """The film of the day: begin it, or what became of it."""
    now = timezone.now()
    if assigned.plays_no_game(request.user):
        messages.info(request, "A class of yours has switched the daily film off.")
        return redirect("learning:home")
    if request.method == "POST":
        go = daily.begin(request.user, now)
        if go is None:
            messages.error(request, "There is no film open to all today: come again tomorrow.")
            return redirect("learning:daily")
        return redirect("learning:onward", go.series.public_id)
    last, today = daily.last_goes(request.user), daily.go_of(request.user, daily.day_of(now))
    context = {
        "today": today if today and not daily.is_lost(today) else None,
        "lines": [(go, daily.share_text(go), daily.is_told(go)) for go in last],
    }
    return render(request, "learning/daily.html", context)


@require_POST
def deck(request: UserRequest, kind: str) -> HttpResponse:
    """Begin a deck of other films: of one finding, or of what was missed."""
    if kind not in kinds():
        raise Http404(f"There is no game called {kind!r:.30}.")
    label = request.POST.get("label", "")
    now = timezone.now()
    if label and label not in taxonomy.labels():
        raise Http404("There is no such finding.")
    if label:
        found = review.label_deck(request.user, kind, label, now)
    else:
        found = review.mistakes_deck(request.user, kind, now)
    if found is None:
        messages.info(request, "No other film of that is left for you.")
        return redirect("learning:progress")
    return redirect("learning:onward", found.public_id)


@require_POST
def keep(request: UserRequest, attempt_id: Any) -> HttpResponse:
    """Bookmark an attempt, change its note, or let it go."""
    attempt = attempt_for(request.user, attempt_id)
    if attempt is None or not is_told(attempt):
        raise Http404("There is no such attempt of yours that was told of.")
    if "drop" in request.POST:
        Kept.objects.filter(attempt=attempt).delete()
    elif "note" not in request.POST:  # the button beside a past case, which knows of no note
        Kept.objects.get_or_create(attempt=attempt)
    else:
        note = request.POST["note"].replace("\0", "")
        if len(note) > review.LONGEST_NOTE:
            messages.error(request, f"A note has at most {review.LONGEST_NOTE} characters.")
        else:
            review.keep(attempt, note)
    return redirect("learning:kept")


@require_GET
@never_cache
def kept(request: UserRequest) -> HttpResponse:
    """The bookmarks with their notes."""
    every = review.kept_of(request.user).select_related("attempt")
    page = Paginator(every, BOOKMARKS_A_PAGE).get_page(request.GET.get("page"))
    rows = list(page)
    own = request.user.attempts.filter(pk__in=[row.attempt_id for row in rows])
    past = {one.attempt.pk: one for one in described(request.user, own)}
    shown = [(row, past[row.attempt_id]) for row in rows if row.attempt_id in past]
    return render(request, "learning/kept.html", {"rows": shown, "page": page, "most": cards.MOST})


@require_GET
@never_cache
def own_figures(request: UserRequest, file_type: str) -> HttpResponse:
    """The learner's cases with what came of each, to take away."""
    writers = {
        "csv": (own_data.as_csv, "text/csv; charset=utf-8"),
        "json": (own_data.as_json, "application/json"),
    }
    if file_type not in writers:
        raise Http404("It can be had as CSV or JSON.")
    write, content_type = writers[file_type]
    answer = HttpResponse(write(request.user), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="radgame-cases.{file_type}"'
    return answer


@require_GET
@never_cache
def anki(request: UserRequest) -> HttpResponse:
    """The bookmarked findings as cards."""
    answer = HttpResponse(cards.deck_of(request.user), content_type="application/octet-stream")
    answer["Content-Disposition"] = 'attachment; filename="radgame.apkg"'
    return answer
