"""Both games at eight sizes of window, played by touch where touch is: the image keeps its room.

With SCREENSHOTS=FOLDER in the environment every state is also kept there as a picture.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.player import tap
from tests.browser.test_viewer_views import touch

pytestmark = pytest.mark.browser

LEAST_SHARE = 0.55  # of the window's height, for the image


@dataclass(frozen=True)
class Size:
    """A window in CSS pixels, and whether fingers work in it."""

    width: int
    height: int
    by_touch: bool
    what: str

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def screen(self) -> dict[str, object]:
        viewport = {"width": self.width, "height": self.height}
        return {"viewport": viewport, "has_touch": self.by_touch, "is_mobile": self.by_touch}


SIZES = [
    Size(640, 360, False, "1280 × 720 at 200 %"),
    Size(390, 844, True, "a phone held upright"),
    Size(844, 390, True, "a phone held sideways"),
    Size(768, 1024, True, "a tablet held upright"),
    Size(1024, 768, True, "a tablet held sideways"),
    Size(960, 540, False, "1920 × 1080 at 200 %"),
    Size(1280, 720, False, "a laptop"),
    Size(1920, 1080, False, "a desk"),
]
at_every_size = pytest.mark.parametrize("size", SIZES, ids=str)

MEASURED = """() => {
  const seen = (element) => element.checkVisibility({ visibilityProperty: true });
  const rectOf = (element) => element.getBoundingClientRect();
  const inHeader = [...document.querySelectorAll(".case-header > *")].filter(seen);
  const meet = (a, b) =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const pairs = inHeader.flatMap((one, n) => inHeader.slice(n + 1).map((other) => [one, other]));
  const header = rectOf(document.querySelector(".case-header"));
  const stage = rectOf(document.getElementById("stage"));
  const sheet = document.getElementById("sheet");
  return {
    share: stage.height / innerHeight,
    overlapping: pairs
      .filter(([a, b]) => meet(rectOf(a), rectOf(b)))
      .map(([a, b]) => `${a.className} ${b.className}`),
    outside: inHeader
      .map(rectOf)
      .filter((r) => r.left < 0 || r.right > innerWidth + 1 || r.bottom > header.bottom + 1),
    headerHeight: header.height,
    sideways: document.documentElement.scrollWidth - innerWidth,
    covered: seen(sheet) && meet(rectOf(sheet), stage),
    keys: [...document.querySelectorAll("kbd, .keyboard-only")].filter(seen).length,
  };
}"""


def check(page: Page, size: Size, state: str) -> None:
    """The page's plan as it is now; keeps a picture where pictures are asked for."""
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{size}-{state}.png")
    found = page.evaluate(MEASURED)
    assert found["share"] >= LEAST_SHARE
    assert found["overlapping"] == []
    assert found["outside"] == []
    assert found["headerHeight"] <= 48, "the header is one line"
    assert found["sideways"] <= 0, "nothing is scrolled sideways"
    assert not found["covered"], "the panel lies beside the image"
    assert not (size.by_touch and found["keys"]), "keys are printed where there is a keyboard"


def press(size: Size, place: Locator) -> None:
    """A tap or a click; what is pressed has to be in sight."""
    expect(place).to_be_in_viewport()
    if size.by_touch:
        tap(place)
    else:
        place.click()


def drag(player, size: Size, start, end) -> None:
    if not size.by_touch:
        player.drag(start, end)
        return
    session = player.page.context.new_cdp_session(player.page)
    touch(session, "touchStart", [start])
    touch(session, "touchMove", [[(start[0] + end[0]) / 2, (start[1] + end[1]) / 2]])
    touch(session, "touchMove", [end])
    touch(session, "touchEnd", [])


def read_about_the_case(page: Page, size: Size) -> None:
    """The rest of the header lies behind a press, whole and in the window."""
    card = page.locator(".about-case .context-card")
    press(size, page.locator(".about-case > summary"))
    for term in ("Patient", "Indication", "Mode", "Source"):
        expect(card.get_by_text(term, exact=True)).to_be_in_viewport()
    expect(card).to_contain_text("not for clinical use")
    press(size, page.locator("h1"))
    expect(card).to_be_hidden()


