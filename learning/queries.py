"""What a learner sees of their own record."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from feedback.models import Attempt, Outcome, Result, Series, SeriesCase
from feedback.queries import held_cases
from feedback.registry import game_of
from ml import taxonomy

ENOUGH_CASES = 20
"""Below this number of cases a learner's figures are mostly chance (see docs/scoring.md)."""


@dataclass(frozen=True)
class Rate:
    """A proportion with its 95 % Wilson interval, all from 0 to 1."""

    hits: int
    total: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class LabelRecord:
    slug: str
    name: str
    rate: Rate
    false_marks: int


def rate_of(hits: int, total: int) -> Rate | None:
    """`hits` of `total` as a rate; None when there is nothing to divide by."""
    if total == 0:
        return None
    from scipy.stats import binomtest  # slow to import: only who asks for figures waits

    interval = binomtest(hits, total).proportion_ci(method="wilson")
    return Rate(hits, total, hits / total, interval.low, interval.high)


@dataclass(frozen=True)
class Progress:
    cases: int
    enough: bool
    sensitivity: Rate | None
    false_marks_per_case: float | None
    labels: list[LabelRecord]
    scores: list[float]
    """Oldest first, at most 100."""


def progress_of(user: User, kind: str = "localize") -> Progress:
    """The learner's figures in one game, over all scored attempts that may be told of.

    What a hint led to is no hit here.
    """
    results = Result.objects.filter(
        attempt__user=user,
        attempt__kind=kind,
        attempt__state=Attempt.State.SCORED,
        counts=True,
    ).exclude(attempt__case__in=held_cases(user).values("case_id"))
    scores = list(results.order_by("-attempt_id").values_list("score", flat=True)[:100])[::-1]
    cases = results.count()
    rows = (
        Outcome.objects.filter(result__in=results)
        .values("label")
        .annotate(
            truths=Count("id", filter=Q(about=Outcome.About.TRUTH)),
            hits=Count("id", filter=Q(about=Outcome.About.TRUTH, outcome="hit", aided=False)),
            false=Count("id", filter=Q(about=Outcome.About.MARK, outcome="false")),
        )
    )
    labels = [_record(row) for row in rows]
    truths, hits = sum(row["truths"] for row in rows), sum(row["hits"] for row in rows)
    false = sum(row["false"] for row in rows)
    return Progress(
        cases=cases,
        enough=cases >= ENOUGH_CASES,
        sensitivity=rate_of(hits, truths),
        false_marks_per_case=false / cases if cases else None,
        labels=sorted((r for r in labels if r), key=lambda record: record.rate.low),
        scores=scores,
    )


def _record(row: dict[str, object]) -> LabelRecord | None:
    rate = rate_of(row["hits"], row["truths"])
    if rate is None:
        return None
    known = taxonomy.labels().get(row["label"])
    return LabelRecord(row["label"], known.name if known else row["label"], rate, row["false"])


def last_attempts(user: User, limit: int = 10) -> list[Attempt]:
    """The user's last submitted attempts, newest first, with `url`, `held` and `shown_score`."""
    attempts = list(
        Attempt.objects.filter(user=user)
        .exclude(state=Attempt.State.DRAFT)
        .select_related("case")
        .prefetch_related("results")
        .order_by("-submitted_at")[:limit]
    )
    held = set(held_cases(user).values_list("case_id", flat=True))
    for attempt in attempts:
        counting = [result for result in attempt.results.all() if result.counts]
        attempt.url = attempt_url(attempt)
        attempt.held = attempt.case_id in held
        attempt.shown_score = counting[-1].score if counting and not attempt.held else None
    return attempts


def attempt_url(attempt: Attempt) -> str:
    return reverse(game_of(attempt.kind).attempt_url_name, args=[attempt.public_id])


def open_series(user: User) -> dict[str, Series]:
    """The user's open series by game, with `answered` and `size`."""
    found = Series.objects.filter(user=user, closed_at__isnull=True).annotate(
        size=Count("places", distinct=True),
        answered=Count("attempts", filter=~Q(attempts__state=Attempt.State.DRAFT), distinct=True),
    )
    return {series.kind: series for series in found}


@dataclass(frozen=True)
class SeriesRow:
    """One case of a series as its page shows it."""

    position: int
    attempt: Attempt | None
    score: float | None
    url: str
    held: bool = False
    """Another open series has the case: nothing is told of it until that closes."""


@dataclass(frozen=True)
class SeriesPage:
    """A series in figures; rows and mean only once it is closed."""

    size: int
    answered: int
    waiting: int
    rows: list[SeriesRow]
    mean: float | None
    """Over the cases answered and told of; None when there is none."""
    left: str
    """“12 min 5 s” of the limit for all of it; empty without one."""


def series_page(series: Series) -> SeriesPage:
    attempts = {
        attempt.case_id: attempt
        for attempt in series.attempts.exclude(state=Attempt.State.DRAFT).prefetch_related(
            "results"
        )
    }
    places = list(series.places.all())
    waiting = sum(a.state == Attempt.State.SUBMITTED for a in attempts.values())
    held = set(held_cases(series.user).values_list("case_id", flat=True))
    rows = []
    if not series.is_open:
        rows = [_series_row(p, attempts.get(p.case_id), p.case_id in held) for p in places]
    scores = [row.score for row in rows if row.score is not None]
    mean = sum(scores) / len(scores) if scores else None
    return SeriesPage(len(places), len(attempts), waiting, rows, mean, _left(series))


def _left(series: Series) -> str:
    if series.ends_at is None:
        return ""
    seconds = max(0, round((series.ends_at - timezone.now()).total_seconds()))
    return f"{seconds // 60} min {seconds % 60} s"


def _series_row(place: SeriesCase, attempt: Attempt | None, held: bool) -> SeriesRow:
    if attempt is None:
        return SeriesRow(place.position, None, None, "")
    if held:
        return SeriesRow(place.position, attempt, None, attempt_url(attempt), held)
    scores = [result.score for result in attempt.results.all() if result.counts]
    return SeriesRow(place.position, attempt, scores[-1] if scores else None, attempt_url(attempt))
