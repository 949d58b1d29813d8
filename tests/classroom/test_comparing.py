"""A learner beside their own past and beside the median of those who chose to compare."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from classroom.comparing import LEAST_MEMBERS, comparisons
from classroom.models import Membership
from classroom.services import enroll, leave
from learning.comparing import own_past
from learning.models import CaseRecord
from learning.queries import ENOUGH_CASES
from tests import factories
from tests.classroom.keeping import kept


@pytest.fixture
def cohort(instructor):
    return factories.CohortFactory(instructors=[instructor])


@pytest.fixture
def cases(db):
    return [factories.CaseFactory() for _ in range(ENOUGH_CASES)]


def learner(cohort, cases, hits: int, compares: bool = True):
    """A member who found that many of a finding in each of the cases."""
    user = factories.UserFactory()
    member = enroll(cohort, user)
    Membership.objects.filter(pk=member.pk).update(
        compares=compares, joined_at=timezone.now() - timedelta(weeks=20)
    )
    for place, case in enumerate(cases):
        kept(user, case, truths=1, hits=int(place < hits), ago=timedelta(days=1))
    return user


def compared(user):
    return comparisons(user, "localize", "clinical")


def test_the_median_is_of_those_who_chose_and_of_nobody_else(cohort, cases):
    users = [learner(cohort, cases, hits) for hits in range(1, LEAST_MEMBERS + 1)]
    learner(cohort, cases, ENOUGH_CASES, compares=False)
    [found] = compared(users[0])
    assert found.learners == LEAST_MEMBERS
    assert found.found_median == pytest.approx(4.5 / ENOUGH_CASES)
    assert found.found.value == pytest.approx(1 / ENOUGH_CASES)
    assert found.false_marks_median == 0


def test_no_median_is_shown_of_fewer_than_eight(cohort, cases):
    users = [learner(cohort, cases, hits) for hits in range(1, LEAST_MEMBERS)]
    learner(cohort, cases[:5], 3)
    [found] = compared(users[0])
    assert (found.learners, found.found, found.found_median) == (LEAST_MEMBERS - 1, None, None)


def test_who_did_not_choose_or_has_left_sees_none(cohort, cases):
    users = [learner(cohort, cases, hits) for hits in range(1, LEAST_MEMBERS + 1)]
    other = learner(cohort, cases, 1, compares=False)
    assert compared(other) == []
    leave(cohort.memberships.get(user=users[0]))
    assert compared(users[0]) == []
    [found] = compared(users[1])
    assert found.found is None, "seven are left"


def test_a_learner_chooses_on_the_class_page_and_takes_it_back(client_of, trainee, cohort):
    enroll(cohort, trainee)
    client, url = client_of(trainee), f"/classes/{cohort.public_id}/compare/"
    assert "You compare:" in client.post(url, {"compares": "1"}, follow=True).content.decode()
    assert cohort.memberships.get().compares
    client.post(url)
    assert not cohort.memberships.get().compares


def test_the_page_of_progress_has_both_comparisons(client_of, cohort, cases):
    users = [learner(cohort, cases, hits) for hits in range(1, LEAST_MEMBERS + 1)]
    for case in cases[:10]:
        kept(users[0], case, truths=1, hits=1, ago=timedelta(weeks=6))
    page = client_of(users[0]).get("/progress/?rule=clinical").content.decode()
    assert "Beside your own past" in page
    assert "You find less than before, by more than chance." in page
    assert "Beside your class" in page
    assert "8 learners who compare" in page
    assert "Kinds of loss" in page


def test_one_time_alone_is_not_compared(cohort, cases):
    user = learner(cohort, cases, 5)
    assert own_past(CaseRecord.objects.filter(user=user)) is None
