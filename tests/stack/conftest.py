from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.game import Game
from tests.library import furnished


@pytest.fixture(scope="package")
def game() -> Iterator[Game]:
    with furnished() as running:
        yield running
