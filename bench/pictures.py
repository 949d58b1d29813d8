"""`python -m bench.pictures`: the pictures of the README and docs, taken from the running game."""

from __future__ import annotations

import sys

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.player import Player
from tests.game import ROOT, started

FOLDER = ROOT / "docs" / "images"


def localize(player: Player) -> None:
    """A scored case: one nodule found, one missed, one false mark."""
    case = player.case_with(nodules=2)
    player.open(case)
    player.choose("nodule")
    x0, y0, x1, y1 = player.truth_boxes(case)[0]
    player.draw([x0 - 0.01, y0 + 0.005, x1 + 0.015, y1 + 0.01])
    player.draw([0.6, 0.62, 0.66, 0.68])
    player.submit()
    player.wait_for_feedback()
    player.page.mouse.move(5, 5)
    player.page.screenshot(path=FOLDER / "localize.png")


def take(page: Page) -> None:
    with started() as game:
        player = Player(game, page)
        player.log_in("trainee")
        localize(player)


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        take(browser.new_page(viewport={"width": 1280, "height": 720}))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
