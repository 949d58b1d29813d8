"""What an answer earned of one region, and how that is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ml.localize.credit import Credit, Weights

HIT_PLACE = 0.5
HIT_VERDICT = 0.8
"""From this place and verdict on, with the label, a finding counts as hit in what is learned."""
NOTHING_LOST = 0.97


@dataclass(frozen=True)
class Earned:
    """The share of one row of the truth that an answer earned, and by what."""

    share: float = 0.0
    credit: Credit | None = None
    mark: int | None = None
    because: str = "missed"
    said_change: str | None = None
    """What was said of a change that is known, see `ml.localize.changed`."""


def earned_by(credit: Credit, mark: int | None, weights: Weights) -> Earned:
    """What a credit is worth, and what most of its loss comes from."""
    return Earned(credit.total(weights), credit, mark, _because(credit, weights))


def outcome_of(earned: Earned) -> str:
    """The outcome of a region, in the words of all rules."""
    credit = earned.credit
    if credit is None:
        return "poorly_located" if earned.share else "missed"
    if credit.side < 1.0:
        return "poorly_located"
    if credit.label < 1.0:
        return "wrong_label"
    if credit.place >= HIT_PLACE and credit.verdict >= HIT_VERDICT:
        return "hit"
    return "poorly_located"


def _because(credit: Credit, weights: Weights) -> str:
    """What most of the loss comes from, one of `LOSSES`."""
    if credit.verdict < 1.0:
        return "unsaid_position" if credit.verdict in weights.unsaid.values() else "position"
    if credit.side < 1.0:
        return "side"
    lost: Mapping[str, float] = {
        "label": weights.label * (credit.label == 0),
        "vague_label": weights.label * (1 - credit.label) * (credit.label > 0),
        "place": weights.place * (1 - credit.place)
        + weights.label * credit.label * (1 - credit.place**0.5),
        "extent": weights.extent * (1 - credit.extent),
    }
    return max(lost, key=lambda one: lost[one])
