"""Rule ``clinical`` against a table of answers with the score an attending would give.

``python -m bench attending`` prints how the rule fits, row by row where it is off, and what
readers, a player at random and a marker of everything score under every rule. With ``--fit`` it
looks for weights that fit better, with ``--plots`` it draws docs/images/clinical-*.svg. The table
is `tests/attending/localize.csv`; its words are explained in `tests/attending/README.md`.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench import fit_plots
from bench.localize_rules import VINDR, print_players, readers_scores
from ml import boxes, taxonomy
from ml.boxes import Box
from ml.localize import RULES, Mark, Region, Result, Tick, Truth
from ml.localize.clinical import score_clinical
from ml.localize.credit import WEIGHTS, Weights

TABLE = Path(__file__).resolve().parents[1] / "tests/attending/localize.csv"
IMAGES = TABLE.parents[2] / "docs/images"
FILM_MM = (400.0, 400.0)
PLACES: dict[str, Box] = {
    "right-apex": (0.22, 0.12, 0.36, 0.18),
    "right-upper": (0.26, 0.26, 0.32, 0.32),
    "left-upper": (0.68, 0.26, 0.74, 0.32),
    "right-mid": (0.22, 0.46, 0.28, 0.52),
    "left-mid": (0.70, 0.46, 0.76, 0.52),
    "right-lower": (0.24, 0.66, 0.30, 0.72),
    "left-lower": (0.70, 0.66, 0.76, 0.72),
    "right-upper-lobe": (0.18, 0.14, 0.42, 0.42),
    "left-upper-lobe": (0.58, 0.14, 0.82, 0.42),
    "right-lower-lobe": (0.14, 0.50, 0.42, 0.80),
    "left-lower-lobe": (0.58, 0.50, 0.86, 0.80),
    "right-lung": (0.12, 0.10, 0.45, 0.82),
    "left-lung": (0.55, 0.10, 0.88, 0.82),
    "both-lungs": (0.12, 0.10, 0.88, 0.82),
    "aortic-knob": (0.52, 0.28, 0.62, 0.38),
    "sternum": (0.47, 0.30, 0.53, 0.75),
    **{f"wire-{n}": (0.48, 0.23 + 0.08 * n, 0.52, 0.26 + 0.08 * n) for n in range(1, 7)},
    "clips": (0.60, 0.30, 0.72, 0.42),
    "clip-1": (0.60, 0.30, 0.62, 0.32),
    "clip-2": (0.70, 0.31, 0.72, 0.33),
    "clip-3": (0.61, 0.40, 0.63, 0.42),
    "clip-4": (0.69, 0.39, 0.71, 0.41),
    "pacemaker": (0.48, 0.16, 0.80, 0.66),
    "generator": (0.70, 0.16, 0.80, 0.24),
    "leads": (0.48, 0.22, 0.72, 0.66),
    "rib-6-right": (0.16, 0.46, 0.22, 0.50),
    "rib-7-right": (0.16, 0.52, 0.22, 0.56),
    "rib-8-right": (0.16, 0.58, 0.22, 0.62),
    "rib-7-left": (0.78, 0.52, 0.84, 0.56),
    "ribs-6-to-8-right": (0.15, 0.45, 0.23, 0.63),
    "trachea": (0.47, 0.05, 0.53, 0.30),
    "right-bronchus-tip": (0.44, 0.35, 0.46, 0.37),
    "tube-course": (0.47, 0.05, 0.53, 0.245),
}
"""Places on a film of 40 cm by 40 cm; the patient's left is on the right of the image."""
TIPS = {
    "mid-trachea": (0.50, 0.24),
    "right-bronchus": (0.45, 0.36),
    "stomach": (0.60, 0.88),
    "lower-lobe": (0.34, 0.68),
    "cavoatrial": (0.46, 0.42),
}
SIDES = {"left": "left", "right": "right", "both": "bilateral", None: ""}
ENTRY = re.compile(
    r"(?P<label>[a-z_]+)(?:@(?P<at>[a-z0-9,-]+)|\^(?P<tip>[a-z-]+))?"
    r"(?:\*(?P<times>[\d.]+))?(?:>(?P<off>[\d.]+))?(?:=(?P<position>right|wrong))?"
    r"(?::(?P<side>left|right|both))?(?:!(?P<weight>[a-z]+))?"
)


@dataclass(frozen=True)
class Row:
    """One answer to one film, and the score an attending would give."""

    truth: str
    answer: str
    score: float
    because: str
    low: float
    high: float
    """The range that is allowed; wide where attendings would differ."""
    says: str
    """What the first finding has to be told to have lost by, one of `ml.localize.model.LOSSES`."""
    never: tuple[str, ...] = ()
    """Words that the feedback must not say."""


def rows(table: Path = TABLE) -> list[Row]:
    with table.open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(stream, delimiter=";"))
    return [
        Row(
            r["truth"], r["answer"], float(r["score"]), r["because"],
            float(r["low"]), float(r["high"]), r["says"],
            tuple(filter(None, r.get("never", "").split("|"))),
        )
        for r in found
    ]  # fmt: skip


def scored(row: Row, weights: Weights = WEIGHTS) -> Result:
    marks, ticks = answer_of(row.answer)
    return score_clinical(truths_of(row.truth), marks, ticks, sizes={"": FILM_MM}, weights=weights)


def _entries(text: str) -> Iterator[re.Match[str]]:
    for word in text.split():
        if word not in ("normal", "nothing"):
            found = ENTRY.fullmatch(word)
            if not found or found["label"] not in taxonomy.labels():
                raise ValueError(f"{word!r} is no finding of the table's language")
            yield found


def truths_of(text: str) -> list[Truth]:
    return [_truth(str(number), entry) for number, entry in enumerate(_entries(text))]


