"""Points, levels and weeks, by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ml.learning.goals import LEVELS, Run, level_of, points_of, run_of, week_of

pytestmark = pytest.mark.pure
MONDAY = date(2026, 3, 2)


def weeks(*cases: int) -> dict[date, int]:
    return {MONDAY + timedelta(weeks=n): count for n, count in enumerate(cases)}


def test_points_and_levels():
    assert [points_of(score) for score in (0, 44, 100)] == [0, 4, 10]
    assert [points_of(score) for score in (25, 35, 84.9, 85)] == [3, 4, 8, 9], "halves up"
    assert (level_of(99).name, level_of(99).missing) == ("Student", 1)
    assert level_of(100).name == "Intern"
    assert level_of(10**6).following == ""
    assert [least for least, _ in LEVELS] == sorted(least for least, _ in LEVELS)


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        ((), Run(0, 0, 1)),
        ((5,), Run(1, 1, 1)),
        ((5, 5, 0), Run(2, 2, 1)),  # this week is not over
        ((5, 5, 0, 5), Run(3, 3, 0)),  # a freeze
        ((5, 0, 0, 5), Run(1, 1, 0)),  # the second week without begins anew
        ((5, 5, 5, 5, 5), Run(5, 5, 2)),  # four weeks earn one
    ],
)
def test_a_run_of_weeks(cases, expected):
    this_week = MONDAY + timedelta(weeks=max(0, len(cases) - 1))
    assert run_of(weeks(*cases), 5, this_week) == expected


def test_weeks_after_a_clock_was_set_back_are_left_out():
    assert run_of(weeks(5, 5), 5, MONDAY) == Run(1, 1, 1)


def test_a_week_is_the_learners_also_over_daylight_saving():
    late_sunday = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)  # Berlin: Monday 00:30, summer time
    assert week_of(late_sunday, "UTC") == date(2026, 3, 23)
    assert week_of(late_sunday, "Europe/Berlin") == date(2026, 3, 30)
    before = late_sunday - timedelta(hours=1)
    assert week_of(before, "Europe/Berlin") == date(2026, 3, 23)
