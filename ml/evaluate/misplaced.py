"""What a matched finding says wrongly of its place: side, height, rib, or where a device ends."""

from __future__ import annotations

import re
from itertools import product

from ml import taxonomy
from ml.devices import compared, tried
from ml.evaluate.explain import phrase_of
from ml.evaluate.location import (
    LOBES,
    Place,
    is_central,
    is_other_lobe,
    overlap,
    place_of,
    zone_distance,
    zones_in_words,
)
from ml.evaluate.margins import within_margin
from ml.evaluate.mistake import Mistake, Severity, listed
from ml.evaluate.observation import BILATERAL, Observation
from ml.evaluate.relations import SHIFT
from ml.evaluate.vagueness import (
    asks_for_zone,
    is_loose,
    is_placeless,
    is_umbrella,
    is_whole_lung,
    lobes_beside,
    says_any_lobe,
    zones_beside,
)
from ml.findings.attributes import DEVICES

FOCAL = frozenset({"nodule_mass", "other_lesion", "calcification", "bone_lesion", "bulla"})
"""Lesions of which there may be several, told from one another by their place."""
FAR_APART = 99
ABOVE = {"T": 0, "L": 12}
"""Thoracic vertebrae before the first of a kind."""
URGENT_SIDE = Mistake("location", "significant", "It is urgent: what is done is done on that side.")
NOWHERE = ("unsaid", "more")
"""Where the side is not said, or both are: a height that is not said is a further error."""
ELSEWHERE = ("other_side", "far")
WRONG = ("other_side", "part", "more", "far")


def misplaced(
    reference: Observation,
    candidate: Observation,
    said_sides: frozenset[str],
    meant_sides: frozenset[str],
    said_zones: frozenset[str],
    push_told: bool,
    urgent: bool,
) -> list[Mistake]:
    """The errors of side and height; what is given beside the pair is as of `mistakes_of`."""
    where = _location(reference, candidate, said_sides, meant_sides)
    if push_told and reference.label == SHIFT and not candidate.sides:
        where = None
    zone = _zone(reference, candidate, said_zones)
    nowhere = not said_zones and place_of(reference, candidate) in NOWHERE
    if where is None and zone is None:
        zone = _half(reference, candidate, said_zones)
    found = [
        *((where, zone) if nowhere else (_graver(where, zone),)),
        _elsewhere(reference, candidate, where),
        URGENT_SIDE if urgent and where and _misses_side(reference, candidate) else None,
    ]
    return [mistake for mistake in found if mistake is not None]


def mispositioned(reference: Observation, candidate: Observation) -> list[Mistake]:
    """The errors of where a device ends."""
    return [*_position(reference, candidate), *_tried_positions(reference, candidate)]


def _position(reference: Observation, candidate: Observation) -> list[Mistake]:
    """A device that is said to lie elsewhere, or whose wrong place is not said."""
    wanted, given = reference.verdict, candidate.verdict
    if wanted is None or compared(wanted, given) == "right":
        return []
    where = f"Its position is: {wanted.position} ({wanted.reason})"
    said = f", not {given.position}." if given else "; yours does not say where it lies."
    grave = wanted.judgment != "right"
    return [Mistake("location", "significant" if grave else "negligible", where + said)]


def _tried_positions(reference: Observation, candidate: Observation) -> list[Mistake]:
    """One error for each further place that a tip is said to have."""
    if candidate.label not in DEVICES or candidate.concept == "pacemaker":
        return []
    spare = tried(candidate.concept, candidate.positions)
    spare = spare[len(tried(reference.concept, reference.positions)) :]
    return [
        Mistake(
            "location",
            "significant",
            f"Yours names the {place} as well: of several places each earns only its share.",
        )
        for place in spare
    ]


