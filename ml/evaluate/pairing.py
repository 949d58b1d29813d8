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
from ml.evaluate.location import place_of
from ml.evaluate.observation import BILATERAL, Observation
from ml.evaluate.relations import Relation, relation

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


@dataclass(frozen=True)
class Pair:
    """A matched pair by the places of its findings in the two lists."""

    reference: int
    candidate: int
    relation: Relation


def pairs_of(reference: Sequence[Observation], candidate: Sequence[Observation]) -> list[Pair]:
    """All matched pairs; a finding in none of them is missing or false."""
    options = _options(reference, candidate)
    chosen: list[Pair] = []
    used_reference: set[int] = set()
    used_candidate: set[int] = set()
    for pair in options:
        if pair.reference not in used_reference and pair.candidate not in used_candidate:
            chosen.append(pair)
            used_reference.add(pair.reference)
            used_candidate.add(pair.candidate)
    answered = {pair.reference for pair in chosen if pair.relation.kind == "same"}
    for pair in options:
        if pair.candidate not in used_candidate and _joins(
            pair, answered, reference[pair.reference], candidate[pair.candidate]
        ):
            chosen.append(pair)
            used_candidate.add(pair.candidate)
    for pair in options:
        if pair.reference not in used_reference and _answers(
            reference[pair.reference], candidate[pair.candidate], pair.relation
        ):
            chosen.append(pair)
            used_reference.add(pair.reference)
    return sorted(chosen, key=lambda pair: (pair.reference, pair.candidate))


def _joins(pair: Pair, answered: set[int], reference: Observation, given: Observation) -> bool:
    """Whether a left-over finding speaks of one that has a partner: not where it adds a claim.

    A reference finding named by its own word is answered: a further word of its group
    (consolidation beside opacity) still speaks of it, any other is a new finding.
    """
    if pair.relation.kind == "same" or pair.reference not in answered:
        return True
    return taxonomy.group_of(reference.label) == taxonomy.group_of(given.label)


def _options(reference: Sequence[Observation], candidate: Sequence[Observation]) -> list[Pair]:
    """Every pair that can match, best first."""
    ranked = []
    for i, wanted in enumerate(reference):
        for j, given in enumerate(candidate):
            how = relation(wanted, given)
            if how is None:
                continue
            place = place_of(wanted, given)
            if how.severity == "significant" and place not in HERE:
                continue
            worth = KIND_WORTH[how.kind] + PLACE_WORTH[place] + _likeness(wanted, given)
            ranked.append((-worth, _content(wanted), _content(given), i, j, how))
    ranked.sort(key=lambda item: item[:5])
    return [Pair(item[3], item[4], item[5]) for item in ranked]


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
    """Whether a finding that has its own partner also says a second one of the reference."""
    if how.kind != "same":
        return False
    sides = wanted.sides & BILATERAL
    if sides and not sides <= given.sides:
        return False
    return place_of(wanted, given) in ("same", "more")
