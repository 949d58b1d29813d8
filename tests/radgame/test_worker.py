"""What a worker keeps from one task to the next."""

from __future__ import annotations

import pytest
from celery import signals
from celery.fixups.django import DjangoWorkerFixup
from django.db import connection

from attempts.tasks import score_attempt
from radgame.celery import app


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
