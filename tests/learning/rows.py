"""Scored attempts in rows, with the outcomes that figures are made of."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from attempts.models import Attempt, Outcome, Result, Series

MINUTE = timedelta(minutes=1)


def keep(user, case, *outcomes, scorer="clinical", score=50.0, counts=True, **said):
    """A scored attempt with a result and its outcomes: (about, label, outcome, …)."""
    given = {"user": user, "kind": "localize", "mode": "practice", "state": "scored"}
    given |= {"case_version": 1, "submitted_at": timezone.now(), "scored_at": timezone.now()}
    attempt = Attempt.objects.create(case=case, **given | said)
    result = Result.objects.create(
        attempt=attempt, scorer=scorer, scorer_version="1", score=score, data={}, counts=counts
    )
    names = ("about", "label", "outcome", "confidence", "aided")
    Outcome.objects.bulk_create(
        Outcome(result=result, **dict(zip(names, row, strict=False))) for row in outcomes
    )
    return attempt


def hold(user, case):
    """An open test that holds the case."""
    series = Series.objects.create(user=user, kind="report", mode="test")
    series.places.create(case=case, position=1)
    return series
