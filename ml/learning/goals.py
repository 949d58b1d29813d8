"""Points, levels and the weekly goal: arithmetic that a learner can check.

A missed week costs a freeze, not what was reached; without one the run of weeks begins anew and the
longest is kept. Nothing is ever taken away (docs/decisions: what is left out of the game, and why).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

POINTS_OF_FULL_SCORE = 10
LEVELS = (
    (0, "Student"),
    (100, "Intern"),
    (300, "Resident, year 1"),
    (700, "Resident, year 2"),
    (1300, "Resident, year 3"),
    (2100, "Resident, year 4"),
    (3200, "Fellow"),
    (5000, "Attending"),
)
"""Points from which a level holds, and its name: the years of training."""
MOST_FREEZES = 2
WEEKS_FOR_A_FREEZE = 4


def points_of(score: float) -> int:
    """Points of one case from its score of 0 to 100: one for each ten, halves rounded up."""
    return int(POINTS_OF_FULL_SCORE * score / 100 + 0.5)


@dataclass(frozen=True)
class Level:
    name: str
    following: str
    """Empty at the last."""
    missing: int
    """Points to the following one; 0 at the last."""


def level_of(points: int) -> Level:
    reached = max(place for place, (least, _) in enumerate(LEVELS) if points >= least)
    if reached + 1 == len(LEVELS):
        return Level(LEVELS[reached][1], "", 0)
    least, name = LEVELS[reached + 1]
    return Level(LEVELS[reached][1], name, least - points)


def week_of(moment: datetime, time_zone: str) -> date:
    """The Monday of the learner's week; a week with a clock change is one all the same."""
    day = moment.astimezone(ZoneInfo(time_zone)).date()
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True)
class Run:
    """Weeks in a row with the goal reached."""

    weeks: int
    longest: int
    freezes: int
    """Left, at most `MOST_FREEZES`; one to begin with and one for every four weeks reached."""


def run_of(cases: Mapping[date, int], goal: int | Callable[[date], int], this_week: date) -> Run:
    """The run up to now; `cases` counts by Monday. The week that runs counts once it is reached.

    `goal`: of all weeks, or of the week of a Monday, since another goal makes no other past.

    Weeks after `this_week` (a clock that was set back) are left out.
    """
    past = [week for week in cases if week <= this_week]
    weeks = longest = reached = 0
    freezes = 1
    week = min(past, default=this_week)
    while week <= this_week:
        if cases.get(week, 0) >= (goal(week) if callable(goal) else goal):
            weeks += 1
            reached += 1
            if reached % WEEKS_FOR_A_FREEZE == 0:
                freezes = min(MOST_FREEZES, freezes + 1)
        elif week < this_week:
            if freezes and weeks:
                freezes -= 1
            else:
                weeks = 0
        longest = max(longest, weeks)
        week += timedelta(days=7)
    return Run(weeks, longest, freezes)
