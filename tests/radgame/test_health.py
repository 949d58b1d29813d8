"""What the health checks tell of each part."""

from __future__ import annotations

from datetime import timedelta
from unittest import mock

import pytest
from django.db import OperationalError

from attempts import clock
from attempts.models import Attempt
from radgame import periodic, tasks
from radgame.models import Heartbeat
from tests import factories


@pytest.fixture
def all_well(db, settings):
    with mock.patch("radgame.periodic.signature"):
        periodic.run_due()
    tasks.answer()


def test_it_works(client, all_well):
    told = client.get("/readyz").json()
    assert told["status"] == "ok", told
    assert list(told["parts"]) == [
        "database",
        "redis",
        "broker",
        "periodic",
        "worker",
        "scoring",
        "disk",
    ]
    assert client.get("/readyz/all").status_code == 200
    assert client.get("/healthz").json() == {"status": "ok"}


def since(seconds):
    return clock.now() - timedelta(seconds=seconds)


def silent(name, seconds):
    Heartbeat.objects.filter(name=name).update(done_at=since(seconds))


def old_submission():
    case = factories.ImageFactory().case
    Attempt.objects.create(
        user=factories.UserFactory(),
        case=case,
        case_version=1,
        kind="localize",
        state="submitted",
        submitted_at=since(300),
    )


@pytest.mark.parametrize(
    ("part", "harm"),
    [
        ("periodic", lambda settings: silent("sweep", 120)),
        ("periodic", lambda settings: silent("sweep", -3600)),
        ("worker", lambda settings: silent("worker", 600)),
        ("worker", lambda settings: Heartbeat.objects.filter(name="worker").delete()),
        ("scoring", lambda settings: old_submission()),
        ("redis", lambda settings: setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")),
    ],
)
def test_a_part_that_is_not_well_is_told_and_calls_somebody(client, all_well, settings, part, harm):
    harm(settings)
    told = client.get("/readyz")
    assert (told.status_code, told.json()["status"]) == (200, "late"), "pages are still served"
    ill = {name: one for name, one in told.json()["parts"].items() if not one["well"]}
    assert list(ill) == [part] and ill[part]["word"].endswith(".")
    assert client.get("/readyz/all").status_code == 503


def test_a_disk_that_is_all_but_full_is_told(client, all_well):
    with mock.patch("radgame.reserve.shutil.disk_usage", return_value=mock.Mock(free=1_000_000)):
        assert not client.get("/readyz").json()["parts"]["disk"]["well"]


def test_a_broker_that_is_away_is_told(client, all_well):
    with mock.patch("radgame.health.celery.connection_for_write", side_effect=OSError("refused")):
        assert not client.get("/readyz").json()["parts"]["broker"]["well"]


def test_without_its_database_the_process_is_alive_but_not_ready(client, all_well):
    with mock.patch("radgame.health.connection.cursor", side_effect=OperationalError("away")):
        told = client.get("/readyz")
    assert (told.status_code, told.json()["status"]) == (503, "away")
    assert list(told.json()["parts"]) == ["database"]
    assert client.get("/healthz").status_code == 200
