"""`python -m bench.pictures`: the pictures of the README and docs, taken from the running game."""

from __future__ import annotations

import sys

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.player import Player
from tests.game import ROOT, started

FOLDER = ROOT / "docs" / "images"
SETTLED_MS = 800


def shoot(player: Player, name: str) -> None:
    player.page.mouse.move(5, 5)
    player.page.wait_for_timeout(SETTLED_MS)
    player.page.screenshot(path=FOLDER / f"{name}.png")


def viewer(player: Player) -> None:
    """Two views side by side, a mark being made."""
    case = player.game.one(
        "SELECT c.public_id FROM cases_case c JOIN cases_finding f ON f.case_id = c.id "
        "WHERE f.label = 'consolidation' AND 2 = "
        "(SELECT count(*) FROM cases_image i WHERE i.case_id = c.id) ORDER BY c.id LIMIT 1"
    )
    player.open(case)
    player.choose("consolidation")
    x0, y0, x1, y1 = player.truth_boxes(case)[0]
    player.draw([x0, y0 + 0.02, x1 - 0.02, y1])
    shoot(player, "viewer")


def localize(player: Player) -> None:
    """A scored case: one nodule found, one missed, one false mark; then its first finding."""
    case = player.case_with(nodules=2)
    player.open(case)
    player.choose("nodule")
    x0, y0, x1, y1 = player.truth_boxes(case)[0]
    player.draw([x0 - 0.01, y0 + 0.005, x1 + 0.015, y1 + 0.01])
    player.draw([0.6, 0.62, 0.66, 0.68])
    player.submit()
    player.wait_for_feedback()
    shoot(player, "localize")
    player.page.keyboard.press("ArrowDown")
    shoot(player, "feedback")


def report(player: Player) -> None:
    """A report with one finding right, one on the wrong side and one missed."""
    case = player.game.one(
        "SELECT c.public_id FROM cases_case c WHERE 2 <= "
        "(SELECT count(*) FROM cases_finding f WHERE f.case_id = c.id AND "
        "f.label IN ('edema', 'cardiomegaly', 'pleural_effusion')) ORDER BY c.id LIMIT 1"
    )
    player.page.goto(f"{player.game.address}/report/cases/{case}/")
    player.wait_until_shown()
    player.page.locator("#text").fill(
        "The heart is enlarged. Small left pleural effusion. No pneumothorax. "
        "The mediastinum is not widened. No fracture."
    )
    player.page.locator("#text").press("Control+Enter")
    player.page.wait_for_selector("#review-boxes", state="attached")
    shoot(player, "report")


def take(page: Page) -> None:
    with started() as game:
        player = Player(game, page)
        player.log_in("trainee")
        for picture in (viewer, localize, report):
            picture(player)


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        take(browser.new_page(viewport={"width": 1280, "height": 720}))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
