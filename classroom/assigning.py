"""What changes assignments: publishing, dealing them to learners, editing them while played."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from attempts.models import Series
from attempts.series import MOST_CASES, Terms, assign_series, change_assigned, end, reopen, settle
from cases.models import Case
from classroom.models import Assignment, AssignmentCase, Cohort, Extension, Membership, Run
from classroom.problems import Refused

FIRST_PREVIEW = 100
"""The number of an instructor's first preview: who teaches may learn in the class later, and has
their tries then, 20 at most, from 1 on."""


@transaction.atomic
def set_cases(assignment: Assignment, cases: Sequence[Case]) -> None:
    """Give an assignment these cases in this order; what is dealt already follows.

    A case that was left out and is among them stays so. Raises Refused for too many, or for none in
    a published assignment.
    """
    if len(cases) > MOST_CASES:
        raise Refused(f"{len(cases)} cases are too many: an assignment has at most {MOST_CASES}.")
    if assignment.is_published and not cases:
        raise Refused("An assignment that is published needs a case at least.")
    before = {place.case_id: place for place in assignment.places.all()}
    assignment.places.all().delete()
    AssignmentCase.objects.bulk_create(
        AssignmentCase(
            assignment=assignment,
            case=case,
            position=position,
            left_out_at=before[case.pk].left_out_at if case.pk in before else None,
            left_out_by_id=before[case.pk].left_out_by_id if case.pk in before else None,
        )
        for position, case in enumerate(dict.fromkeys(cases), 1)
    )
    deal_anew(assignment)


def _alone(assignment: Assignment) -> None:
    """Wait for what else deals this assignment now, as another click may; see what it did."""
    now = Assignment.objects.select_for_update().get(pk=assignment.pk)
    assignment.published_at, assignment.archived_at = now.published_at, now.archived_at


@transaction.atomic
def publish(assignment: Assignment) -> None:
    """Show it to the class, and deal it to each learner. Raises Refused without a case."""
    _alone(assignment)
    if not assignment.places.exists():
        raise Refused("This assignment has no case yet: choose some, then publish it.")
    if assignment.cohort.is_archived:
        raise Refused("This class is archived: nothing can be assigned in it.")
    if assignment.archived_at is not None:
        raise Refused("This assignment was taken back: copy it to set it again.")
    if assignment.published_at is None:
        assignment.published_at = timezone.now()
        assignment.save(update_fields=["published_at"])
    for membership in assignment.cohort.memberships.filter(left_at__isnull=True):
        _deal(assignment, membership.user)


def withdraw(assignment: Assignment) -> None:
    """Take a published assignment back: it is shown to nobody; what was played of it is kept."""
    assignment.archived_at = timezone.now()
    assignment.save(update_fields=["archived_at"])
    for run in assignment.runs.filter(series__closed_at__isnull=True).select_related("series"):
        end(run.series)


def deal_to(membership: Membership) -> None:
    """Give a new learner what the class has to do still."""
    now = timezone.now()
    for assignment in membership.cohort.assignments.filter(
        published_at__isnull=False, archived_at__isnull=True
    ):
        if assignment.closes_at is None or assignment.closes_at > now:
            _deal(assignment, membership.user)


def go_on(membership: Membership) -> None:
    """Open again what leaving had ended, where each case is told of as it is played.

    What holds its truth back stays ended: it was told of when the learner left.
    """
    ended = Run.objects.filter(
        assignment__cohort=membership.cohort_id,
        assignment__archived_at=None,
        user=membership.user_id,
        is_preview=False,
        series__tells_at_once=True,
    )
    for run in ended.select_related("series"):
        reopen(run.series)


def _deal(assignment: Assignment, user: User) -> Run:
    """The user's first try, made where there is none."""
    found = assignment.runs.filter(user=user, is_preview=False).order_by("number").first()
    return found or _new_run(assignment, user, number=1)


