"""Every dialog by keyboard alone: in, through, and out by Esc, Enter and Space (WCAG 2.1.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_modes import go_home, mode_form
from tests.game import ROOT

pytestmark = pytest.mark.browser

CONTROLS = "button, input, select, textarea, a[href]"
FOCUSED = """(dialog, controls) => {
  const at = document.activeElement;
  if (at === document.body) return "outside";  // where a browser's own controls would come
  return dialog.contains(at) ? [...dialog.querySelectorAll(controls)].indexOf(at) : "beneath";
}"""


@dataclass(frozen=True)
class Asked:
    """A dialog: where it stands, how the keyboard opens it, what leaves it without a deed."""

    template: str
    id: str
    arrive: Callable
    enter: Callable[[Page], None]
    leave: str


def a_case(player):
    player.open(player.normal_case())


def a_marked_device(player):
    player.open(player.normal_case())
    player.choose("tracheal tube")
    player.page.mouse.click(*player.at(0.5, 0.3))


def a_mark_beside_a_prior_film(player):
    query = "SELECT c.public_id FROM cases_case c JOIN cases_finding f ON f.case_id = c.id "
    query += "WHERE f.label = 'consolidation' AND f.progression = 'smaller'"
    player.open(str(player.game.rows(query)[0][0]))
    player.choose("consolidation")
    player.draw([0.3, 0.3, 0.4, 0.4])


def a_report(player):
    player.page.goto(f"{player.game.address}/next/report/")
    player.wait_until_shown()
    player.page.locator("[data-role=text]").fill("")
    player.page.keyboard.press("Escape")


def a_running_test(player):
    go_home(player)
    mode_form(player, "test").get_by_label("Cases").fill("2")
    mode_form(player, "test").get_by_role("button").click()
    player.wait_until_shown()
    player.page.goto(f"{player.game.address}/home/")
    player.page.get_by_role("link", name="How far you are").first.click()


def a_class_one_is_in(player):
    """Made by the instructor, joined by the trainee."""
    trainee = player.username
    as_who(player, "instructor")
    code = player.make_class(f"Class of {trainee}")
    as_who(player, trainee)
    player.join_class(code)


def a_member(player):
    a_class_one_is_in(player)
    trainee = player.username
    own_class(player)
    player.page.get_by_role("link", name=trainee).first.click()


def a_draft(player):
    a_class_one_is_in(player)
    name = f"Class of {player.username}"
    own_class(player)
    player.page.get_by_role("link", name="New assignment").click()
    player.page.locator("[name=title]").fill("First films")
    player.page.locator("main form .primary").click()
    player.page.goto(f"{player.game.address}/classes/")
    player.page.get_by_role("link", name=name, exact=True).click()
    player.page.get_by_role("link", name="First films").click()


def own_class(player):
    """The page of the trainee's class, as its instructor has it."""
    name = f"Class of {player.username}"
    as_who(player, "instructor")
    player.page.goto(f"{player.game.address}/classes/")
    player.page.get_by_role("link", name=name, exact=True).click()


def as_who(player, username):
    player.page.context.clear_cookies()
    player.log_in(username)


def press(*keys: str) -> Callable[[Page], None]:
    def pressed(page: Page) -> None:
        for key in keys:
            page.keyboard.press(key)

    return pressed


def press_button(selector: str) -> Callable[[Page], None]:
    def pressed(page: Page) -> None:
        page.locator(selector).focus()
        page.keyboard.press("Enter")

    return pressed


DIALOGS = [
    Asked("templates/_viewer_help.html", "help", a_case, press("?"), "Close"),
    Asked("templates/_viewer_help.html", "viewer-settings", a_case, press(","), "Done"),
    Asked(
        *("localize/templates/localize/case.html", "nothing-marked", a_case),
        *(press("Enter"), "Go on looking"),
    ),
    Asked(
        *("localize/templates/localize/case.html", "not-judged", a_marked_device),
        *(press("Enter"), "Judge it"),
    ),
    Asked(
        *("localize/templates/localize/case.html", "not-compared", a_mark_beside_a_prior_film),
        *(press("Enter"), "Compare it"),
    ),
    Asked(
        *("report/templates/report/case.html", "nothing-marked", a_report),
        *(press("Control+Enter"), "Go on writing"),
    ),
    Asked(
        *("report/templates/report/case.html", "macro-dialog", a_report),
        *(press_button("[data-role=macros]"), "Close"),
    ),
    Asked(
        *("learning/templates/learning/series.html", "end-series", a_running_test),
        *(press_button("[data-ask=end-series] button"), "Go on playing"),
    ),
    Asked(
        *("classroom/templates/classroom/my_class.html", "leave", a_class_one_is_in),
        *(press_button("[data-ask=leave] button"), "Stay"),
    ),
    Asked(
        *("classroom/templates/classroom/member.html", "remove", a_member),
        *(press_button("[data-ask=remove] button"), "Leave it"),
    ),
    Asked(
        *("classroom/templates/classroom/assignment.html", "withdraw", a_draft),
        *(press_button("[data-ask=withdraw] button"), "Leave it"),
    ),
]
BY_ID = {(asked.template.split("/")[0], asked.id): asked for asked in DIALOGS}
everywhere = pytest.mark.parametrize("asked", DIALOGS, ids=lambda one: f"{one.template} {one.id}")


