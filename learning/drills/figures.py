"""What the drills say of a learner: of one series, or of all. Known films count nowhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from attempts.models import Attempt, Result, Series
from attempts.queries import held_cases
from learning.drills.game import CALLS, CHANGE, KIND, MACHINE, NODULE, PAIR, TIP
from learning.queries import Rate, rate_of
from ml.learning.detection import Calls, Detection, detection
from ml.learning.threshold import Staircase, Threshold, Trial

RECENT = 60
"""The last so many nodules are what a learner finds now."""
LAST = 500
"""Films of each drill that its figures are of, at most."""
LAST_TRIALS = 2000
"""Nodules that the curve over months looks back at."""
SAID = (
    *("truth", "right", "near", "judged", "there", "contrast", "beside"),
    *("named", "change", "changed"),
)
ENOUGH = 10
"""Nodules below which no threshold is told."""


@dataclass(frozen=True)
class Share:
    """How often something was right, with the words for it."""

    name: str
    rate: Rate


@dataclass(frozen=True)
class Figures:
    """Of one drill; what it does not have is None or empty."""

    films: int
    glance: Detection | None = None
    free: Detection | None = None
    shares: tuple[Share, ...] = ()
    threshold: Threshold | None = None


@dataclass(frozen=True)
class Answered:
    data: dict[str, Any]
    """Of the result what figures need (`SAID`); None for what the drill does not say."""
    answer: dict[str, Any]


def _told(user: User) -> QuerySet[Result]:
    """The results of drills' films that were new and may be told of."""
    found = Result.objects.filter(
        attempt__user=user,
        attempt__kind=KIND,
        attempt__state=Attempt.State.SCORED,
        attempt__truth_seen=False,
        attempt__submitted_at__isnull=False,
    )
    return found.exclude(attempt__case__in=held_cases(user).values("case_id"))


def answered(user: User, rule: str, series: Series | None = None) -> list[Answered]:
    """What was answered in one drill, of a series or the last `LAST` of all, the oldest first."""
    found = _told(user).filter(attempt__rule=rule)
    if series:
        found = found.filter(attempt__series=series)
    rows = found.order_by("-attempt__submitted_at", "-attempt_id").values_list(
        "attempt__answer", *(f"data__{name}" for name in SAID)
    )
    return [Answered(dict(zip(SAID, said, strict=True)), answer) for answer, *said in rows[:LAST]][
        ::-1
    ]


def of_series(series: Series) -> Figures:
    return _of(series.rule, answered(series.user, series.rule, series))


def of_all(user: User) -> dict[str, Figures]:
    """By drill; one query for each."""
    return {rule: _of(rule, answered(user, rule)) for rule in _OF}


def recent_trials(user: User) -> list[Trial]:
    """The last `RECENT` nodules of known contrast that the learner was shown, the oldest first."""
    rows = _trials(user).order_by("-attempt__submitted_at", "-attempt_id")
    return [Trial(float(contrast), bool(right)) for _, contrast, right in rows[:RECENT]][::-1]


def dated_trials(user: User) -> list[tuple[datetime, Trial]]:
    """The last `LAST_TRIALS` of them, with when they were answered."""
    rows = _trials(user).order_by("-attempt__submitted_at", "-attempt_id")[:LAST_TRIALS]
    return [(at, Trial(float(contrast), bool(right))) for at, contrast, right in rows][::-1]


def _trials(user: User) -> QuerySet[Result, Any]:
    """When, contrast and whether it was found; two numbers of a result, not all it says."""
    found = _told(user).filter(attempt__rule=NODULE, data__contrast__isnull=False)
    found = found.exclude(data__contrast=None)  # null, of a film with several or none
    return found.values_list("attempt__submitted_at", "data__contrast", "data__right")


def _trial(row: Answered) -> Trial | None:
    contrast = row.data.get("contrast")
    return Trial(contrast, bool(row.data["right"])) if contrast else None


def _of(rule: str, rows: list[Answered]) -> Figures:
    return _OF[rule](rows)


def _calls(rows: list[Answered]) -> Figures:
    glance, free = (detection(_counted(rows, which)) for which in ("glance", "free"))
    return Figures(len(rows), glance=glance, free=free)


def _counted(rows: list[Answered], which: str) -> Calls:
    """Films on which nothing was said count as nothing."""
    said = Counter((row.data["truth"], row.answer.get(which)) for row in rows)
    return Calls(
        hits=said["abnormal", "abnormal"],
        misses=said["abnormal", "normal"],
        alarms=said["normal", "abnormal"],
        rejections=said["normal", "normal"],
    )


def _tips(rows: list[Answered]) -> Figures:
    near = _share("Tip marked", [row.data["near"] for row in rows])
    judged = _share("Position judged rightly", [row.data["judged"] for row in rows])
    return Figures(len(rows), shares=(*near, *judged))


def _pairs(rows: list[Answered]) -> Figures:
    asked = [row.data["right"] for row in rows if not row.data.get("beside")]
    return Figures(len(asked), shares=_share("Right film", asked))


def _nodules(rows: list[Answered]) -> Figures:
    found = _share("Nodules found", [row.data["right"] for row in rows if row.data["there"]])
    left = [row.data["right"] for row in rows if not row.data["there"]]
    trials = [trial for row in rows if (trial := _trial(row))][-RECENT:]
    threshold = Staircase(trials).estimate() if len(trials) >= ENOUGH else None
    shares = (*found, *_share("Films without one left alone", left))
    return Figures(len(rows), shares=shares, threshold=threshold)


def _machines(rows: list[Answered]) -> Figures:
    """Changes of the patient told, and technique alone taken for what it is."""
    told = [row.data["judged"] for row in rows if row.data["changed"]]
    left = [row.data["judged"] for row in rows if not row.data["changed"]]
    named = [row.data["named"] for row in rows]
    shares = (
        *_share("Changes of the patient seen", told),
        *_share("Technique alone taken for no change", left),
        *_share("Technique named", named),
    )
    return Figures(len(rows), shares=shares)


def _changes(rows: list[Answered]) -> Figures:
    changed = [row.data["right"] for row in rows if row.data["change"] != "unchanged"]
    same = [row.data["right"] for row in rows if row.data["change"] == "unchanged"]
    shares = (*_share("Changes told", changed), *_share("Unchanged left so", same))
    return Figures(len(rows), shares=shares)


def _share(name: str, right: list[bool]) -> tuple[Share, ...]:
    rate = rate_of(sum(right), len(right))
    return (Share(name, rate),) if rate else ()


_OF = {
    **{CALLS: _calls, TIP: _tips, PAIR: _pairs, NODULE: _nodules},
    **{MACHINE: _machines, CHANGE: _changes},
}
