"""What a worker keeps from one task to the next."""

from __future__ import annotations

import os

import pytest
from celery import signals
from celery.fixups.django import DjangoWorkerFixup
from django.conf import settings
from django.db import connection

from attempts.tasks import score_attempt
from radgame.celery import KEPT_SECONDS, app, keep_connections


@pytest.mark.pure
def test_the_database_is_not_opened_anew_for_every_task(monkeypatch):
    worker = DjangoWorkerFixup(app)
    closed = []
    monkeypatch.setattr(worker, "_close_database", lambda: closed.append(1))
    for _ in range(100):
        worker.close_database()
    assert not closed


@pytest.mark.parametrize("signal", [signals.task_prerun, signals.task_postrun])
def test_a_connection_that_is_too_old_or_broken_is_closed_around_a_task(db, monkeypatch, signal):
    looked = []
    monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: looked.append(1))
    signal.send(sender=score_attempt, task_id="1", task=score_attempt)
    assert looked


def backend():
    """The process of PostgreSQL that serves a task, which looks for an attempt."""
    about = {"sender": score_attempt, "task_id": "1", "task": score_attempt}
    signals.task_prerun.send(**about)
    score_attempt(0)
    process = connection.connection.info.backend_pid
    signals.task_postrun.send(**about)
    return process


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="SQLite has no server"
)
def test_a_connection_to_postgresql_is_kept_for_a_while_and_none_that_the_server_ended(monkeypatch):
    import psycopg

    kept = settings.DATABASES["default"]
    for name in ("CONN_MAX_AGE", "CONN_HEALTH_CHECKS"):
        monkeypatch.setitem(kept, name, kept[name])
    connection.close()
    keep_connections()
    first = backend()
    assert backend() == first
    given = connection.get_connection_params()
    server = {name: given[name] for name in given.keys() & {"user", "password", "host", "port"}}
    with psycopg.connect(dbname="postgres", autocommit=True, **server) as beside:
        beside.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    second = backend()  # as after the server was started again: no task fails
    assert second != first
    monkeypatch.setattr("time.monotonic", lambda now=connection.close_at: now + KEPT_SECONDS)
    assert backend() != second
    connection.close()


@pytest.mark.pure
def test_sqlite_is_left_as_it_is(monkeypatch):
    monkeypatch.setitem(settings.DATABASES, "default", {"ENGINE": "radgame.sqlite"})
    keep_connections()
    assert settings.DATABASES["default"] == {"ENGINE": "radgame.sqlite"}
