"""Side and zone of two findings compared, with neighbors told from the far away.

Zones are intervals on a vertical scale of the lung (``ml/data/zones.csv``): those that
overlap are the same place, those that touch are neighbors, and all others lie apart. So the
right upper lobe neighbors the middle lobe but not the lower one, as the published
guideline of CRIMSON has it, while the left upper lobe neighbors the lower.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Literal

from ml import tables
from ml.evaluate.observation import BILATERAL, Observation

Place = Literal["same", "adjacent", "far", "part", "more", "other_side", "unsaid"]
"""What the candidate's place is to the reference's: `part` one of two sides, `more` both
sides where the reference has one, `unsaid` no side where the reference has one."""

NEIGHBOR_GAP = 1.0
UPPER_END, LOWER_START = 1.0, 3.0
"""Where the upper lobe ends and the lower one begins, on the scale of the zones."""
ADJECTIVES = frozenset(
    {
        *("hilar", "perihilar", "suprahilar", "infrahilar"),
        *("retrocardiac", "apical", "basilar", "bibasilar"),
    }
)
"""Zones whose names are no nouns."""
LOBES = frozenset({"upper lobe", "middle lobe", "lower lobe", "lingula"})
PLURALS = {"apex": "apices", "bases": "bases"}


@cache
def _intervals() -> dict[tuple[str, str], tuple[float, float]]:
    return {
        (row["zone"], row["side"]): (float(row["top"]), float(row["bottom"]))
        for row in tables.rows("zones")
    }


def zones_in_words(zones: Iterable[str], *, both_sides: bool = False) -> str:
    """Zones after "in the": "lower lobe and perihilar region", of both sides "apices"."""
    names = [f"{zone} region" if zone in ADJECTIVES else zone for zone in sorted(zones)]
    if both_sides:
        names = [PLURALS.get(name, f"{name}s") for name in names]
    return " and ".join(names)


def _interval(zone: str, sides: frozenset[str]) -> tuple[float, float] | None:
    side = next(iter(sides)) if len(sides) == 1 else ""
    known = _intervals()
    return known.get((zone, side)) or known.get((zone, ""))


def _gap(first: tuple[float, float], second: tuple[float, float]) -> float:
    return max(0.0, max(first[0], second[0]) - min(first[1], second[1]))


def zone_distance(
    reference: Iterable[str],
    candidate: Iterable[str],
    sides: frozenset[str] = frozenset(),
) -> Literal["same", "adjacent", "far"]:
    """How far the nearest two of the zones lie apart, one of each finding.

    `sides` are those that both findings have: with a single one its own zones of the table are
    taken. A zone missing from the table contradicts none, nor does a finding without a zone:
    both are `same`.
    """
    wanted, given = sorted(set(reference)), sorted(set(candidate))
    if not wanted or not given:
        return "same"
    nearest = min(_zone_gap(one, other, sides) for one in wanted for other in given)
    if nearest <= 0:
        return "same"
    return "adjacent" if nearest <= NEIGHBOR_GAP else "far"


def _zone_gap(one: str, other: str, sides: frozenset[str]) -> float:
    if one == other:
        return 0.0
    first, second = _interval(one, sides), _interval(other, sides)
    if first is None or second is None:
        return 0.0
    return _gap(first, second)


def only_neighbors(reference: Observation, candidate: Observation) -> bool:
    """Whether no zone of the two overlaps: they lie apart or share a border only."""
    sides = reference.sides & candidate.sides & BILATERAL
    pairs = [(one, other) for one in reference.zones for other in candidate.zones]
    return bool(pairs) and not any(overlap(one, other, sides) for one, other in pairs)


def is_central(zone: str) -> bool:
    """Whether a zone, itself no lobe, borders on the upper and the lower one: the mid zone does."""
    if zone in LOBES:
        return False
    interval = _interval(zone, frozenset())
    if interval is None:
        return False
    upper = interval[0] - UPPER_END <= NEIGHBOR_GAP
    return upper and LOWER_START - interval[1] <= NEIGHBOR_GAP


def within_its_lobe(reference: Observation, candidate: Observation) -> Observation:
    """The candidate without central zones beside a lobe: they say where in that lobe it lies.

    "Middle lobe, perihilar" is the middle lobe, and no place in every lobe of the lung. Central
    zones that the reference has too stay.
    """
    central = {zone for zone in candidate.zones - reference.zones if is_central(zone)}
    if not central or not candidate.zones & LOBES:
        return candidate
    return replace(candidate, zones=candidate.zones - central)


def is_other_lobe(reference: Observation, candidate: Observation) -> bool:
    """Whether lobes are named on both sides, and none of them is the same."""
    sides = reference.sides & candidate.sides & BILATERAL
    return bool(reference.zones & LOBES and candidate.zones & LOBES) and not any(
        overlap(one, other, sides) for one in reference.zones for other in candidate.zones
    )


def overlap(one: str, other: str, sides: frozenset[str]) -> bool:
    """Whether two zones share more than a border; one that the table has not contradicts none."""
    first, second = _interval(one, sides), _interval(other, sides)
    if one == other or first is None or second is None:
        return True
    top, bottom = max(first[0], second[0]), min(first[1], second[1])
    levels = first[0] == first[1] or second[0] == second[1]
    return top <= bottom if levels else top < bottom


def place_of(reference: Observation, candidate: Observation) -> Place:
    """How the candidate's place compares with the reference's."""
    wanted = reference.sides & BILATERAL
    given = candidate.sides & BILATERAL
    if wanted and given and wanted != given:
        if not wanted & given:
            return "other_side"
        return "more" if given == BILATERAL else "part"
    distance = zone_distance(reference.zones, candidate.zones, wanted & given)
    if distance == "same" and wanted and not given:
        return "unsaid"
    return distance


def compatible(first: Observation, second: Observation) -> bool:
    """Whether two mentions in one text can speak of one place."""
    one, other = first.sides & BILATERAL, second.sides & BILATERAL
    if one and other and not one & other:
        return False
    return zone_distance(first.zones, second.zones, one & other) == "same"
