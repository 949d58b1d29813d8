"""Series: cases played one after the other, against the clock or not, told of together.

A series gates the truth of all its cases: while it is open nothing is shown to its
learner of any attempt at any of them (`attempts.queries.holding_series`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.each import for_each
from accounts.models import User
from attempts import clock, modes, services
from attempts.games import game_of
from attempts.models import Attempt, Mode, Series, SeriesCase
from cases.models import Case
from cases.queries import may_play

MODES = (Mode.SPRINT, Mode.TEST)
MOST_CASES = 100
SHORTEST_SECONDS, LONGEST_SECONDS = 5, 4 * 3600


@dataclass(frozen=True)
class Terms:
    """The limits of an assigned series, and when its truth is told (`Series` says what each is)."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None
    total_seconds: int | None = None
    case_seconds: int | None = None
    tells_at_once: bool = False
    told_from: datetime | None = None


def start_series(
    *,
    user: User,
    kind: str,
    mode: str,
    cases: Sequence[Case],
    rule: str = "",
    case_seconds: int | None = None,
    total_seconds: int | None = None,
) -> Series:
    """Begin a series of these cases; the one that is open already where there is one.

    `case_seconds` runs from the opening of each case, `total_seconds` from now.
    Raises ValueError for no or too many cases, another mode, or a limit out of range.
    """
    if mode not in MODES or not 1 <= len(cases) <= MOST_CASES:
        raise ValueError(f"a series of {len(cases)} cases in mode {mode!r} cannot be started")
    for seconds in (case_seconds, total_seconds):
        if seconds is not None and not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
            raise ValueError(f"{seconds} seconds are no limit for a series")
    ends_at = clock.now() + timedelta(seconds=total_seconds) if total_seconds else None
    try:
        with transaction.atomic():
            series = Series.objects.create(
                user=user,
                kind=kind,
                mode=mode,
                rule=rule,
                case_seconds=case_seconds,
                ends_at=ends_at,
            )
            _place(series, cases)
            return series
    except IntegrityError:
        running = Series.objects.filter(
            user=user, kind=kind, closed_at__isnull=True, is_assigned=False
        ).first()
        if running is None:
            raise
        return running


def assign_series(
    *,
    user: User,
    kind: str,
    mode: str,
    cases: Sequence[Case],
    title: str,
    rule: str = "",
    terms: Terms,
) -> Series:
    """A series that somebody else set, in any mode; several of them may be open at a time.

    Its cases are held from now on, unless it tells at once. Raises ValueError for no or too many
    cases.
    """
    if not 1 <= len(cases) <= MOST_CASES:
        raise ValueError(f"a series of {len(cases)} cases cannot be assigned")
    with transaction.atomic():
        series = Series.objects.create(
            user=user,
            kind=kind,
            mode=mode,
            rule=rule,
            title=title,
            is_assigned=True,
            ends_at=terms.closes_at,
            **vars(terms),
        )
        _place(series, cases)
    return series


@transaction.atomic
def change_assigned(series: Series, *, cases: Sequence[Case], title: str, terms: Terms) -> None:
    """Give an assigned series other cases and terms, also while it is played.

    Nothing answered or begun is lost: such a case keeps its place, also where it is not among
    `cases` any more. One that its closing time closed opens again where that is later now; one
    that was played to its end keeps its cases, and is told of by the new terms.
    """
    locked = Series.objects.select_for_update().get(pk=series.pk)
    locked.title = title
    for name, value in vars(terms).items():
        setattr(locked, name, value)
    ends_at = _end_of(locked)
    if locked.closed_because == Series.Closed.TIME and (ends_at is None or ends_at > clock.now()):
        locked.closed_at, locked.closed_because = None, Series.Closed.OPEN
    if locked.is_open:
        locked.ends_at = ends_at
        begun = set(locked.attempts.values_list("case_id", flat=True))
        wanted = [case for case in cases if case.pk not in begun]
        kept = [p.case for p in locked.places.select_related("case") if p.case_id in begun]
        if kept or wanted:
            locked.places.all().delete()
            _place(locked, [*kept, *wanted])
        drafts = locked.attempts.filter(state=Attempt.State.DRAFT)
        for draft in drafts:
            draft.deadline = _deadline(locked, since=draft.started_at)
            draft.save(update_fields=["deadline"])
    locked.save()
    series.refresh_from_db()


def _place(series: Series, cases: Sequence[Case]) -> None:
    SeriesCase.objects.bulk_create(
        SeriesCase(series=series, case=case, position=position)
        for position, case in enumerate(cases, 1)
    )


def _end_of(series: Series) -> datetime | None:
    """When an assigned series ends: at its closing time, or when its limit has run."""
    limit = series.total_seconds
    own = series.begun_at + timedelta(seconds=limit) if limit and series.begun_at else None
    return min((end for end in (series.closes_at, own) if end), default=None)


def _begin(series: Series) -> None:
    """Start the clock of an assigned series at the opening of its first case."""
    with transaction.atomic():
        locked = Series.objects.select_for_update().get(pk=series.pk)
        if locked.begun_at is None:
            locked.begun_at = clock.now()
            locked.ends_at = _end_of(locked)
            locked.save(update_fields=["begun_at", "ends_at"])
    series.refresh_from_db()


