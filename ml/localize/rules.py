"""The one entrance to all rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ml import taxonomy
from ml.localize.clinical import score_clinical
from ml.localize.credit import Sizes
from ml.localize.model import (
    RADGAME_THRESHOLD,
    RULES,
    Mark,
    Result,
    Tick,
    TickOutcome,
    Truth,
)
from ml.localize.radgame import score_radgame
from ml.localize.standard import score_standard


def score(
    truths: Sequence[Truth],
    marks: Sequence[Mark],
    ticked: Sequence[str | Tick],
    *,
    rule: str = "standard",
    threshold: float = RADGAME_THRESHOLD,
    frame_tolerance: int = 0,
    sizes: Sizes | None = None,
) -> Result:
    """Score one answer.

    `threshold`, in (0, 1], is the IoU of rule ``radgame`` (0.3 in practice, 0.25 in
    tests); `frame_tolerance` is how many frames of a stack a mark may be off under the
    other rules. `sizes` says how large images are, and the sides of ticks and findings count,
    under ``clinical`` only. Normal variants and pitfalls among the truths are no findings under
    any rule: one that nobody names is not missed, to tick it costs nothing and earns nothing, and
    a mark on it is as false as elsewhere. Raises ValueError for another rule or threshold.
    """
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, got {rule!r}")
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must be above 0 and at most 1, got {threshold}")
    ticks = [tick if isinstance(tick, Tick) else Tick(tick) for tick in ticked]
    there = {truth.label: truth.id for truth in truths if taxonomy.is_variant(truth.label)}
    if there:
        truths = [truth for truth in truths if truth.label not in there]
        named = [tick for tick in dict.fromkeys(ticks) if tick.label in there]
        ticks = [tick for tick in ticks if tick.label not in there]
        known = tuple(TickOutcome(one.label, "hit", there[one.label], one.side) for one in named)
        result = _by_rule(truths, marks, ticks, rule, threshold, frame_tolerance, sizes)
        return replace(result, ticks=(*result.ticks, *known))
    return _by_rule(truths, marks, ticks, rule, threshold, frame_tolerance, sizes)


def _by_rule(
    truths: Sequence[Truth],
    marks: Sequence[Mark],
    ticks: Sequence[Tick],
    rule: str,
    threshold: float,
    frame_tolerance: int,
    sizes: Sizes | None,
) -> Result:
    if rule == "clinical":
        return score_clinical(truths, marks, ticks, tolerance=frame_tolerance, sizes=sizes)
    labels = [tick.label for tick in ticks]
    if rule == "radgame":
        return score_radgame(truths, marks, labels, threshold)
    return score_standard(truths, marks, labels, frame_tolerance)
