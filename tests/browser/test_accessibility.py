"""axe-core finds nothing serious on any page, and a case is played by keyboard alone (WCAG 2.2)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import AXE, grave_problems
from tests.browser.player import Player

pytestmark = pytest.mark.browser

PAGES = {
    "trainee": [
        "/home/",
        "/progress/",
        "/about/scoring/",
        "/account/password/",
        "/account/",
        "/account/erase/",
        "/nowhere/",
    ],
    "instructor": ["/classes/", "/classes/new/", "/classes/join/", "/account/password/done/"],
    "curator": ["/cases/"],
}
ALL_PAGES = [(role, path) for role, paths in PAGES.items() for path in paths]


def visit(game, page, role, path):
    person = Player(game, page)
    person.log_in(game.enroll() if role == "trainee" else role)
    page.goto(f"{game.address}{path}")
    if path == "/nowhere/":
        page.complaints.clear()  # the browser reports the 404
    return person


def focused(page) -> str:
    """The name of what the keyboard is at."""
    return str(
        page.evaluate(
            "() => (document.activeElement.getAttribute('aria-label') "
            "?? document.activeElement.textContent ?? '').trim()"
        )
    )


def tab_to(page, name: str, most: int = 150) -> None:
    for _ in range(most):
        if focused(page).startswith(name):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {name!r}")


def test_it_works(page):
    """The checker itself finds what is wrong on a bad page."""
    assert AXE.exists()
    page.set_content("<html><body><img src='x.png'><button></button></body></html>")
    found = grave_problems(page)
    assert any("image-alt" in problem for problem in found)
    assert any("button-name" in problem for problem in found)
    page.complaints.clear()


def test_the_log_in_page(game, page):
    page.goto(f"{game.address}/account/login/")
    assert grave_problems(page) == []


def test_the_log_in_page_that_refuses(game, page):
    page.goto(f"{game.address}/account/login/")
    page.fill("[name=username]", "nobody")
    page.fill("[name=password]", "not a password of anybody")
    page.click("button.primary")
    expect(page.locator("[role=alert]").first).to_be_visible()
    assert grave_problems(page) == []


def test_the_sign_up_page_empty_and_refused(game, page):
    page.goto(f"{game.address}/account/login/")
    page.click("text=Make an account")
    assert grave_problems(page) == []
    page.fill("[name=username]", "trainee")
    page.fill("[name=password1]", "12345678")
    page.fill("[name=password2]", "87654321")
    page.click("button.primary")
    expect(page.locator("[role=alert]").first).to_be_visible()
    assert grave_problems(page) == []
    described = page.locator("[name=username]").get_attribute("aria-describedby").split()
    told = " ".join(page.locator(f"#{name}").inner_text() for name in described)
    assert "already exists" in told


@pytest.mark.parametrize(("role", "path"), ALL_PAGES)
def test_a_page_has_no_serious_problem(game, page, role, path):
    visit(game, page, role, path)
    assert grave_problems(page) == []


def test_a_case_with_its_truth_on_the_desk(game, page):
    person = visit(game, page, "curator", "/cases/")
    page.goto(f"{game.address}/cases/{person.case_with(nodules=1)}/")
    assert grave_problems(page) == []


def test_the_drawing_game_while_it_is_played(player):
    player.open(player.case_with(nodules=1))
    player.choose("nodule")
    player.draw([0.2, 0.3, 0.4, 0.5])
    player.page.keyboard.press("Shift+Digit3")
    assert grave_problems(player.page) == []
    player.page.keyboard.press("/")
    player.page.keyboard.type("PTX")
    assert grave_problems(player.page) == []
    player.page.keyboard.press("Escape")
    player.page.locator("[data-role=draw-labels] [data-slug=consolidation]").hover()
    expect(player.page.locator("[data-role=card]")).to_be_visible()
    assert grave_problems(player.page) == []
    player.page.keyboard.press("?")
    assert grave_problems(player.page) == []


def test_the_drawing_games_feedback(player):
    case = player.case_with(nodules=2)
    player.open(case)
    player.choose("fracture")
    player.draw(player.truth_boxes(case)[0])
    player.draw([0.05, 0.85, 0.15, 0.95])
    player.page.keyboard.press("Escape")
    player.submit()
    player.wait_for_feedback()
    assert grave_problems(player.page) == []
    for _ in range(player.page.locator("[data-row]").count()):
        player.page.keyboard.press("ArrowDown")
        for more in player.page.locator(".finding.current .more > summary").all():
            more.click()
        assert grave_problems(player.page) == []


def test_the_writing_game_and_its_feedback(player):
    page = player.page
    page.goto(f"{player.game.address}/next/report/")
    player.wait_until_shown()
    assert grave_problems(page) == []
    page.locator("[data-role=text]").fill("FINDINGS: The lungs are clear. Small right effusion.")
    page.locator("[data-role=submit]").click()
    page.wait_for_selector("#review-boxes", state="attached")
    assert grave_problems(page) == []


def test_a_whole_case_is_played_by_keyboard_alone(player):
    """From the start page to the next case: a label, a box by its corners, a tick, the feedback."""
    page = player.page
    case = player.case_with(nodules=1)
    x0, y0, x1, y1 = player.truth_boxes(case)[0]
    player.open(case)
    page.keyboard.press("/")
    page.keyboard.type("spn")
    page.keyboard.press("Enter")
    page.keyboard.press("k")
    move_crosshair(page, (0.5, 0.5), (x0, y0))
    page.keyboard.press("Enter")
    move_crosshair(page, (x0, y0), (x1, y1))
    page.keyboard.press("Enter")
    assert player.drawn()[-1] == pytest.approx([x0, y0, x1, y1], abs=0.02)
    expect(page.locator("[data-role=announce]")).to_contain_text("Nodule / mass: box drawn")
    page.keyboard.press("Shift+Digit4")
    expect(page.locator("[data-role=announce]")).to_have_text("Confidence 4 of 5.")
    page.keyboard.press("/")
    page.keyboard.type("copd")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+z")
    page.keyboard.press("Enter")
    player.wait_for_feedback()
    assert focused(page) == "Feedback"
    page.keyboard.press("ArrowDown")
    assert "Nodule / mass" in focused(page)
    assert "Hit" in focused(page)
    page.keyboard.press("n")
    page.wait_for_url(lambda url: case not in url and "/cases/" in url)


def move_crosshair(page, start, end) -> None:
    """By steps of 1 % and 0.1 % of the width, as the keys move it."""
    image = page.evaluate(
        "(({ width, height }) => ({ width, height }))(radgame.page.views[0].image)"
    )
    for axis, keys in enumerate((("ArrowLeft", "ArrowRight"), ("ArrowUp", "ArrowDown"))):
        side = image["width"] if axis == 0 else image["height"]
        far = (end[axis] - start[axis]) * side
        for fraction, held in ((0.01, ""), (0.001, "Control+")):
            step = max(1, round(fraction * image["width"]))
            times = int(abs(far) / step)
            for _ in range(times):
                page.keyboard.press(held + keys[far > 0])
            far -= (1 if far > 0 else -1) * times * step


def test_every_control_of_the_panel_is_reached_by_tab(player):
    player.open(player.normal_case())
    player.choose("consolidation")
    player.draw([0.3, 0.3, 0.5, 0.5])
    for name in ("Change the label: 1", "Delete: 1", "Confidence 5 of 5", "Submit"):
        tab_to(player.page, name)
    player.page.keyboard.press("Control+z")


def test_a_label_is_described_to_the_keyboard_too(player):
    player.open(player.normal_case())
    page = player.page
    page.locator("[data-role=search]").focus()
    page.keyboard.press("Tab")
    tab_to(page, "2Pulmonary infarct")
    card = page.locator("[data-role=card]")
    expect(card).to_contain_text("Pitfalls")
    described = page.evaluate("document.activeElement.getAttribute('aria-describedby')")
    assert described == card.get_attribute("id")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()


def test_outcomes_are_told_in_words_not_by_sign_and_color_alone(player):
    player.open(player.case_with(nodules=1))
    player.page.keyboard.press("Escape")
    player.choose("fracture")
    player.draw([0.05, 0.85, 0.15, 0.95])
    player.submit()
    player.wait_for_feedback()
    lines = player.page.locator(".finding > summary")
    for line in lines.all():
        assert line.locator(".sign").get_attribute("aria-hidden") == "true"
    expect(lines.first.locator(".outcome")).to_have_text("Missed · search")
    expect(lines.last.locator(".outcome")).to_have_text("False · overcall")
    heading = player.page.locator("#panel h2")
    described = heading.get_attribute("aria-describedby").split()
    assert all(player.page.locator(f"#{name}").count() == 1 for name in described)


def test_who_wants_less_motion_gets_none(game, chromium):
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{game.address}/account/login/")
    durations = page.evaluate(
        "[...document.querySelectorAll('*')].map((e) => getComputedStyle(e)).filter((style) =>"
        " style.transitionDuration !== '0s' || style.animationName !== 'none').length"
    )
    assert durations == 0
    context.close()
