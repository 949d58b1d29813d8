"""The list of past cases: what it can be narrowed to, and what then stands in it.

Whatever is asked of findings, outcomes or scores finds only attempts that may be told
(`learning.past.may_be_told`), so that no choice says what a case of an open series is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from attempts.games import game_of, kinds
from attempts.models import Attempt, Mode, Outcome
from attempts.queries import shown_results
from learning.drills.game import KIND as DRILL
from learning.past import BANDS, NORMAL, may_be_told, name_of, submitted
from localize.scoring import NORMAL as CALLED_NORMAL

NO_FINDING = "normal"
"""Chosen as the finding: cases without any."""
MISSED, OVERCALLED = "missed", "overcalled"
OLDEST = "oldest"


@dataclass(frozen=True)
class Choice:
    """One thing to narrow the list by, as the page offers it."""

    field: str
    """Its name in the address."""
    name: str
    options: tuple[tuple[str, str], ...]
    """Value and words; the first, with an empty value, narrows nothing."""
    chosen: str


def choices(user: User, query: Mapping[str, str]) -> list[Choice]:
    """What the user can choose, and what `query` chooses of it, the unknown left out."""
    offered = {
        "game": ("Game", "All", [(kind, game_of(kind).name) for kind in kinds()]),
        "mode": ("Way of playing", "All", Mode.choices),
        "finding": ("Finding", "All", _findings_told(user)),
        "result": ("How it went", "All", _results()),
        "order": ("Order", "Newest first", [(OLDEST, "Oldest first")]),
    }
    return [
        Choice(field, name, (("", every), *options), _known(query.get(field, ""), options))
        for field, (name, every, options) in offered.items()
    ]


def _known(value: str, options: list[tuple[str, str]]) -> str:
    return value if value in dict(options) else ""


def _results() -> list[tuple[str, str]]:
    bands = [(key, f"{band.name} points") for key, band in BANDS.items()]
    return [*bands, (MISSED, "Something missed or wrong"), (OVERCALLED, "Something overcalled")]


def _findings_told(user: User) -> list[tuple[str, str]]:
    """The labels of the cases whose truth the user may be told, by name."""
    told = submitted(user).filter(may_be_told(user))
    of_cases = Outcome.objects.filter(about=Outcome.About.TRUTH, result__attempt__in=told)
    labels = of_cases.values_list("label", flat=True).distinct()
    named = sorted(((label, name_of(label)) for label in labels), key=lambda pair: pair[1])
    return [(NO_FINDING, NORMAL), *named]


def attempts_of(user: User, chosen: list[Choice]) -> QuerySet[Attempt]:
    """The user's submitted attempts as narrowed."""
    by = {choice.field: choice.chosen for choice in chosen}
    found = submitted(user)
    if by["game"]:
        found = found.filter(kind=by["game"])
    if by["mode"]:
        found = found.filter(mode=by["mode"])
    if by["finding"] or by["result"]:
        found = found.filter(may_be_told(user))
    if by["finding"]:
        found = _with_finding(found, by["finding"])
    if by["result"]:
        found = _that_went(found, by["result"], by["finding"])
    oldest = by["order"] == OLDEST
    return found.order_by(*(("submitted_at", "id") if oldest else ("-submitted_at", "-id")))


def _outcomes(about: str) -> QuerySet[Outcome]:
    """The outcomes of one attempt of the query around it."""
    return Outcome.objects.filter(result__attempt=OuterRef("pk"), about=about)


def _with_finding(attempts: QuerySet[Attempt], label: str) -> QuerySet[Attempt]:
    truths = _outcomes(Outcome.About.TRUTH)
    if label == NO_FINDING:
        # A drill may ask nothing of what a film shows: it says itself of a film that it is normal.
        normal = _outcomes(Outcome.About.CASE).filter(label=CALLED_NORMAL)
        return attempts.filter(~Exists(truths) & (~Q(kind=DRILL) | Exists(normal)))
    return attempts.filter(Exists(truths.filter(label=label)))


def _that_went(attempts: QuerySet[Attempt], how: str, label: str) -> QuerySet[Attempt]:
    """Those whose result that counts is as asked for; where a `label` is chosen, it was missed."""
    shown = shown_results().filter(counts=True)
    if how == OVERCALLED:
        marks = _outcomes(Outcome.About.MARK).filter(outcome="false", result__in=shown)
        return attempts.filter(Exists(marks))
    if how == MISSED:
        truths = _outcomes(Outcome.About.TRUTH).filter(result__in=shown).exclude(outcome="hit")
        return attempts.filter(Exists(truths.filter(label=label) if label else truths))
    band = BANDS[how]
    counting = shown.filter(attempt=OuterRef("pk"))
    return attempts.filter(Exists(counting.filter(score__gte=band.low, score__lt=band.high)))