def _location(
    reference: Observation,
    candidate: Observation,
    said_sides: frozenset[str],
    meant_sides: frozenset[str],
) -> Mistake | None:
    place = place_of(reference, candidate)
    if place == "part" and said_sides >= reference.sides:
        return None
    if place == "unsaid" and _says_side_by_position(reference, candidate):
        return None
    if place == "more" and meant_sides >= candidate.sides:
        return None
    wanted, given = zones_in_words(reference.zones), zones_in_words(candidate.zones)
    if place == "unsaid" or (place == "adjacent" and _lacks_side(reference, candidate)):
        return _unsided(reference, candidate)
    if place not in WRONG and is_umbrella(reference, candidate) and is_loose(reference, candidate):
        word = phrase_of(candidate.label)
        said = f"It is in the {wanted}; a word as wide as {word} needs its place."
        return Mistake("location", "significant", said)
    sentences: dict[Place, tuple[Severity, str]] = {
        "other_side": (
            "significant",
            f"It is on the {_sides(reference)}, not on the {_sides(candidate)}.",
        ),
        "part": ("significant", f"It is on both sides, not only on the {_sides(candidate)}."),
        "more": ("significant", f"It is only on the {_sides(reference)}, not on both sides."),
        "far": (
            "significant",
            f"It is in the {wanted}, not in the {given}.",
        ),
        "adjacent": (
            "slight" if is_other_lobe(reference, candidate) else "negligible",
            f"It is in the {wanted}; the {given} is next to it.",
        ),
    }
    if place not in sentences:
        return _crossed(reference, candidate) or _part(reference, candidate)
    severity, sentence = sentences[place]
    return Mistake("location", severity, sentence)


def _unsided(reference: Observation, candidate: Observation) -> Mistake:
    """The error of a side that is not said."""
    lacks = _lacks_side(reference, candidate) or asks_for_zone(reference)
    grave = lacks or _is_unplaced(reference, candidate)
    severity: Severity = "significant" if grave else "negligible"
    return Mistake("location", severity, f"The side is not said: {_sides(reference)}.")


def _elsewhere(
    reference: Observation, candidate: Observation, where: Mistake | None
) -> Mistake | None:
    """A second error beside a wrong side for another height, and for a focal lesion that lies
    elsewhere and is not told by its size or form: which one was seen is not said."""
    place = place_of(reference, candidate)
    if where is None or where.severity != "significant" or place not in WRONG:
        return None
    wanted, given = zones_in_words(reference.zones), zones_in_words(candidate.zones)
    apart = zone_distance(reference.zones, candidate.zones) != "same" or (
        bool(reference.zones and candidate.zones)
        and reference.zones <= LOBES
        and all(is_central(zone) for zone in candidate.zones)
    )
    if place != "far" and apart:
        said = f"It is in the {wanted}, not in the {given} either."
        return Mistake("location", "significant", said)
    if place == "more" and reference.label in FOCAL and candidate.zones:
        said = f"A {phrase_of(reference.label)} on the other side is another one."
        return Mistake("location", "significant", said)
    if place in ELSEWHERE and reference.label in FOCAL and not _told(reference, candidate):
        said = f"A {phrase_of(reference.label)} elsewhere may be another one."
        return Mistake("location", "significant", said)
    return None


def _told(reference: Observation, candidate: Observation) -> bool:
    """Whether a lesion is known again by its size, form or change."""
    sizes = product(reference.sizes_mm, candidate.sizes_mm)
    alike = reference.descriptors & candidate.descriptors or reference.changes & candidate.changes
    return bool(alike) or any(within_margin(one, other) for one, other in sizes)


def _says_side_by_position(reference: Observation, candidate: Observation) -> bool:
    """Whether a device's position names its side: the right main bronchus."""
    sides = tuple(reference.sides)
    return len(sides) == 1 and any(said.startswith(sides) for said in candidate.positions)


def _graver(one: Mistake | None, other: Mistake | None) -> Mistake | None:
    """The significant one of two errors, the first where both are or none is."""
    return one if one and (other is None or one.severity == "significant") else other


def _zone(
    reference: Observation, candidate: Observation, said_zones: frozenset[str]
) -> Mistake | None:
    if not asks_for_zone(reference):
        return None
    wanted = zones_in_words(reference.zones)
    if not said_zones:
        sentence = f"Where in the lung is not said: {wanted}."
    elif spared := zones_beside(reference, candidate.zones):
        sentence = f"It is in the {wanted} only, not in the {zones_in_words(spared)} as well."
    elif is_whole_lung(reference, said_zones):
        sentence = f"It is in the {wanted}; both lobes are the whole lung."
    elif beside := lobes_beside(reference, candidate):
        sentence = f"It is in the {wanted} only, not in the {zones_in_words(beside)} next to it."
        return Mistake("location", "slight", sentence)
    elif says_any_lobe(reference, said_zones):
        said = zones_in_words(said_zones)
        sentence = f"It is in the {wanted}; in the {said} may be in any lobe."
    else:
        return None
    return Mistake("location", "significant", sentence)