def _truth(name: str, entry: re.Match[str]) -> Truth:
    regions = tuple(Region(f"{name}.{i}", box) for i, box in enumerate(_boxes(entry)))
    if entry["tip"]:
        tip = TIPS[entry["tip"]]
        regions = (Region(f"{name}.0", _around(tip), point=tip),)
    mode: taxonomy.Mode = "draw" if regions else "select"
    return Truth(
        name, entry["label"], mode, regions, entry["weight"] or "", SIDES[entry["side"]],
        entry["position"] or "",
    )  # fmt: skip


def answer_of(text: str) -> tuple[list[Mark], list[Tick]]:
    marks: list[Mark] = []
    ticks: list[Tick] = []
    for entry in _entries(text):
        position = entry["position"] or ""
        if entry["tip"]:
            x, y = TIPS[entry["tip"]]
            tip = (x + float(entry["off"] or 0), y)
            name = f"m{len(marks)}"
            marks.append(Mark(name, entry["label"], _around(tip), point=tip, position=position))
        elif entry["at"]:
            for box in _boxes(entry):
                marks.append(Mark(f"m{len(marks)}", entry["label"], box, position=position))
        else:
            ticks.append(Tick(entry["label"], SIDES[entry["side"]]))
    return marks, ticks


def _around(point: tuple[float, float]) -> Box:
    x, y = point
    return (x - 0.01, y - 0.01, x + 0.01, y + 0.01)


def _boxes(entry: re.Match[str]) -> list[Box]:
    """The places of an entry, so many times larger, and moved by parts of their width."""
    found = []
    for name in (entry["at"] or "").split(",") if entry["at"] else ():
        x0, y0, x1, y1 = PLACES[name]
        grow = (float(entry["times"] or 1) ** 0.5 - 1) / 2
        dx, dy, off = (x1 - x0) * grow, (y1 - y0) * grow, (x1 - x0) * float(entry["off"] or 0)
        box = (x0 - dx + off, y0 - dy, x1 + dx + off, y1 + dy)
        found.append(tuple(min(1.0, max(0.0, side)) for side in box))
    return found  # type: ignore[return-value]


def errors(weights: Weights = WEIGHTS) -> boxes.Floats:
    """Rule minus attending, of every row."""
    return np.array([scored(row, weights).score - row.score for row in rows()])


TRIED = {
    "place": (0.4, 0.45, 0.5, 0.55),
    "label": (0.25, 0.3, 0.35),
    "vague": (0.3, 0.4, 0.5, 0.6),
    "full_iou": (0.4, 0.5, 0.6),
    "large": (2.5, 3.0, 4.0),
    "near": (0.2, 0.25, 0.3, 0.4),
    "reach": (0.03, 0.05, 0.06, 0.08),
    "named_only": (0.15, 0.25),
    "far": (2.0, 2.5, 3.0),
    "alarm": (0.25, 0.3),
    "overcalled": (0.5, 0.55, 0.6),
    "cost": (0.4, 0.5, 0.6),
    "normal": (0.55, 0.6, 0.65),
    "belongs": (0.05, 0.1),
    "both_sides": (0.25, 0.35, 0.45),
    "misnamed": (0.25, 0.5, 0.75, 1.0),
    "dismissed": (0.35, 0.5, 0.7),
    "described": (0.7, 0.8, 0.9),
    "overstated": (0.35, 0.5, 0.7),
}
"""The values that the fit tried of each weight."""
SWEEPS = 2


def fitted() -> Weights:
    """Coordinate descent over `TRIED`: the mean distance, and a tenth of its root mean square."""
    best = Weights()
    lowest = _loss(best)
    for _ in range(SWEEPS):
        for name, values in TRIED.items():
            for value in values:
                tried = replace(best, **{name: value})  # type: ignore[arg-type]
                loss = _loss(tried)
                if loss < lowest:
                    best, lowest = tried, loss
    return best


def _loss(weights: Weights) -> float:
    off = errors(weights)
    return float(np.abs(off).mean() + 0.1 * np.sqrt((off**2).mean()))


def passed() -> tuple[int, int]:
    """How many answers of the table score within their range, and how many there are."""
    every = rows()
    fits = [row.low <= scored(row).score <= row.high for row in every]
    return sum(fits), len(fits)


def main() -> int:
    if "--fit" in sys.argv[1:]:
        best = fitted()
        print(", ".join(f"{name} {getattr(best, name):g}" for name in TRIED))
        return 0
    off = errors()
    fits, every = passed()
    print(f"{fits} of {every} answers within the range that an attending allows")
    print(f"{len(off)} answers: mean distance {np.abs(off).mean():.1f}, "
          f"median {np.median(np.abs(off)):.1f}, within 10: {(np.abs(off) <= 10).mean():.0%}, "
          f"worst {np.abs(off).max():.0f}")  # fmt: skip
    for row, distance in sorted(zip(rows(), off, strict=True), key=lambda pair: -abs(pair[1])):
        if abs(distance) > 10:
            print(f"{distance:+4.0f}  {row.score:3.0f}  {row.truth}  |  {row.answer}")
    print_players()
    if "--plots" in sys.argv[1:]:
        _plot(off)
    return 0 if fits == every else 1


def _plot(off: boxes.Floats) -> None:
    asked = [row.score for row in rows()]
    plots = {"clinical-attending": fit_plots.agreement_plot(asked, asked + off)}
    if VINDR.exists():
        readers = {rule: readers_scores(rule=rule) for rule in RULES}
        plots["clinical-readers"] = fit_plots.readers_plot(readers)
    fit_plots.write(IMAGES, plots)
    print(f"plots: {', '.join(f'docs/images/{name}.svg' for name in plots)}")


if __name__ == "__main__":
    sys.exit(main())
