"""`python -m bench.pictures [games] [classes]`: the pictures of the README and docs, of these or of
all, taken from the running game.
"""

from __future__ import annotations

import argparse
import sys

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import FLAGS, WHOLE_CHROMIUM
from tests.browser.player import Player
from tests.game import ROOT, Game, started

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


def change(player: Player) -> None:
    """A film beside its prior one, and what is told of a change that was misjudged."""
    case = player.game.one(
        "SELECT c.public_id FROM cases_case c JOIN cases_finding f ON f.case_id = c.id "
        "WHERE f.label = 'consolidation' AND f.progression = 'smaller'"
    )
    player.open(case)
    player.choose("consolidation")
    player.draw(player.truth_boxes(case)[0])
    player.page.get_by_role("button", name="Larger").click()
    player.submit()
    player.wait_for_feedback()
    shoot(player, "change")


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


def games(game: Game, browser: Browser) -> None:
    player = Player(game, browser.new_page(viewport={"width": 1280, "height": 720}))
    player.log_in_by_form("trainee")
    for picture in (viewer, localize, change, report):
        picture(player)


def classes(game: Game, browser: Browser) -> None:
    """The dashboard of a simulated class, a learner, and of the cases that most answered
    the one with the most wrong marks.
    """
    game.manage("make_demo_class", "--learners", "12", "--attempts", "24", "--seed", "1")
    page = browser.new_page(viewport={"width": 960, "height": 975}, color_scheme="light")
    player = Player(game, page)
    player.log_in_by_form("instructor")
    cohort = game.one(
        "SELECT public_id FROM classroom_cohort WHERE is_simulated ORDER BY id DESC LIMIT 1"
    )
    code = game.one(
        "SELECT code FROM classroom_membership m JOIN classroom_cohort c ON c.id = m.cohort_id "
        "WHERE c.public_id = ? ORDER BY m.id LIMIT 1",
        cohort,
    )
    case = game.one(
        "SELECT k.public_id FROM learning_caserecord r JOIN cases_case k ON k.id = r.case_id "
        "JOIN classroom_membership m ON m.user_id = r.user_id "
        "JOIN classroom_cohort c ON c.id = m.cohort_id WHERE c.public_id = ? "
        "AND r.kind = 'localize' GROUP BY k.id HAVING sum(r.truths) > 0 AND count(*) >= 8 "
        "ORDER BY sum(r.overcalls + r.recognition) DESC, k.id LIMIT 1",
        cohort,
    )
    own = f"{game.address}/classes/{cohort}/"
    for name, address in (
        ("class-dashboard", "figures/"),
        ("class-learner", f"learners/{code}/"),
        ("class-item", f"figures/cases/{case}/"),
        ("class-discuss", f"discuss/{case}/?truth"),
    ):
        page.goto(own + address)
        page.wait_for_load_state("networkidle")
        shoot(player, name)
        few = Image.open(FOLDER / f"{name}.png").convert("RGB").quantize(128)
        few.save(FOLDER / f"{name}.png", optimize=True)


ALL = {"games": games, "classes": classes}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench pictures", description=__doc__)
    parser.add_argument("which", nargs="*", metavar="WHICH", help=", ".join(ALL))
    which = parser.parse_args().which or list(ALL)
    if unknown := set(which) - set(ALL):
        parser.error(f"There are no pictures called {', '.join(sorted(unknown))}.")
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright, started() as game:
        browser = playwright.chromium.launch(executable_path=WHOLE_CHROMIUM, args=FLAGS)
        for name in which:
            ALL[name](game, browser)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
