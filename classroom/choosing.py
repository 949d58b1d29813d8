"""Which cases an assignment has: found in the library, or drawn by a rule."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Avg, Count, Exists, F, OuterRef, Q, QuerySet

from attempts.games import game_of
from attempts.models import Attempt, Outcome
from attempts.queries import counted_results
from attempts.series import MOST_CASES
from cases.models import Case, Finding
from cases.queries import labels_called, of_everybody
from classroom.access import members, visible_attempts
from classroom.models import Assignment, Cohort
from classroom.problems import Refused
from ml import taxonomy

ENOUGH_RESULTS = 5
"""Below this number of results a case has no difficulty."""
DIFFICULTIES = {
    "easy": ("easy", 75.0, 101.0),
    "middle": ("middling", 50.0, 75.0),
    "hard": ("hard", -1.0, 50.0),
}
"""Difficulty → its word, and the mean scores of all learners, from and below which."""
MISSED_LABELS = 5
"""How many labels “what this class misses most” are."""


@dataclass(frozen=True)
class Filters:
    """What narrows the library; empty strings narrow nothing."""

    text: str = ""
    """A part of a label's name, in whatever words, or of the data set's own name of the case."""
    dataset: str = ""
    """Slug of a data set."""
    difficulty: str = ""
    """A key of `DIFFICULTIES`."""
    findings: str = ""
    """`normal` or `abnormal`."""


def library(kind: str, rule: str, filters: Filters) -> QuerySet[Case]:
    """Published cases that can be played in a game under a rule and that the filters leave; how
    difficult they are under that rule says `difficulties`.
    """
    cases = of_everybody(Case.objects.filter(status=Case.Status.PUBLISHED))
    cases = game_of(kind).playable(cases, rule).select_related("dataset")
    if filters.dataset:
        cases = cases.filter(dataset__slug=filters.dataset)
    there = _diseases()
    if filters.findings == "normal":
        cases = cases.filter(~Exists(there))
    elif filters.findings == "abnormal":
        cases = cases.filter(Exists(there))
    if filters.text:
        named = _labeled(labels_called(filters.text))
        cases = cases.filter(Exists(named) | Q(source_key__icontains=filters.text))
    if filters.difficulty in DIFFICULTIES:
        _, low, high = DIFFICULTIES[filters.difficulty]
        cases = cases.filter(
            pk__in=_means(kind, rule).filter(mean__gte=low, mean__lt=high).values("case")
        )
    return cases.order_by("pk")


def _labeled(labels: Iterable[str]) -> QuerySet[Finding]:
    """What a case has of these labels, normal variants among them."""
    return Finding.objects.filter(case=OuterRef("pk"), label__in=labels)


def _diseases() -> QuerySet[Finding]:
    """The findings of a case: normal variants and pitfalls are none."""
    return Finding.objects.filter(case=OuterRef("pk")).exclude(label__in=taxonomy.variants())


def _means(kind: str, rule: str) -> QuerySet[Any]:
    """By `case` the `mean` score of those with enough `results`."""
    found = counted_results().filter(attempt__kind=kind, scorer=rule)
    by_case = found.order_by().values(case=F("attempt__case"))
    return by_case.annotate(mean=Avg("score"), results=Count("pk")).filter(
        results__gte=ENOUGH_RESULTS
    )


def difficulties(kind: str, rule: str, cases: Sequence[Case]) -> dict[int, tuple[str, float]]:
    """Of some cases, by key, how difficult they are, in a word, and their mean score."""
    rows = _means(kind, rule).filter(attempt__case__in=cases).values_list("case", "mean")
    return {
        case: (next(word for word, low, high in DIFFICULTIES.values() if low <= mean < high), mean)
        for case, mean in rows
    }


@dataclass(frozen=True)
class Rule:
    """How cases are drawn: as many as `count`, of them `normals` percent without a finding."""

    count: int = 10
    normals: int = 30
    labels: tuple[str, ...] = ()
    """Slugs, one of which every abnormal case has; empty: any."""
    dataset: str = ""
    difficulty: str = ""
    missed: bool = False
    """Abnormal cases have a label that this class misses most."""

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "labels": list(self.labels)}


def most_missed(cohort: Cohort) -> list[str]:
    """The labels that the class's learners missed most often, of what counts; worst first."""
    results = counted_results().filter(attempt__in=visible_attempts(cohort))
    truths = Outcome.objects.filter(result__in=results, about=Outcome.About.TRUTH)
    rows = (
        truths.values("label")
        .annotate(there=Count("pk"), missed=Count("pk", filter=~Q(outcome="hit") | Q(aided=True)))
        .filter(missed__gt=0)
    )
    worst = sorted(rows, key=lambda row: (-row["missed"], -row["missed"] / row["there"]))
    return [row["label"] for row in worst[:MISSED_LABELS]]


def draw(assignment: Assignment, rule: Rule, seed: str) -> list[Case]:
    """Cases by a rule, those that fewest of the class have answered first, else by chance.

    The same seed draws the same of the same library. Where one kind is short, there are fewer.
    Raises Refused where nothing fits.
    """
    if not 1 <= rule.count <= MOST_CASES:
        raise Refused(f"Between 1 and {MOST_CASES} cases can be drawn.")
    wanted_normals = round(rule.count * rule.normals / 100)
    filters = Filters(dataset=rule.dataset, difficulty=rule.difficulty)
    cases = library(assignment.kind, assignment.rule, filters)
    there = _diseases()
    labels = list(rule.labels)
    if rule.missed:
        labels = [one for one in most_missed(assignment.cohort) if not labels or one in labels]
        if not labels:
            raise Refused("This class has missed nothing yet that a rule could go by.")
    wanted = _labeled(labels) if labels else there
    abnormal = _drawn(assignment, cases.filter(Exists(wanted)), rule.count - wanted_normals, seed)
    normal = _drawn(assignment, cases.filter(~Exists(there)), wanted_normals, seed)
    drawn = [*abnormal, *normal]
    if not drawn:
        raise Refused("No case of the library fits this rule.")
    random.Random(seed).shuffle(drawn)  # noqa: S311  # no secret
    return drawn


def _drawn(assignment: Assignment, cases: QuerySet[Case], count: int, seed: str) -> list[Case]:
    """Some of these cases, those that fewest learners of the class have answered first."""
    if count <= 0:
        return []
    learners = members(assignment.cohort).values("user")
    answered = Count(
        "attempts",
        filter=Q(attempts__user__in=learners, attempts__submitted_at__isnull=False),
        distinct=True,
    )
    keys = list(cases.annotate(answered=answered).values_list("pk", "answered"))
    random.Random(seed).shuffle(keys)  # noqa: S311  # no secret
    chosen = [pk for pk, _ in sorted(keys, key=lambda row: row[1])[:count]]
    found = Case.objects.in_bulk(chosen)
    return [found[pk] for pk in chosen]


def answered_by_class(cohort: Cohort, cases: Sequence[Case]) -> dict[int, int]:
    """Of some cases, by key, how many learners of the class have answered them."""
    rows = Attempt.objects.filter(
        case__in=cases, user__in=members(cohort).values("user"), submitted_at__isnull=False
    )
    counted = rows.values("case").annotate(learners=Count("user", distinct=True))
    return {row["case"]: row["learners"] for row in counted}
