from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.game import Game, started


@pytest.fixture(scope="package")
def game() -> Iterator[Game]:
    with started() as running:
        yield running
