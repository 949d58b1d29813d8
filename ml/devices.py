"""Where the tip of a tube or line lies, and whether that is right, nearly right or wrong.

One model for both games: words of a report (``positions.csv`` of a language) and points drawn
on a film end in the same names of positions, and ``ml/data/device_positions.csv`` says of each
device and position what it means. Distances from the carina follow Goodman et al., AJR
1976;127:433 (the tip 5 ± 2 cm above it with the neck in neutral position).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from ml import tables

Judgment = Literal["right", "adjacent", "wrong"]
ORDER: tuple[Judgment, ...] = ("right", "adjacent", "wrong")
ANY = "*"
FAMILIES = {
    **dict.fromkeys(("picc", "port", "dialysis_catheter", "umbilical_catheter"), "catheter"),
    **dict.fromkeys(("pulmonary_artery_catheter", "central_line"), "catheter"),
    "heart_device": "pacemaker",
}
"""Devices that share the positions of another where they have no row of their own."""
UNSAID_KIND = {"tube": ("endotracheal_tube", "enteric_tube", "chest_tube")}
"""Labels that name several devices: a position counts where any of them has it."""
LOW_MM, HIGH_MM = 20.0, 70.0
"""Distance of an adult's endotracheal tube from the carina that is neither low nor high."""


WITHIN = {
    "main bronchus": frozenset({"right main bronchus", "left main bronchus"}),
    "bronchus": frozenset({"right main bronchus", "left main bronchus", "main bronchus"}),
    "lung": frozenset({"right main bronchus", "left main bronchus", "main bronchus", "bronchus"}),
}
"""Positions that a wider word holds, too."""
BY_DISTANCE = ("low", "high", "above carina", "carina")
"""Positions that a distance from the carina tells."""
MOST_STATEMENTS = 40
"""Different statements of one device's position that are compared, so that time stays linear."""
CLOSE_MM = 10.0
"""Two distances from the carina that differ by less are the same to a reader."""


STATES = frozenset(
    {"satisfactory", "malpositioned", "fractured", "coiled", "kinked", "side port out"}
)
"""Positions that say how a device lies, not where."""
TOGETHER = frozenset(
    frozenset(pair)
    for pair in (
        *(("low", place) for place in ("trachea", "carina", "main bronchus")),
        *(("low", f"{side} main bronchus") for side in ("right", "left")),
        *(("carina", f"{side} main bronchus") for side in ("right", "left")),
        *(("trachea", place) for place in ("carina", "high", "above carina")),
        *(
            ("carina", "main bronchus"),
            ("esophagus", "pharynx"),
            ("subclavian vein", "axillary vein"),
        ),
        *(("gastroesophageal junction", place) for place in ("esophagus", "stomach")),
        *(("brachiocephalic vein", place) for place in ("subclavian vein", "jugular vein")),
        *(("right atrium", place) for place in ("cavoatrial junction", "inferior vena cava")),
        *(("trachea", f"{side} main bronchus") for side in ("right", "left")),
        *(("lung", "pleural space"), ("distal", "pulmonary artery")),
    )
)
"""Places that one tip can be said to have in one report: they border on each other."""


@dataclass(frozen=True)
class Verdict:
    """What a device's position means."""

    device: str
    position: str
    judgment: Judgment
    significance: str
    """urgent, actionable, minor or benign."""
    reason: str
    distance_mm: float | None = None
    """Above the carina, where it is said."""


@cache
def _verdicts() -> dict[tuple[str, str], Verdict]:
    found = {}
    for row in tables.rows("device_positions"):
        if row["verdict"] not in ORDER:
            raise ValueError(f"device_positions.csv: verdict {row['verdict']!r}")
        found[row["device"], row["position"]] = Verdict(
            row["device"], row["position"], row["verdict"], row["significance"], row["reason"]
        )
    return found


def positions_of(device: str) -> tuple[str, ...]:
    """The positions that are known of a device, right ones first."""
    own = [v for (name, _), v in _verdicts().items() if name in _names(device)]
    ranked = sorted(own, key=lambda verdict: ORDER.index(verdict.judgment))
    return tuple(dict.fromkeys(verdict.position for verdict in ranked))


def _names(device: str) -> tuple[str, ...]:
    families = UNSAID_KIND.get(device, (FAMILIES.get(device, device),))
    return (device, *families, ANY)


