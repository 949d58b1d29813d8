"""Telling abnormal films from normal ones: how well, and with what bias, by signal detection.

Sensitivity d' is how far apart normal and abnormal films lie for the reader, in standard
deviations; the criterion c is where the line between them is drawn: 0 without bias, above 0 for who
calls films normal in doubt, below 0 for who calls them abnormal (Green & Swets, Signal Detection
Theory and Psychophysics, 1966; Macmillan & Creelman, Detection Theory, 2nd ed. 2005, chapters 1 and
2). Rates of 0 and 1 would make both infinite: the log-linear correction adds 0.5 to each count and
1 to each total, always (Hautus, Behav Res Methods Instrum Comput 27, 1995, 46-51). Variances are
those of Gourevitch & Galanter (Psychometrika 32, 1967, 25-33) at the corrected rates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from ml.psychometrics import Interval, Z, proportion

NORMAL = NormalDist()


@dataclass(frozen=True)
class Calls:
    """Films called abnormal or normal; all are counts."""

    hits: int
    """Abnormal films called abnormal."""
    misses: int
    alarms: int
    """Normal films called abnormal."""
    rejections: int
    """Normal films called normal."""

    def __post_init__(self) -> None:
        if min(self.hits, self.misses, self.alarms, self.rejections) < 0:
            raise ValueError(f"counts cannot be below 0: {self}")

    @property
    def abnormal(self) -> int:
        return self.hits + self.misses

    @property
    def normal(self) -> int:
        return self.alarms + self.rejections


@dataclass(frozen=True)
class Detection:
    """All with 95 % intervals; rates from 0 to 1 (Wilson), d' and c in standard deviations."""

    sensitivity: Interval
    specificity: Interval
    d_prime: Interval
    criterion: Interval


def detection(calls: Calls) -> Detection | None:
    """The figures of some calls; None without a film of each kind."""
    if not calls.abnormal or not calls.normal:
        return None
    hit_rate = (calls.hits + 0.5) / (calls.abnormal + 1)
    alarm_rate = (calls.alarms + 0.5) / (calls.normal + 1)
    z_hit, z_alarm = NORMAL.inv_cdf(hit_rate), NORMAL.inv_cdf(alarm_rate)
    variance = _variance(hit_rate, z_hit, calls.abnormal + 1)
    variance += _variance(alarm_rate, z_alarm, calls.normal + 1)
    half = Z * math.sqrt(variance)
    d_prime, criterion = z_hit - z_alarm, -(z_hit + z_alarm) / 2
    return Detection(
        proportion(calls.hits, calls.abnormal),
        proportion(calls.rejections, calls.normal),
        Interval(d_prime, d_prime - half, d_prime + half),
        Interval(criterion, criterion - half / 2, criterion + half / 2),
    )


def _variance(rate: float, z: float, total: int) -> float:
    """Of the normal quantile of a proportion, by the delta method."""
    return rate * (1 - rate) / (total * NORMAL.pdf(z) ** 2)
