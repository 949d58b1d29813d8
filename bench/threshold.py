"""`python -m bench threshold [--observers 200] [--films 30] [--seed 1]`: SIMULATED observers, whose
threshold is known since they are made up, find nodules by the staircase of `ml.learning.threshold`.

Prints, for each true threshold and number of films, the mean error of the estimate (bias) and its
spread in octaves, and how often the 95 % interval holds the truth; beside it what films drawn by
chance give. The films are those of a library (`LIBRARY` of them, contrasts log-normal around 2.5),
each shown once. In the last rows films differ in more than their contrast (`UNTOLD` octaves), as
real ones do. It ends with 1 where a bias after that many films is above `MOST_BIAS`, intervals
hold the truth in fewer than `COVERED`, or the staircase is no better than chance.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
from dataclasses import dataclass

from ml.learning.threshold import GUESS, LAPSE, Staircase, Trial

TRUE = (1.0, 1.6, 2.4, 4.0)
SLOPE = 2.0
"""Logits for each octave."""
LIBRARY = 300
UNTOLD = 0.5
MOST_BIAS = 0.15
"""Octaves."""
COVERED = 0.85


@dataclass(frozen=True)
class Outcome:
    error: float
    """Octaves, estimate less truth."""
    holds: bool
    width: float
    """Of the interval, octaves."""


def observe(truth: float, films: int, *, adaptive: bool, untold: float, seed: str) -> Outcome:
    """One observer and their films."""
    rng = random.Random(seed)  # no secret
    library = [2 ** rng.gauss(math.log2(2.5), 1.0) for _ in range(LIBRARY)]
    stairs = Staircase()
    for _ in range(films):
        place = stairs.next_of(library) if adaptive else rng.randrange(len(library))
        contrast = library.pop(place)
        seen = math.log2(contrast / truth) + rng.gauss(0, untold)
        chance = GUESS + (1 - GUESS - LAPSE) / (1 + math.exp(-SLOPE * seen))
        stairs.add(Trial(contrast, rng.random() < chance))
    found = stairs.estimate()
    return Outcome(math.log2(found.value / truth), found.low <= truth <= found.high, found.octaves)


def main() -> int:
    parser = argparse.ArgumentParser(description="Bias and spread of the staircase, simulated.")
    parser.add_argument("--observers", type=int, default=200)
    parser.add_argument("--films", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"{given.observers} SIMULATED observers in each row; errors in octaves of contrast")
    print(f"{'films':16}{'true':>6}{'films':>7}{'bias':>8}{'spread':>8}{'width':>8}{'covered':>9}")
    failed = False
    for name, adaptive, untold in (
        ("staircase", True, 0.0),
        ("by chance", False, 0.0),
        ("differing films", True, UNTOLD),
    ):
        spreads: list[float] = []
        for truth in TRUE:
            for films in sorted({given.films // 2, given.films, 2 * given.films}):
                seeds = (f"{given.seed} {name} {truth} {n}" for n in range(given.observers))
                rows = [
                    observe(truth, films, adaptive=adaptive, untold=untold, seed=seed)
                    for seed in seeds
                ]
                bias = statistics.fmean(row.error for row in rows)
                spread = statistics.stdev(row.error for row in rows)
                width = statistics.fmean(row.width for row in rows)
                covered = statistics.fmean(row.holds for row in rows)
                print(
                    f"{name:16}{truth:6.1f}{films:7d}{bias:+8.2f}{spread:8.2f}{width:8.2f}"
                    f"{100 * covered:8.0f}%",
                    flush=True,
                )
                if films == given.films:
                    spreads.append(spread)
                if adaptive and not untold and films >= given.films:
                    failed |= abs(bias) > MOST_BIAS or covered < COVERED
        if adaptive and not untold:
            of_staircase = statistics.fmean(spreads)
        elif not adaptive:
            failed |= of_staircase >= statistics.fmean(spreads)
    print("FAILED" if failed else "The estimate converges, without bias worth the name.")
    return int(failed)
