"""How pages look: light and dark, on paper, without scripts, with very long names."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import grave_problems
from tests.browser.player import Player

pytestmark = pytest.mark.browser

DARK, LIGHT, PAPER = "rgb(11, 13, 16)", "rgb(246, 247, 249)", "rgb(255, 255, 255)"
LONG = "m" * 150
PASSWORD = "a-long-enough-pass-phrase"


def ground(page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.mark.parametrize(("system", "expected"), [("light", LIGHT), ("dark", DARK)])
def test_pages_are_as_the_system_is_and_the_case_page_stays_dark(visitor, system, expected):
    with visitor(color_scheme=system) as player:
        for path in ("/home/", "/progress/", "/about/scoring/"):
            player.page.goto(f"{player.game.address}{path}")
            assert ground(player.page) == expected
            assert grave_problems(player.page) == []
        player.open(player.case_with(nodules=1))
        assert ground(player.page) == DARK


def test_a_choice_goes_before_the_system_and_is_kept(player):
    page = player.page
    page.goto(f"{player.game.address}/home/")
    before = ground(page)
    button = page.locator("[data-role=theme]")
    for chosen in ("light", "dark"):
        button.click()
        expect(button).to_have_attribute("title", f"Colors: {chosen}")
        page.goto(f"{player.game.address}/progress/")
        assert ground(page) == (LIGHT if chosen == "light" else DARK)
    button.click()
    assert ground(page) == before


def test_who_asks_for_more_contrast_gets_it(visitor):
    with visitor(contrast="more") as player:
        player.page.goto(f"{player.game.address}/home/")
        script = "getComputedStyle(document.documentElement).getPropertyValue('--quiet')"
        assert "#d3dae3" in player.page.evaluate(script)


# Each box's edges on the image, as seen and as the feedback has it, in fractions of the image.
DRAWN = """() => {
  const { viewer } = radgame.page.views[0];
  const canvas = viewer.element.getBoundingClientRect();
  const zoom = canvas.width / viewer.element.clientWidth;
  const { width, height } = viewer.image;
  const { left, top } = canvas;
  const share = (x, y) => {
    const [column, row] = viewer.toImage([(x - left) / zoom, (y - top) / zoom]);
    return [column / width, row / height];
  };
  const shapes = [...document.querySelectorAll("svg.marks g.box[data-id]")];
  return shapes.map((shape) => {
    const seen = shape.querySelector(".line").getBoundingClientRect();
    const { box } = radgame.page.review.boxes().find(({ id }) => id === shape.dataset.id);
    return [[...share(seen.left, seen.top), ...share(seen.right, seen.bottom)], box];
  });
}"""


def on_paper(page):
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")


def test_plain_pages_print_dark_on_white_without_what_is_pressed(player):
    for path in ("/home/", "/progress/", "/about/scoring/"):
        player.page.goto(f"{player.game.address}{path}")
        on_paper(player.page)
        assert ground(player.page) == PAPER
        assert player.page.locator("button:visible, nav:visible").count() == 0
        expect(player.page.locator("main")).to_be_visible()


def test_the_feedback_prints_whole_with_the_boxes_where_they_lie(player):
    page = player.page
    case = player.case_with(nodules=2)
    player.open(case)
    player.choose("nodule")
    player.draw(player.truth_boxes(case)[0])
    player.submit()
    player.wait_for_feedback()
    opened = page.locator("details.finding[open]").count()
    on_paper(page)
    assert ground(page) == PAPER
    assert page.locator("button:visible").count() == 0
    assert page.evaluate("document.documentElement.scrollHeight > innerHeight"), "it is not cut off"
    for row in page.locator("[data-row]").all():
        expect(row.locator(".explanation, .right").first).to_be_visible()
    drawn = page.evaluate(DRAWN)
    assert len(drawn) >= 2
    for lies, said in drawn:
        assert lies == pytest.approx(said, abs=0.01)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.finding[open]").count() == opened == 1


def test_a_report_and_its_feedback_print(player):
    page = player.page
    page.goto(f"{player.game.address}/next/report/")
    player.wait_until_shown()
    page.locator("[data-role=text]").fill("The lungs are clear. Small right effusion.")
    page.locator("[data-role=submit]").click()
    page.wait_for_selector("#review-boxes", state="attached")
    on_paper(page)
    assert ground(page) == PAPER
    expect(page.locator(".texts")).to_be_visible()
    last = page.locator(".style-score").bounding_box()
    assert last["height"] > 0
    assert page.locator("button:visible").count() == 0


def test_a_case_without_scripts_says_what_is_missing(visitor):
    with visitor() as player:
        context = player.page.context.browser.new_context(
            java_script_enabled=False, storage_state=player.page.context.storage_state()
        )
        page = context.new_page()
        page.goto(f"{player.game.address}/localize/cases/{player.case_with(nodules=1)}/")
        expect(page.get_by_role("alert").filter(has_text="JavaScript")).to_be_visible()
        context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_name_of_150_letters_pushes_nothing_off_the_page(game, page, width):
    page.set_viewport_size({"width": width, "height": 800})
    name = f"{LONG[:146]}{width:04}"
    page.goto(f"{game.address}/account/login/")
    page.click("text=Make an account")
    page.fill("[name=username]", name)
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.click("button.primary")
    page.wait_for_url(lambda url: "/account/" not in url)
    for path in ("/home/", "/progress/", "/account/password/"):
        page.goto(f"{game.address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.clear_cookies()
    Player(game, page).log_in("instructor")
    code = Player(game, page).make_class("Names")
    class_page = page.url.replace("invitations/", "")
    page.context.clear_cookies()
    page.goto(f"{game.address}/account/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.wait_for_url(lambda url: "/account/" not in url)
    Player(game, page).join_class(code)
    page.context.clear_cookies()
    Player(game, page).log_in("instructor")
    page.goto(class_page)
    assert page.locator(f"text={name}").count() >= 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