def _new_run(assignment: Assignment, user: User, number: int, *, is_preview: bool = False) -> Run:
    series = assign_series(
        user=user,
        kind=assignment.kind,
        mode=assignment.mode,
        rule=assignment.rule,
        title=assignment.title,
        cases=cases_in_order(assignment, user, number),
        terms=Terms(tells_at_once=assignment.told == Assignment.Told.AT_ONCE)
        if is_preview
        else terms_of(assignment, extension_of(assignment, user)),
    )
    return Run.objects.create(
        assignment=assignment, user=user, number=number, series=series, is_preview=is_preview
    )


def cases_in_order(assignment: Assignment, user: User, number: int = 1) -> list[Case]:
    """The cases as this learner gets them in this try; the same whenever it is asked."""
    cases = [place.case for place in assignment.places.select_related("case__dataset")]
    if assignment.order == Assignment.Order.SHUFFLED:
        order = random.Random(f"{assignment.public_id} {user.pk} {number}")  # noqa: S311  # no secret
        order.shuffle(cases)
    return cases


def extension_of(assignment: Assignment, user: User) -> Extension | None:
    return assignment.extensions.filter(membership__user=user).first()


def due_for(assignment: Assignment, extension: Extension | None) -> datetime | None:
    """When it is due for the learner of this extension."""
    own = extension.due_at if extension else None
    return own or assignment.due_at


def closes_for(assignment: Assignment, extension: Extension | None) -> datetime | None:
    """After which time nothing of a learner's is taken; never before their own due time."""
    due, closes = due_for(assignment, extension), assignment.closes_at
    if assignment.late == Assignment.Late.CLOSED or closes is None or due is None:
        return due if assignment.late == Assignment.Late.CLOSED else closes
    return max(due, closes)


def terms_of(assignment: Assignment, extension: Extension | None) -> Terms:
    """The limits of a learner's series, with their extra time.

    Truth that is told after the due time is told to nobody before the last learner's.
    """
    longer = 1 + (extension.percent if extension else 0) / 100
    minutes, seconds = assignment.minutes, assignment.case_seconds
    return Terms(
        opens_at=assignment.opens_at,
        closes_at=closes_for(assignment, extension),
        total_seconds=round(60 * minutes * longer) if minutes else None,
        case_seconds=round(seconds * longer) if seconds else None,
        tells_at_once=assignment.told == Assignment.Told.AT_ONCE,
        told_from=_told_from(assignment),
    )


def _told_from(assignment: Assignment) -> datetime | None:
    if assignment.told != Assignment.Told.AFTER_DUE:
        return None
    last = assignment.extensions.aggregate(last=Max("due_at"))["last"]
    return max((time for time in (assignment.due_at, last) if time), default=None)


@transaction.atomic
def deal_anew(assignment: Assignment) -> None:
    """After a change: every dealt series follows it. What was answered or begun is kept.

    Who joined when it was closed, and has time now, is dealt it. Raises Refused for what is over.
    """
    if assignment.is_over:
        raise Refused("This assignment is over: copy it into a class that is open to set it again.")
    extensions = {
        e.membership.user_id: e for e in assignment.extensions.select_related("membership")
    }
    for run in assignment.runs.filter(is_preview=False).select_related("series", "user"):
        change_assigned(
            run.series,
            cases=cases_in_order(assignment, run.user, run.number),
            title=assignment.title,
            terms=terms_of(assignment, extensions.get(run.user_id)),
        )
    if assignment.is_published:
        _deal_late(assignment)


def _deal_late(assignment: Assignment) -> None:
    """Deal it to learners who have no try, where something of theirs is taken still."""
    without = assignment.cohort.memberships.filter(left_at__isnull=True).exclude(
        user__in=assignment.runs.filter(is_preview=False).values("user")
    )
    now = timezone.now()
    for membership in without.select_related("user"):
        closes = closes_for(assignment, extension_of(assignment, membership.user))
        if closes is None or closes > now:
            _deal(assignment, membership.user)


