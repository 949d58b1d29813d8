"""What tests of simulated films share."""

from __future__ import annotations

import pytest


@pytest.fixture
def few_tries(monkeypatch):
    """A finding is placed anew once and no other person is drawn: films are made, not chosen."""
    monkeypatch.setattr("ml.simulate.cases.TRIES", 2)
    monkeypatch.setattr("ml.simulate.standing.PERSONS", 1)
