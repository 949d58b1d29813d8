"""A real Chromium and a real game; skipped, in so many words, where there is no Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.player import Player
from tests.game import Game, started
from tests.studies import add_studies

CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="package")
def game() -> Iterator[Game]:
    with started(SIGNUP_OPEN="true") as running:
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


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of a new visitor; what the console complains of fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    opened.complaints = complaints  # type: ignore[attr-defined]
    yield opened
    opened.unroute_all(behavior="wait")
    context.close()
    assert not complaints


@pytest.fixture
def player(game: Game, page: Page) -> Player:
    """The trainee, logged in by the form."""
    person = Player(game, page)
    person.log_in("trainee")
    return person


@pytest.fixture(scope="package")
def studies(game: Game) -> dict[str, str]:
    """Public ids of studies that the demo set does not hold, by name."""
    return add_studies(game)


@pytest.fixture
def visitor(chromium: Browser, game: Game) -> Callable[..., AbstractContextManager[Player]]:
    """Opens a page of its own kind of screen, logged in."""

    @contextmanager
    def visit(**screen) -> Iterator[Player]:
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 720}} | screen))
        try:
            player = Player(game, context.new_page())
            player.log_in("trainee")
            yield player
        finally:
            context.close()

    return visit