@at_every_size
def test_the_drawing_game(visitor, size):
    with visitor(**size.screen) as player:
        page = player.page
        case = player.case_with(nodules=2)
        player.open(case)
        check(page, size, "localize-playing")
        assert bool(page.evaluate(MEASURED)["keys"]) is not size.by_touch
        read_about_the_case(page, size)
        label = page.locator("[data-role=draw-labels] [data-slug=nodule_mass]")
        label.scroll_into_view_if_needed()
        press(size, label)
        box = player.truth_boxes(case)[0]
        drag(player, size, player.at(*box[:2]), player.at(*box[2:]))
        assert player.drawn() == [pytest.approx(box, abs=0.02)]
        check(page, size, "localize-drawn")
        page.locator("[data-role=panel-name]").locator("..").click()
        expect(page.locator("#panel")).to_be_hidden()
        check(page, size, "localize-alone")
        page.locator("[data-role=panel-name]").locator("..").click()
        press(size, page.locator("[data-role=submit]"))
        player.wait_for_feedback()
        expect(page.locator("#panel .outcome-hit")).to_have_count(1)
        page.locator("[data-step='1']").scroll_into_view_if_needed()
        press(size, page.locator("[data-step='1']"))
        expect(page.locator(".finding.current")).to_be_in_viewport()
        check(page, size, "localize-feedback")
        expect(page.locator(".panel-foot .primary")).to_be_in_viewport()


@at_every_size
def test_the_writing_game(visitor, size):
    with visitor(**size.screen) as player:
        page = player.page
        page.goto(f"{player.game.address}/next/report/")
        player.wait_until_shown()
        check(page, size, "report-playing")
        read_about_the_case(page, size)
        press(size, page.locator("[data-role=text]"))
        page.keyboard.type("The heart is enlarged. Small right effusion. No pneumothorax.")
        check(page, size, "report-written")
        press(size, page.locator("[data-role=submit]"))
        page.wait_for_selector("#review-boxes", state="attached")
        expect(page.locator(".report-feedback h2")).to_be_in_viewport()
        check(page, size, "report-feedback")
        expect(page.locator(".panel-foot .primary")).to_be_in_viewport()


SMALL = [size for size in SIZES if size.width < 900]


@pytest.mark.parametrize("size", SMALL, ids=str)
def test_the_sheet_lies_over_the_image_only_until_something_is_drawn(visitor, size):
    with visitor(**size.screen) as player:
        page = player.page
        player.open(player.normal_case())
        press(size, page.locator("[data-role=taller]"))
        expect(page.locator("[data-role=taller]")).to_have_attribute("aria-pressed", "true")
        sheet = page.locator("#sheet").bounding_box()
        assert sheet["width"] == size.width
        assert sheet["height"] >= 0.8 * size.height
        label = page.locator("[data-role=draw-labels] [data-slug=fracture]")
        label.scroll_into_view_if_needed()
        press(size, label)
        expect(page.locator("[data-role=taller]")).to_have_attribute("aria-pressed", "false")
        drag(player, size, player.at(0.4, 0.4), player.at(0.6, 0.6))
        assert player.drawn() == [pytest.approx([0.4, 0.4, 0.6, 0.6], abs=0.02)]


def test_a_swipe_on_the_handle_raises_the_sheet_and_lowers_it(visitor):
    size = SIZES[1]
    with visitor(**size.screen) as player:
        player.open(player.normal_case())
        states = []
        for way in (-60, 60, 60):
            box = player.page.locator("[data-role=taller]").bounding_box()
            start = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            drag(player, size, start, (start[0], start[1] + way))
            states.append(player.page.locator("#workspace").get_attribute("data-panel"))
        assert states == ["tall", "open", "closed"]


def test_a_key_puts_the_panel_away_and_looking_for_a_label_brings_it_back(player):
    page = player.page
    player.open(player.normal_case())
    page.keyboard.press("p")
    expect(page.locator("#panel")).to_be_hidden()
    assert page.locator("#stage").bounding_box()["width"] == 1280
    page.keyboard.press("/")
    expect(page.locator("[data-role=search]")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    player.wait_for_feedback()
    expect(page.locator("#panel h2").first).to_be_visible()


def test_a_narrow_window_shows_one_view_and_a_press_leads_to_the_next(visitor, studies):
    size = SIZES[1]
    with visitor(**size.screen) as player:
        page = player.page
        player.open(studies["pair"])
        assert page.locator(".pane:not(.away)").count() == 1
        names = []
        for _ in range(2):
            names.append(page.locator(".pane:not(.away) .view-name").inner_text())
            press(size, page.locator("[data-role=next-view]"))
        assert names == ["PA", "Lateral"]


def test_writing_opens_no_keyboard_on_a_phone_before_it_is_asked_for(visitor):
    with visitor(**SIZES[1].screen) as player:
        player.page.goto(f"{player.game.address}/next/report/")
        player.wait_until_shown()
        expect(player.page.locator("[data-role=text]")).not_to_be_focused()
