"""What pages read of attempts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.urls import reverse

from accounts.models import User
from accounts.prepared import prepared, prepared_models
from attempts import aids, clock
from attempts.games import game_of
from attempts.models import Attempt, Mode, Result, Series, SeriesCase, holding
from cases.models import Case
from cases.queries import lets_in


def attempt_for(user: User, public_id: Any) -> Attempt | None:
    """The attempt when it is the user's own, else None: nobody else's is shown to exist.

    Nor is one of a case that has been closed to the user since.
    """
    found = next(iter(_own(UUID(str(public_id)), user.pk)), None)
    if found is None or not lets_in(user, found.case):
        return None
    found.user = user
    return found


@prepared_models
def _own(public_id: UUID, user: int) -> QuerySet[Attempt]:
    own = Attempt.objects.select_related("case__dataset", "series").order_by()
    return own.filter(public_id=public_id, user=user)


@prepared
def state_of(attempt: int) -> QuerySet[Attempt, Any]:
    return Attempt.objects.filter(pk=attempt).values_list("state")


def holding_series(user: User, case: Case) -> Series | None:
    """The series of the user that holds this case: until it tells, no truth of it is shown."""
    return Series.objects.filter(holding(), user=user, cases=case).first()


def is_held(user: User, case: Case) -> bool:
    """Whether a series of the user holds this case (`holding_series`)."""
    return holds(user.pk, case.pk)


def holds(user: int, case: int) -> bool:
    """`is_held` by keys."""
    return bool(_holds(user, case))


@prepared
def _holds(user: int, case: int) -> QuerySet[Series, Any]:
    return Series.objects.filter(holding(), user=user, cases=case).values_list("pk")[:1]


def held_cases(user: User) -> QuerySet[SeriesCase]:
    """The places of the user's series that tell nothing yet; `case_id` in them is held."""
    return SeriesCase.objects.filter(holding("series__"), series__user=user)


def held_keys(user: User) -> set[int]:
    """The keys of the cases that the user's series hold: few, and asked for once for a page."""
    return {case for (case,) in _held_keys(user.pk)}


@prepared
def _held_keys(user: int) -> QuerySet[SeriesCase, Any]:
    return held_cases(User(pk=user)).order_by().values_list("case_id")


def is_told(attempt: Attempt) -> bool:
    """Whether the attempt's feedback may be shown: it is scored, and no series holds it."""
    return attempt.state == Attempt.State.SCORED and not is_withheld(attempt)


def is_withheld(attempt: Attempt) -> bool:
    """Whether a series of its user holds the attempt's case, or one that is told with it."""
    cases = [attempt.case_id, *game_of(attempt.kind).beside(attempt)]
    return any(holds(attempt.user_id, case) for case in cases)


def next_url(attempt: Attempt) -> str:
    """Where the learner goes on to after this attempt."""
    if attempt.series:
        return _next_of_series(attempt, attempt.series)
    if attempt.mode == Mode.GUIDED and game_of(attempt.kind).guided_shows:
        return reverse("learning:home")  # the next one is begun by a button
    if attempt.case.made_for_id == attempt.user_id and attempt.mode == Mode.PRACTICE:
        return f"{reverse('learning:endless_next')}?after={attempt.case.public_id}"
    address = reverse("learning:next", args=[attempt.kind])
    mode = "" if attempt.mode == Mode.PRACTICE else f"&mode={attempt.mode}"
    return f"{address}?after={attempt.case.public_id}{mode}"


def ways_on(attempt: Attempt) -> dict[str, str | None]:
    """Addresses for the page: `next` after the feedback, `onward` at once in a series that tells
    later, and `ahead`, which names what can be fetched ahead where that begins nothing.
    """
    following = next_url(attempt)
    series = attempt.series
    if series is None:
        leads_to_case = not following.startswith(reverse("learning:home"))
        return {"next": following, "onward": None, "ahead": following if leads_to_case else None}
    # Where each case has a clock of its own nobody sees it before the clock runs.
    may_look_ahead = series.is_open and not series.case_seconds
    ahead = following if may_look_ahead else None
    onward = None if series.tells_at_once else following
    return {"next": following, "onward": onward, "ahead": ahead}


