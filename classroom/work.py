"""An assignment as its learner has it: what is due, how far they are, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.prepared import prepared
from attempts import services
from attempts.models import Attempt, Result, SeriesCase
from cases.models import Case
from classroom.access import members
from classroom.assigning import closes_for, due_for
from classroom.models import Assignment, Cohort, Extension, Membership, Run


@dataclass(frozen=True)
class Work:
    """One assignment of one learner."""

    assignment: Assignment
    run: Run | None
    """The last try; None where the learner joined after it was closed."""
    answered: int
    size: int
    """Cases of the last try that can be played."""
    due_at: datetime | None
    closes_at: datetime | None
    tries_left: int

    @property
    def opens_later(self) -> bool:
        opens = self.assignment.opens_at
        return opens is not None and opens > timezone.now()

    @property
    def is_closed(self) -> bool:
        """Whether nothing of it is taken any more."""
        past = self.closes_at is not None and self.closes_at <= timezone.now()
        return past or self.assignment.is_over

    @property
    def is_done(self) -> bool:
        return self.run is not None and (
            not self.run.series.is_open or (self.size > 0 and self.answered >= self.size)
        )

    @property
    def is_late(self) -> bool:
        """Whether the due time is past and it is not done."""
        past = self.due_at is not None and self.due_at <= timezone.now()
        return past and not self.is_done

    @property
    def is_to_do(self) -> bool:
        """Whether a case of it can be played now."""
        return not (self.is_done or self.is_closed or self.opens_later or self.run is None)

    @property
    def state(self) -> str:
        """In a word or two."""
        if self.is_done:
            return "done"
        if self.is_closed or self.run is None:
            return "closed"
        if self.opens_later:
            return "opens later"
        if self.is_late:
            return "late"
        return "begun" if self.answered else "to do"


def work_of(user: User, cohort: Cohort | None = None) -> list[Work]:
    """The user's assignments in their open classes, or in one: what is due first, first.

    In as many queries for one as for all.
    """
    return _described(
        user, [key for key, of in _set_for(user.pk) if cohort is None or of == cohort.pk]
    )


@prepared
def _set_for(user: int) -> QuerySet[Assignment, Any]:
    """The assignments in the user's open classes, each with its class."""
    found = Assignment.objects.filter(
        published_at__isnull=False,
        archived_at__isnull=True,
        cohort__archived_at=None,
        cohort__memberships__user=user,
        cohort__memberships__left_at=None,
    )
    return found.values_list("pk", "cohort")


def describe(user: User, assignments: Iterable[Assignment]) -> list[Work]:
    """Some assignments as this learner has them, what can be done and is due first, first."""
    return _described(user, [one.pk for one in assignments])


def _described(user: User, keys: list[int]) -> list[Work]:
    if not keys:
        return []
    own_runs = _with_progress(Run.objects.filter(user=user, is_preview=False))
    found = list(
        Assignment.objects.filter(pk__in=keys)
        .select_related("cohort")
        .prefetch_related(
            Prefetch(
                "extensions",
                Extension.objects.filter(membership__user=user),
                to_attr="own_extensions",
            ),
            Prefetch("runs", own_runs.order_by("number"), to_attr="own_runs"),
        )
    )
    works = [
        _work(one, next(iter(one.own_runs[::-1]), None), next(iter(one.own_extensions), None))
        for one in found
    ]
    return sorted(works, key=_order)


