"""Left and right: which side a box, a tick or a finding speaks of, and whether they agree.

Images are as they are shown: the patient's left is on the right of the image.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml import boxes, taxonomy
from ml.boxes import Box
from ml.localize.model import Tick, Truth

MIDDLE = 0.5
BOTH = "bilateral"
BESIDE = 0.05
"""So far a box may reach over the middle and still be of one side."""
LATERAL = 0.15
"""From this distance of its center from the middle on, a finding is of one side altogether."""


def side_share(label: str, truth: str, said: str) -> float:
    """1 where sides agree or one is not known, ½ for one of two or two of one, 0 for the other.

    Of what has to be ticked and has no side (`Label.is_sided`) none is asked.
    """
    known = taxonomy.labels().get(label)
    unpaired = known is not None and known.mode == "select" and not known.is_sided
    if not truth or not said or truth == said or unpaired:
        return 1.0
    return 0.5 if BOTH in (truth, said) else 0.0


def side_of(places: Sequence[Box]) -> str:
    """The patient's side that boxes lie on; both, where some lie on each; empty where none does."""
    found = {_side_of(box) for box in places}
    if found >= {"left", "right"} or BOTH in found:
        return BOTH
    return found.pop() if len(found) == 1 else ""


def _side_of(box: Box) -> str:
    x0, _, x1, _ = box
    if x0 >= MIDDLE - BESIDE:
        return "left" if x1 > MIDDLE + BESIDE else ""
    if x1 <= MIDDLE + BESIDE:
        return "right"
    less, more = sorted((MIDDLE - x0, x1 - MIDDLE))
    if less > LATERAL:
        return BOTH
    if more <= max(LATERAL, 2 * less):
        return ""
    return "left" if x1 - MIDDLE == more else "right"


def side_of_truth(truth: Truth) -> str:
    """The side given with a finding, or else that of its boxes."""
    return truth.side or side_of([region.box for region in truth.regions])


def united(ticks: Sequence[Tick]) -> list[Tick]:
    """Each once; one label ticked on several sides is ticked on both."""
    sides: dict[str, set[str]] = {}
    for tick in ticks:
        sides.setdefault(tick.label, set()).update(filter(None, [tick.side]))
    found = (
        Tick(tick.label, BOTH) if tick.side and len(sides[tick.label]) > 1 else tick
        for tick in ticks
    )
    return list(dict.fromkeys(found))


def beyond(truth: Box, marks: boxes.Floats) -> boxes.Floats:
    """How far marks cover the mirror place of a one-sided finding too, shape ``(n,)``, in [0, 1].

    What covers a finding and its mirror place does not say which side it means. The part of the
    mirror place that the finding itself has does not count, and near the middle there is less of a
    side to be told. Never more for a box inside another.
    """
    x0, y0, x1, y1 = truth
    mirror = (1 - x1, y0, 1 - x0, y1)
    own = (max(x0, mirror[0]), y0, max(x0, mirror[0], min(x1, mirror[2])), y1)
    other = _areas_within(mirror, marks) - _areas_within(own, marks)
    whole = float((x1 - x0 - (own[2] - own[0])) * (y1 - y0))
    if whole <= 0:
        return np.zeros(len(marks))
    lateral = min(1.0, abs((x0 + x1) / 2 - MIDDLE) / LATERAL)
    return np.clip(other / whole, 0.0, 1.0) * lateral


def _areas_within(box: Box, marks: boxes.Floats) -> boxes.Floats:
    low = np.maximum(marks[:, :2], box[:2])
    high = np.minimum(marks[:, 2:], box[2:])
    found: boxes.Floats = np.clip(high - low, 0, None).prod(axis=1)
    return found
