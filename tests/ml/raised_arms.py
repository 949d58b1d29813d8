"""The chest of simple shapes (`phantom.py`) with raised arms' bones and a lowest neck vertebra."""

from __future__ import annotations

from functools import cache

import numpy as np

from ml.simulate import arms, organs
from ml.simulate.anatomy import Anatomy
from ml.simulate.base import Base, prepare
from tests.ml import phantom

LAST = phantom.SHAPE[2] - 1


@cache
def base() -> Base:
    hu, labels = (part.copy() for part in phantom.volume())
    places = np.indices(hu.shape)

    def put(number: int, mask: np.ndarray) -> None:
        free = mask & (labels == 0)
        labels[free], hu[free] = number, phantom.BONE

    down, back, left = places
    put(arms.NECK[0], (down < 4) & (abs(back - 61) < 6) & (abs(left - 55) < 9))
    for side in organs.SIDES:
        out = left if side == "right" else LAST - left
        head = (down - 2) ** 2 + (back - 44) ** 2 + (out - 13) ** 2
        put(arms.HUMERUS[side], head <= 25)
        put(
            organs.SCAPULA[side],
            (down > 2) & (down < 56) & (abs(back - 57) < 2) & (out > 11) & (out < 17),
        )
        along = (50 - out) / 26
        bar = (down - (11 - 9 * along)) ** 2 + (back - (11 + 9 * along)) ** 2
        put(organs.CLAVICLE[side], (bar < 6) & (along > 0) & (along < 1))
    return prepare(hu, phantom.SPACING, labels)


@cache
def anatomy() -> Anatomy:
    return Anatomy(base())
