"""What Prometheus and Sentry are told, and whom."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import brotli
import pytest

from attempts import clock, services
from attempts.models import Attempt
from radgame import metrics
from radgame.celery import app as celery
from tests.game import migrated
from tests.radgame.test_settings import settings_with


@pytest.fixture
def asked(client, settings):
    settings.METRICS_TOKEN = "a token"

    def figures() -> dict[str, float]:
        answer = client.get("/metrics", headers={"Authorization": "Bearer a token"})
        assert answer.status_code == 200
        lines = re.findall(r"^([a-z]\S*) (\S+)$", answer.content.decode(), re.MULTILINE)
        return {name: float(value) for name, value in lines}

    return figures


@pytest.fixture
def attempt(trainee, nodule_case):
    return services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )


@pytest.mark.django_db
def test_it_works(asked):
    told = asked()
    assert told['radgame_part_well{part="database"}'] == 1
    assert told['radgame_part_well{part="worker"}'] == 0, "none has answered"
    assert told["radgame_submissions_waiting"] == 0
    assert told["process_resident_memory_bytes"] > 0


@pytest.mark.django_db
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer another", "a token"])
def test_without_the_token_there_are_no_figures(client, settings, header):
    headers = {} if header is None else {"Authorization": header}
    for token in ("a token", ""):
        settings.METRICS_TOKEN = token
        assert client.get("/metrics", headers=headers).status_code == 404


def test_what_waits_and_what_took_how_long(asked, attempt):
    now = clock.now()
    Attempt.objects.update(state="submitted", submitted_at=now - timedelta(seconds=50))
    waiting = asked()
    assert waiting["radgame_submissions_waiting"] == 1
    assert 50 <= waiting['radgame_part_age_seconds{part="scoring"}'] < 110
    assert 'radgame_scoring_seconds{quantile="0.5"}' not in waiting
    Attempt.objects.update(state="scored", scored_at=now)
    attempt.results.create(scorer="a", scorer_version="1", score=1, data={})
    scored = asked()
    assert scored["radgame_submissions_waiting"] == 0
    assert scored['radgame_scoring_seconds{quantile="0.95"}'] == 50


def test_tasks_that_no_worker_has_taken_are_counted(asked, db, empty_queues):
    celery.send_task("attempts.tasks.score_attempt", (0,))
    celery.send_task("attempts.tasks.score_attempt", (0,))
    told = asked()
    assert told['radgame_queue_length{queue="celery"}'] == 2
    assert told['radgame_queue_length{queue="models"}'] == 0


def test_without_a_broker_the_rest_is_told(asked, db, monkeypatch):
    monkeypatch.setattr(metrics.celery, "connection_for_read", lambda **_: 1 / 0)
    told = asked()
    assert told['radgame_part_well{part="database"}'] == 1
    assert not any(name.startswith("radgame_queue_length") for name in told)


def test_figures_name_nobody(asked, attempt, trainee):
    names = " ".join(asked())
    assert trainee.username not in names and str(attempt.public_id) not in names


BREAK = """
import sentry_sdk
from django.db import IntegrityError
from django.test import Client
from structlog.contextvars import bind_contextvars
from accounts.models import User
from radgame import views

learner = User.objects.create_user("miller", "miller@example.org", "right")

def home(request):
    written = "a nodule on the left"
    raise IntegrityError("duplicate\\nDETAIL:  Key (username)=(miller) already exists.")

views.home.__code__ = home.__code__
views.IntegrityError = IntegrityError
client = Client(raise_request_exception=False, headers={"host": "localhost"})
client.force_login(learner)
bind_contextvars(request="r1")
print(client.get("/?who=miller@example.org").status_code, client.cookies["sessionid"].value)
sentry_sdk.flush()
"""


def test_an_error_is_reported_with_its_ids_and_nobodys_data(tmp_path):
    with sentry_server() as (address, received):
        done = settings_with(migrated(tmp_path), BREAK, SENTRY_DSN=f"http://key@{address}/1")
    status, session = done.stdout.split()
    assert status == "500", done.stderr
    [event] = received
    [error] = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("IntegrityError", "duplicate\nDETAIL: left out")
    assert event["tags"]["request"] == "r1" and event["environment"] == "local"
    for frame in error["stacktrace"]["frames"]:
        assert "vars" not in frame
    text = json.dumps({**event, "exception": None})
    for word in ("miller", session, "example.org", "127.0.0.1", "nodule"):
        assert word not in text, word


def test_without_the_variable_nothing_is_reported(tmp_path):
    done = settings_with(tmp_path, "import sentry_sdk; print(sentry_sdk.is_initialized())")
    assert done.stdout.split() == ["False"], done.stderr


@contextmanager
def sentry_server() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Its host and port, and the events that it gets."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            coding = self.headers.get("Content-Encoding", "")
            unpacked = {"gzip": gzip.decompress, "br": brotli.decompress}
            body = unpacked[coding](body) if coding else body
            parts = [json.loads(line) for line in body.splitlines() if line]
            received.extend(part for part in parts if "event_id" in part and "platform" in part)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", received
    server.shutdown()
