"""Line charts as SVG made on the server: their geometry; `learning/_chart.html` draws it.

Lines are told apart by dashes and marks of their own, not by color alone, and each chart has its
table on the page (decision 030).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 480, 260
LEFT, RIGHT, TOP, BOTTOM = 48, 28, 14, 44
"""Room around the plot, in units of the drawing."""
STYLES = 4
"""How many kinds of line there are in the style sheet; the fifth line looks like the first."""
MOST_X_TICKS = 8


@dataclass(frozen=True)
class Point:
    """A value with its limits, where it has any."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Spot:
    """A point in units of the drawing, as text for SVG."""

    x: str
    y: str
    low: str
    high: str


@dataclass(frozen=True)
class Line:
    name: str
    style: int
    """1 to `STYLES`: dashes and mark."""
    path: str
    spots: list[Spot]
    legend_x: int


@dataclass(frozen=True)
class Tick:
    at: str
    words: str


@dataclass(frozen=True)
class Chart:
    """A chart and its table."""

    slug: str
    title: str
    x_name: str
    y_name: str
    lines: list[Line]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    head: list[str]
    rows: list[list[str]]

    width, height = WIDTH, HEIGHT
    left, bottom, right, top = LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, TOP
    middle = (LEFT + WIDTH - RIGHT) // 2


def line_chart(
    slug: str,
    title: str,
    series: Mapping[str, Sequence[Point]],
    *,
    x_name: str,
    y_name: str,
    x_words: Mapping[float, str] | None = None,
    x_range: tuple[float, float] | None = None,
    y_top: float | None = None,
    percent: bool = False,
) -> Chart | None:
    """A chart of some lines by their names; None where none has two points.

    `x_words` names the ticks (dates, levels), else x is a number from 0. y begins at 0; with
    `percent` its values are proportions. Limits of points are drawn as whiskers.
    """
    every = [point for points in series.values() for point in points]
    if all(len(points) < 2 for points in series.values()):
        return None
    x_low, x_high = x_range or _x_range(every, x_words)
    highest = max(point.high if point.high is not None else point.y for point in every)
    step = 0.25 if percent else _step(y_top or highest)
    top = 1.0 if percent else max(step, step * -(-(y_top or highest) // step))

    def across(x: float) -> str:
        share = (x - x_low) / (x_high - x_low) if x_high > x_low else 0.5
        return f"{LEFT + share * (WIDTH - LEFT - RIGHT):.1f}"

    def up(y: float) -> str:
        return f"{HEIGHT - BOTTOM - min(y, top) / top * (HEIGHT - TOP - BOTTOM):.1f}"

    lines = []
    for number, (name, points) in enumerate(series.items()):
        spots = [
            Spot(
                across(p.x),
                up(p.y),
                up(p.low) if p.low is not None else "",
                up(p.high) if p.high is not None else "",
            )
            for p in points
        ]
        path = " ".join(f"{'L' if k else 'M'}{one.x} {one.y}" for k, one in enumerate(spots))
        lines.append(Line(name, number % STYLES + 1, path, spots, LEFT + 110 * number))
    x_steps = _x_ticks(x_low, x_high, x_words)
    ticks = [step * k for k in range(round(top / step) + 1)]
    return Chart(
        slug=slug,
        title=title,
        x_name=x_name,
        y_name=y_name,
        lines=lines,
        x_ticks=[Tick(across(x), words) for x, words in x_steps],
        y_ticks=[Tick(up(y), _in_words(y, percent)) for y in ticks],
        head=[x_name, *series],
        rows=_rows(series, x_words, percent),
    )


def _x_range(points: Sequence[Point], words: Mapping[float, str] | None) -> tuple[float, float]:
    xs = list(words) if words else [0.0, *(point.x for point in points)]
    return min(xs), max(xs)


def _x_ticks(low: float, high: float, words: Mapping[float, str] | None) -> list[tuple[float, str]]:
    if words:
        every = -(-len(words) // MOST_X_TICKS)
        return [pair for place, pair in enumerate(sorted(words.items())) if place % every == 0]
    step = _step(high - low)
    count = int((high - low) / step + 1e-9)
    return [(low + step * k, _in_words(low + step * k, False)) for k in range(count + 1)]


def _step(extent: float) -> float:
    """A round step that cuts an extent into two to five parts."""
    step = 0.01
    while extent / step > 5:
        step *= 2.5 if f"{step:e}".startswith("2") else 2
    return step


def _in_words(value: float, percent: bool) -> str:
    return f"{100 * value:.0f} %" if percent else f"{value:.2f}".rstrip("0").rstrip(".")


def _rows(
    series: Mapping[str, Sequence[Point]], words: Mapping[float, str] | None, percent: bool
) -> list[list[str]]:
    xs = sorted({point.x for points in series.values() for point in points})
    by_x = [{point.x: point for point in points} for points in series.values()]
    return [
        [
            words.get(x, "") if words else _in_words(x, False),
            *(_cell(points.get(x), percent) for points in by_x),
        ]
        for x in xs
    ]


def _cell(point: Point | None, percent: bool) -> str:
    if point is None:
        return "–"
    limits = (
        f" ({_in_words(point.low, percent)} to {_in_words(point.high, percent)})"
        if point.low is not None and point.high is not None
        else ""
    )
    return _in_words(point.y, percent) + limits
