"""Periodic work: by whoever comes first, by the database's clock, whatever clocks do."""

from __future__ import annotations

from datetime import timedelta
from unittest import mock

import pytest
from django.utils import timezone

from attempts import clock, scoring, services
from attempts.models import Attempt
from radgame import periodic, tasks
from radgame.models import Heartbeat

pytestmark = pytest.mark.django_db
ASKED = "attempts.services.signature"


@pytest.fixture
def waiting(trainee, nodule_case):
    """Submitted two minutes ago, and lost by its queue."""
    attempt = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )
    long_ago = clock.now() - timedelta(minutes=2)
    Attempt.objects.update(state="submitted", submitted_at=long_ago, queued_at=long_ago)
    attempt.refresh_from_db()
    return attempt


def beat(name=periodic.SWEEP):
    return Heartbeat.objects.get(name=name)


def test_it_works(waiting):
    with mock.patch(ASKED) as asked:
        assert periodic.SWEEP in periodic.run_due()
    asked.assert_called_once_with("attempts.tasks.score_attempt", (waiting.pk,))
    assert abs(clock.now() - beat().done_at) < timedelta(seconds=10)


def test_a_job_done_just_now_is_left_alone(waiting):
    periodic.run_due()
    Attempt.objects.update(queued_at=clock.now() - timedelta(minutes=2))
    with mock.patch(ASKED) as asked:
        assert periodic.run_due() == []
    asked.assert_not_called()


def test_who_stands_in_waits_until_nobody_else_did_it(waiting):
    periodic.run_due()
    assert periodic.run_due(periodic.PATIENCE) == []
    late = clock.now() - timedelta(seconds=2 * periodic.jobs()[0].seconds)
    Heartbeat.objects.update(begun_at=late)
    assert periodic.run_due(periodic.PATIENCE) == []
    Heartbeat.objects.update(begun_at=late - timedelta(minutes=1))
    assert periodic.SWEEP in periodic.run_due(periodic.PATIENCE)


def test_of_two_processes_one_does_it():
    periodic.run_due()
    job = periodic.jobs()[0]
    Heartbeat.objects.update(begun_at=clock.now() - timedelta(minutes=2))
    assert [periodic._claim(job, 1), periodic._claim(job, 1)] == [True, False]


def test_a_clock_set_back_stops_nothing(waiting):
    """What was begun or queued in what is the future now was so before the clock was set back."""
    periodic.run_due()
    ahead = clock.now() + timedelta(hours=1)
    Heartbeat.objects.update(begun_at=ahead)
    Attempt.objects.update(queued_at=ahead)
    with mock.patch(ASKED) as asked:
        assert periodic.SWEEP in periodic.run_due()
    asked.assert_called_once()


@pytest.mark.parametrize("minutes", [-60, 60])
def test_a_machine_whose_clock_is_wrong_sweeps_as_any_other(waiting, minutes):
    Attempt.objects.update(deadline=None)
    wrong = timezone.now() + timedelta(minutes=minutes)
    with mock.patch("django.utils.timezone.now", return_value=wrong), mock.patch(ASKED) as asked:
        assert periodic.SWEEP in periodic.run_due()
        asked.assert_called_once()
        assert scoring.sweep() == 0, "it was queued just now"


def test_a_machine_whose_clock_is_ahead_closes_no_draft_early(trainee, nodule_case):
    services.open_attempt(
        user=trainee,
        case=nodule_case,
        kind="localize",
        mode="practice",
        deadline=clock.now() + timedelta(seconds=60),
    )
    ahead = timezone.now() + timedelta(minutes=5)
    with mock.patch("django.utils.timezone.now", return_value=ahead):
        periodic.run_due()
    assert Attempt.objects.get().state == "draft"


def test_a_job_that_fails_costs_no_other_and_is_not_noted_as_done(waiting, caplog):
    with mock.patch("attempts.series.sweep", side_effect=RuntimeError("broken")):
        done = periodic.run_due()
    assert periodic.SWEEP not in done and "retention" in done
    assert beat().done_at is None
    assert "“sweep” met an error" in caplog.text


def test_a_worker_notes_itself_when_it_answers():
    with mock.patch("radgame.periodic.signature") as asked:
        periodic.run_due()
    asked.assert_called_once_with("radgame.tasks.answer")
    assert beat(periodic.WORKER).done_at is None
    tasks.answer()
    assert beat(periodic.WORKER).done_at is not None


def test_an_attempt_lost_by_the_queue_is_queued_again_when_its_page_asks(waiting, client_of):
    address = f"/localize/attempts/{waiting.public_id}/status"
    client = client_of(waiting.user)
    with mock.patch(ASKED) as asked:
        assert client.get(address).json()["state"] == "submitted"
        client.get(address)
    asked.assert_called_once_with("attempts.tasks.score_attempt", (waiting.pk,))


def test_a_draft_whose_time_is_up_is_closed_when_its_page_asks(trainee, nodule_case, client_of):
    draft = services.open_attempt(
        user=trainee,
        case=nodule_case,
        kind="localize",
        mode="practice",
        deadline=clock.now() - timedelta(minutes=1),
    )
    with mock.patch(ASKED):
        told = client_of(trainee).get(f"/localize/attempts/{draft.public_id}/status").json()
    assert told["state"] == "submitted"
