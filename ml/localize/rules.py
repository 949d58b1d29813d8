"""The one entrance to both rules."""

from __future__ import annotations

from collections.abc import Sequence

from ml.localize.model import RADGAME_THRESHOLD, RULES, Mark, Result, Truth
from ml.localize.radgame import score_radgame
from ml.localize.standard import score_standard


def score(
    truths: Sequence[Truth],
    marks: Sequence[Mark],
    ticked: Sequence[str],
    *,
    rule: str = "standard",
    threshold: float = RADGAME_THRESHOLD,
    frame_tolerance: int = 0,
) -> Result:
    """Score one answer.

    `threshold`, in (0, 1], is the IoU of rule ``radgame`` (0.3 in practice, 0.25 in
    tests); `frame_tolerance` is how many frames of a stack a mark may be off under
    ``standard``. Raises ValueError for another rule or threshold.
    """
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, got {rule!r}")
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must be above 0 and at most 1, got {threshold}")
    if rule == "radgame":
        return score_radgame(truths, marks, ticked, threshold)
    return score_standard(truths, marks, ticked, frame_tolerance)
