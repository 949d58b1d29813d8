"""Both sides said of what is urgent on one: one finding is right, the other invented.

Whoever reads "bilateral pneumothorax" drains the healthy side as well. As two findings, the one
of the sound side is invented, as it is where the two sides are said one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ml.evaluate.mentions import Reading
from ml.evaluate.observation import BILATERAL, Observation


def by_sides(given: Reading, wanted: Sequence[Observation], urgent: Iterable[int]) -> Reading:
    """A reading with such findings as two; `urgent` are places of urgent findings in `wanted`."""
    concepts = {wanted[place].concept for place in urgent}
    alone = {concept for concept in concepts if len(_sides(wanted, concept)) == 1}
    parts = [_parts(found, alone) for found in given.findings]
    if all(len(part) == 1 for part in parts):
        return given
    origins = [place for place, part in enumerate(parts) for _ in part]

    def moved(places: frozenset[int]) -> frozenset[int]:
        return frozenset(new for new, old in enumerate(origins) if old in places)

    return replace(
        given,
        findings=tuple(found for part in parts for found in part),
        contradicted=moved(given.contradicted),
        at_odds=moved(given.at_odds),
        dismissed=moved(given.dismissed),
    )


def _sides(findings: Sequence[Observation], concept: str) -> frozenset[str]:
    """All sides on which findings of a concept lie."""
    sides = (found.sides & BILATERAL for found in findings if found.concept == concept)
    return frozenset().union(*sides)


def _parts(found: Observation, concepts: Iterable[str]) -> tuple[Observation, ...]:
    if found.concept not in concepts or not found.sides >= BILATERAL:
        return (found,)
    return tuple(
        replace(
            found,
            sides=frozenset({side}),
            places=frozenset(place for place in found.places if place[0] in (side, "bilateral")),
        )
        for side in sorted(BILATERAL)
    )
