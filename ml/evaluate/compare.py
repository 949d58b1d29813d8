"""What a matched finding says wrongly: the eight attribute kinds of CRIMSON.

Every rule here is one of the published guideline (arXiv:2603.06183) put into code. The
severity of an error is *significant* when it would change what is done for the patient
and *negligible* otherwise; a detail that the reference leaves open is never an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Literal

from ml import tables, taxonomy
from ml.devices import compared, tried
from ml.evaluate.explain import phrase_of
from ml.evaluate.location import (
    LOBES,
    Place,
    is_central,
    is_other_lobe,
    place_of,
    within_its_lobe,
    zone_distance,
    zones_in_words,
)
from ml.evaluate.margins import millimeters, within_margin, within_spread
from ml.evaluate.observation import Observation
from ml.evaluate.relations import ONLY_CAUSE, Relation, is_wider
from ml.evaluate.significance import severity_levels
from ml.evaluate.vagueness import (
    asks_for_zone,
    is_loose,
    is_placeless,
    is_umbrella,
    says_any_lobe,
    spare_kinds,
    zones_beside,
)
from ml.findings.attributes import DEVICES

Severity = Literal["significant", "slight", "negligible"]

SAME_SEVERITY = 1.0
"""Words closer than this on the scale of ``severity.csv`` say the same (small, minimal)."""
FAR_SEVERITY = 2.0
"""From here on a different severity changes what is done (mild, severe)."""
SHIFT = "mediastinal_shift"
SPREAD = frozenset({"pneumothorax", "pleural_effusion", "pericardial_effusion"})
"""Findings whose size is a depth of air or fluid, not a diameter."""
FOCAL = frozenset({"nodule_mass", "other_lesion", "calcification", "bone_lesion", "bulla"})
"""Lesions of which there may be several, told from one another by their place."""
FAR_APART = 99
NOWHERE = ("unsaid", "more")
"""Where the side is not said, or both are: a height that is not said is a further error."""
ELSEWHERE = ("other_side", "far")
WRONG = ("other_side", "part", "more", "far")


@dataclass(frozen=True)
class Mistake:
    """One attribute the candidate has wrong."""

    kind: str
    """One of `schema.ERROR_TYPES`."""
    severity: Severity
    explanation: str


DISMISSED = Mistake(
    "certainty",
    "significant",
    "Yours says that nothing has to be done for it; a finding of this weight asks for action.",
)


def mistakes_of(
    reference: Observation,
    candidate: Observation,
    relation: Relation,
    *,
    prior_mentioned: bool,
    urgent: bool,
    said_sides: frozenset[str] = frozenset(),
    meant_sides: frozenset[str] = frozenset(),
    said_zones: frozenset[str] = frozenset(),
    dismissed: bool = False,
    shift_said: bool = False,
    push_told: bool = False,
) -> list[Mistake]:
    """All attribute errors of one matched pair, in the order of the eight kinds.

    `said_sides` are the sides of every candidate finding matched to this reference
    finding: two one-sided findings together answer a bilateral one; `meant_sides` are likewise
    those of every reference finding that this candidate finding is matched to; `said_zones` are
    the zones of every candidate finding matched to this reference finding. `urgent` says
    that the reference finding is urgent, where a hedge changes what is done; `dismissed`, that
    the candidate wants nothing done for a finding that asks for action; `shift_said`, that it
    names the shift by which a tension shows; `push_told`, that it tells on which side lies what
    pushes the mediastinum, and so where to it is shifted.
    """
    candidate = within_its_lobe(reference, candidate)
    where = _location(reference, candidate, said_sides, meant_sides)
    if push_told and reference.label == SHIFT and not candidate.sides:
        where = None
    zone = _zone(reference, candidate, said_zones)
    nowhere = not said_zones and place_of(reference, candidate) in NOWHERE
    found = [
        *((where, zone) if nowhere else (_graver(where, zone),)),
        _elsewhere(reference, candidate, where),
        _severity(reference, candidate),
        _descriptor(reference, candidate, shift_said),
        _measurement(reference, candidate),
        # How sure it is of a cause is not how sure it is of what the cause explains.
        _certainty(reference, candidate, urgent) if relation != ONLY_CAUSE else None,
        _specificity(relation),
        _temporal(reference, candidate) if prior_mentioned else None,
    ]
    found += [*_position(reference, candidate), *_tried_positions(reference, candidate)]
    found += [
        *_left_open(reference, candidate),
        *_umbrella(reference, candidate, relation, said_sides),
    ]
    found.append(DISMISSED if dismissed else None)
    return [mistake for mistake in found if mistake is not None]


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


def _left_open(reference: Observation, candidate: Observation) -> list[Mistake]:
    """One error for each alternative that the candidate names beyond those of the reference."""
    spare = max(0, len(candidate.rivals) - max(1, len(reference.rivals)))
    own = {reference.label, *(label for _, label in reference.rivals)}
    others = sorted({label for _, label in candidate.rivals} - own)[:spare]
    return [
        Mistake(
            "unspecific",
            "significant",
            f"Yours leaves open whether it is {phrase_of(label)}: of {len(candidate.rivals)} "
            "possibilities each earns only its share.",
        )
        for label in others
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
        "unsaid": (
            "significant"
            if _is_unplaced(reference, candidate) or asks_for_zone(reference)
            else "negligible",
            f"The side is not said: {_sides(reference)}.",
        ),
    }
    if place not in sentences:
        return _crossed(reference, candidate) or _part(reference, candidate)
    severity, sentence = sentences[place]
    return Mistake("location", severity, sentence)


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
    elif says_any_lobe(reference, said_zones):
        said = zones_in_words(said_zones)
        sentence = f"It is in the {wanted}; in the {said} may be in any lobe."
    else:
        return None
    return Mistake("location", "significant", sentence)


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
        f"It is at {_join(reference.parts)}, not at {_join(candidate.parts)}.",
    )


def _steps(one: str, other: str) -> int:
    (first, a), (second, b) = (re.fullmatch(r"(\D+)(\d+)", part).groups() for part in (one, other))  # type: ignore[union-attr]
    return abs(int(a) - int(b)) if first == second else FAR_APART


def _is_unplaced(reference: Observation, candidate: Observation) -> bool:
    """Whether a finding of one side has no place at all, or one of both sides is only named."""
    return is_placeless(reference, candidate) and _has_side(reference)


def _has_side(finding: Observation) -> bool:
    """Whether its side matters: that of free air, of a scoliosis or a pacemaker does not."""
    if finding.label == "heart_device":
        return False
    label = taxonomy.labels().get(finding.label or "")
    return label is None or label.mode == "draw" or label.is_sided


def _sides(finding: Observation) -> str:
    if finding.sides >= {"left", "right"}:
        return "left and right"
    return " and ".join(sorted(finding.sides))


def _severity(reference: Observation, candidate: Observation) -> Mistake | None:
    levels = severity_levels()
    wanted = [word for word in reference.severities if word in levels]
    given = [word for word in candidate.severities if word in levels]
    if not wanted or not given:
        return None
    word, gap = max(
        ((word, min(abs(levels[word] - levels[other]) for other in wanted)) for word in given),
        key=lambda pair: pair[1],
    )
    if gap < SAME_SEVERITY:
        return None
    return Mistake(
        "severity",
        "significant" if gap >= FAR_SEVERITY else "negligible",
        f"It is {' or '.join(wanted)}, not {word}.",
    )


EXCLUSIVE = frozenset({"tension", "density", "margin"})
"""Groups of descriptors of which a finding has one."""
TENSION = "tension"
"""The one descriptor that is an error to leave out: it changes what is done at once."""


@cache
def descriptor_values() -> tuple[tuple[str, str, re.Pattern[str], str], ...]:
    """Group, value, pattern and severity of every descriptor of ``descriptors.csv``."""
    return tuple(
        (
            row["group"],
            row["value"],
            re.compile(rf"(?<!\w)(?:{row['words']})(?!\w)", re.IGNORECASE),
            row["severity"],
        )
        for row in tables.rows("descriptors")
    )


def _by_group(descriptors: Iterable[str]) -> dict[str, set[str]]:
    text = " ; ".join(sorted(descriptors))
    found: dict[str, set[str]] = {}
    for group, value, pattern, _ in descriptor_values():
        if pattern.search(text):
            found.setdefault(group, set()).add(value)
    return found


def _described(finding: Observation) -> frozenset[str]:
    """The descriptors of a finding, with the one that its label says: a granuloma is calcified."""
    calcified = finding.label == "calcification" and not finding.descriptors & {"noncalcified"}
    return finding.descriptors | {"calcified"} if calcified else finding.descriptors


def _descriptor(
    reference: Observation, candidate: Observation, shift_said: bool = False
) -> Mistake | None:
    wanted, given = _by_group(_described(reference)), _by_group(_described(candidate))
    if TENSION in wanted.get(TENSION, ()) and TENSION not in given and not shift_said:
        return Mistake("descriptor", "significant", "It is under tension; yours does not say so.")
    for group in sorted(wanted.keys() & given.keys()):
        both = group in EXCLUSIVE and given[group] - wanted[group]
        if both or not wanted[group] & given[group]:
            severities = {s for g, _, _, s in descriptor_values() if g == group}
            severity: Severity = "significant" if "significant" in severities else "negligible"
            return Mistake(
                "descriptor",
                severity,
                f"It is {_join(wanted[group])}, not {_join(given[group])}.",
            )
    return None


def _join(values: Iterable[str]) -> str:
    return " and ".join(sorted(values))


def _measurement(reference: Observation, candidate: Observation) -> Mistake | None:
    if not reference.sizes_mm or not candidate.sizes_mm or reference.label in DEVICES:
        return None
    within = within_spread if reference.label in SPREAD else within_margin
    wrong = [
        size
        for size in candidate.sizes_mm
        if not any(within(wanted, size) for wanted in reference.sizes_mm)
    ]
    if not wrong:
        return None
    wanted = " × ".join(millimeters(size) for size in reference.sizes_mm)
    return Mistake(
        "measurement", "significant", f"It measures {wanted}, not {millimeters(wrong[0])}."
    )


def _certainty(reference: Observation, candidate: Observation, urgent: bool) -> Mistake | None:
    if reference.certain == candidate.certain:
        return None
    grave = urgent or candidate.is_bare or _says_little(candidate)
    severity: Severity = "significant" if grave else "negligible"
    if reference.certain:
        return Mistake("certainty", severity, "The reference is certain of it; yours hedges.")
    return Mistake("certainty", severity, "The reference hedges; yours is certain of it.")


def _says_little(candidate: Observation) -> bool:
    """Whether a hedge commits to nothing: "cannot exclude" and "possible", unlike "likely".

    The alternatives of a chain are errors of their own.
    """
    return candidate.doubtful and not candidate.rivals


def _specificity(relation: Relation) -> Mistake | None:
    if relation.kind == "vaguer":
        return Mistake("unspecific", relation.severity, f"The word is too vague: {relation.why}.")
    if relation.kind == "bolder":
        return Mistake(
            "overinterpretation",
            relation.severity,
            f"The word says more than the reference does: {relation.why}.",
        )
    return None


def _umbrella(
    reference: Observation,
    candidate: Observation,
    relation: Relation,
    said_sides: frozenset[str],
) -> list[Mistake]:
    """One error for each further kind that a word covers which is too vague, or not in its place.

    Beside another finding on the right side a slip of the side is one error.
    """
    kinds = spare_kinds(candidate.label, reference.label)
    another = taxonomy.group_of(candidate.label) != taxonomy.group_of(reference.label)
    wide = is_wider(candidate.label, reference.label)
    vague = wide and relation.kind == "vaguer" and relation.severity == "significant" and another
    place = place_of(reference, candidate)
    astray = is_umbrella(reference, candidate) and (
        place in (*WRONG, "adjacent") or is_loose(reference, candidate)
    )
    answered = place == "other_side" and reference.sides <= said_sides
    if not vague and (answered or not astray):
        return []
    return [
        Mistake(
            "unspecific",
            "significant",
            f"It covers {phrase_of(label)} as well.",
        )
        for label in kinds
    ]


OPPOSED = {
    "new": {"stable", "decreased", "resolved"},
    "increased": {"stable", "decreased", "resolved"},
    "decreased": {"stable", "increased", "new"},
    "stable": {"new", "increased", "decreased", "resolved"},
    "resolved": {"new", "increased", "stable"},
}


OPPOSITES = {"increased": {"decreased"}, "new": {"decreased"}, "decreased": {"increased", "new"}}
"""What cannot stand beside a change of the same finding; a part of it may be stable."""


def _temporal(reference: Observation, candidate: Observation) -> Mistake | None:
    wanted, given = reference.changes, candidate.changes
    if not wanted:
        return None
    if not given:
        if wanted <= {"stable"}:
            return None
        return Mistake("temporal", "negligible", f"The change is not said: {_join(wanted)}.")
    stray = given - wanted
    if not any(OPPOSED.get(word, set()) & stray for word in wanted):
        return None
    if wanted & given and not stray & OPPOSITES.get(next(iter(wanted)), set()):
        return None
    return Mistake("temporal", "significant", f"It is {_join(wanted)}, not {_join(given)}.")
