"""Fixtures of tests of the library."""

from __future__ import annotations

import pytest

from cases.signals import case_published


@pytest.fixture
def told():
    """The cases that other apps were told of."""
    cases = []

    def tell(sender, case, **_):
        cases.append(case)

    case_published.connect(tell)
    yield cases
    case_published.disconnect(tell)
