"""What attempts keep of a person. What a case shows is not theirs, and no score is given that a
series still holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import QuerySet

from accounts.models import User
from accounts.personal import Part, Row, part
from attempts import aids
from attempts.models import Attempt, Outcome, Result, Series, SeriesCase
from attempts.queries import held_cases


def told(user: User) -> QuerySet[Attempt]:
    """The user's attempts at cases of which nothing is held back from them."""
    return Attempt.objects.filter(user=user).exclude(case__in=held_cases(user).values("case"))


def _attempts(user: User) -> Iterator[Row]:
    told_of = set(told(user).values_list("pk", flat=True))
    for attempt in Attempt.objects.filter(user=user).select_related("case").order_by("pk"):
        yield {
            "id": attempt.public_id,
            "case": attempt.case.public_id,
            "game": attempt.kind,
            "mode": attempt.mode,
            "state": attempt.state,
            "answer": attempt.answer,
            "started_at": attempt.started_at,
            "saved_at": attempt.saved_at,
            "submitted_at": attempt.submitted_at,
            "elapsed_ms": attempt.elapsed_ms,
            "closed_because": attempt.closed_because,
            "truth_seen": attempt.truth_seen,
            "hints": aids.shown(attempt) if attempt.pk in told_of else [],
        }


def _results(user: User) -> Iterable[Row]:
    of_told = Result.objects.filter(attempt__in=_scored(user)).order_by("pk")
    return of_told.values(
        *("attempt__public_id", "scorer", "scorer_version", "round", "score", "counts"),
        "created_at",
    )


def _outcomes(user: User) -> Iterable[Row]:
    of_told = Outcome.objects.filter(result__attempt__in=_scored(user)).order_by("pk")
    return of_told.values(
        *("result__attempt__public_id", "result__scorer", "result__round"),
        *("about", "label", "outcome", "iou", "confidence", "aided"),
    )


def _scored(user: User) -> QuerySet[Attempt]:
    """Those whose feedback the user can see now."""
    return told(user).filter(state=Attempt.State.SCORED)


def _series_cases(user: User) -> Iterable[Row]:
    """Of series that hold nothing any more: nobody is told which case comes next in a test."""
    held = held_cases(user).values("series")
    places = SeriesCase.objects.filter(series__user=user).exclude(series__in=held)
    return places.order_by("pk").values("series__public_id", "position", "case__public_id")


PARTS = (
    Part("attempts", Attempt, _attempts),
    Part("results", Result, _results),
    Part("outcomes", Outcome, _outcomes),
    part(
        "series",
        Series,
        "user",
        *("public_id", "kind", "mode", "rule", "case_seconds", "ends_at"),
        *("started_at", "closed_at", "closed_because"),
    ),
    Part("series-cases", SeriesCase, _series_cases),
)
