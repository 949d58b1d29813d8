"""What an instructor switches off for a class, and the leaderboard that is off by default."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from classroom.leaderboard import ENOUGH, LEAST, board
from classroom.models import Cohort, Membership
from classroom.services import enroll, leave, set_ranks
from learning.models import Preferences
from tests import factories
from tests.classroom.keeping import kept
from tests.learning.test_skills import film


@pytest.fixture
def cohort(instructor):
    return factories.CohortFactory(instructors=[instructor], has_leaderboard=True)


@pytest.fixture
def cases(db):
    return [factories.CaseFactory() for _ in range(ENOUGH)]


def ranked(cohort, cases, score: float, seconds: int = 60, ranks: bool = True):
    user = factories.UserFactory()
    member = enroll(cohort, user)
    Membership.objects.filter(pk=member.pk).update(
        ranks=ranks, joined_at=timezone.now() - timedelta(weeks=20)
    )
    for case in cases:
        kept(user, case, score=score, elapsed_ms=1000 * seconds, ago=timedelta(days=1))
    return user


def codes(cohort, *users) -> list[str]:
    return [cohort.memberships.get(user=user).code for user in users]


def test_speed_counts_from_the_floor_on_alone(cohort, cases):
    hasty = ranked(cohort, cases, 69, seconds=1)
    slow = ranked(cohort, cases, 95, seconds=90)
    quick = ranked(cohort, cases, 70, seconds=30)
    worst = ranked(cohort, cases, 10, seconds=2)
    found = board(cohort, slow)
    assert [row.code for row in found.rows] == codes(cohort, quick, slow, hasty, worst)
    assert [row.is_own for row in found.rows] == [False, True, False, False]
    assert [row.reached for row in found.rows] == [True, True, False, False]


def test_nobody_is_on_it_who_did_not_choose_so(cohort, cases, client_of):
    asking, *_ = [ranked(cohort, cases, 80) for _ in range(LEAST)]
    outside = ranked(cohort, cases, 90, ranks=False)
    few = ranked(cohort, cases[1:], 90)
    gone = ranked(cohort, cases, 90)
    leave(cohort.memberships.get(user=gone))
    found = {row.code for row in board(cohort, asking).rows}
    assert not found & set(codes(cohort, outside, few, gone)) and len(found) == LEAST
    page = client_of(outside).get(reverse("classroom:cohort", args=[cohort.public_id]))
    assert not any(code in page.content.decode() for code in found), "who is not on it sees none"
    page = client_of(asking).get(reverse("classroom:cohort", args=[cohort.public_id]))
    text = page.content.decode()
    assert all(code in text for code in found)
    names = cohort.learners.values_list("username", flat=True)
    assert not any(f">{name}<" in text for name in names if name != asking.username)


def test_fewer_than_three_are_not_shown(cohort, cases):
    asking, *_ = [ranked(cohort, cases, 80) for _ in range(LEAST - 1)]
    assert board(cohort, asking).rows == []


def test_a_learner_goes_on_it_and_off_again(cohort, trainee, client_of):
    member = enroll(cohort, trainee)
    client, url = client_of(trainee), reverse("classroom:rank", args=[cohort.public_id])
    for sent, ranks in (({"ranks": "1"}, True), ({}, False)):
        assert client.post(url, sent).status_code == 302
        member.refresh_from_db()
        assert member.ranks is ranks
    Cohort.objects.update(has_leaderboard=False)
    assert client.post(url, {"ranks": "1"}).status_code == 404
    assert board(Cohort.objects.get(), trainee) is None


def test_who_joins_again_is_asked_again(cohort, trainee):
    set_ranks(enroll(cohort, trainee), True)
    leave(cohort.memberships.get(user=trainee))
    assert not enroll(cohort, trainee).ranks


def test_it_is_off_by_default_and_the_game_is_on(instructor):
    made = factories.CohortFactory(instructors=[instructor])
    assert not made.has_leaderboard and made.plays_game
    assert not Membership(cohort=made).ranks


def test_a_class_switches_the_game_off_and_what_was_chosen_stays(cohort, trainee, client_of):
    film()
    member = enroll(cohort, trainee)
    Preferences.objects.create(user=trainee, weekly_goal=7, shows_badges=False)
    client = client_of(trainee)
    goals, home, daily = (reverse(f"learning:{name}") for name in ("goals", "home", "daily"))
    assert "<dt>Points" in client.get(goals).content.decode()
    Cohort.objects.update(plays_game=False)
    page = client.get(goals).content.decode()
    assert not any(words in page for words in ("<dt>Points", "<dt>This week", "<h2>Badges"))
    assert "A class of yours has switched" in page
    assert daily not in client.get(home).content.decode()
    assert client.get(daily).url == client.post(daily).url == home
    assert client.post(goals, {"strategy": "random", "time_zone": "UTC"}).status_code == 302
    chosen = Preferences.objects.get()
    assert (chosen.strategy, chosen.weekly_goal) == ("random", 7)
    assert chosen.plays_for_points and not chosen.shows_badges
    leave(member)
    assert "<dt>Points" in client.get(goals).content.decode()


def test_an_instructor_sets_both(cohort, instructor, client_of):
    Cohort.objects.update(has_leaderboard=False)
    url = reverse("classroom:edit", args=[cohort.public_id])
    form = {"name": "Chest", "time_zone": "UTC", "has_leaderboard": "on"}
    assert client_of(instructor).post(url, form).status_code == 302
    cohort.refresh_from_db()
    assert cohort.has_leaderboard and not cohort.plays_game
    set_ranks(enroll(cohort, factories.UserFactory()), True)