def opened(page: Page, asked: Asked) -> Locator:
    asked.enter(page)
    dialog = page.locator(f"#{asked.id}")
    expect(dialog).to_be_visible()
    return dialog


def test_every_dialog_of_the_templates_is_walked_here():
    found = {
        (path.relative_to(ROOT).as_posix(), name)
        for folder in [ROOT / "templates", *ROOT.glob("*/templates")]
        for path in folder.rglob("*.html")
        for name in re.findall(r"<dialog id=\"([\w-]+)\"", path.read_text(encoding="utf-8"))
    }
    assert found == {(asked.template, asked.id) for asked in DIALOGS}


@everywhere
def test_tab_walks_every_control_and_comes_round_again(player, asked):
    asked.arrive(player)
    dialog = opened(player.page, asked)
    count = dialog.locator(CONTROLS).count()
    for key in ("Tab", "Shift+Tab"):
        been = []
        for _ in range(
            3 * (count + 2)
        ):  # the dialog itself scrolls, and the browser is between the ends
            player.page.keyboard.press(key)
            been.append(dialog.evaluate(FOCUSED, CONTROLS))
        assert set(range(count)) <= set(been), f"{key} does not reach every control"
        assert "beneath" not in been
        assert been.count(0) >= 2, f"{key} does not come round again"


@everywhere
def test_a_dialog_is_left_by_keyboard_and_the_page_goes_on(player, asked):
    asked.arrive(player)
    page = player.page
    for key in ("Escape", "Enter", "Space"):
        dialog = opened(page, asked)  # each time anew: the page takes keys, and nothing was done
        if key != "Escape":
            dialog.get_by_role("button", name=asked.leave).focus()
        page.keyboard.press(key)
        expect(dialog).to_be_hidden()
        page.wait_for_function("() => !document.activeElement.closest('dialog')")
    opened(page, asked)


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_agreeing_by_keyboard_does_what_was_asked(player, key):
    a_case(player)
    dialog = opened(player.page, BY_ID["localize", "nothing-marked"])
    dialog.get_by_role("button", name="Submit as normal").focus()
    player.page.keyboard.press(key)
    player.wait_for_feedback()


def test_ending_a_test_by_keyboard_is_asked_about_and_then_done(player):
    a_running_test(player)
    dialog = opened(player.page, BY_ID["learning", "end-series"])
    dialog.get_by_role("button", name="End it").focus()
    player.page.keyboard.press("Enter")
    expect(player.page.locator("#results")).to_be_visible()


def test_a_key_that_opened_a_dialog_is_no_answer_while_it_is_held(player):
    a_case(player)
    page = player.page
    page.keyboard.down("Enter")
    page.keyboard.down("Enter")  # what is held repeats
    expect(page.locator("#nothing-marked")).to_be_visible()
    page.keyboard.up("Enter")
    page.keyboard.press("Escape")
    assert page.evaluate("radgame.page.data.state") == "draft"


def test_esc_gives_up_the_choice_of_a_key_and_not_the_dialog(player):
    a_case(player)
    dialog = opened(player.page, BY_ID["templates", "viewer-settings"])
    button = dialog.locator("[data-bind=invert]")
    button.focus()
    player.page.keyboard.press("Enter")
    expect(button).to_have_text("press a key")
    player.page.keyboard.press("Escape")
    expect(dialog.locator("[data-bind=invert]")).to_have_text("I")
    expect(dialog).to_be_visible()


def test_a_click_into_a_dialogs_text_leaves_no_key_to_the_page_beneath(player):
    a_case(player)
    dialog = opened(player.page, BY_ID["localize", "nothing-marked"])
    dialog.locator("p").click()
    player.page.keyboard.press("n")
    assert player.page.evaluate("radgame.page.answer.normal") is False
    player.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
