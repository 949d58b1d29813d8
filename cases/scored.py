"""Answers that were scored by an earlier truth of a case, as the room of attempts knows them.

It registers how when it is ready; this room knows no attempts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import User
from cases import history
from cases.models import Case, CaseChange


class CannotScore(ValueError):
    """Why answers are not scored again; a sentence."""


@dataclass(frozen=True)
class Rescorer:
    """What the desk can ask for."""

    outdated: Callable[[Case], int]
    """How many answers were last scored by an earlier truth of the case."""
    queue: Callable[[Case, User, str], bool]
    """Has them scored by the truth there is now; False when no worker can be told."""
    is_opened: Callable[[Case], bool]
    """Whether anybody has begun an answer to the case."""


_registered: list[Rescorer] = []


def register(rescorer: Rescorer) -> None:
    """Called once, when the app is ready."""
    _registered[:] = [rescorer]


def outdated(case: Case) -> int:
    """How many answers to a case were last scored by an earlier truth of it."""
    return sum(one.outdated(case) for one in _registered)


def is_opened(case: Case) -> bool:
    """Whether anybody has begun an answer to a case: then its images stay where they are."""
    return any(one.is_opened(case) for one in _registered)


def score_again(*, case: Case, by: User, why: str) -> int:
    """Have those answers scored again, beside the results there are; their learners are told why.

    Raises:
        CannotScore: without a reason, or there is nothing to score, or no worker can be told.
    """
    if not why:
        raise CannotScore("Say in a sentence why: the learners read it.")
    count = outdated(case)
    if not count:
        raise CannotScore("Every answer is scored by the truth there is now.")
    if not all(one.queue(case, by, why) for one in _registered):
        raise CannotScore("No worker can be told at the moment. Try again soon.")
    said = f"Answers scored again by version {case.version}: {why}"
    history.note(case, CaseChange.What.CONTEXT, by=by, why=said)
    return count
