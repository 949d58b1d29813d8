"""Two films side by side, one with a finding and one with what is taken for it.

A pair are two places of a series that follow one another. The first one's attempt is answered; the
second one's is handed in with it, in the same transaction, since its truth is told with it too.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from attempts.models import Attempt, SeriesCase
from attempts.seen import truth_was_seen
from cases.models import Case
from ml import atlas, taxonomy

RULE = "pair"
HALF = 0.5


@dataclass(frozen=True)
class Question:
    """“Which film shows `label`?” of an attempt's film and the `other`."""

    label: str
    mimic: str
    film: str
    """The right answer: ``first`` or ``second``, as they hang."""
    other: Case
    is_first: bool
    """Whether the attempt's own film hangs first."""

    def hung(self, own: Case) -> list[Case]:
        """Both films as they hang."""
        return [own, self.other] if self.is_first else [self.other, own]


def other_place(attempt: Attempt) -> SeriesCase | None:
    """The place that is shown beside an attempt's own; None for the second of a pair, whose first
    was answered.
    """
    if attempt.series is None:
        return None
    places = {one.case_id: one for one in attempt.series.places.select_related("case__dataset")}
    own = places.get(attempt.case_id)
    if own is None or own.position % 2 == 0:
        return None
    return next((one for one in places.values() if one.position == own.position + 1), None)


def question_of(attempt: Attempt) -> Question | None:
    """What is asked of the first film of a pair; None for the second, and where the films' truth
    has changed so that nothing tells them apart.
    """
    place = other_place(attempt)
    apart = told_apart(attempt.case, place.case) if place else None
    if place is None or apart is None:
        return None
    chance = random.Random(f"pair {attempt.series_id} {place.position}")  # noqa: S311  # no secret
    is_first, asks_own = chance.random() < HALF, chance.random() < HALF
    label, mimic = apart if asks_own else apart[::-1]
    film = "first" if is_first == asks_own else "second"
    return Question(label=label, mimic=mimic, film=film, other=place.case, is_first=is_first)


def told_apart(one: Case, other: Case) -> tuple[str, str] | None:
    """A label of the first film and one of the other that are taken for each other, and that the
    other film lacks; None where there are none.
    """
    here, there = labels_of(one), labels_of(other)
    for label in sorted(here - there):
        for mimic in sorted(there - here):
            if are_alike(label, mimic):
                return label, mimic
    return None


def labels_of(case: Case) -> set[str]:
    return {one.label for one in case.findings.all() if not taxonomy.is_variant(one.label)}


def are_alike(one: str, other: str) -> bool:
    """Whether the atlas names them as look-alikes."""
    known = atlas.entries()
    return one in known and other in known[one].similar


def beside(attempt: Attempt) -> list[int]:
    """The key of the film whose truth is told with that of an attempt's own."""
    place = other_place(attempt) if attempt.rule == RULE else None
    return [place.case_id] if place else []


def hand_in_other(attempt: Attempt) -> None:
    """Hand in the second film of a pair with the first (`attempts.games.Game.handed_in`)."""
    place = other_place(attempt) if attempt.rule == RULE else None
    if place is None or question_of(attempt) is None:
        return
    if Attempt.objects.filter(series=place.series_id, case=place.case_id).exists():
        return
    Attempt.objects.create(
        user=attempt.user,
        case=place.case,
        kind=attempt.kind,
        mode=attempt.mode,
        rule=attempt.rule,
        series=attempt.series,
        case_version=place.case.version,
        state=Attempt.State.SUBMITTED,
        submitted_at=attempt.submitted_at,
        elapsed_ms=0,
        truth_seen=truth_was_seen(attempt.user_id, place.case_id),
    )
