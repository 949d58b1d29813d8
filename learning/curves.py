"""Curves of some records: of one learner for themselves, of a class for its instructor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from statistics import quantiles

import numpy as np

from learning.charts import Chart, Point, line_chart
from learning.columns import DAY, LEVELS, Array, Columns, offsets
from learning.models import Mistake
from ml import froc
from ml.psychometrics import proportion, resolution
from ml.rated import Rated

MOST_POINTS = 40
"""Of one chart over cases: more are not told apart, and cost time to draw."""
LOSSES = {
    "search": "Search",
    "recognition": "Recognition",
    "precision": "Precision",
    "overcalls": "Overcall",
}
"""Columns of `CaseRecord` → the kind of loss as pages call it."""


@dataclass(frozen=True)
class FreeResponse:
    """FROC curve and wAFROC figure; `figure` None where there are not enough readers or cases."""

    curve: Chart | None
    afroc: Chart | None
    figure: froc.PooledFigure | None
    readers: int


def free_response(records: Columns, *, of_one: bool = False) -> FreeResponse:
    """The free-response figures of some records: of a class over readers, of one over cases."""
    rated = records.rated
    ratings, users = rated.ratings, rated.rows["user"]
    sizes = ratings.sizes
    has_lesions = bool(sizes.any())
    has_both = has_lesions and not sizes.all()
    if of_one:
        figure = _figure_of_one(ratings.cases()) if has_both else None
    else:
        figure = ratings.pooled_jafroc(users)
    return FreeResponse(
        _froc_chart(ratings) if has_lesions else None,
        _afroc_chart(ratings) if has_both else None,
        figure,
        len(np.unique(users)),
    )


def _figure_of_one(cases: list[froc.CaseRatings]) -> froc.PooledFigure:
    low, high = froc.jafroc_interval(cases, draws=1000)
    return froc.PooledFigure(froc.jafroc(cases), low, high)


def _froc_chart(ratings: Rated) -> Chart | None:
    _, nlf, llf = ratings.froc_curve()
    points = [Point(float(x), float(y)) for x, y in zip(nlf, llf, strict=True)]
    return line_chart(
        "froc",
        "FROC: lesions found against false marks for each case",
        {"Lesions found": points},
        x_name="False marks for each case",
        y_name="Lesions found",
        percent=True,
    )


def _afroc_chart(ratings: Rated) -> Chart | None:
    _, fpf, llf = ratings.afroc_curve()
    points = [Point(float(x), float(y)) for x, y in zip(fpf, llf, strict=True)]
    return line_chart(
        "afroc",
        "Weighted AFROC: lesions found against normal films with a false mark",
        {"Lesions found": points},
        x_name="Normal films with a false mark (share)",
        y_name="Lesions found, each film the same weight",
        x_range=(0, 1),
        percent=True,
    )


@dataclass(frozen=True)
class Calibration:
    """How often one was right at each level of confidence."""

    chart: Chart | None
    gamma: float | None
    """How much more often right when surer, -1 to 1."""


def calibration(records: Columns) -> Calibration:
    said = (records.rows[name].sum(axis=0, dtype=np.int64).tolist() for name in ("right", "wrong"))
    right, wrong = (
        {level: count for level, count in zip(range(1, LEVELS + 1), counts, strict=True) if count}
        for counts in said
    )
    points = []
    for level in sorted({*right, *wrong}):
        share = proportion(right.get(level, 0), right.get(level, 0) + wrong.get(level, 0))
        points.append(Point(level, share.value, share.low, share.high))
    chart = line_chart(
        "calibration",
        "How often right, by how sure",
        {"Right": points},
        x_name="Confidence",
        y_name="Right",
        x_words={level: str(level) for level in range(1, LEVELS + 1)},
        percent=True,
    )
    return Calibration(chart, resolution(right, wrong))


def _in_order(records: Columns) -> Array:
    """The rows as they were played."""
    return records.rows[np.lexsort((records.rows["id"], records.rows["at"]))]


def learning_curve(records: Columns, each: int = 10) -> Chart | None:
    """What was found of each ten cases, with intervals, in the order they were played; of more at
    a time where there are many.
    """
    rows = _in_order(records)
    each = _at_a_time(len(rows), each)
    points = []
    for start in range(0, len(rows), each):
        part = rows[start : start + each]
        truths, hits = int(part["truths"].sum()), int(part["hits"].sum())
        if truths:
            share = proportion(hits, truths)
            points.append(Point(start + len(part), share.value, share.low, share.high))
    return line_chart(
        "learning-curve",
        f"Found, for each {each} cases",
        {"Found": points},
        x_name="Cases played",
        y_name="Found",
        percent=True,
    )


def _at_a_time(count: int, least: int) -> int:
    """So many cases make a point that there are at most `MOST_POINTS`, a multiple of `least`."""
    return least * max(1, -(-count // (least * MOST_POINTS)))


def time_for_each(records: Columns, each: int = 10) -> Chart | None:
    """The median time of each ten cases, with its quartiles, in the order they were played; of more
    at a time where there are many.
    """
    timed = _in_order(records)["elapsed"]
    times = (timed[timed >= 0] / 1000).tolist()
    each = _at_a_time(len(times), each)
    points = []
    for start in range(0, len(times), each):
        part = times[start : start + each]
        if len(part) == each:
            low, middle, high = quantiles(part, n=4, method="inclusive")
            points.append(Point(start + each, middle, low, high))
    return line_chart(
        "time-for-each",
        f"Time for a case: median and quartiles of each {each}",
        {"Seconds": points},
        x_name="Cases played",
        y_name="Seconds for a case",
    )


def losses_over_time(records: Columns, zone: tzinfo) -> Chart | None:
    """What was lost for each case of a week of that time zone, by kind."""
    at = records.rows["at"]
    weeks, week_of = np.unique(_week(at + offsets(at, zone)), return_inverse=True)
    cases = np.bincount(week_of, minlength=len(weeks))
    places = [float(week - weeks[0]) for week in weeks]
    series = {}
    for name, words in LOSSES.items():
        lost = np.bincount(week_of, weights=records.rows[name], minlength=len(weeks)) / cases
        series[words] = [Point(x, y) for x, y in zip(places, lost.tolist(), strict=True)]
    mondays = (MONDAY + timedelta(weeks=week) for week in weeks.tolist())
    return line_chart(
        "kinds-of-loss",
        "Kinds of loss for each case, by week",
        series,
        x_name="Week of",
        y_name="Losses for each case",
        x_words={x: f"{monday:%-d %b}" for x, monday in zip(places, mondays, strict=True)},
    )


MONDAY = date(1969, 12, 29)
"""The first day of week 0, that of the first of January 1970."""


def _week(local: Array) -> Array:
    """Weeks from Monday to Sunday, of local times in microseconds."""
    weeks: Array = (local // DAY + 3) // 7
    return weeks


def mistaken(records: Columns) -> list[tuple[str, str, int]]:
    """What findings were taken for: label, what it was called, how often; most often first."""
    made = records.mistakes[records.mistakes["kind"] == records.number_of(Mistake.MISTAKEN)]
    pairs, counts = np.unique(made[["label", "called"]], return_counts=True)
    found = [
        (records.words[label], records.words[called], count)
        for (label, called), count in zip(pairs.tolist(), counts.tolist(), strict=True)
    ]
    return sorted(found, key=lambda one: (-one[2], one[0], one[1]))
