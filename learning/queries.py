"""What a learner sees of their own record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from accounts.prepared import prepared, prepared_models
from attempts.games import Game, game_of, kinds
from attempts.models import Attempt, Mode, Outcome, Result, Series
from attempts.queries import counted_results, held_cases
from attempts.seen import met
from learning.models import CaseRecord
from learning.past import Past, described, name_of, submitted
from ml import taxonomy
from ml.psychometrics import Interval, proportion, rate

ENOUGH_CASES = 20
"""Below this number of cases a learner's figures are mostly chance."""


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

    @property
    def is_known(self) -> bool:
        """Whether the taxonomy has it, so that films of it can be looked for."""
        return self.slug in taxonomy.labels()


def rate_of(hits: int, total: int) -> Rate | None:
    """`hits` of `total` as a rate; None when there is nothing to divide by."""
    if total == 0:
        return None
    share = proportion(hits, total)
    return Rate(hits, total, share.value, share.low, share.high)


@dataclass(frozen=True)
class Sureness:
    """How often a learner was right at one level of confidence, of marks and calls of normal."""

    level: int
    """1 a guess to 5 certain."""
    rate: Rate


@dataclass(frozen=True)
class RuleChoice:
    """A rule under which the learner has results that count."""

    rule: str
    name: str
    cases: int


@dataclass(frozen=True)
class Progress:
    rule: str
    """The rule that all figures are of: results of two are never mixed."""
    rule_name: str
    rules: list[RuleChoice]
    """All that there are results of, the game's default first."""
    cases: int
    known: int
    """Scored attempts at films whose truth was known: they enter no figure."""
    enough: bool
    sensitivity: Rate | None
    false_marks: int
    false_marks_per_case: Interval | None
    labels: list[LabelRecord]
    scores: list[float]
    """Oldest first, at most 100."""
    sureness: list[Sureness]
    """By level of confidence, those that were said."""


def progress_of(user: User, kind: str = "localize", rule: str = "") -> Progress:
    """The learner's figures in one game, over what counts (`counted_results`) and may be told of.

    They are of one rule: the one asked for where there are results of it, else the game's
    default, else the one with most of them. What a hint led to is no hit here.
    """
    every = counted_results().filter(attempt__user=user, attempt__kind=kind)
    every = every.exclude(attempt__case__in=held_cases(user).values("case_id"))
    game = game_of(kind)
    rules = _rules_of(every, game)
    offered = {one.rule for one in rules}
    chosen = next((one for one in (rule, game.rules[0]) if one in offered), "")
    chosen = chosen or max(rules, key=lambda one: one.cases, default=_none_yet(game)).rule
    results = every.filter(scorer=chosen)
    known = Attempt.objects.filter(
        user=user, kind=kind, state=Attempt.State.SCORED, truth_seen=True
    ).exclude(mode=Mode.GUIDED)
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
        rule=chosen,
        rule_name=game.rule_names.get(chosen, chosen),
        rules=rules,
        cases=cases,
        known=known.count(),
        enough=cases >= ENOUGH_CASES,
        sensitivity=rate_of(hits, truths),
        false_marks=false,
        false_marks_per_case=rate(false, cases) if cases else None,
        labels=sorted((r for r in labels if r), key=lambda record: record.rate.low),
        scores=scores,
        sureness=_sureness(results),
    )


def games_played(user: User) -> list[str]:
    """The games of which the user has a scored attempt, in the order of `kinds`."""
    scored = Attempt.objects.filter(user=user, state=Attempt.State.SCORED)
    found = set(scored.order_by().values_list("kind", flat=True).distinct())
    return [kind for kind in kinds() if kind in found]


def own_records(user: User, rule: str, kind: str = "localize") -> QuerySet[CaseRecord]:
    """The user's records of one game and rule that may be told of."""
    found = CaseRecord.objects.filter(user=user, kind=kind, rule=rule)
    return found.exclude(case__in=held_cases(user).values("case_id"))


def _rules_of(results: QuerySet[Result], game: Game) -> list[RuleChoice]:
    """The rules of some results with the number of each, in the order of the game's."""
    counted = results.values("scorer").annotate(cases=Count("id"))
    found = [
        RuleChoice(row["scorer"], game.rule_names.get(row["scorer"], row["scorer"]), row["cases"])
        for row in counted
    ]
    order = {rule: place for place, rule in enumerate(game.rules)}
    return sorted(found, key=lambda one: (order.get(one.rule, len(order)), one.rule))


def _none_yet(game: Game) -> RuleChoice:
    return RuleChoice(game.rules[0], "", 0)


def _sureness(results: QuerySet[Result]) -> list[Sureness]:
    """How often marks and calls of normal were right, by how sure the learner said to be.

    A second mark of what was found already is left out: it is neither.
    """
    said = Outcome.objects.filter(result__in=results, confidence__isnull=False)
    said = said.exclude(outcome="duplicate")
    rows = said.values("confidence").annotate(
        total=Count("id"), right=Count("id", filter=Q(outcome="hit"))
    )
    rates = {row["confidence"]: rate_of(row["right"], row["total"]) for row in rows}
    return [Sureness(level, rate) for level, rate in sorted(rates.items()) if level and rate]


