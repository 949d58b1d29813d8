"""Classes of nobody, of one learner, in two time zones; cases that are retired midway."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from attempts import services
from attempts.series import open_next
from cases.models import Case
from classroom import assigning, work
from tests import factories
from tests.classroom.keeping import kept
from tests.learning.playing import go_on, play


@pytest.mark.parametrize("name", ["cohort", "figures", "items"])
def test_a_class_without_a_learner_has_all_its_pages(client_of, instructor, name):
    empty = factories.CohortFactory(instructors=[instructor])
    address = reverse(f"classroom:{name}", args=[empty.public_id])
    assert client_of(instructor).get(address).status_code == 200


def test_one_learner_is_compared_with_nobody(client_of, instructor, cohort, trainee):
    for _ in range(3):
        kept(trainee, factories.ImageFactory().case, sure=12, sure_wrong=12, ratings="5|")
    address = reverse("classroom:figures", args=[cohort.public_id]) + "?rule=clinical"
    page = client_of(instructor).get(address).content.decode()
    assert "Nobody stands out" in page
    assert "A weighted AFROC figure needs two learners" in page


def test_the_work_of_a_class_goes_on_without_its_last_instructor(
    client_of, instructor, cohort, trainee, nodule_case
):
    made = factories.AssignmentFactory(cohort=cohort, cases=[nodule_case], publish=True)
    instructor.delete()
    series = assigning.current_run(made, trainee).series
    go_on(series)
    page = client_of(trainee).get(f"/classes/given/{made.public_id}/")
    assert page.status_code == 200
    chief = factories.UserFactory(is_superuser=True)
    other = factories.UserFactory(role="instructor")
    address = reverse("classroom:instructors", args=[cohort.public_id])
    client_of(chief).post(address, {"name": other.username})
    assert list(cohort.instructors.all()) == [other]
    own = client_of(other).get(reverse("classroom:cohort", args=[cohort.public_id]))
    assert made.title in own.content.decode()


def test_a_learner_in_two_time_zones_has_first_what_is_due_first(client_of, trainee, nodule_case):
    """Both at 18:00 of their class, nine hours apart."""
    zones = {"America/Los_Angeles": 2, "Europe/Berlin": 17}
    for zone, hour in zones.items():
        cohort = factories.CohortFactory(learners=[trainee], time_zone=zone)
        due = datetime(2099, 1, 6 if zone.startswith("America") else 5, hour, tzinfo=UTC)
        factories.AssignmentFactory(
            cohort=cohort, cases=[nodule_case], publish=True, due_at=due, title=f"Work of {zone}"
        )
    page = client_of(trainee).get("/home/").content.decode()
    assert page.index("Work of Europe/Berlin") < page.index("Work of America/Los_Angeles")
    assert page.count("Mon 5 Jan 2099, 18:00") == 2
    assert "Europe/Berlin</span>" in page and "America/Los Angeles</span>" in page


def test_a_case_retired_while_it_is_played_is_kept_and_led_on_from(cohort, trainee, nodule_case):
    other = factories.ImageFactory().case
    made = factories.AssignmentFactory(cohort=cohort, cases=[nodule_case, other], publish=True)
    series = assigning.current_run(made, trainee).series
    draft = open_next(series)
    Case.objects.filter(pk=nodule_case.pk).update(status="retired")
    answer = {"marks": [], "ticked": [], "normal": True}
    services.submit(attempt_id=draft.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1000)
    draft.refresh_from_db()
    assert draft.answer["normal"], "what was answered is kept"
    assert not draft.results.exists()
    done = go_on(series, normal=True)
    assert done.case == other
    standing = work.standings(made)[trainee.pk]
    assert (standing.size, standing.left_out) == (1, 1)
    assert standing.score == done.results.get().score


def test_numbers_longer_than_any_are_refused_in_a_sentence(
    client_of, instructor, cohort, trainee, nodule_case
):
    client, endless = client_of(instructor), "9" * 5000
    address = reverse("classroom:invitations", args=[cohort.public_id])
    page = client.post(address, {"do": "codes", "count": endless}, follow=True).content.decode()
    assert "a number from 1 to 200" in page
    attempt = play(trainee, nodule_case)
    names = [cohort.public_id, cohort.memberships.get().code, attempt.public_id]
    address = reverse("classroom:comment", args=names)
    page = client.post(address, {"remove": endless}, follow=True).content.decode()
    assert "There is no such comment of yours" in page
