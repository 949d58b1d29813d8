"""Which row of the feedback lost most: the one that is open when the feedback appears."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ml import taxonomy
from ml.localize.credit import WEIGHTS

Row = Mapping[str, Any]

LEAST = 0.1
"""The weight of a false claim that rule ``clinical`` would let go, under rules that do not."""


def gravest_loss(truths: Sequence[Row], claims: Sequence[Row], *, weighed: bool) -> Row | None:
    """The row that lost most weight, the first of equals; None where nothing was lost.

    `truths` are findings of the case, `claims` the learner's marks and ticks, as
    `localize.result` has them. Where the rule `weighed` them the weights are its own; else a
    finding has the weight that rule ``clinical`` gives to what it means, and a claim its price.
    """
    lost = [(lost_by(row, weighed=weighed), row) for row in truths]
    lost += [(taken_by(row, weighed=weighed), row) for row in claims]
    weight, row = max(lost, key=lambda pair: pair[0], default=(0.0, None))
    return row if weight > 0 else None


def lost_by(finding: Row, *, weighed: bool) -> float:
    """The weight that a finding of the case did not earn, 0 or more."""
    if weighed:
        told = bool(finding["because"])
        return float(finding["possible"] - finding["earned"]) if told else 0.0
    if finding["outcome"] == "hit":
        return 0.0
    return WEIGHTS.significance.get(finding["significance"], 1.0)


def taken_by(claim: Row, *, weighed: bool) -> float:
    """The weight that a false claim took off, 0 or more."""
    if claim["outcome"] != "false":
        return 0.0
    if weighed:
        return float(WEIGHTS.cost * claim["cost"])
    known = taxonomy.labels().get(claim["label"])
    usual = known.default_significance if known else "actionable"
    return max(LEAST, WEIGHTS.cost * WEIGHTS.false[usual])