def may_open(series: Series) -> bool:
    """Whether a case of it may be opened: it is open, and its time has come."""
    return series.is_open and (series.opens_at is None or series.opens_at <= clock.now())


def open_next(series: Series) -> Attempt | None:
    """The draft of the first case not answered yet, its clock started; None when there is none.

    A case retired or closed to the user since is passed over. Where guided means to be shown the
    truth at once, what is returned is submitted already.
    """
    settle(series)
    if not may_open(series):
        return None
    if series.is_assigned and series.begun_at is None:
        _begin(series)
    answered = _answered(series)
    for place in series.places.select_related("case__dataset"):
        if place.case_id in answered or not may_play(series.user, place.case):
            continue
        if series.mode == Mode.GUIDED and game_of(series.kind).guided_shows:
            return modes.open_guided(
                user=series.user,
                case=place.case,
                kind=series.kind,
                rule=series.rule,
                series=series,
            )
        return services.open_attempt(
            user=series.user,
            case=place.case,
            kind=series.kind,
            mode=series.mode,
            rule=series.rule,
            series=series,
            deadline=_deadline(series),
        )
    return None


def case_ahead(series: Series) -> Case | None:
    """The case that comes after those begun; None when there is none, or each has a clock.

    A case with a clock of its own is shown to nobody before that runs.
    """
    if not may_open(series) or series.case_seconds:
        return None
    begun = series.attempts.values("case_id")
    for place in series.places.exclude(case_id__in=begun).select_related("case__dataset"):
        if may_play(series.user, place.case):
            return place.case
    return None


def _deadline(series: Series, since: datetime | None = None) -> datetime | None:
    """When a case opened at `since` (now) is taken as it was saved last."""
    limits = [series.ends_at] if series.ends_at else []
    if series.case_seconds:
        limits.append((since or clock.now()) + timedelta(seconds=series.case_seconds))
    return min(limits, default=None)


def _answered(series: Series) -> set[int]:
    attempts = series.attempts.exclude(state=Attempt.State.DRAFT)
    return set(attempts.values_list("case_id", flat=True))


def settle(series: Series) -> None:
    """Close drafts whose time is up, and the series when it is finished or its time is up."""
    for attempt_id in series.attempts.filter(services.late()).values_list("pk", flat=True):
        services.close_draft(attempt_id, Attempt.Closed.TIME)
    with transaction.atomic():
        locked = Series.objects.select_for_update().get(pk=series.pk)
        if locked.is_open:
            answered = _answered(locked)
            left = [
                p
                for p in locked.places.select_related("case__dataset")
                if p.case_id not in answered
            ]
            if not any(may_play(locked.user, place.case) for place in left):
                _close(locked, Series.Closed.FINISHED)
            elif locked.ends_at and locked.ends_at + services.GRACE < clock.now():
                _close(locked, Series.Closed.TIME)
    series.refresh_from_db()


def end(series: Series) -> None:
    """Close a series at its learner's word: a draft with something in it is submitted as it is."""
    with transaction.atomic():
        locked = Series.objects.select_for_update().get(pk=series.pk)
        if locked.is_open:
            _close(locked, Series.Closed.ENDED)
    series.refresh_from_db()


def reopen(series: Series) -> None:
    """Open again what was ended, so that the rest of it can be played; not one whose time is up."""
    with transaction.atomic():
        locked = Series.objects.select_for_update().get(pk=series.pk)
        ends_at = _end_of(locked)
        if locked.closed_because == Series.Closed.ENDED and not (
            ends_at and ends_at <= clock.now()
        ):
            locked.closed_at, locked.closed_because = None, Series.Closed.OPEN
            locked.ends_at = ends_at
            locked.save(update_fields=["closed_at", "closed_because", "ends_at"])
    series.refresh_from_db()


def _close(series: Series, because: str) -> None:
    """Close a locked series, and with it the draft of a case that was open."""
    drafts = series.attempts.filter(state=Attempt.State.DRAFT)
    for attempt_id in drafts.values_list("pk", flat=True):
        services.give_up(attempt_id, Attempt.Closed.ENDED)
    series.closed_at = timezone.now()
    series.closed_because = because
    series.save(update_fields=["closed_at", "closed_because"])


def sweep() -> None:
    """Close what ran out of time while nobody was looking; an error costs no other its end."""
    late = list(Attempt.objects.filter(services.late()).values_list("pk", flat=True))
    for_each(late, lambda key: services.close_draft(key, Attempt.Closed.TIME), "The late draft")
    over = Q(ends_at__lt=Now() - services.GRACE) | Q(answered__gte=F("size"))
    ended = (
        Series.objects.filter(closed_at__isnull=True)
        .annotate(
            size=Count("places", distinct=True),
            answered=Count(
                "attempts", filter=~Q(attempts__state=Attempt.State.DRAFT), distinct=True
            ),
        )
        .filter(over)
    )
    for_each(ended[:100], settle, "The series")
