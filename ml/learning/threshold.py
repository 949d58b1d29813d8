"""The contrast at which a reader finds half of the nodules: a staircase, and its estimate.

The psi method (Kontsevich & Tyler, Vision Research 39, 1999, 2729-2737), of which QUEST+ (Watson,
Journal of Vision 17(3):10, 2017) is the general form: a grid of thresholds and slopes holds what is
believed of the reader, each answer updates it by Bayes' rule, and the next film is the one whose
answer is expected to leave the least entropy. Its published formulas are written out here, since
films are drawn from what a library has and not from any contrast one likes.

The chance to find a nodule of contrast-to-noise ratio r is

    GUESS + (1 - GUESS - LAPSE) / (1 + exp(-slope (log2 r - threshold)))

with the threshold in octaves (log2 of the ratio) and the slope in logits for each octave.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GUESS = 0.02
"""Chance that a tap anywhere lies on the nodule: the share of a lung that a hit accepts."""
LAPSE = 0.03
"""Chance to miss what is plain to see."""
LEAST, MOST = 0.25, 16.0
"""Contrasts between which a threshold is looked for."""
EDGE = 1.1
"""Factor within which an interval that ends at one of them is open to that side."""
SLOPES = (0.7, 6.0)
"""Logits for each octave, at least and at most."""
LEVEL = 0.95
_THRESHOLDS: Floats = np.linspace(math.log2(LEAST), math.log2(MOST), 73)
_SLOPES: Floats = np.geomspace(*SLOPES, 15)
_STEPS: Floats = np.arange(-5, 7.01, 0.125)
"""Contrasts that are told apart when the next film is chosen, octaves."""


@dataclass(frozen=True)
class Trial:
    """One nodule shown: its contrast-to-noise ratio, above 0, and whether it was found."""

    contrast: float
    found: bool


@dataclass(frozen=True)
class Threshold:
    """Contrast-to-noise ratio found half of the time, with its 95 % interval."""

    value: float
    low: float
    high: float
    slope: float
    """Logits for each octave."""
    trials: int

    @property
    def octaves(self) -> float:
        """Width of the interval, log2."""
        return math.log2(self.high / self.low)

    @property
    def side(self) -> str:
        """``below`` (`high`) where no film was faint enough to be missed, ``above`` (`low`) where
        none was plain enough to be found, so that the value is a guess; empty where it is known.
        """
        if self.low <= LEAST * EDGE:
            return "below"
        return "above" if self.high >= MOST / EDGE else ""

    @property
    def words(self) -> str:
        """The value, or the side of the interval's end that it lies on."""
        ends = {"below": f"below {self.high:.1f}", "above": f"above {self.low:.1f}"}
        return ends.get(self.side, f"{self.value:.1f}")

    def chance(self, contrast: float) -> float:
        """To find a nodule of this contrast, from 0 to 1."""
        return float(_chance(math.log2(contrast), math.log2(self.value), self.slope))


class Staircase:
    """What is believed of one reader's threshold and slope; every pair as likely at first."""

    def __init__(self, trials: Sequence[Trial] = ()) -> None:
        self.trials = 0
        self._log: Floats = np.zeros((len(_THRESHOLDS), len(_SLOPES)))
        for trial in trials:
            self.add(trial)

    def add(self, trial: Trial) -> None:
        """Raises ValueError for a contrast that is not above 0."""
        found = _chances([trial.contrast])[0]
        self._log = self._log + np.log(found if trial.found else 1 - found)
        self.trials += 1

    @property
    def _belief(self) -> Floats:
        weights = np.exp(self._log - self._log.max())
        return np.asarray(weights / weights.sum())

    def next_of(self, contrasts: Sequence[float]) -> int:
        """The place in `contrasts` of the film that is expected to tell most; the first of equals.

        Raises ValueError for none, or one that is not above 0.
        """
        if not contrasts:
            raise ValueError("there is no film to choose from")
        places = _steps_of(contrasts)
        belief = self._belief.ravel()
        logs = np.log(np.maximum(belief, 1e-300))
        left = np.zeros(len(places))
        for chances, by_logs in _table():
            joint = by_logs[places] @ belief + chances[places] @ (belief * logs)
            total = chances[places] @ belief
            left += total * np.log(total) - joint
        return int(np.argmin(left))

    def estimate(self) -> Threshold:
        """The mean of what is believed of the threshold, and the central 95 % of it."""
        belief = self._belief
        of_threshold, of_slope = belief.sum(axis=1), belief.sum(axis=0)
        mean = float(of_threshold @ _THRESHOLDS)
        cumulated = np.cumsum(of_threshold)
        tail = (1 - LEVEL) / 2
        low, high = (float(np.interp(share, cumulated, _THRESHOLDS)) for share in (tail, 1 - tail))
        slope = float(np.exp(of_slope @ np.log(_SLOPES)))
        return Threshold(2**mean, 2 ** min(low, mean), 2 ** max(high, mean), slope, self.trials)


def _chance(octaves: Floats | float, threshold: Floats | float, slope: Floats | float) -> Floats:
    seen = 1 / (1 + np.exp(-slope * (np.asarray(octaves) - threshold)))
    return np.asarray(GUESS + (1 - GUESS - LAPSE) * seen)


def _chances(contrasts: Sequence[float]) -> Floats:
    """To find each, for every threshold and slope: ``(contrasts, thresholds, slopes)``."""
    if min(contrasts) <= 0:
        raise ValueError("a contrast-to-noise ratio must be above 0")
    octaves = np.log2(np.asarray(contrasts, dtype=float))
    return _chance(octaves[:, None, None], _THRESHOLDS[None, :, None], _SLOPES[None, None, :])


def _steps_of(contrasts: Sequence[float]) -> NDArray[np.intp]:
    """The nearest of `_STEPS` for each; those beyond count as the last."""
    if min(contrasts) <= 0:
        raise ValueError("a contrast-to-noise ratio must be above 0")
    place = np.round((np.log2(np.asarray(contrasts, dtype=float)) - _STEPS[0]) / 0.125)
    return np.clip(place, 0, len(_STEPS) - 1).astype(np.intp)


@cache
def _table() -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """For found and missed: the chance at each step for each pair, and it times its logarithm."""
    found = _chances([2**step for step in _STEPS]).reshape(len(_STEPS), -1)
    return (found, found * np.log(found)), (1 - found, (1 - found) * np.log(1 - found))
