"""Which finding of the candidate speaks of which finding of the reference.

First every finding gets at most one partner, best pairs first. Then what is left
over joins a finding that already has a partner, as the published schema lets one
reference finding match several predicted ones: the second of two one-sided findings joins the
bilateral one, a second place of the same finding is an error of location, not a new
finding. Ties are broken by the content of findings, never by their place in the text, so that
the order of sentences does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml import taxonomy
from ml.devices import compared
from ml.evaluate.location import Place, compatible, place_of, zone_distance
from ml.evaluate.observation import BILATERAL, Observation
from ml.evaluate.relations import (
    ONLY_CAUSE,
    SHIFT,
    SIGN,
    TENSION,
    Relation,
    called_calcified,
    is_sign,
    is_wider,
    names_too,
    relation,
)
from ml.evaluate.vagueness import is_placeless, is_umbrella

PLACE_WORTH = {
    "same": 1.0,
    "unsaid": 0.8,
    "part": 0.7,
    "more": 0.7,
    "adjacent": 0.6,
    "far": 0.3,
    "other_side": 0.0,
}
KIND_WORTH = {"same": 3.0, "group": 2.0, "vaguer": 1.5, "bolder": 1.5}
HERE = ("same", "unsaid", "part", "more", "adjacent")
"""Places near enough for a vaguer or bolder word to mean the same thing."""


SHOTGUN = 3
"""Alternatives from which on a list that says nothing of the place commits to nothing."""
ELSEWHERE = ("far", "other_side")
ANOTHER_SIZE = 2.0
"""Of two sizes the larger by this factor: elsewhere, it is another finding, not a wrong one."""


@dataclass(frozen=True)
class Pair:
    """A matched pair by the places of its findings in the two lists."""

    reference: int
    candidate: int
    relation: Relation


def pairs_of(
    reference: Sequence[Observation],
    candidate: Sequence[Observation],
    never: frozenset[int] = frozenset(),
    urgent: frozenset[int] = frozenset(),
    denied: frozenset[str] = frozenset(),
) -> list[Pair]:
    """All matched pairs; a finding in none of them is missing or false.

    `never` are places of candidate findings that match nothing: those it contradicts itself.
    `urgent` are places of urgent findings of the reference: on the other side they are missed.
    `denied` are labels that the reference says to be absent: no bold word for what it has.
    """
    every = _options(reference, candidate, urgent, denied)
    options = [pair for pair in every if pair.candidate not in never]
    chosen: list[Pair] = []
    used_reference: set[int] = set()
    used_candidate: set[int] = set()
    for pair in options:
        if pair.reference not in used_reference and pair.candidate not in used_candidate:
            chosen.append(pair)
            used_reference.add(pair.reference)
            used_candidate.add(pair.candidate)
    answered = {pair.reference for pair in chosen if pair.relation.kind == "same"}
    strayed: set[int] = set()
    for pair in options:
        wanted, given = reference[pair.reference], candidate[pair.candidate]
        if pair.candidate in used_candidate:
            continue
        if not _joins(pair, answered, wanted, given) and not any(
            says_again(given, candidate[other.candidate])
            for other in chosen
            if other.reference == pair.reference
        ):
            continue
        if wanted.concept == given.concept and place_of(wanted, given) in ELSEWHERE:
            if pair.reference in strayed:
                continue  # One slip of the place is a slip; more of them are tried on every place.
            strayed.add(pair.reference)
        chosen.append(pair)
        used_candidate.add(pair.candidate)
    for pair in options:
        if pair.reference not in used_reference and _answers(
            reference[pair.reference], candidate[pair.candidate], pair.relation
        ):
            chosen.append(pair)
            used_reference.add(pair.reference)
    for place in sorted(set(range(len(candidate))) - used_candidate - never):
        chosen += _as_sign(place, chosen, reference, candidate)
    for place in sorted(set(range(len(reference))) - used_reference):
        chosen += _as_shown(place, chosen, reference, candidate)
    return sorted(chosen, key=lambda pair: (pair.reference, pair.candidate))


def _as_sign(
    place: int,
    chosen: Sequence[Pair],
    reference: Sequence[Observation],
    candidate: Sequence[Observation],
) -> list[Pair]:
    """The pair of a left-over finding that is a sign of one with a partner; none for any other."""
    given = candidate[place]
    for pair in chosen:
        named = candidate[pair.candidate]
        if _pushed(reference[pair.reference], given) or (
            is_sign(given, named) and place_of(named, given) in HERE
        ):
            return [Pair(pair.reference, place, SIGN)]
    return []


def _as_shown(
    place: int,
    chosen: Sequence[Pair],
    reference: Sequence[Observation],
    candidate: Sequence[Observation],
) -> list[Pair]:
    """The pair of a sign of the reference whose finding was named: who names it need not show it.

    So is a general word that the reference says once more of a named finding: "collapse of the
    lower lobe: a triangular opacity".
    """
    wanted = reference[place]
    for pair in chosen:
        named = reference[pair.reference]
        shown = is_sign(wanted, named) and place_of(named, wanted) in HERE
        given = candidate[pair.candidate]
        right = place_of(named, given) in ("same", "adjacent")
        shown = shown or says_again(wanted, named) or names_too(given, wanted)
        if pair.relation.kind == "same" and right and (shown or _pushed(given, wanted)):
            return [Pair(place, pair.candidate, SIGN)]
    return []


def _pushed(wanted: Observation, given: Observation) -> bool:
    """Whether a shift is that of a tension pneumothorax: to nowhere said, or to the other side."""
    return (
        given.label == SHIFT
        and wanted.label == "pneumothorax"
        and TENSION in wanted.descriptors
        and not given.sides & wanted.sides
    )


def _joins(pair: Pair, answered: set[int], reference: Observation, given: Observation) -> bool:
    """Whether a left-over finding speaks of one that has a partner: not where it adds a claim.

    A reference finding named by its own word is answered: a further word of its group
    (consolidation beside opacity) still speaks of it, and so does its usual cause, which alone
    would answer it in full (emphysema beside hyperinflation); any other is a new finding.
    """
    if pair.relation.kind == "same" or pair.reference not in answered:
        return True
    bolder = pair.relation.kind == "bolder" and given.concept == given.label
    if bolder and pair.relation.severity == "negligible" and compatible(reference, given):
        return True
    return taxonomy.group_of(reference.label) == taxonomy.group_of(given.label)


def says_again(general: Observation, named: Observation) -> bool:
    """Whether a general word is a named finding once more: "right opacity. RLL pneumonia".

    It lies in the same place and has no size of its own; nor has a list of alternatives that the
    named finding settles.
    """
    own = set(general.sizes_mm) - set(named.sizes_mm)
    settled = (named.concept, named.label) in general.rivals
    wide = is_wider(general, named)
    return (settled or wide) and not (own or named.rivals) and _within(named, general)


def _within(named: Observation, general: Observation) -> bool:
    """Whether a general word says no place beside that of a named finding."""
    beside = general.sides & BILATERAL and not general.sides & BILATERAL <= named.sides
    sides = named.sides & BILATERAL
    apart = any(zone_distance(named.zones, {zone}, sides) != "same" for zone in general.zones)
    return not beside and not apart and compatible(named, general)


def _options(
    reference: Sequence[Observation],
    candidate: Sequence[Observation],
    urgent: frozenset[int],
    denied: frozenset[str],
) -> list[Pair]:
    """Every pair that can match, best first."""
    calcified = [found for found in reference if found.label == "calcification"]
    ranked = []
    for i, wanted in enumerate(reference):
        for j, given in enumerate(candidate):
            how = relation(wanted, given)
            if how is None:
                continue
            if how.kind == "same" and not any(compatible(wanted, other) for other in calcified):
                how = called_calcified(wanted, given) or how
            if given.label in denied and (how.kind == "bolder" or names_too(given, wanted)):
                continue  # "Cardiomegaly" for a wide mediastinum beside a heart of normal size.
            if how.kind == "vaguer" and wanted.is_astray and given.verdict is None:
                continue  # Neither which device it is nor where: the danger is not told.
            if compared(wanted.verdict, given.verdict) == "wrong":
                continue  # A tube in a bronchus is no tube in its place.
            place = place_of(wanted, given)
            if how.severity == "significant" and place not in HERE:
                continue
            vague = how.kind in ("vaguer", "group") or is_wider(given, wanted)
            vague = vague or len(given.rivals) >= SHOTGUN
            if vague and given.is_bare and not wanted.is_bare:
                continue  # Neither what nor where nor how: the word commits to nothing.
            if is_umbrella(wanted, given) and is_placeless(wanted, given):
                continue
            if place == "other_side" and i in urgent:
                continue  # A drain would be put into the wrong side.
            if place in ELSEWHERE and _of_another_size(wanted, given):
                continue
            if _is_nowhere_near(wanted, given, place):
                continue  # Neither the side nor the height: nobody would say that it was seen.
            worth = KIND_WORTH[how.kind] + PLACE_WORTH[place] + _likeness(wanted, given)
            ranked.append((-worth, _content(wanted), _content(given), i, j, how))
    ranked.sort(key=lambda item: item[:5])
    return [Pair(item[3], item[4], item[5]) for item in ranked]


def _is_nowhere_near(wanted: Observation, given: Observation, place: Place) -> bool:
    """Whether the height is another one, and the side another one or, where it matters, unsaid."""
    if place == "far":
        return bool(wanted.sides & BILATERAL) and not given.sides & BILATERAL
    return place == "other_side" and zone_distance(wanted.zones, given.zones) == "far"


def _of_another_size(wanted: Observation, given: Observation) -> bool:
    """Whether every size said of one is at least twice every size said of the other."""
    if not wanted.sizes_mm or not given.sizes_mm:
        return False
    return max(wanted.sizes_mm) * ANOTHER_SIZE <= min(given.sizes_mm) or max(
        given.sizes_mm
    ) * ANOTHER_SIZE <= min(wanted.sizes_mm)


def _likeness(wanted: Observation, given: Observation) -> float:
    """A little for each attribute both say alike, to choose between equal places."""
    alike = (
        wanted.zones == given.zones,
        wanted.sides == given.sides,
        wanted.severities == given.severities,
        wanted.sizes_mm == given.sizes_mm,
        wanted.certain == given.certain,
        wanted.words.casefold() == given.words.casefold(),
    )
    return 0.05 * sum(alike)


def _content(finding: Observation) -> tuple[object, ...]:
    return (
        finding.concept,
        tuple(sorted(finding.sides)),
        tuple(sorted(finding.zones)),
        finding.severities,
        finding.sizes_mm,
        finding.words.casefold(),
    )


def _answers(wanted: Observation, given: Observation, how: Relation) -> bool:
    """Whether a finding that has its own partner also says a second one of the reference.

    So does the cause that it names: "cavity, ddx tuberculosis" for a cavity and a tuberculosis.
    """
    if how.kind != "same" and how != ONLY_CAUSE:
        return False
    sides = wanted.sides & BILATERAL
    if sides and not sides <= given.sides:
        return False
    return place_of(wanted, given) in ("same", "more")
