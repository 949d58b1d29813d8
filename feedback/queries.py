"""What pages read of attempts."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from cases.models import Case
from feedback import aids
from feedback.models import Attempt, Mode, Result, Series, SeriesCase
from feedback.registry import game_of


def attempt_for(user: User, public_id: Any) -> Attempt | None:
    """The attempt when it is the user's own, else None: nobody else's is shown to exist."""
    return (
        Attempt.objects.select_related("case", "case__dataset", "series", "user")
        .filter(public_id=public_id, user=user)
        .first()
    )


def holding_series(user: User, case: Case) -> Series | None:
    """The open series of the user that has this case: until it closes, no truth of it is shown."""
    return Series.objects.filter(user=user, closed_at__isnull=True, cases=case).first()


def held_cases(user: User) -> QuerySet[SeriesCase]:
    """The places of the user's open series; `case_id` in them is held."""
    return SeriesCase.objects.filter(series__user=user, series__closed_at__isnull=True)


def is_told(attempt: Attempt) -> bool:
    """Whether the attempt's feedback may be shown: it is scored, and no open series holds it."""
    scored = attempt.state == Attempt.State.SCORED
    return scored and holding_series(attempt.user, attempt.case) is None


def next_url(attempt: Attempt) -> str:
    """Where the learner goes on to after this attempt."""
    if attempt.series_id:
        return _next_of_series(attempt)
    if attempt.mode == Mode.GUIDED and game_of(attempt.kind).guided_shows:
        return reverse("learning:home")  # the next one is begun by a button
    address = reverse("learning:next", args=[attempt.kind])
    mode = "" if attempt.mode == Mode.PRACTICE else f"&mode={attempt.mode}"
    return f"{address}?after={attempt.case.public_id}{mode}"


def ways_on(attempt: Attempt) -> dict[str, str | None]:
    """Addresses for the page: `next` after the feedback, `onward` at once in a series, and
    `ahead`, which names what can be fetched ahead where that begins nothing.
    """
    following = next_url(attempt)
    series = attempt.series
    if series is None:
        leads_to_case = not following.startswith(reverse("learning:home"))
        return {"next": following, "onward": None, "ahead": following if leads_to_case else None}
    # Where each case has a clock of its own nobody sees it before the clock runs.
    may_look_ahead = series.is_open and not series.case_seconds
    ahead = following if may_look_ahead else None
    return {"next": following, "onward": following, "ahead": ahead}


def _next_of_series(attempt: Attempt) -> str:
    """The next case while the series is open, then the next result, then all of them."""
    series = attempt.series
    if series.is_open:
        return reverse("learning:onward", args=[series.public_id])
    following = series.attempts.filter(pk__gt=attempt.pk).order_by("pk").first()
    if following is None:
        return reverse("learning:series", args=[series.public_id])
    return reverse(game_of(attempt.kind).attempt_url_name, args=[following.public_id])


def shown_result(attempt: Attempt) -> Result | None:
    """The result to show: that of the last round."""
    return attempt.results.order_by("-round", "-counts", "-id").first()


def rounds_in_words(attempt: Attempt) -> dict[str, Any]:
    """The results of the rounds, first look first, and what was told between them."""
    found = {result.round: result for result in attempt.results.order_by("counts", "id")}
    told = [row["text"] for row in attempt.aids if row["kind"] == aids.SECOND_LOOK]
    return {"rounds": [found[number] for number in sorted(found)], "told_between": " ".join(told)}


def clock_of(attempt: Attempt) -> dict[str, float] | None:
    """Seconds `left`, for the page's timer; None without a limit."""
    if attempt.deadline is None or not attempt.is_open:
        return None
    left = (attempt.deadline - timezone.now()).total_seconds()
    return {"left": round(max(0.0, left), 1)}


def mode_page(attempt: Attempt) -> dict[str, Any]:
    """What the mode adds to the page's JSON."""
    held = holding_series(attempt.user, attempt.case)
    return {
        "mode": attempt.mode,
        "held": held is not None,
        "clock": clock_of(attempt),
        "aids": [] if held else aids.shown(attempt),
        "round": attempt.round,
    }


def place_in_series(attempt: Attempt) -> tuple[int, int] | None:
    """Position and size of its series; None outside of one."""
    if attempt.series is None:
        return None
    places = list(attempt.series.places.values_list("case_id", flat=True))
    return places.index(attempt.case_id) + 1, len(places)


def number_of(attempt: Attempt) -> str:
    """How the page calls the attempt: “14”, or “3 of 10” in a series."""
    place = place_in_series(attempt)
    if place:
        return f"{place[0]} of {place[1]}"
    of_user = Attempt.objects.filter(user_id=attempt.user_id, kind=attempt.kind)
    return str(of_user.filter(pk__lte=attempt.pk).count())