def judge(device: str, position: str) -> Verdict | None:
    """What a position means for a device; None where the table says nothing of it."""
    for name in _names(device):
        if verdict := _verdicts().get((name, position)):
            return verdict
    return None


def judged(
    device: str, positions: Iterable[str], above_carina_mm: float | None = None
) -> Verdict | None:
    """The verdict on all that is said of one device: the gravest, a distance before words.

    `above_carina_mm` is the distance of the tip from the carina, which makes "above the carina"
    low or high.
    """
    said = [_by_distance(position, above_carina_mm) for position in positions]
    found = [verdict for position in said if (verdict := judge(device, position))]
    if not found:
        return None
    gravest = max(found, key=lambda verdict: ORDER.index(verdict.judgment))
    by_distance = gravest.position in BY_DISTANCE
    return replace(gravest, distance_mm=above_carina_mm if by_distance else None)


def _by_distance(position: str, above_carina_mm: float | None) -> str:
    if position not in ("above carina", "carina") or above_carina_mm is None:
        return position
    if above_carina_mm < LOW_MM:
        return "low"
    return "high" if above_carina_mm > HIGH_MM else "above carina"


def compared(wanted: Verdict | None, given: Verdict | None) -> Judgment:
    """How a stated position answers the true one: right, adjacent, or wrong.

    Wrong is a position in order said of one that is not, and the reverse: either changes what is
    done. Of two that are not in order another one is adjacent, unless it is the same place in a
    wider word and means the same; and so are two distances from the carina within `CLOSE_MM`, and
    silence where the true one is not right.
    """
    if wanted is None:
        return "right" if given is None or given.judgment != "wrong" else "wrong"
    if given is None:
        return "right" if wanted.judgment == "right" else "adjacent"
    if (wanted.judgment == "right") != (given.judgment == "right"):
        return "adjacent" if _close(wanted, given) else "wrong"
    if wanted.judgment == "right" or wanted.position == given.position:
        return "right"
    vague = {wanted.position, given.position} & {"malpositioned"}
    return "right" if vague or _same_danger(wanted, given) else "adjacent"


def apart(device: str, one: str, other: str) -> bool:
    """Whether one tip cannot have both of two positions: in order and not, or two places."""
    first, second = judge(device, one), judge(device, other)
    if first is None or second is None or one == other or frozenset({one, other}) in TOGETHER:
        return False
    if other in WITHIN.get(one, ()) or one in WITHIN.get(other, ()):
        return False
    if {one, other} & STATES:
        opposed = {one, other} & {"satisfactory", "malpositioned"}
        placed = bool({one, other} - STATES) or len(opposed) > 1
        return (
            bool(opposed) and placed and (first.judgment == "right") != (second.judgment == "right")
        )
    return first.judgment != "right" or second.judgment != "right"


def tried(device: str, positions: Iterable[str]) -> list[str]:
    """Those of some positions that a tip cannot have beside the first of them, nor each other."""
    kept: list[str] = []
    for position in sorted(set(positions) - STATES):
        if judge(device, position) and all(apart(device, position, other) for other in kept):
            kept.append(position)
    return kept[1:]


def at_odds(device: str, said: Iterable[tuple[frozenset[str], float | None]]) -> bool:
    """Whether statements of one device, each with a distance, give its tip places that exclude
    each other."""
    several = [
        (frozenset(_by_distance(place, distance) for place in places), distance)
        for places, distance in said
        if places
    ]
    far = [d for places, d in several if d is not None and places & set(BY_DISTANCE)]
    if far and max(far) - min(far) > CLOSE_MM:
        return True
    each = sorted({places for places, _ in several}, key=sorted)[:MOST_STATEMENTS]
    return any(_excludes(device, one, other) for one in each for other in each if one is not other)


def _excludes(device: str, one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether one statement has a position that no position of the other allows."""
    return any(all(apart(device, place, beside) for beside in other) for place in one)


def _same_danger(one: Verdict, other: Verdict) -> bool:
    """Whether one place holds the other, and what it means is the same: feed runs into the lung."""
    holds = other.position in WITHIN.get(one.position, ())
    held = one.position in WITHIN.get(other.position, ())
    return (holds or held) and one.reason == other.reason


def _close(one: Verdict, other: Verdict) -> bool:
    if one.distance_mm is None or other.distance_mm is None:
        return False
    return abs(one.distance_mm - other.distance_mm) <= CLOSE_MM
