"""Attempts in any state, and what is told of them to workers and pages."""

from __future__ import annotations

import pytest
from django.utils import timezone

from attempts import clock, scoring, services
from attempts.models import Attempt
from tests import factories
from tests.attempts.rows import MINUTE, NOON


@pytest.fixture
def at_noon(monkeypatch):
    """It is noon wherever somebody looks at a clock, but for the database."""
    monkeypatch.setattr(timezone, "now", lambda: NOON)
    monkeypatch.setattr(clock, "now", lambda: NOON)


@pytest.fixture
def long_grace(monkeypatch):
    """Drafts have a minute of grace, so that seconds of a busy machine decide nothing."""
    monkeypatch.setattr(services, "GRACE", MINUTE)


@pytest.fixture
def case(db):
    return factories.ImageFactory().case


@pytest.fixture
def retired(case):
    type(case).objects.filter(pk=case.pk).update(status="retired")
    case.refresh_from_db()


@pytest.fixture
def make(trainee, case):
    def make(**said):
        given = {"user": trainee, "case": case, "kind": "localize", "case_version": 1} | said
        started = given.pop("started_at", None)
        made = Attempt.objects.create(**given)
        if started:
            Attempt.objects.filter(pk=made.pk).update(started_at=started)
            made.refresh_from_db()
        return made

    return make


@pytest.fixture
def queued(monkeypatch):
    """The keys handed to workers, in order."""
    keys: list[int] = []
    monkeypatch.setattr(services, "queue_scoring", keys.append)
    return keys


@pytest.fixture
def told(monkeypatch):
    """The states that pages are told of, as they are told."""
    states: list[tuple[int, str]] = []
    monkeypatch.setattr(scoring, "tell", lambda one: states.append((one.pk, one.state)))
    return states
