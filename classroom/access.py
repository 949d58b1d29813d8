"""Who may see what of a class: an instructor the classes they teach, a learner what is theirs."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db.models import F, Q, QuerySet

from accounts.models import Role, User
from attempts.models import Attempt
from classroom.models import Cohort, Membership, Run
from learning.columns import Array, Columns, micros, of_learners
from learning.models import CaseRecord


def may_teach(user: User) -> bool:
    """Whether the user may make classes at all."""
    return user.has_role(Role.INSTRUCTOR)


def taught_by(user: User) -> QuerySet[Cohort]:
    """The classes that the user teaches, archived ones too; a superuser teaches all.

    Who is no instructor any more teaches none, whatever the class says.
    """
    if user.is_superuser:
        return Cohort.objects.all()
    if not may_teach(user):
        return Cohort.objects.none()
    return Cohort.objects.filter(instructors=user)


def teaches(user: User, cohort: Cohort) -> bool:
    return taught_by(user).filter(pk=cohort.pk).exists()


def learns_in(user: User, cohort: Cohort) -> bool:
    """Whether the user is a learner of the class now."""
    return cohort.memberships.filter(user=user, left_at__isnull=True).exists()


def may_see(instructor: User, learner: User) -> bool:
    """Whether the instructor may see the learner's work: they teach a class that the learner is in
    now. What of the work says `visible_attempts`.
    """
    return Membership.objects.filter(
        user=learner, left_at__isnull=True, cohort__in=taught_by(instructor)
    ).exists()


def may_set_password(instructor: User, membership: Membership) -> bool:
    """Whether the instructor may give the learner a new password: a plain trainee, all of whose
    classes the instructor teaches. Who knows a password sees what other classes show.
    """
    others = Membership.objects.filter(user=membership.user, left_at__isnull=True)
    foreign = others.exclude(cohort__in=taught_by(instructor))
    return membership.user.is_only_trainee and not foreign.exists()


def members(cohort: Cohort) -> QuerySet[Membership]:
    """The learners who are in the class now, with their accounts.

    By name, or by code in a pseudonymous class, whose order would tell names otherwise.
    """
    order = "code" if cohort.is_pseudonymous else "user__username"
    active = cohort.memberships.filter(left_at__isnull=True)
    return active.select_related("user").order_by(order)


def visible_attempts(cohort: Cohort, membership: Membership | None = None) -> QuerySet[Attempt]:
    """The attempts that the class's instructors may see, of all its learners or of one.

    Of those who are in it now: what they submitted since they joined, and what they did for the
    class's assignments. Not what they played before, nor previews. Every page, figure and export
    of a class begins from here, or from `visible_records`.
    """
    of_class: dict[str, Any] = {
        "user__memberships__cohort": cohort,
        "user__memberships__left_at": None,
    }
    if membership is not None:
        of_class["user__memberships"] = membership
    since = Q(submitted_at__gte=F("user__memberships__joined_at"))
    assigned = Q(series__run__assignment__cohort=cohort)
    attempts = Attempt.objects.filter(since | assigned, submitted_at__isnull=False, **of_class)
    return attempts.exclude(series__run__is_preview=True)


def visible_records(cohort: Cohort, membership: Membership | None = None) -> QuerySet[CaseRecord]:
    """The records of `visible_attempts`, asked of the records themselves.

    Of a class with much behind it that reads a third: of attempts only those of assignments.
    """
    of_class: dict[str, Any] = {
        "user__memberships__cohort": cohort,
        "user__memberships__left_at": None,
    }
    if membership is not None:
        of_class["user__memberships"] = membership
    runs = Run.objects.filter(is_preview=False, assignment__cohort=cohort)
    since = Q(submitted_at__gte=F("user__memberships__joined_at"))
    assigned = Q(attempt__in=Attempt.objects.filter(series__in=runs.values("series")).values("pk"))
    learners = cohort.memberships.values("user")
    previews = Run.objects.filter(is_preview=True, user__in=learners).values("series")
    return CaseRecord.objects.filter(since | assigned, **of_class).exclude(
        attempt__in=Attempt.objects.filter(series__in=previews).values("pk")
    )


def visible_columns(
    cohort: Cohort, kind: str, rule: str, membership: Membership | None = None
) -> Columns:
    """`visible_records` of one game and rule as arrays. The same number of queries for any class,
    but for what is not packed yet (`learning.columns`).
    """
    found = cohort.memberships.filter(left_at=None)
    if membership is not None:
        found = found.filter(pk=membership.pk)
    joined = {user: micros(at) for user, at in found.values_list("user", "joined_at")}
    records = of_learners(joined, kind, rule)
    users, which = np.unique(records.rows["user"], return_inverse=True)
    since = np.array([joined[user] for user in users.tolist()], dtype=np.int64)
    assigned = Run.objects.filter(is_preview=False, assignment__cohort=cohort)
    previews = Run.objects.filter(is_preview=True, user__in=list(joined))
    may_be_seen = (records.rows["at"] >= since[which]) | in_runs(records, assigned)
    return records.where(may_be_seen & ~in_runs(records, previews))


def in_runs(records: Columns, runs: QuerySet[Run]) -> Array:
    """Of each record whether it was played in one of these runs."""
    series = np.fromiter(runs.values_list("series", flat=True), dtype=np.int64)
    found: Array = np.isin(records.rows["series"], series)
    return found
