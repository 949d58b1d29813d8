"""When a learner drew the marks of an attempt, as an instructor sees it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests import factories
from tests.learning.playing import mark, play


@pytest.fixture
def told(instructor, trainee, client_of, nodule_case):
    cohort = factories.CohortFactory(instructors=[instructor], learners=[trainee])
    code = cohort.memberships.get().code

    def page(**answer) -> str:
        attempt = play(trainee, nodule_case, **answer)
        own = [cohort.public_id, code, attempt.public_id]
        address = reverse("classroom:learner_attempt", args=own)
        return client_of(instructor).get(address).content.decode()

    return page


def test_the_instructor_sees_when_each_mark_was_drawn(told, nodule_case):
    page = told(marks=[mark(nodule_case) | {"drawn_ms": 400, "changed_ms": 800}])
    assert "First mark after 0 s, submitted after 1 s" in page
    assert "<td>0.4 s</td><td>Nodule / mass</td><td>Hit</td><td>0.8 s</td>" in page


def test_an_attempt_of_before_says_that_no_times_were_kept(told, nodule_case):
    page = told(marks=[mark(nodule_case)])
    assert "Times of marks were not kept yet" in page
    assert "First mark after" not in page


def test_where_nothing_was_marked_the_whole_time_is_told(told):
    assert "Nothing was marked; it was submitted after 1 s." in told(normal=True)


def test_the_learner_has_the_page_as_before(told, nodule_case, client_of, trainee):
    told(marks=[mark(nodule_case) | {"drawn_ms": 400}])
    attempt = trainee.attempts.get()
    own = reverse("localize:attempt", args=[attempt.public_id])
    assert "When the marks were drawn" not in client_of(trainee).get(own).content.decode()
