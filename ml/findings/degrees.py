"""Several degrees or sizes in one phrase, each with its place: small left and moderate right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml.findings.clauses import Clauses
from ml.findings.places import Said
from ml.findings.sizes import SIZE

Place = tuple[str, str]
"""(side, zone), either empty."""


@dataclass(frozen=True)
class Degree:
    """How large one of several places of a finding is said to be."""

    severity: str = ""
    size_mm: float | None = None


def divided(
    places: Sequence[Place], placing: Sequence[Said], telling: Sequence[Said], sentence: Clauses
) -> tuple[list[Place], dict[Place, Degree]]:
    """The places of a finding, and of each the degree or size that stands nearest to it.

    The second is empty where one degree is that of all places. `placing` are the words of sides
    and zones that gave `places`, `telling` those of degrees and sizes.
    """
    sides = [item for item in placing if item.kind == "side"]
    several = {item.value for item in sides}
    if len(places) == 1 and places[0][0] == "bilateral" and several == {"left", "right"}:
        zone = places[0][1]
        by_side = {side: _degree_near(side, sides, telling, sentence) for side in ("left", "right")}
        told = not zone or all(degree != Degree() for degree in by_side.values())
        if told and by_side["left"] != by_side["right"]:
            return (
                [(item.value, zone) for item in sides],
                {(side, zone): degree for side, degree in by_side.items()},
            )
    elif len(places) > 1:
        zones = [item for item in placing if item.kind == "zone"]
        if len(zones) == 1 and [side for side, _ in places] == [item.value for item in sides]:
            near = {place: _degree_near(place[0], sides, telling, sentence) for place in places}
            if Degree() not in near.values():
                return list(places), near
        if len(zones) == len(places):
            return list(places), _by_zone(places, zones, telling)
    return list(places), {}


def changes_by_side(placing: Sequence[Said], telling: Sequence[Said]) -> dict[str, str]:
    """The change of each side of "worsening right and improving left consolidation".

    Empty unless two sides and two changes that differ take turns.
    """
    sides = [item for item in placing if item.kind == "side"]
    changes = [item for item in telling if item.kind == "change"]
    said = sorted([*sides, *changes], key=lambda item: item.start)
    kinds = [item.kind for item in said]
    turns = kinds in (["side", "change"] * 2, ["change", "side"] * 2)
    if not turns or {item.value for item in sides} != {"left", "right"}:
        return {}
    if len({item.value for item in changes}) == 1:
        return {}
    return {side.value: change.value for side, change in zip(sides, changes, strict=True)}


def _degree_near(
    side: str, sides: Sequence[Said], telling: Sequence[Said], sentence: Clauses
) -> Degree:
    """The degree and size that stand nearer to a side than to the other, with no "and" between."""
    severity, size = "", None
    for item in telling:
        nearest = min(sides, key=lambda near: (_joined(sentence, near, item), _apart(near, item)))
        if nearest.value != side:
            continue
        if item.kind == "severity":
            severity = severity or item.value
        elif item.kind == SIZE:
            size = max(size or 0.0, float(item.value))
    return Degree(severity, size)


def _by_zone(
    places: Sequence[Place], zones: Sequence[Said], telling: Sequence[Said]
) -> dict[Place, Degree]:
    """The sizes of several places, where there is one for each; none otherwise."""
    sizes = [item for item in telling if item.kind == SIZE]
    if len(sizes) != len(places):
        return {}
    severities = [item for item in telling if item.kind == "severity"]
    return {
        place: Degree(
            min(severities, key=lambda item: _apart(item, zone)).value if severities else "",
            float(size.value),
        )
        for place, zone, size in zip(places, zones, sizes, strict=True)
    }


def _joined(sentence: Clauses, one: Said, other: Said) -> bool:
    """Whether an "and" or a comma stands between two words."""
    between = range(min(one.end, other.end), max(one.start, other.start))
    return any(sentence.words[p] == "," or sentence.is_one_of("and", p) for p in between)


def _apart(one: Said, other: Said) -> int:
    return max(one.start - other.end, other.start - one.end, 0)