@transaction.atomic
def edit(assignment: Assignment, changes: dict[str, Any]) -> None:
    """Change fields of an assignment; learners who play it get the change at their next case.

    Raises Refused for another game, mode or scoring rule once a learner has begun.
    """
    locked = {"kind", "mode", "rule"} & {
        name for name, value in changes.items() if getattr(assignment, name) != value
    }
    if locked and is_begun(assignment):
        raise Refused(
            "A learner has begun: game, mode and scoring rule stay as they are. "
            "Copy the assignment to change them."
        )
    for name, value in changes.items():
        setattr(assignment, name, value)
    if assignment.is_published:
        assignment.edited_at = timezone.now()
    assignment.save()
    if locked:
        Series.objects.filter(run__assignment=assignment).update(
            kind=assignment.kind, mode=assignment.mode, rule=assignment.rule
        )
    deal_anew(assignment)


def is_begun(assignment: Assignment) -> bool:
    """Whether a learner has opened a case of it."""
    return assignment.runs.filter(is_preview=False, series__begun_at__isnull=False).exists()


@transaction.atomic
def extend(
    assignment: Assignment,
    membership: Membership,
    by: User,
    *,
    due_at: datetime | None = None,
    percent: int = 0,
) -> Extension | None:
    """Give a learner extra time, in place of what they had; nothing of both takes it back."""
    assignment.extensions.filter(membership=membership).delete()
    made = None
    if due_at or percent:
        made = Extension.objects.create(
            assignment=assignment,
            membership=membership,
            due_at=due_at,
            percent=percent,
            created_by=by,
        )
    deal_anew(assignment)
    return made


def current_run(assignment: Assignment, user: User) -> Run | None:
    """The learner's last try, settled: one whose time is up is closed."""
    run = (
        assignment.runs.filter(user=user, is_preview=False)
        .select_related("series")
        .order_by("-number")
        .first()
    )
    if run:
        settle(run.series)
    return run


@transaction.atomic
def next_try(assignment: Assignment, user: User) -> Run:
    """A further try, or the one that is open. Raises Refused where there is none left."""
    _alone(assignment)
    last = current_run(assignment, user)
    if last is None or assignment.is_over:
        raise Refused("This assignment is closed.")
    if last.series.is_open:
        return last
    closes = closes_for(assignment, extension_of(assignment, user))
    if closes is not None and closes <= timezone.now():
        raise Refused("This assignment is closed.")
    if last.number >= assignment.tries:
        raise Refused("You have used every try.")
    return _new_run(assignment, user, last.number + 1)


@transaction.atomic
def preview(assignment: Assignment, instructor: User) -> Run:
    """Play it as a learner does, without limits of date; it enters nothing of the class."""
    _alone(assignment)
    if not assignment.places.exists():
        raise Refused("This assignment has no case yet: choose some first.")
    runs = assignment.runs.filter(user=instructor)
    for run in runs.filter(series__closed_at__isnull=True).select_related("series"):
        end(run.series)
    last = runs.filter(is_preview=True).aggregate(last=Max("number"))["last"] or 0
    number = max(last + 1, FIRST_PREVIEW)
    return _new_run(assignment, instructor, number, is_preview=True)


COPIED = (
    *("title", "text", "kind", "mode", "rule", "choice", "order", "late", "late_percent"),
    *("minutes", "case_seconds", "tries", "counting", "told"),
)


@transaction.atomic
def copy(assignment: Assignment, cohort: Cohort, by: User) -> Assignment:
    """A draft of the same assignment in a class, without its times; retired cases stay behind."""
    made = Assignment.objects.create(
        cohort=cohort,
        copied_from=assignment,
        created_by=by,
        **{name: getattr(assignment, name) for name in COPIED},
    )
    places = assignment.places.select_related("case")
    set_cases(made, [place.case for place in places if place.case.is_playable])
    return made


def leave_out(assignment: Assignment, cases: Iterable[Case], by: User, *, out: bool = True) -> None:
    """Take cases out of every score of an assignment, or back in; answers are kept."""
    assignment.places.filter(case__in=list(cases)).update(
        left_out_at=timezone.now() if out else None, left_out_by=by if out else None
    )