def _next_of_series(attempt: Attempt, series: Series) -> str:
    """The next case while the series is open, then the next result, then all of them."""
    if series.is_open:
        return reverse("learning:onward", args=[series.public_id])
    following = series.attempts.filter(pk__gt=attempt.pk).order_by("pk").first()
    if following is None:
        return reverse("learning:series", args=[series.public_id])
    return reverse(game_of(attempt.kind).attempt_url_name, args=[following.public_id])


def counted_results() -> QuerySet[Result]:
    """The results that enter figures: of each scored attempt the first round, where the learner
    had not seen the film's truth before.

    An attempt that was scored again has one of each rule, its newest version: whoever adds them up
    takes those of one scorer.
    """
    newer = Result.objects.filter(
        attempt=OuterRef("attempt"),
        scorer=OuterRef("scorer"),
        round=OuterRef("round"),
        pk__gt=OuterRef("pk"),
    )
    return Result.objects.filter(
        ~Exists(newer), counts=True, attempt__state=Attempt.State.SCORED, attempt__truth_seen=False
    )


def shown_results() -> QuerySet[Result]:
    """Of every attempt and round the result that pages show: the newest, whatever its rule."""
    newer = Result.objects.filter(
        attempt=OuterRef("attempt"), round=OuterRef("round"), pk__gt=OuterRef("pk")
    )
    return Result.objects.filter(~Exists(newer))


def shown_result(attempt: Attempt) -> Result | None:
    """The result to show: that of the last round."""
    return next(iter(results_of(attempt.pk)), None)


@prepared_models
def results_of(attempt: int) -> QuerySet[Result]:
    """All of an attempt, the one to show first."""
    return Result.objects.filter(attempt=attempt).order_by("-round", "-counts", "-id")


def rounds_in_words(attempt: Attempt, results: Iterable[Result]) -> dict[str, Any]:
    """Of all its results those of the rounds, first look first, what was told between them, and
    `earlier`: of the last round those under the rules by which it was scored before, newest first.
    """
    results = sorted(results, key=lambda one: (one.counts, one.pk))
    found = {result.round: result for result in results}
    told = [row["text"] for row in attempt.aids if row["kind"] == aids.SECOND_LOOK]
    last = found[max(found)] if found else None
    of_last = [one for one in reversed(results) if last and one.round == last.round]
    names = game_of(attempt.kind).rule_names
    return {
        "rounds": [found[number] for number in sorted(found)],
        "told_between": " ".join(told),
        "last": last,
        "last_rule": names.get(last.scorer, last.scorer) if last else "",
        "earlier": [(one, names.get(one.scorer, one.scorer)) for one in of_last if one != last],
    }


def clock_of(attempt: Attempt) -> dict[str, float] | None:
    """Seconds `left`, for the page's timer; None without a limit."""
    if attempt.deadline is None or not attempt.is_open:
        return None
    left = (attempt.deadline - clock.now()).total_seconds()
    return {"left": round(max(0.0, left), 1)}


def mode_page(attempt: Attempt, *, held: bool) -> dict[str, Any]:
    """What the mode adds to the page's JSON; `held` as in `attempts.pages.case_page`."""
    return {
        "mode": attempt.mode,
        "held": held,
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
    rows = _number(attempt.user_id, attempt.kind, attempt.pk)  # none where it was deleted just now
    return str(rows[0][0] if rows else 0)


@prepared
def _number(user: int, kind: str, until: int) -> QuerySet[Attempt, Any]:
    """How many attempts of a game the user has until one of them."""
    own = Attempt.objects.filter(user=user, kind=kind, pk__lte=until).order_by()
    return own.values("kind").annotate(number=Count("pk")).values_list("number")
