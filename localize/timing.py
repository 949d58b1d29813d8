"""When the marks of an answer were drawn: told to who looks on, and never part of a score.

A mark has `drawn_ms`, and `changed_ms` once its place or its label was changed: milliseconds of
the case being open, as the page counts them. The page's clock goes on over a reload and a second
look; a mark that was deleted leaves no time. Answers of before had none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attempts.models import Attempt, Result
from attempts.services import MAX_ELAPSED_MS
from localize.wording import OUTCOME_WORDS, name_of

TIMES = ("drawn_ms", "changed_ms")


def times_of(mark: Mapping[str, Any]) -> dict[str, int]:
    """The times of a mark as a browser sent them, in whole milliseconds, 0 to a day.

    What is no such number is left out: no answer is refused for the clock of a browser.
    """
    found = {name: mark[name] for name in TIMES if _is_time(mark.get(name))}
    return {name: round(value) for name, value in found.items()}


def _is_time(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value <= MAX_ELAPSED_MS


def spent_ms(attempt: Attempt) -> int:
    """How long the case was open before, as far as known: where the page's clock goes on."""
    earlier = attempt.elapsed_ms or 0 if attempt.round > 1 else 0
    marks = attempt.answer.get("marks", [])
    return max([earlier, *(time for mark in marks for time in times_of(mark).values())])


@dataclass(frozen=True)
class Timed:
    """One mark of an answer, in the order in which they were drawn."""

    name: str
    outcome: str
    """In words; empty where the result has none of it."""
    drawn: float | None
    """Seconds from opening; None where it is not known."""
    changed: float | None


@dataclass(frozen=True)
class TimeCourse:
    """The marks of an attempt with their times, in seconds from opening the case."""

    marks: list[Timed]
    first: float | None
    """Until the first of the marks that are there; None where no time is known."""
    total: float | None
    """Until it was submitted, as the browser counted."""

    @property
    def is_known(self) -> bool:
        return self.first is not None


def time_course(attempt: Attempt, result: Result) -> TimeCourse:
    """The times of an attempt's marks with what the shown result says of each."""
    outcomes = {row["id"]: row["outcome"] for row in result.data.get("marks", [])}
    rows = [_timed(mark, outcomes) for mark in attempt.answer.get("marks", [])]
    rows.sort(key=lambda row: math.inf if row.drawn is None else row.drawn)
    known = [row.drawn for row in rows if row.drawn is not None]
    spent = max(attempt.elapsed_ms or 0, spent_ms(attempt))
    return TimeCourse(rows, min(known, default=None), spent / 1000 or None)


def _timed(mark: Mapping[str, Any], outcomes: Mapping[str, str]) -> Timed:
    outcome, times = outcomes.get(mark["id"], ""), times_of(mark)
    drawn, changed = (times[name] / 1000 if name in times else None for name in TIMES)
    return Timed(name_of(mark["label"]), OUTCOME_WORDS.get(outcome, outcome), drawn, changed)
