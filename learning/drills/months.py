"""The detection threshold over months, as the page of progress shows it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, tzinfo

from accounts.models import User
from learning.charts import Chart, Point, line_chart
from learning.drills.figures import ENOUGH, dated_trials
from ml.learning.threshold import Staircase, Threshold, Trial

LAST_OF_MONTH = 120
"""Nodules of a month that its threshold is of: the last so many."""
CONTRASTS = tuple(step / 4 for step in range(1, 33))
"""Contrast-to-noise ratios of the curves."""


@dataclass(frozen=True)
class Months:
    """Thresholds of months with enough nodules."""

    now: Threshold
    """Of the last month that has one."""
    named: str
    words: str
    """What has changed since the first, in a sentence; empty for one month."""
    thresholds: Chart | None
    curves: Chart | None


def thresholds_of(user: User, zone: tzinfo) -> Months | None:
    """By the learner's months; None before one of them has enough. One query."""
    by_month: dict[date, list[Trial]] = defaultdict(list)
    for at, trial in dated_trials(user):
        by_month[at.astimezone(zone).date().replace(day=1)].append(trial)
    found = {
        month: Staircase(trials[-LAST_OF_MONTH:]).estimate()
        for month, trials in sorted(by_month.items())
        if len(trials) >= ENOUGH
    }
    if not found:
        return None
    first, last = min(found), max(found)
    return Months(
        now=found[last],
        named=_name(last),
        words=_change(found[first], found[last], first) if first != last else "",
        thresholds=_by_month(found),
        curves=_curves({month: found[month] for month in (first, last)}),
    )


def _name(month: date) -> str:
    return f"{month:%B %Y}"


def _change(first: Threshold, last: Threshold, month: date) -> str:
    """Only what the intervals tell apart is called a change."""
    apart = first.high < last.low or last.high < first.low
    chance = "" if apart else " The intervals overlap: it may be chance."
    return f"In {_name(month)} it was {first.words}.{chance}"


def _by_month(found: dict[date, Threshold]) -> Chart | None:
    start = min(found)
    at = {month: 12 * (month.year - start.year) + month.month - start.month for month in found}
    points = [Point(at[month], one.value, one.low, one.high) for month, one in found.items()]
    return line_chart(
        "thresholds",
        "Contrast-to-noise ratio at which you find half of the nodules, by month",
        {"Found half of the time": points},
        x_name="Month",
        y_name="Contrast-to-noise ratio",
        x_words={at[month]: f"{month:%b %Y}" for month in found},
    )


def _curves(found: dict[date, Threshold]) -> Chart | None:
    return line_chart(
        "psychometric",
        "Chance to find a nodule, by its contrast",
        {
            _name(month): [Point(contrast, one.chance(contrast)) for contrast in CONTRASTS]
            for month, one in found.items()
        },
        x_name="Contrast-to-noise ratio",
        y_name="Chance to find it",
        percent=True,
    )
