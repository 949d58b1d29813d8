"""Who looked at whose work: kept, and shown to the learner."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from attempts.models import Attempt
from classroom.models import Cohort, WorkView

SAME_LOOK = timedelta(minutes=30)
"""Pages opened again within this time are one look."""


def note_view(
    viewer: User, learner: User, what: str, *, cohort: Cohort, attempt: Attempt | None = None
) -> None:
    """Log that `viewer` looks at `learner`'s work; `what` is one of `WorkView.What`.

    To be called by every page that shows the work of one learner to somebody else. Nobody is
    logged for looking at their own.
    """
    note_views(viewer, [learner.pk], what, cohort=cohort, attempt=attempt)


def note_views(
    viewer: User,
    learners: Iterable[int],
    what: str,
    *,
    cohort: Cohort | None,
    attempt: Attempt | None = None,
) -> None:
    """The same for many learners, by their keys, in two queries: an export, everybody's marks.

    Without a class it was outside of all: in the administration.
    """
    wanted = set(learners) - {viewer.pk}
    since = timezone.now() - SAME_LOOK
    noted = WorkView.objects.filter(
        viewer=viewer, learner__in=wanted, what=what, attempt=attempt, viewed_at__gte=since
    )
    wanted -= set(noted.filter(cohort=cohort).values_list("learner_id", flat=True))
    WorkView.objects.bulk_create(
        WorkView(
            viewer=viewer,
            viewer_name=viewer.get_username(),
            learner_id=learner,
            cohort=cohort,
            what=what,
            attempt=attempt,
        )
        for learner in sorted(wanted)
    )


def note_administration(
    sender: object, viewer: User, learners: list[int], attempt: Attempt | None, **_: Any
) -> None:
    """Receiver of `accounts.signals.work_shown`."""
    what = WorkView.What.ATTEMPT if attempt else WorkView.What.FIGURES
    note_views(viewer, learners, what, cohort=None, attempt=attempt)


def views_of(learner: User) -> QuerySet[WorkView]:
    """Who looked at the learner's work, newest first."""
    found = WorkView.objects.filter(learner=learner)
    return found.select_related("cohort", "attempt__case").order_by("-viewed_at", "-pk")