def _half(
    reference: Observation, candidate: Observation, said_zones: frozenset[str]
) -> Mistake | None:
    """One of two lobes of a lung: "right upper lobe" for the upper and the lower one."""
    sides = reference.sides & candidate.sides & BILATERAL
    lobes = reference.zones & LOBES
    if len(reference.sides & BILATERAL) != 1 or len(lobes) < 2 or not said_zones:
        return None
    left_out = {zone for zone in lobes if not any(overlap(zone, it, sides) for it in said_zones)}
    if not left_out or left_out == lobes:
        return None
    apart = zone_distance(left_out, lobes - left_out) == "far"
    wanted, given = zones_in_words(lobes), zones_in_words(lobes - left_out)
    return Mistake(
        "location",
        "significant" if apart else "slight",
        f"It is in the {wanted}, not only in the {given}.",
    )


def _crossed(reference: Observation, candidate: Observation) -> Mistake | None:
    """Right sides and right zones in the wrong pairs: left upper for right upper."""
    if len(reference.places) < 2:
        return None
    for side, zone in sorted(candidate.places):
        zones = {other for where, other in reference.places if where in (side, "bilateral")}
        if zones and zone_distance(zones, {zone}, frozenset({side})) == "far":
            wanted = " and ".join(f"{a} {b}" for a, b in sorted(reference.places))
            return Mistake("location", "significant", f"It is {wanted}, not {side} {zone}.")
    return None


def _part(reference: Observation, candidate: Observation) -> Mistake | None:
    """Another rib or vertebra: next to the right one negligible, further away significant."""
    if not reference.parts or not candidate.parts or reference.parts & candidate.parts:
        return None
    steps = min(_steps(one, other) for one in reference.parts for other in candidate.parts)
    return Mistake(
        "location",
        "negligible" if steps <= 1 else "significant",
        f"It is at {listed(reference.parts)}, not at {listed(candidate.parts)}.",
    )


def _steps(one: str, other: str) -> int:
    """How far apart two ribs or two vertebrae are; L1 follows T12."""
    (first, a), (second, b) = (re.fullmatch(r"(\D+)(\d+)", part).groups() for part in (one, other))  # type: ignore[union-attr]
    if first in ABOVE and second in ABOVE:
        return abs(ABOVE[first] + int(a) - ABOVE[second] - int(b))
    return abs(int(a) - int(b)) if first == second else FAR_APART


def _is_unplaced(reference: Observation, candidate: Observation) -> bool:
    """Whether a finding of one side has no place at all, or one of both sides is only named."""
    return is_placeless(reference, candidate) and _has_side(reference)


def _misses_side(reference: Observation, candidate: Observation) -> bool:
    """Whether the one side on which something would be done is not told: none is, or both are.

    Of a device it is no matter.
    """
    if reference.label in DEVICES:
        return False
    return _lacks_side(reference, candidate) or place_of(reference, candidate) == "more"


def _lacks_side(reference: Observation, candidate: Observation) -> bool:
    """Whether of a finding of one side the side is left out, whatever is said of its height.

    A numbered rib is found on the film without it.
    """
    one_sided = len(reference.sides & BILATERAL) == 1 and not candidate.sides & BILATERAL
    return one_sided and not candidate.parts and _has_side(reference)


def _has_side(finding: Observation) -> bool:
    """Whether its side matters: that of free air, of a scoliosis or a pacemaker does not."""
    if finding.label == "heart_device":
        return False
    label = taxonomy.labels().get(finding.label or "")
    return label is None or label.mode == "draw" or label.is_sided


def _sides(finding: Observation) -> str:
    if finding.sides >= BILATERAL:
        return "left and right"
    return " and ".join(sorted(finding.sides))
