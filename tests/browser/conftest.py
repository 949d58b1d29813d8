"""A real Chromium and a real game; skipped, in so many words, where there is no Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.origins import asked_by, off_origin
from tests.browser.player import Player
from tests.game import Game
from tests.library import furnished
from tests.studies import add_studies

WINDOWED = ("chromium", "chromium-browser")
WITHOUT_WINDOWS = "chromium-headless-shell"
"""The same engine without tabs and menus, which cost more than half of what a test takes."""


def _first_of(*programs: str) -> str | None:
    """The one that CHROMIUM names, or the first that is on this machine."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, programs)), None)


CHROMIUM = _first_of(WITHOUT_WINDOWS, *WINDOWED)
WHOLE_CHROMIUM = _first_of(*WINDOWED, WITHOUT_WINDOWS)
"""What figures are measured in, for it is what learners have."""
FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # Pages are put together by the processor, WebGL draws as ever: a third of the processor time.
    "--disable-gpu-compositing",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="package")
def game() -> Iterator[Game]:
    with furnished(SIGNUP_OPEN="true") as running:
        yield running


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM:
        sentence = "no Chromium on this machine: install it, or name it with CHROMIUM"
        if os.environ.get("BROWSER_REQUIRED"):
            pytest.fail(f"The browser tests are required and there is {sentence}.")
        pytest.skip(f"The browser tests did not run: {sentence}.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(chromium: Browser, **screen) -> Iterator[Page]:
    """A page of a new visitor; what the console complains of is an error."""
    context = chromium.new_context(**({"viewport": {"width": 1280, "height": 720}} | screen))
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    page.complaints = complaints  # type: ignore[attr-defined]
    asked = asked_by(page)
    try:
        yield page
        if not page.is_closed():  # a test may close it
            page.unroute_all(behavior="wait")
    finally:
        context.close()
    assert not complaints
    assert not off_origin(asked), "the game asks nothing of anybody but its own server"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with opened(chromium) as page:
        yield page


@pytest.fixture
def trainee(game: Game) -> str:
    """The name of this test's own trainee, who has played nothing yet."""
    return game.enroll()


@pytest.fixture
def player(game: Game, page: Page, trainee: str) -> Player:
    """The test's trainee, logged in by the form."""
    person = Player(game, page)
    person.log_in(trainee)
    return person


@pytest.fixture(scope="package")
def studies(game: Game) -> dict[str, str]:
    """Public ids of studies that the demo set does not hold, by name."""
    return add_studies(game)


@pytest.fixture
def visitor(
    chromium: Browser, game: Game, trainee: str
) -> Callable[..., AbstractContextManager[Player]]:
    """Opens a page of its own kind of screen, where the test's trainee is logged in."""

    @contextmanager
    def visit(**screen) -> Iterator[Player]:
        with opened(chromium, **screen) as page:
            player = Player(game, page)
            player.log_in(trainee)
            yield player

    return visit