def _with_progress(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Some tries with `answered` and `size`, both of the cases that can be played still."""
    published = Case.Status.PUBLISHED
    answered = Q(
        series__attempts__submitted_at__isnull=False, series__attempts__case__status=published
    )
    playable = Q(series__places__case__status=published)
    return runs.select_related("series").annotate(
        answered=Count("series__attempts", filter=answered, distinct=True),
        size=Count("series__places", filter=playable, distinct=True),
    )


def _work(assignment: Assignment, run: Any, extension: Extension | None) -> Work:
    return Work(
        assignment,
        run,
        answered=run.answered if run else 0,
        size=run.size if run else 0,
        due_at=due_for(assignment, extension),
        closes_at=closes_for(assignment, extension),
        tries_left=assignment.tries - (run.number if run else 0),
    )


def _order(work: Work) -> tuple[bool, bool, datetime, int]:
    far = datetime.max.replace(tzinfo=timezone.get_default_timezone())
    return (not work.is_to_do, work.due_at is None, work.due_at or far, work.assignment.pk)


@dataclass(frozen=True)
class Try:
    """What came of one try: `score` from 0 to 100, None while nothing is scored."""

    number: int
    answered: int
    size: int
    """Its cases that enter the score: not what was added after it was over."""
    late: int
    """Cases submitted after the due time."""
    waiting: int
    """Cases that are not scored yet."""
    score: float | None
    is_open: bool
    tells: bool
    """Whether the learner may see it."""


@dataclass(frozen=True)
class Standing:
    """What came of an assignment for one learner: the try that counts of all their tries."""

    tries: list[Try]
    size: int
    """Cases that enter the score."""
    left_out: int
    """Cases that do not: left out by an instructor, or retired since."""
    counting: Try | None

    @property
    def score(self) -> float | None:
        return self.counting.score if self.counting else None


def standings(assignment: Assignment, users: Iterable[int] | None = None) -> dict[int, Standing]:
    """The standing of each learner who has a try, or of some, by the user's key.

    A case's score is that of the first look under the assignment's rule, what was handed in late by
    the late policy. The score of a try is the mean over all its cases that enter it, those not
    answered as 0; while the try is open, over what is answered. Guided cases have no score.
    """
    places = list(assignment.places.select_related("case"))
    counted = {place.case_id for place in places if place.counts}
    all_runs = assignment.runs.filter(is_preview=False).select_related("series")
    if users is not None:
        all_runs = all_runs.filter(user__in=users)
    runs = list(all_runs.order_by("number"))
    attempts = _attempts_of(assignment, runs, counted)
    sizes = _sizes(runs, counted)
    dues = {
        one.membership.user_id: due_for(assignment, one)
        for one in assignment.extensions.select_related("membership")
    }
    tries: dict[int, list[Try]] = {}
    for run in runs:
        due = dues.get(run.user_id, assignment.due_at)
        made = _try(assignment, run, attempts.get(run.series_id, []), sizes[run.series_id], due)
        tries.setdefault(run.user_id, []).append(made)
    return {
        user: Standing(made, len(counted), len(places) - len(counted), _counting(assignment, made))
        for user, made in tries.items()
    }


def _sizes(runs: list[Run], counted: set[int]) -> Counter[int]:
    """By series how many of its cases count."""
    dealt = SeriesCase.objects.filter(series__in=[run.series_id for run in runs])
    return Counter(dealt.filter(case__in=counted).values_list("series", flat=True))


def _attempts_of(
    assignment: Assignment, runs: list[Run], counted: set[int]
) -> dict[int, list[tuple[Attempt, float | None]]]:
    """By series its submitted attempts at cases that count, with their scores."""
    found = Attempt.objects.filter(
        series__in=[run.series_id for run in runs], submitted_at__isnull=False, case__in=counted
    ).defer("answer")
    scored = Result.objects.filter(attempt__in=found, scorer=assignment.rule, counts=True, round=1)
    scores = dict(scored.order_by("pk").values_list("attempt_id", "score"))
    by_series: dict[int, list[tuple[Attempt, float | None]]] = {}
    for attempt in found:
        by_series.setdefault(attempt.series_id or 0, []).append((attempt, scores.get(attempt.pk)))
    return by_series


def _try(
    assignment: Assignment,
    run: Run,
    attempts: list[tuple[Attempt, float | None]],
    size: int,
    due: datetime | None,
) -> Try:
    late = {one.pk for one, _ in attempts if due and _handed_in(one) > due + services.GRACE}
    less = assignment.late_percent / 100 if assignment.late == Assignment.Late.REDUCED else 0
    scores = [
        score * (1 - less if one.pk in late else 1) for one, score in attempts if score is not None
    ]
    over = len(attempts) if run.series.is_open else size
    return Try(
        number=run.number,
        answered=len(attempts),
        size=size,
        late=len(late),
        waiting=sum(one.state == Attempt.State.SUBMITTED for one, _ in attempts),
        score=sum(scores) / over if scores and over else None,
        is_open=run.series.is_open,
        tells=run.series.tells,
    )


def _handed_in(attempt: Attempt) -> datetime:
    """When a submitted attempt was: one whose time was up, when that was, not when it was seen."""
    at = attempt.submitted_at or attempt.started_at
    if attempt.closed_because == Attempt.Closed.TIME and attempt.deadline:
        return min(at, attempt.deadline)
    return at


def _counting(assignment: Assignment, tries: list[Try]) -> Try | None:
    """The try that counts; one that is scored before one that is not."""
    if assignment.counting == Assignment.Counting.FIRST:
        return tries[0]
    if assignment.counting == Assignment.Counting.LAST:
        return tries[-1]
    return max(tries, key=lambda one: -1 if one.score is None else one.score)


@dataclass(frozen=True)
class Row:
    """A learner in the instructor's list of an assignment."""

    membership: Membership
    work: Work
    standing: Standing | None


def rows_of(assignment: Assignment) -> list[Row]:
    """Every learner of the class now, in the order of its list."""
    extensions = {one.membership_id: one for one in assignment.extensions.all()}
    runs = {
        run.user_id: run
        for run in _with_progress(assignment.runs.filter(is_preview=False)).order_by("number")
    }
    found = standings(assignment)
    return [
        Row(
            membership,
            _work(assignment, runs.get(membership.user_id), extensions.get(membership.pk)),
            found.get(membership.user_id),
        )
        for membership in members(assignment.cohort)
    ]
