"""What a matched finding says wrongly: the eight attribute kinds of CRIMSON.

Every rule here is one of the published guideline (arXiv:2603.06183) put into code. The
severity of an error is *significant* when it would change what is done for the patient
and *negligible* otherwise; a detail that the reference leaves open is never an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from ml import tables, taxonomy
from ml.evaluate.explain import phrase_of
from ml.evaluate.location import place_of, within_its_lobe
from ml.evaluate.margins import millimeters, within_margin, within_spread
from ml.evaluate.misplaced import WRONG, misplaced, mispositioned
from ml.evaluate.mistake import Mistake, Severity, listed
from ml.evaluate.observation import Observation
from ml.evaluate.relations import ONLY_CAUSE, TENSION, Relation, is_wider, look_alike
from ml.evaluate.significance import severity_levels
from ml.evaluate.vagueness import is_loose, is_umbrella, spare_kinds
from ml.findings.attributes import DEVICES

SAME_SEVERITY = 1.0
"""Words closer than this on the scale of ``severity.csv`` say the same (small, minimal)."""
FAR_SEVERITY = 2.0
"""From here on a different severity changes what is done (mild, severe)."""
SPREAD = frozenset({"pneumothorax", "pleural_effusion", "pericardial_effusion"})
"""Findings whose size is a depth of air or fluid, not a diameter."""


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
    found = [
        *misplaced(reference, candidate, said_sides, meant_sides, said_zones, push_told, urgent),
        _severity(reference, candidate),
        _descriptor(reference, candidate, shift_said),
        _measurement(reference, candidate),
        # How sure it is of a cause is not how sure it is of what the cause explains.
        _certainty(reference, candidate, urgent) if relation != ONLY_CAUSE else None,
        _specificity(relation),
        _temporal(reference, candidate) if prior_mentioned else None,
    ]
    found += mispositioned(reference, candidate)
    found += [
        *_left_open(reference, candidate, urgent),
        *_umbrella(reference, candidate, relation, said_sides),
    ]
    found.append(DISMISSED if dismissed else None)
    return [mistake for mistake in found if mistake is not None]


def _left_open(reference: Observation, candidate: Observation, urgent: bool) -> list[Mistake]:
    """One error for each alternative that the candidate names beyond those of the reference.

    A second of what is urgent, so that there, too, one of two possibilities is worth its half, and
    of what does not look like the finding: who sees one is not in doubt of the other.
    """
    spare = max(0, len(candidate.rivals) - max(1, len(reference.rivals)))
    own = {reference.label, *(label for _, label in reference.rivals)}
    others = sorted({label for _, label in candidate.rivals} - own)[:spare]
    count = len(candidate.rivals)
    found = []
    for label in others:
        named = phrase_of(label)
        found.append(
            f"Yours leaves open whether it is {named}: of {count} "
            "possibilities each earns only its share."
        )
        if urgent:
            found.append(f"It is urgent; what is done for {named} is something else.")
        if not look_alike(reference.label, label):
            found.append(f"It does not look like {named}.")
    return [Mistake("unspecific", "significant", sentence) for sentence in found]


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


EXCLUSIVE = frozenset({TENSION, "density", "margin"})
"""Groups of descriptors of which a finding has one."""


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
                f"It is {listed(wanted[group])}, not {listed(given[group])}.",
            )
    return None


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
    kinds = spare_kinds(candidate.concept, reference.label)
    another = taxonomy.group_of(candidate.label) != taxonomy.group_of(reference.label)
    wide = is_wider(candidate, reference)
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
        return Mistake("temporal", "negligible", f"The change is not said: {listed(wanted)}.")
    stray = given - wanted
    if not any(OPPOSED.get(word, set()) & stray for word in wanted):
        return None
    if wanted & given and not stray & OPPOSITES.get(next(iter(wanted)), set()):
        return None
    return Mistake("temporal", "significant", f"It is {listed(wanted)}, not {listed(given)}.")
