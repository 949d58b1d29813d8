"""Held keys, slow and broken connections, sessions that end, browsers that allow little."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def hold(page, key, times=12):
    """A key kept down: the first press and its repeats."""
    for _ in range(times):
        page.keyboard.down(key)
    page.keyboard.up(key)


def open_report(player):
    player.page.goto(f"{player.game.address}/next/report/")
    player.wait_until_shown()
    return player.page.locator("#text")


def test_a_held_enter_answers_no_question_it_asked_itself(player):
    player.open(player.case_with(nodules=1))
    player.page.locator("h1").focus()
    hold(player.page, "Enter")
    expect(player.page.locator("#nothing-marked")).to_be_visible()
    assert player.page.evaluate("radgame.page.data.state") == "draft"
    player.page.keyboard.press("Escape")


def test_a_held_key_takes_one_hint(player):
    player.open(player.case_with(nodules=1))
    hints = player.page.locator(".hint-list li")
    before = hints.count()
    player.page.keyboard.down("g")
    expect(hints).to_have_count(before + 1)
    hold(player.page, "g")
    player.page.wait_for_function("!radgame.page.hints.asking")
    assert hints.count() == before + 1


def test_a_second_look_asks_nothing_on_its_way(player):
    asked = []
    player.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    case = player.case_with(nodules=2)
    player.page.goto(f"{player.game.address}/localize/cases/{case}/?mode=second_look")
    player.wait_until_shown()
    player.choose("nodule")
    player.draw([0.1, 0.8, 0.2, 0.9])
    player.page.keyboard.press("Enter")
    expect(player.page.locator(".second-look")).to_be_visible()
    assert asked == []


def test_a_case_is_played_without_what_only_secure_pages_have(player):
    """As over plain http from another machine of the class."""
    player.page.add_init_script("delete Crypto.prototype.randomUUID")
    player.open(player.case_with(nodules=1))
    player.choose("nodule")
    player.draw([0.2, 0.2, 0.4, 0.4])
    player.submit()
    player.wait_for_feedback()


def test_an_answer_given_before_the_viewer_is_there_gets_one_feedback(player):
    waiting = []
    player.page.route("**/viewer.js", lambda route: waiting.append(route))
    player.page.goto(f"{player.game.address}/localize/cases/{player.normal_case()}/")
    player.page.wait_for_selector("[data-role=submit]")
    player.page.evaluate(
        "radgame.page.answer.replace({ marks: [], ticked: ['edema'], normal: false })"
    )
    player.submit()
    player.wait_for_feedback()
    for route in waiting:
        route.continue_()
    player.wait_until_shown()
    expect(player.page.locator(".finding").first).to_have_attribute("open", "")


def test_a_viewer_that_does_not_come_is_said(player):
    player.page.route("**/viewer.js", lambda route: route.abort())
    player.page.goto(f"{player.game.address}/localize/cases/{player.normal_case()}/")
    expect(player.page.locator(".note").first).to_contain_text("could not be loaded")
    player.page.complaints.clear()


def test_nothing_is_written_while_the_report_is_on_its_way(player):
    text = open_report(player)
    text.fill("The lungs are clear.")
    held = []
    player.page.route("**/submit", lambda route: held.append(route))
    player.submit()
    player.page.wait_for_function("document.getElementById('panel').inert")
    player.page.keyboard.type(" Right upper lobe nodule.")
    assert text.input_value() == "The lungs are clear."
    held[0].abort()
    expect(player.page.locator("#status-line")).to_contain_text("No connection")
    assert not player.page.evaluate("document.getElementById('panel').inert")
    player.page.complaints.clear()


def test_after_logging_in_again_elsewhere_the_answer_is_saved(player):
    text = open_report(player)
    player.page.context.clear_cookies()
    text.fill("Written before the session ended.")
    expect(player.page.locator("#save-state")).to_contain_text("log in again")
    player.page.context.new_page()
    other = player.page.context.pages[-1]
    page, player.page = player.page, other
    player.log_in_by_form(player.username)
    other.close()
    player.page = page
    expect(page.locator("#save-state")).to_have_text("saved")
    page.complaints.clear()


def test_a_browser_that_keeps_nothing_plays_all_the_same(player):
    player.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })"
    )
    open_report(player)
    player.page.click("[data-role=checklist-off]")
    expect(player.page.locator("[data-role=checklist] ul")).to_be_hidden()


def test_on_a_stack_quick_steps_end_at_the_slice_stepped_to_last(player):
    case = player.game.one(
        "SELECT c.public_id FROM cases_case c JOIN cases_image i ON i.case_id = c.id "
        "WHERE i.frames > 1 LIMIT 1"
    )
    player.open(case)
    shown = player.page.evaluate(
        """async () => {
          const { stage } = radgame.page;
          const { id } = stage.images[0];
          const at = (frame, x) => ({ image: id, frame, box: [x, x, x + 0.1, x + 0.1] });
          const steps = [at(10, 0.2), at(90, 0.7), at(10, 0.2)];
          await Promise.all(steps.map((step) => stage.goTo(step)));
          const { viewer } = stage.view;
          return [viewer.frame, ...viewer.place().center];
        }"""
    )
    assert shown == pytest.approx([10, 0.25, 0.25], abs=0.02)
