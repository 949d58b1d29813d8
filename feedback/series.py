"""Series: cases played one after the other, against the clock or not, told of together.

A series gates the truth of all its cases: while it is open nothing is shown to its
learner of any attempt at any of them (`feedback.queries.holding_series`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from accounts.models import User
from cases.models import Case
from feedback import services
from feedback.models import Attempt, Mode, Series, SeriesCase

MODES = (Mode.SPRINT, Mode.TEST)
MOST_CASES = 100
SHORTEST_SECONDS, LONGEST_SECONDS = 5, 4 * 3600


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
    ends_at = timezone.now() + timedelta(seconds=total_seconds) if total_seconds else None
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
            SeriesCase.objects.bulk_create(
                SeriesCase(series=series, case=case, position=position)
                for position, case in enumerate(cases, 1)
            )
            return series
    except IntegrityError:
        running = Series.objects.filter(user=user, kind=kind, closed_at__isnull=True).first()
        if running is None:
            raise
        return running


def open_next(series: Series) -> Attempt | None:
    """The draft of the first case not answered yet, its clock started; None when there is none.

    A case retired since is passed over.
    """
    settle(series)
    if not series.is_open:
        return None
    answered = _answered(series)
    for place in series.places.select_related("case"):
        if place.case_id not in answered and place.case.is_playable:
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
    if not series.is_open or series.case_seconds:
        return None
    begun = series.attempts.values("case_id")
    for place in series.places.exclude(case_id__in=begun).select_related("case"):
        if place.case.is_playable:
            return place.case
    return None


def _deadline(series: Series) -> datetime | None:
    limits = [series.ends_at] if series.ends_at else []
    if series.case_seconds:
        limits.append(timezone.now() + timedelta(seconds=series.case_seconds))
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
            left = [p for p in locked.places.select_related("case") if p.case_id not in answered]
            if not any(place.case.is_playable for place in left):
                _close(locked, Series.Closed.FINISHED)
            elif locked.ends_at and locked.ends_at + services.GRACE < timezone.now():
                _close(locked, Series.Closed.TIME)
    series.refresh_from_db()


def end(series: Series) -> None:
    """Close a series at its learner's word: a draft with something in it is submitted as it is."""
    with transaction.atomic():
        locked = Series.objects.select_for_update().get(pk=series.pk)
        if locked.is_open:
            _close(locked, Series.Closed.ENDED)
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
    """Close what ran out of time while nobody was looking."""
    for attempt_id in list(Attempt.objects.filter(services.late()).values_list("pk", flat=True)):
        services.close_draft(attempt_id, Attempt.Closed.TIME)
    over = Q(ends_at__lt=timezone.now() - services.GRACE) | Q(answered__gte=F("size"))
    for series in (
        Series.objects.filter(closed_at__isnull=True)
        .annotate(
            size=Count("places", distinct=True),
            answered=Count(
                "attempts", filter=~Q(attempts__state=Attempt.State.DRAFT), distinct=True
            ),
        )
        .filter(over)[:100]
    ):
        settle(series)
