"""The fit of rule ``clinical`` as two small pictures (SVG), for docs/scoring.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ml.boxes import Floats

SIDE = 260
"""Points of a plot's side; values from 0 to 100 fill it."""
EDGE = 44
STYLE = "font-family='sans-serif' font-size='12'"
COLORS = ("#1f6fb2", "#b5651d", "#6b8e23")
BINS = 10


def agreement_plot(attending: Sequence[float], rule: Sequence[float]) -> str:
    """Each answer as a dot: what an attending gives (across) and the rule (up), both 0 to 100."""
    parts = [_axes("score of an attending", "score of the rule")]
    parts.append(_line((0, 0), (100, 100), "#bbb"))
    for x, y in zip(attending, rule, strict=True):
        left, top = _at(x, y)
        parts.append(
            f"<circle cx='{left:.1f}' cy='{top:.1f}' r='3' fill='{COLORS[0]}' fill-opacity='0.5'/>"
        )
    return _svg(parts)


def readers_plot(scores: Mapping[str, Floats]) -> str:
    """How many readers, in percent (up), score at most so much (across), a line a rule."""
    parts = [_axes("score, at most", "readers, %")]
    steps = np.linspace(0, 100, 4 * BINS + 1)
    for number, (rule, values) in enumerate(scores.items()):
        color = COLORS[number]
        places = [_at(step, 100 * float(np.mean(values <= step))) for step in steps]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f"<polyline points='{points}' fill='none' stroke='{color}' stroke-width='2'/>")
        parts.append(_text(EDGE + 8, 26 + 16 * number, rule, f"fill='{color}'"))
    return _svg(parts)


def write(folder: Path, plots: Mapping[str, str]) -> None:
    for name, plot in plots.items():
        (folder / f"{name}.svg").write_text(plot, encoding="utf-8")


def _at(x: float, y: float) -> tuple[float, float]:
    return EDGE + x * SIDE / 100, 12 + SIDE - y * SIDE / 100


def _line(start: tuple[float, float], end: tuple[float, float], color: str) -> str:
    (x0, y0), (x1, y1) = _at(*start), _at(*end)
    return f"<path d='M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}' stroke='{color}'/>"


def _text(x: float, y: float, words: object, more: str) -> str:
    return f"<text x='{x:.0f}' y='{y:.0f}' {STYLE} {more}>{words}</text>"


def _axes(across: str, up: str) -> str:
    parts = [_line((0, 0), (100, 0), "#333"), _line((0, 0), (0, 100), "#333")]
    for value in (0, 50, 100):
        left, bottom = _at(value, 0)
        parts.append(_text(left, bottom + 16, value, "text-anchor='middle'"))
        edge, height = _at(0, value)
        parts.append(_text(edge - 6, height + 4, value, "text-anchor='end'"))
    middle, bottom = _at(50, 0)
    parts.append(_text(middle, bottom + 32, across, "text-anchor='middle'"))
    height = _at(0, 50)[1]
    turned = f"transform='rotate(-90 12 {height:.0f})' text-anchor='middle'"
    parts.append(_text(12, height, up, turned))
    return "".join(parts)


def _svg(parts: Sequence[str]) -> str:
    width, height = EDGE + SIDE + 16, SIDE + 52
    size = f"viewBox='0 0 {width} {height}' width='{width}' height='{height}'"
    head = f"<svg xmlns='http://www.w3.org/2000/svg' {size}>"
    return f"{head}<rect width='100%' height='100%' fill='#fff'/>{''.join(parts)}</svg>\n"
