"""Weeks, days and due times over a change of clocks: a learner's week is that of their own zone.

Each moment is given in UTC. Berlin goes to summer time on 30 March 2025 at 01:00 UTC and back on 26
October at 01:00 UTC; São Paulo went forward at midnight of 4 November 2018, so that this day began
at 01:00, and back at midnight of 18 February 2018, so that the hour before came twice.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from attempts import series
from attempts.models import Series
from learning import adaptive, daily, points, queries, records, services, skills
from learning.models import CaseRecord, Preferences, Skill
from ml.learning.goals import week_of
from tests.learning.playing import mark, play
from tests.learning.test_skills import film

BERLIN, PAULO, ADELAIDE = "Europe/Berlin", "America/Sao_Paulo", "Australia/Adelaide"
SPRING = datetime(2025, 3, 30, 1, tzinfo=UTC)
AUTUMN = datetime(2025, 10, 26, 1, tzinfo=UTC)
NO_MIDNIGHT = datetime(2018, 11, 4, 3, tzinfo=UTC)
TWO_ELEVENS = datetime(2018, 2, 18, 2, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def at(monkeypatch):
    """Sets the clock."""

    def set_clock(moment: datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: moment)

    return set_clock


@pytest.fixture
def open_film(db):
    case = film()
    case.dataset.access = "open"
    case.dataset.save()
    return case


def played_at(user, *moments: datetime) -> None:
    """A new film at each moment, as records keep it."""
    for moment in moments:
        attempt = play(user, film(), marks=[])
        user.attempts.filter(pk=attempt.pk).update(submitted_at=moment)
    records.rebuild()


def chosen(user, zone: str, goal: int = 1) -> Preferences:
    return Preferences.objects.create(user=user, time_zone=zone, weekly_goal=goal)


@pytest.mark.parametrize(
    ("zone", "midnight", "monday"),
    [
        # Sunday ends in summer time, at 22:00 UTC; in October in winter time, at 23:00.
        (BERLIN, datetime(2025, 3, 30, 22, tzinfo=UTC), date(2025, 3, 31)),
        (BERLIN, datetime(2025, 10, 26, 23, tzinfo=UTC), date(2025, 10, 27)),
        # The Sunday of the change lasts 23 hours, from 03:00 UTC; that of February 25, to 03:00.
        (PAULO, datetime(2018, 11, 5, 2, tzinfo=UTC), date(2018, 11, 5)),
        (PAULO, datetime(2018, 2, 19, 3, tzinfo=UTC), date(2018, 2, 19)),
        (ADELAIDE, datetime(2025, 4, 6, 14, 30, tzinfo=UTC), date(2025, 4, 7)),
    ],
)
def test_a_week_with_a_change_of_clocks_ends_at_the_learners_midnight(zone, midnight, monday):
    assert week_of(midnight, zone) == monday
    assert week_of(midnight - MINUTE, zone) == monday - timedelta(days=7)


@pytest.mark.parametrize(
    ("zone", "change"),
    [(BERLIN, SPRING), (BERLIN, AUTUMN), (PAULO, NO_MIDNIGHT), (PAULO, TWO_ELEVENS)],
)
def test_the_hours_around_a_change_are_of_one_week_and_one_goal(trainee, zone, change):
    played_at(trainee, change - 2 * MINUTE, change - MINUTE, change, change + MINUTE)
    found = points.standing_of(trainee, chosen(trainee, zone, goal=4), change + HOUR)
    assert (found.this_week, found.share, found.run.weeks) == (4, 100, 1)
    # At midnight of São Paulo's Sunday the change is one of days, too.
    assert found.best_day == (2 if change == NO_MIDNIGHT else 4)


@pytest.mark.parametrize(
    ("zone", "change"), [(BERLIN, SPRING), (BERLIN, AUTUMN), (PAULO, NO_MIDNIGHT)]
)
def test_a_run_of_weeks_goes_on_over_a_change(trainee, zone, change):
    """One film in the last minutes of each week: a week of 167 hours or of 169 is one all the
    same."""
    preferences = chosen(trainee, zone)
    sunday = (change.astimezone(preferences.zone)).date()
    ends = [
        datetime.combine(
            sunday + timedelta(weeks=number), datetime.max.time(), preferences.zone
        ).astimezone(UTC)
        for number in range(-2, 3)
    ]
    played_at(trainee, *ends)
    found = points.standing_of(trainee, preferences, ends[-1])
    assert (found.run.weeks, found.run.longest, found.this_week) == (5, 5, 1)
    assert points.standing_of(trainee, preferences, ends[-1] + MINUTE).this_week == 0


def test_a_zone_that_is_changed_counts_the_weeks_anew_and_loses_nothing(trainee):
    sunday_night = datetime(2025, 3, 30, 22, 30, tzinfo=UTC)
    played_at(trainee, sunday_night)
    preferences = chosen(trainee, "UTC")
    before = points.standing_of(trainee, preferences, sunday_night + 2 * HOUR)
    preferences.time_zone = BERLIN
    after = points.standing_of(trainee, preferences, sunday_night + 2 * HOUR)
    assert (before.this_week, after.this_week) == (0, 1)
    assert before.points == after.points


@pytest.mark.parametrize("change", [SPRING, AUTUMN, NO_MIDNIGHT])
def test_the_daily_film_is_of_the_day_in_utc_whatever_clocks_do(trainee, open_film, at, change):
    """Where clocks change, its day is a whole one: one go until midnight UTC, told then."""
    midnight = datetime.combine(change.date() + timedelta(days=1), datetime.min.time(), UTC)
    chosen(trainee, BERLIN)
    at(change)
    go = daily.begin(trainee, timezone.now())
    assert (go.film.day, go.series.closes_at, go.series.told_from) == (
        change.date(),
        midnight,
        midnight,
    )
    at(midnight - MINUTE)
    assert daily.begin(trainee, timezone.now()) == go
    series.end(go.series)
    assert not Series.objects.get(pk=go.series.pk).tells
    at(midnight)
    assert daily.day_of(timezone.now()) == change.date() + timedelta(days=1)
    assert Series.objects.get(pk=go.series.pk).tells
    following = daily.begin(trainee, timezone.now())
    assert following.film.day == change.date() + timedelta(days=1)


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_what_is_due_is_due_to_the_second_over_a_change(trainee, at, change):
    """Three days are 72 hours, also where the clock on the wall says 71 or 73."""
    case = film()
    play(trainee, case, marks=[mark(case)])
    for _ in range(5):
        play(trainee, film("fracture"), marks=[])
    records.rebuild()
    skills.rebuild()
    told = change - timedelta(days=2)
    trainee.attempts.update(submitted_at=told - MINUTE, scored_at=told)
    Skill.objects.exclude(label="").update(last_at=told, due_at=told + timedelta(days=3))
    free = services.free_cases(trainee, "localize")
    at(told + timedelta(days=3) - MINUTE)
    assert adaptive.choose(trainee, "localize", free, None) is None
    at(told + timedelta(days=3) + MINUTE)
    assert "due again" in adaptive.choose(trainee, "localize", free, None).told_before


def test_a_film_answered_in_the_hour_that_comes_twice_keeps_its_order(trainee):
    """02:30 in Berlin comes twice: records are in UTC, where the later one is later."""
    first, second = AUTUMN - HOUR / 2, AUTUMN + HOUR / 2
    played_at(trainee, first, second)
    kept = CaseRecord.objects.filter(user=trainee).order_by("submitted_at")
    assert [row.submitted_at for row in kept] == [first, second]
    zone = chosen(trainee, BERLIN).zone
    assert first.astimezone(zone).replace(tzinfo=None) == second.astimezone(zone).replace(
        tzinfo=None
    )


def test_losses_by_week_are_of_the_learners_weeks(trainee, client_of, monkeypatch):
    """Sunday 20:00 UTC is Monday in Auckland."""
    monkeypatch.setattr(queries, "ENOUGH_CASES", 1)
    sunday = datetime(2026, 3, 15, 20, tzinfo=UTC)
    played_at(trainee, sunday, sunday + timedelta(days=9))
    page, weeks = reverse("learning:progress"), []
    for zone in ("UTC", "Pacific/Auckland"):
        Preferences.objects.update_or_create(user=trainee, defaults={"time_zone": zone})
        text = client_of(trainee).get(page).content.decode()
        weeks.append([week for week in ("9 Mar", "16 Mar", "23 Mar") if week in text])
    assert weeks == [["9 Mar", "23 Mar"], ["16 Mar", "23 Mar"]]


def test_what_is_due_is_due_on_the_learners_day(trainee, client_of, monkeypatch):
    """20:00 UTC is the next morning in Auckland."""
    monkeypatch.setattr(queries, "ENOUGH_CASES", 1)
    play(trainee, film(), marks=[])
    records.rebuild()
    skills.rebuild()
    due = datetime.combine(timezone.now().date() + timedelta(days=40), time(20), UTC)
    Skill.objects.exclude(label="").update(due_at=due)
    page = reverse("learning:progress")
    for zone, day in (("UTC", due), ("Pacific/Auckland", due + timedelta(days=1))):
        Preferences.objects.update_or_create(user=trainee, defaults={"time_zone": zone})
        text = client_of(trainee).get(page).content.decode()
        assert f"<td>{day:%-d %b}</td>" in text
