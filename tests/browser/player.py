"""A person at the game: what one does with mouse and keyboard, in words."""

from __future__ import annotations

import json
from collections.abc import Sequence

from playwright.sync_api import Error, Locator, Page, TimeoutError, expect

from tests.game import Game

Box = Sequence[float]
WAIT_MS = 30_000
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

THREE_FRAMES = """() => new Promise((done) => {
  const next = (left) => (left ? requestAnimationFrame(() => next(left - 1)) : done());
  next(3);
})"""


# Whether anything on the page is clicked within a second and a half from a call on.
CLICKED = """(element) => {
  const page = element.ownerDocument;
  const click = new Promise((tell) => {
    page.addEventListener("click", () => tell(true), { capture: true, once: true });
    setTimeout(tell, 1500, false);
  });
  return { click };
}"""


def tap(place: Locator) -> None:
    """A tap that the page heard: on a busy machine a browser may take it for a long press.

    Only a tap without any click is repeated: a page that ignores what is pressed is found out.
    """
    for _ in range(4):
        heard = place.evaluate_handle(CLICKED)
        place.tap()
        try:
            if heard.evaluate("({ click }) => click"):
                return
        except Error:  # the page went elsewhere, so it heard
            return
    raise AssertionError(f"no tap on {place} became a click")


class Player:
    """Plays in a real page; boxes are normalized ``x0 y0 x1 y1`` of the first image."""

    def __init__(self, game: Game, page: Page) -> None:
        self.game = game
        self.page = page
        self.username = ""
        page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)

    def log_in(self, username: str) -> None:
        """Come to the start page with a session as the form gives one.

        That the form gives it each role is tested in tests/browser/test_off_origin.py.
        """
        self.username = username
        address, session = self.game.address, self.game.session_of(username)
        self.page.context.add_cookies(
            [
                {
                    "name": "sessionid",
                    "value": session,
                    "url": address,
                    "httpOnly": True,
                    "sameSite": "Lax",
                }
            ]
        )
        self.page.goto(f"{address}/")
        opened = self.page.context.cookies(address)
        assert any(c["value"] == session for c in opened), f"{username} is not logged in"

    def log_in_by_form(self, username: str) -> None:
        """Send the form, without its page, and come to the start page."""
        self.username = username
        form = f"{self.game.address}/account/login/"
        asked = self.page.context.request
        asked.get(form)
        [token] = (c["value"] for c in self.page.context.cookies(form) if c["name"] == "csrftoken")
        answer = asked.post(
            form,
            form={
                "username": username,
                "password": self.game.passwords[username],
                "csrfmiddlewaretoken": token,
            },
            headers={"Referer": form},
            max_redirects=0,
        )
        assert answer.status == 302, f"{username} is not logged in: {answer.status}"
        self.page.goto(f"{self.game.address}/")

    def make_class(self, name: str) -> str:
        """Make a class as the instructor who is logged in; the code of its link, whose page this
        ends on.
        """
        self.page.goto(f"{self.game.address}/classes/new/")
        self.page.locator("[name=name]").fill(name)
        self.page.get_by_role("button", name="Make the class").click()
        return self.page.locator(".invitation .code").inner_text()

    def join_class(self, code: str) -> None:
        """Join a class by its code, as who is logged in."""
        self.page.goto(f"{self.game.address}/classes/")
        self.page.get_by_label("Code of a class").fill(code)
        self.page.get_by_role("button", name="Join").click()
        self.page.get_by_label("I agree to this").check()
        self.page.get_by_role("button", name="Join the class").click()
        expect(self.page.get_by_text("You are in the class")).to_be_visible()

    def case_with(self, *, nodules: int, select: bool = False) -> str:
        """Public id of a demo case with so many drawn nodules and nothing else."""
        query = (
            "SELECT c.public_id FROM cases_case c "
            "JOIN cases_finding f ON f.case_id = c.id JOIN cases_region r ON r.finding_id = f.id "
            "WHERE c.status = 'published' AND c.made_for_id IS NULL "
            "GROUP BY c.id, c.public_id "
            "HAVING count(*) = ? AND min(f.label) = 'nodule_mass' AND max(f.label) = 'nodule_mass'"
            " AND (SELECT count(*) FROM cases_finding g WHERE g.case_id = c.id) = ? "
            "AND (SELECT count(*) FROM cases_image i WHERE i.case_id = c.id) = 1 ORDER BY c.id"
        )
        found = self.game.rows(query, nodules, nodules)
        assert found, f"the demo set has no case with just {nodules} nodules"
        return str(found[0][0])

    def normal_case(self) -> str:
        """Public id of a case without findings and without a prior film."""
        query = (
            "SELECT public_id FROM cases_case c WHERE c.status = 'published' "
            "AND c.made_for_id IS NULL AND NOT EXISTS "
            "(SELECT 1 FROM cases_finding f WHERE f.case_id = c.id) AND NOT EXISTS "
            "(SELECT 1 FROM cases_image i WHERE i.case_id = c.id AND i.study = 'prior') "
            "ORDER BY c.id"
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

    def wait_until_shown(self) -> None:
        self.page.wait_for_selector("#stage[data-ready]")
        assert self.page.locator(".note.error").count() == 0

    def choose(self, label: str) -> None:
        """A label to draw, found by typing."""
        self.page.keyboard.press("/")
        self.page.keyboard.type(label)
        self.page.keyboard.press("Enter")

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the image, normalized, lies on the page once its layout rests."""
        self.page.evaluate(THREE_FRAMES)  # the picture follows its pane a frame later
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
        try:
            self.page.wait_for_selector("#review-data", state="attached", timeout=3 * WAIT_MS)
        except TimeoutError as error:
            raise AssertionError(f"no feedback came: {self._what_came_instead()}") from error
        self.page.wait_for_function("() => globalThis.radgame?.page?.review")
        self.page.evaluate(THREE_FRAMES)  # its first row opens in the second
        return json.loads(self.page.locator("#review-data").inner_text())

    def _what_came_instead(self) -> dict[str, object]:
        """What tells a press that was lost from an answer that was, and from a slow score."""
        texts = ("#status-line", "#save-state", "#conflict:not([hidden])", "dialog[open]")
        said = {text: self.page.locator(text).all_inner_texts() for text in texts}
        query = (
            "SELECT state, tries, problem FROM attempts_attempt a "
            "JOIN accounts_user u ON u.id = a.user_id WHERE u.username = ? ORDER BY a.id"
        )
        kept = self.game.rows(query, self.username)
        return {**said, "attempts": kept, "the game said": self.game.lines[-5:]}

    def wait_until_saved(self) -> None:
        self.page.wait_for_function(
            "() => !radgame.page.autosave.dirty && radgame.page.autosave.state === 'saved'"
        )
