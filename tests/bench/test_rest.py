"""When a game is measured: once what a first start does beside it is done."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from tests.game import Game

pytestmark = pytest.mark.pure

LOADER, CLASS = "load_demo", "make_demo_class"


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Lets a game have these processes beside it, one at each look; what is left of them."""

    def given(*words: str) -> list[str]:
        left = list(words)

        def processes(game: Game, word: str) -> list[str]:
            found = [one for one in left[:1] if one == word]
            if word == CLASS or found:
                del left[:1]
            return found

        monkeypatch.setattr(Game, "processes", processes)
        return left

    return given


@pytest.mark.parametrize(
    "seen",
    [
        [],
        ["", "", LOADER, LOADER, CLASS, CLASS],
        [CLASS, "", "", CLASS, CLASS],  # it died, and was begun again
    ],
)
def test_it_is_waited_for_until_nothing_was_seen_for_a_while(beside, seen):
    left = beside(*seen)
    begun = time.monotonic()
    Game(cast(Any, None), Path(), "").wait_until_at_rest(quiet=1)
    assert not left
    assert time.monotonic() - begun >= 1


def test_what_never_ends_is_not_waited_for_without_end(beside):
    beside(*[CLASS] * 10_000)
    with pytest.raises(AssertionError, match="does not end"):
        Game(cast(Any, None), Path(), "").wait_until_at_rest(patience=0.2, quiet=0.3)
