"""A person at the game: what one does with mouse and keyboard, in words."""

from __future__ import annotations

import json
from collections.abc import Sequence

from playwright.sync_api import Page, expect

from tests.game import Game

Box = Sequence[float]
WAIT_MS = 30_000


class Player:
    """Plays in a real page; boxes are normalised ``x0 y0 x1 y1`` of the first image."""

    def __init__(self, game: Game, page: Page) -> None:
        self.game = game
        self.page = page
        page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)

    def log_in(self, username: str) -> None:
        self.page.goto(f"{self.game.address}/account/login/")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", self.game.passwords[username])
        self.page.click("button.primary")
        self.page.wait_for_url(lambda url: "/account/" not in url)

    def case_with(self, *, nodules: int, select: bool = False) -> str:
        """Public id of a demo case with so many drawn nodules and nothing else."""
        query = (
            "SELECT c.public_id FROM cases_case c "
            "JOIN cases_finding f ON f.case_id = c.id JOIN cases_region r ON r.finding_id = f.id "
            "GROUP BY c.id, c.public_id "
            "HAVING count(*) = ? AND min(f.label) = 'nodule_mass' AND max(f.label) = 'nodule_mass'"
            " AND (SELECT count(*) FROM cases_finding g WHERE g.case_id = c.id) = ? "
            "AND (SELECT count(*) FROM cases_image i WHERE i.case_id = c.id) = 1"
        )
        found = self.game.rows(query, nodules, nodules)
        assert found, f"the demo set has no case with just {nodules} nodules"
        return str(found[0][0])

    def normal_case(self) -> str:
        query = (
            "SELECT public_id FROM cases_case c WHERE NOT EXISTS "
            "(SELECT 1 FROM cases_finding f WHERE f.case_id = c.id)"
        )
        return str(self.game.rows(query)[0][0])

    def truth_boxes(self, case: str) -> list[tuple[float, ...]]:
        query = (
            "SELECT r.x0, r.y0, r.x1, r.y1 FROM cases_region r "
            "JOIN cases_finding f ON f.id = r.finding_id JOIN cases_case c ON c.id = f.case_id "
            "WHERE c.public_id = ? ORDER BY r.id"
        )
        return self.game.rows(query, case)

    def open(self, case: str) -> None:
        self.page.goto(f"{self.game.address}/localize/cases/{case}/")
        self.wait_until_shown()

    def open_afresh(self, case: str) -> None:
        """The case without what an earlier visit left marked."""
        self.open(case)
        self.page.evaluate("radgame.page.answer.replace({ marks: [], ticked: [], normal: false })")

    def wait_until_shown(self) -> None:
        self.page.wait_for_selector("#stage[data-ready]")
        assert self.page.locator(".note.error").count() == 0

    def choose(self, label: str) -> None:
        """A label to draw, found by typing."""
        self.page.keyboard.press("/")
        self.page.keyboard.type(label)
        self.page.keyboard.press("Enter")

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the image, normalised, lies on the page."""
        script = """([x, y]) => {
          const { image } = radgame.page.views[0];
          return radgame.toPage(0, [x * image.width, y * image.height]);
        }"""
        left, top = self.page.evaluate(script, [x, y])
        return left, top

    def drag(self, start: tuple[float, float], end: tuple[float, float], **options: str) -> None:
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down(**options)  # type: ignore[arg-type]
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        mouse.move(*end)
        mouse.up(**options)  # type: ignore[arg-type]

    def draw(self, box: Box) -> None:
        self.drag(self.at(box[0], box[1]), self.at(box[2], box[3]))

    def drawn(self) -> list[list[float]]:
        """The boxes drawn so far."""
        return self.page.evaluate("radgame.page.answer.marks.map(({ box }) => box)")

    def submit(self) -> None:
        self.page.click("[data-role=submit]")

    def wait_for_feedback(self) -> dict[str, object]:
        """The review that the page shows."""
        self.page.wait_for_selector("#review-data", state="attached")
        return json.loads(self.page.locator("#review-data").inner_text())

    def wait_until_saved(self) -> None:
        self.page.wait_for_function(
            "() => !radgame.page.autosave.dirty && radgame.page.autosave.state === 'saved'"
        )
