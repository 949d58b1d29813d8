"""What was reached stays, whatever is chosen or learned afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from learning import difficulties, points, records
from learning.models import CaseDifficulty, Preferences
from ml.learning.goals import week_of
from tests.learning.playing import mark, play
from tests.learning.test_skills import film

pytestmark = pytest.mark.usefixtures("one_day")


def choose(client, goal: int) -> None:
    form = {"strategy": "random", "weekly_goal": goal, "time_zone": "UTC", "shows_streak": "on"}
    assert client.post(reverse("learning:goals"), form).status_code == 302


def test_another_goal_leaves_the_weeks_before_as_they_were(trainee, client_of):
    client, now = client_of(trainee), timezone.now()
    choose(client, 2)
    Preferences.objects.update(earlier_goals=[])  # as if it was chosen long ago
    for ago in (3, 2, 1):
        for _ in range(2):
            attempt = play(trainee, film())
            before = {"submitted_at": now - timedelta(weeks=ago)}
            trainee.attempts.filter(pk=attempt.pk).update(**before)
    records.rebuild()

    def run():
        return points.standing_of(trainee, points.preferences_of(trainee)).run

    assert (run().weeks, run().longest) == (3, 3)
    this_week = week_of(now, "UTC").isoformat()
    for goal in (50, 40):
        choose(client, goal)
        kept = Preferences.objects.get()
        assert (kept.weekly_goal, kept.earlier_goals) == (goal, [[this_week, 2]])
        assert (run().weeks, run().longest) == (3, 3)
    later = points.standing_of(trainee, kept, now + timedelta(weeks=1))
    assert (later.run.weeks, later.run.freezes) == (3, 0), "this week has a goal of 40"
    monday = week_of(now, "UTC")
    assert [kept.goal_of(monday + timedelta(weeks=n)) for n in (-1, 0, 1)] == [2, 40, 40]


def test_what_is_learned_of_a_nodule_takes_no_badge_away(trainee):
    case = film()
    difficulties.keep_missing()
    play(trainee, case, marks=[mark(case)])
    records.rebuild()

    def found() -> int:
        badges = points.standing_of(trainee, points.preferences_of(trainee)).badges
        return next(one.count for one in badges if one.name == "Fine eye")

    rows = CaseDifficulty.objects.filter(case=case, kind="localize")
    assert rows.update(prior=points.SUBTLE, difficulty=points.SUBTLE) == 1
    assert found() == 1
    rows.update(difficulty=points.SUBTLE - 2)
    assert found() == 1
    rows.update(prior=points.SUBTLE - 0.1)
    assert found() == 0
