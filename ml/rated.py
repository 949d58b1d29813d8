"""Free-response figures of many cases at once, rated in whole numbers: arrays instead of cases.

The figures are those of `ml.froc`, which says what they mean and where they are from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.froc import CaseRatings, Floats, PooledFigure, pooled_of

Counts = NDArray[Any]


@dataclass(frozen=True)
class Rated:
    """Mark-rating pairs of cases by rating, 1 to L."""

    lesions: Counts
    """(cases, L + 1): how many lesions of a case have each rating; column 0: those unmarked."""
    others: Counts
    """(cases, L): how many of its marks on no lesion have each rating, from 1 on."""

    @property
    def sizes(self) -> Counts:
        """(cases,): the lesions of each; 0 of a normal one."""
        return self.lesions.sum(axis=1, dtype=np.int64)

    @property
    def highest(self) -> Counts:
        """(cases,): the highest rating of a mark on no lesion; 0 where there is none."""
        levels = np.arange(1, self.others.shape[1] + 1)
        found: Counts = ((self.others > 0) * levels).max(axis=1, initial=0)
        return found

    def cases(self) -> list[CaseRatings]:
        """The same one by one."""
        return [
            CaseRatings(
                tuple(float(n) if n else None for n, times in enumerate(own) for _ in range(times)),
                tuple(float(n) for n, times in enumerate(beside, 1) for _ in range(times)),
            )
            for own, beside in zip(self.lesions.tolist(), self.others.tolist(), strict=True)
        ]

    def froc_curve(self) -> tuple[Floats, Floats, Floats]:
        """As `ml.froc.froc_curve`. Raises ValueError when no case has a lesion."""
        lesions = self.lesions.sum(axis=0, dtype=np.int64)
        if not lesions.any():
            raise ValueError("the lesion localization fraction needs at least one lesion")
        others = self.others.sum(axis=0, dtype=np.int64)
        seen = np.flatnonzero(lesions[1:] + others)[::-1]
        nlf = _from_above(others)[seen] / len(self.lesions)
        llf = _from_above(lesions[1:])[seen] / lesions.sum()
        return 1 + seen.astype(np.float64), nlf, llf

    def afroc_curve(self) -> tuple[Floats, Floats, Floats]:
        """As `ml.froc.afroc_curve`, weighted. Raises as `ml.froc.jafroc`."""
        lesions, normals = self._by_rating()
        if not (lesions.any() and normals.any()):
            raise ValueError("JAFROC needs at least one normal and one abnormal case")
        seen = np.union1d(np.flatnonzero(lesions + normals), [0])[::-1]
        fpf = _from_above(normals)[seen] / normals.sum()
        llf = _from_above(lesions)[seen] / lesions.sum()
        thresholds = np.where(seen == 0, -np.inf, seen)
        return np.append(np.inf, thresholds), np.append(0.0, fpf), np.append(0.0, llf)

    def pooled_jafroc(
        self, readers: Counts, *, draws: int = 1000, level: float = 0.95, seed: int = 0
    ) -> PooledFigure | None:
        """As `ml.froc.pooled_jafroc`; `readers` (cases,) says whose each case is."""
        names, reader = np.unique(readers, return_inverse=True)
        sizes = self.sizes
        if len(names) < 2 or sizes.all() or not sizes.any():
            return None
        levels = self.lesions.shape[1]
        lesions = np.zeros((len(names), levels))
        abnormal = np.flatnonzero(sizes)
        np.add.at(lesions, reader[abnormal], self.lesions[abnormal] / sizes[abnormal][:, None])
        normal = sizes == 0
        cells = reader[normal] * levels + self.highest[normal]
        normals = np.bincount(cells, minlength=len(names) * levels).reshape(len(names), levels)
        return pooled_of(lesions, normals.astype(np.float64), draws=draws, level=level, seed=seed)

    def _by_rating(self) -> tuple[Floats, Floats]:
        """The weight of lesions, each abnormal case the same, and the number of normal cases, at
        each rating from 0.
        """
        sizes = self.sizes
        abnormal = sizes > 0
        weights: Floats = (self.lesions[abnormal] / sizes[abnormal][:, None]).sum(axis=0)
        normals = np.bincount(self.highest[~abnormal], minlength=self.lesions.shape[1])
        return weights, normals.astype(np.float64)


def _from_above(counts: NDArray[np.generic]) -> Floats:
    """How many there are from each place on to the last."""
    found: Floats = np.cumsum(counts[::-1])[::-1]
    return found
