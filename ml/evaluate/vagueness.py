"""Umbrella words: an opacity may be one of seven things, and so answers each only in part.

A general word of ``specificity.csv`` is worth what it commits to, as a chain of alternatives is:
of the kinds of finding that it covers each earns its share, and only where its place is right.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from ml import taxonomy
from ml.evaluate.location import (
    LOBES,
    is_central,
    only_neighbors,
    overlap,
    place_of,
    zone_distance,
)
from ml.evaluate.observation import BILATERAL, Observation
from ml.evaluate.relations import is_wider, narrower
from ml.regions import region_of

WITH_LINGULA = frozenset({"upper lobe", "lingula"})
LEFT_LOBES = frozenset({"upper lobe", "lower lobe"})
UMBRELLA = 4
"""Groups of findings that a word covers, its own among them, from which on it is an umbrella."""


@cache
def _is_umbrella(concept: str) -> bool:
    groups = {taxonomy.group_of(other) for other in (concept, *narrower(concept))}
    return len(groups) >= UMBRELLA


def is_umbrella(reference: Observation, candidate: Observation) -> bool:
    """Whether the candidate's word is an umbrella over the reference's finding."""
    return is_wider(candidate, reference) and _is_umbrella(candidate.concept)


@cache
def spare_kinds(general: str, specific: str) -> tuple[str, ...]:
    """What a general word covers beside the thing meant: one label of each further group.

    Its own group is no further one: it is what the word says most nearly.
    """
    named = {taxonomy.group_of(general), taxonomy.group_of(specific)}
    found: dict[str, str] = {}
    for label in sorted(narrower(general)):
        if (group := taxonomy.group_of(label)) not in named:
            found.setdefault(group, label)
    return tuple(sorted(found.values()))


def is_placeless(reference: Observation, candidate: Observation) -> bool:
    """Whether the candidate says nothing of the place of a finding that has one.

    Of a finding on both sides its form or degree is enough.
    """
    if reference.sides >= BILATERAL:
        return candidate.is_bare
    return reference.has_place and not candidate.has_place


def is_loose(reference: Observation, candidate: Observation) -> bool:
    """Whether the candidate has only the side of a finding whose zone is known, or another zone.

    Or no side. Enough for a finding that is named, not for a word that may mean anything.
    """
    if len(reference.sides & BILATERAL) == 1 and not candidate.sides & BILATERAL:
        return True
    if not reference.zones or place_of(reference, candidate) == "other_side":
        return False
    return not candidate.zones or only_neighbors(reference, candidate)


def zones_beside(reference: Observation, zones: Iterable[str]) -> frozenset[str]:
    """Those of some zones that lie apart from every zone of a finding: beside the right one."""
    sides = reference.sides & BILATERAL
    apart = {zone for zone in zones if zone_distance(reference.zones, {zone}, sides) == "far"}
    return frozenset(apart)


def lobes_beside(reference: Observation, candidate: Observation) -> frozenset[str]:
    """Lobes that a finding of one lobe is said to be in beside its own: its neighbors.

    The lingula and the lobe that it belongs to are one place.
    """
    sides = reference.sides & candidate.sides & BILATERAL
    said = candidate.zones
    own = {place for place in said if any(overlap(zone, place, sides) for zone in reference.zones)}
    if not own or not reference.zones & LOBES:
        return frozenset()
    return said & LOBES - own - (WITH_LINGULA if own & WITH_LINGULA else frozenset())


def is_whole_lung(reference: Observation, zones: Iterable[str]) -> bool:
    """Whether both lobes of the left lung stand for one of them: no more is said than the side."""
    if not set(zones) >= LEFT_LOBES or reference.sides != {"left"}:
        return False
    met = [
        any(overlap(own, lobe, reference.sides) for own in reference.zones) for lobe in LEFT_LOBES
    ]
    return sum(met) == 1


def says_any_lobe(reference: Observation, zones: Iterable[str]) -> bool:
    """Whether zones that may belong to any lobe stand for a named one, and only border on it.

    "Perihilar" or "mid zone" for a lower lobe says no more of the place than the side does. Of two
    lobes the neighbor is a slip, as CRIMSON has it, and so is one zone for the next.
    """
    sides = reference.sides & BILATERAL
    return reference.zones <= LOBES and all(
        is_central(zone) and not any(overlap(own, zone, sides) for own in reference.zones)
        for zone in zones
    )


def asks_for_zone(reference: Observation) -> bool:
    """Whether the side alone is half an answer: something in a known part of one lung.

    Of what lies in both lungs, or outside them (fluid and air find their own level), it is enough.
    """
    one_sided = len(reference.sides & BILATERAL) == 1
    return one_sided and bool(reference.zones) and region_of(reference.label) == "lungs"