def _record(row: Mapping[str, Any]) -> LabelRecord | None:
    rate = rate_of(row["hits"], row["truths"])
    if rate is None:
        return None
    return LabelRecord(row["label"], name_of(row["label"]), rate, row["false"])


LAST = 10
"""Attempts that pages name below what they are about."""


def last_attempts(user: User, held: Collection[int] | None = None) -> list[Past]:
    """The user's last submitted attempts, newest first; `held` as in `described`."""
    return described(user, _last(user.pk), held)


@prepared_models
def _last(user: int) -> QuerySet[Attempt]:
    own = submitted(User(pk=user)).select_related("case")
    return own.order_by("-submitted_at", "-id")[:LAST]


@dataclass(frozen=True)
class Begun:
    """A series of the learner that is open, or tells nothing yet."""

    kind: str
    is_assigned: bool
    """Set by others, or a deck."""
    is_open: bool


def begun_series(user: User) -> list[Begun]:
    """All of them, few: whoever has none need not be asked for more."""
    rows = _begun_series(user.pk)
    return [Begun(kind, bool(is_assigned), closed is None) for kind, is_assigned, closed in rows]


@prepared
def _begun_series(user: int) -> QuerySet[Series, Any]:
    found = Series.objects.filter(Q(closed_at=None) | Q(told_from__gt=Now()), user=user)
    return found.order_by().values_list("kind", "is_assigned", "closed_at")


def open_series(user: User) -> dict[str, Series]:
    """The open series that the user began, by game, with `answered` and `size`."""
    own = Series.objects.filter(user=user, closed_at__isnull=True, is_assigned=False)
    found = own.annotate(
        size=Count("places", distinct=True),
        answered=Count("attempts", filter=~Q(attempts__state=Attempt.State.DRAFT), distinct=True),
    )
    return {series.kind: series for series in found}


@dataclass(frozen=True)
class SeriesRow:
    """One case of a series as its page shows it; `past` is None where it was not reached."""

    position: int
    past: Past | None


@dataclass(frozen=True)
class LabelCount:
    """How one finding went over the cases of a series that are told of."""

    name: str
    there: int
    """How often it was there."""
    found: int
    overcalled: int
    """Cases in which it was said and was not there."""


@dataclass(frozen=True)
class SeriesPage:
    """A series in figures; rows, mean and findings only once it is closed and tells."""

    size: int
    answered: int
    known: int
    """Films that the learner had met before it began: they enter no figure."""
    waiting: int
    rows: list[SeriesRow]
    mean: float | None
    """Over the cases answered and told of; None when there is none, or they are of two rules."""
    findings: list[LabelCount]
    """Over the same cases, what was missed most first."""
    normal: int
    """Of them those without a finding."""
    left_alone: int
    """Of the normal ones those in which nothing was overcalled."""
    left: str
    """“12 min 5 s” of the limit for all of it; empty without one."""


def series_page(series: Series) -> SeriesPage:
    places = list(series.places.all())
    answered = series.attempts.exclude(state=Attempt.State.DRAFT)
    waiting = answered.filter(state=Attempt.State.SUBMITTED).count()
    tells = series.tells and not series.is_open
    past = {p.attempt.case_id: p for p in described(series.user, answered)} if tells else {}
    told = [one for one in past.values() if one.told]
    scores = [one.score for one in told if one.score is not None]
    rules = {one.scorer for one in told if one.score is not None}
    normal = [one for one in told if not one.findings]
    before = met(series.user).exclude(series=series).filter(started_at__lt=series.started_at)
    known = before.filter(case__in=[place.case_id for place in places])
    return SeriesPage(
        size=len(places),
        answered=len(past) if past else answered.count(),
        known=known.values("case_id").distinct().count(),
        waiting=waiting,
        rows=[]
        if series.is_open or not series.tells
        else [SeriesRow(p.position, past.get(p.case_id)) for p in places],
        mean=sum(scores) / len(scores) if scores and len(rules) == 1 else None,
        findings=_label_counts(told),
        normal=len(normal),
        left_alone=sum(not one.overcalled for one in normal),
        left=_left(series),
    )


def _label_counts(told: list[Past]) -> list[LabelCount]:
    there: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for finding in (finding for one in told for finding in one.findings):
        there[finding.name] += sum(went.count for went in finding.went)
        found[finding.name] += sum(w.count for w in finding.went if w.outcome == "hit")
    overcalled = Counter(name for one in told for name in one.overcalled)
    counts = [
        LabelCount(name, there[name], found[name], overcalled[name]) for name in there | overcalled
    ]
    return sorted(counts, key=lambda count: (count.found - count.there, count.name))


def _left(series: Series) -> str:
    if series.ends_at is None:
        return ""
    seconds = max(0, round((series.ends_at - timezone.now()).total_seconds()))
    return f"{seconds // 60} min {seconds % 60} s"
