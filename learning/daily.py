"""The daily film: the same for everybody, one go, its solution the next day (both UTC).

A go is a series of one film that tells from midnight on: until then its truth is held as that of
every test is, in both games. Nothing else that is chosen for a learner gives them the film on its
day (`kept_apart`), and it is known before anybody asks for it (`keep`).
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.prepared import prepared
from attempts.models import Attempt, Mode
from attempts.queries import held_cases, is_held
from attempts.series import Terms, assign_series
from cases.models import Case, Dataset
from cases.queries import may_play
from learning.models import DailyFilm, DailyGo, Preferences
from learning.points import shown_to
from localize.scoring import GAME

NOT_AGAIN = 60
"""Days for which a film is not taken again, where there are others."""
ENOUGH = 10
"""Films open to all below which none is kept for its day before somebody asks for it: each of so
few would be missed elsewhere.
"""


def film_of(day: date) -> DailyFilm | None:
    """The film of a day, chosen by whoever asks first; None where no film is open to all."""
    found = DailyFilm.objects.filter(day=day).select_related("case").first()
    if found and _is_open(found.case):
        return found
    cases = _open_cases()
    last = DailyFilm.objects.filter(day__gte=day - timedelta(days=NOT_AGAIN))
    fresh = cases.exclude(pk__in=last.values("case_id"))
    keys = list((fresh if fresh.exists() else cases).order_by("pk").values_list("pk", flat=True))
    if not keys:
        return None
    chance = random.Random(f"daily {day}")  # noqa: S311  # no secret
    chosen = chance.choice(keys)
    if found:  # it was retired, or closed, during its day: another one takes its place
        DailyFilm.objects.filter(pk=found.pk, case_id=found.case_id).update(case_id=chosen)
        return DailyFilm.objects.select_related("case").get(pk=found.pk)
    try:
        with transaction.atomic():
            return DailyFilm.objects.create(day=day, case_id=chosen)
    except IntegrityError:  # another process was first
        return DailyFilm.objects.select_related("case").get(day=day)


def keep(now: datetime | None = None) -> None:
    """The periodic job: choose the films of today and tomorrow, so that each is known on its day
    before any other choice could give it away.
    """
    today = day_of(now or timezone.now())
    for day in (today, today + timedelta(days=1)):
        if DailyFilm.objects.filter(day=day).exists() or _open_cases().count() >= ENOUGH:
            film_of(day)


def kept_apart(user: User, wants: Preferences | None = None) -> set[int]:
    """The key of today's film, which comes to the learner in their go alone; none where they play
    no daily film. Three queries at most, one with `wants` (`points.shown_to`).

    Once they have played it, its go holds it for the rest of the day as well.
    """
    found = {case for (case,) in _films_of(day_of(timezone.now()))}
    if found and not (wants or shown_to(user)).plays_daily_film:
        return set()
    return found


@prepared
def _films_of(day: date) -> QuerySet[DailyFilm, Any]:
    return DailyFilm.objects.filter(day=day).values_list("case")


def _open_cases() -> QuerySet[Case]:
    """What everybody may play, in Localize."""
    public = Case.objects.filter(
        status=Case.Status.PUBLISHED,
        split=Case.Split.PRACTICE,
        dataset__access=Dataset.Access.OPEN,
        made_for=None,
    )
    return GAME.playable(public, GAME.rules[0])


def _is_open(case: Case) -> bool:
    """Whether everybody may play the case, and in Localize."""
    return _open_cases().filter(pk=case.pk).exists()


def day_of(now: datetime) -> date:
    """The day of the film: the same everywhere, so that nobody is told before others."""
    return now.astimezone(UTC).date()


def last_goes(user: User) -> list[DailyGo]:
    """The learner's last week of goes, the newest first."""
    found = DailyGo.objects.filter(user=user).select_related("film", "series")
    return list(found.order_by("-film__day")[:7])


def go_of(user: User, day: date) -> DailyGo | None:
    found = DailyGo.objects.filter(user=user, film__day=day)
    return found.select_related("film", "series").first()


def begin(user: User, now: datetime) -> DailyGo | None:
    """The learner's go at the film of the day, the same one however often it is asked for."""
    day = day_of(now)
    known = go_of(user, day)
    if known and not is_lost(known):
        return known
    film = film_of(day)
    if film is None or not film.case.is_playable or is_held(user, film.case):
        return None
    midnight = datetime.combine(day + timedelta(days=1), time(), UTC)
    try:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=user.pk)
            known = go_of(user, day)
            if known and not is_lost(known):  # another window was first
                return known
            series = assign_series(
                user=user,
                kind=GAME.kind,
                mode=Mode.TEST,
                cases=[film.case],
                title=f"Daily film, {day:%-d %B %Y}",
                rule=GAME.rules[0],
                terms=Terms(closes_at=midnight, told_from=midnight),
            )
            if known:
                known.series = series
                known.save(update_fields=["series"])
                return known
            return DailyGo.objects.create(film=film, user=user, series=series)
    except IntegrityError:  # another window was first
        return go_of(user, day)


def is_lost(go: DailyGo) -> bool:
    """Whether the film of a go was retired, or closed to its learner, before it was answered."""
    if go.series.attempts.exclude(state=Attempt.State.DRAFT).exists():
        return False
    return not any(may_play(go.user, place.case) for place in go.series.places.all())


def is_told(go: DailyGo) -> bool:
    """Whether its solution may be shown: its day is over, and nothing else holds the film."""
    cases = go.series.places.values_list("case_id", flat=True)
    return go.series.tells and not held_cases(go.user).filter(case__in=cases).exists()


def share_text(go: DailyGo) -> str:
    """A line to pass on, without a word of what the film shows; empty before the film is answered.

    The score is told with the solution, the next day.
    """
    attempt = go.series.attempts.exclude(state=Attempt.State.DRAFT).first()
    if attempt is None:
        return ""
    took = round((attempt.elapsed_ms or 0) / 1000)
    head = f"RadGame daily film, {go.film.day:%-d %B %Y}: "
    in_time = f"{took // 60} min {took % 60} s"
    result = attempt.results.filter(counts=True).order_by("-pk").first()
    if not go.series.tells or result is None or is_held(go.user, attempt.case):
        return f"{head}answered in {in_time}."
    full = round(result.score / 20)
    return f"{head}{'■' * full}{'□' * (5 - full)} {result.score:.0f} of 100 in {in_time}."
