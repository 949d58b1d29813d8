"""Devices marked by their tips in a real browser: by mouse, by keyboard, by touch on a phone."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.player import PHONE, tap
from tests.browser.test_viewer_views import touch

pytestmark = pytest.mark.browser
MARKS = "radgame.page.answer.marks"


@pytest.fixture(scope="module")
def tube(game):
    """A case of the demo set with one tracheal tube: its public id, tip, and position."""
    rows = game.rows(
        "SELECT c.public_id, r.points, f.position FROM cases_case c "
        "JOIN cases_finding f ON f.case_id = c.id JOIN cases_region r ON r.finding_id = f.id "
        "WHERE f.label = 'tracheal_tube' AND r.shape = 'point' AND f.position = 'wrong' "
        "AND (SELECT count(*) FROM cases_finding g WHERE g.case_id = c.id) = 1"
    )
    assert rows, "the demo set has no case with just a malpositioned tracheal tube"
    case, points, position = rows[0]
    points = json.loads(points) if isinstance(points, str) else points
    return str(case), tuple(points[-1]), position


def points(player):
    return player.page.evaluate(f"{MARKS}.map(({{ point }}) => point)")


def test_a_tip_is_marked_by_one_click_dragged_judged_and_told_how_far(player, tube):
    case, tip, _ = tube
    player.open(case)
    player.choose("tracheal tube")
    player.page.mouse.click(*player.at(tip[0] + 0.1, tip[1]))
    assert points(player)[0] == pytest.approx([tip[0] + 0.1, tip[1]], abs=0.003)
    player.drag(player.at(tip[0] + 0.1, tip[1]), player.at(tip[0] + 0.01, tip[1]))
    assert points(player)[0] == pytest.approx([tip[0] + 0.01, tip[1]], abs=0.003)
    player.page.get_by_role("button", name="Wrong").click()
    player.wait_until_saved()
    player.page.reload()
    player.wait_until_shown()
    assert points(player)[0] == pytest.approx([tip[0] + 0.01, tip[1]], abs=0.003)
    expect(player.page.locator(".position [aria-pressed=true]")).to_have_text("Wrong")
    player.submit()
    review = player.wait_for_feedback()
    panel = player.page.locator("#panel")
    expect(panel).to_contain_text("mm from the tip. You judged its position correctly")
    expect(panel.locator(".finding.outcome-hit")).to_have_count(1)
    assert review["truths"][0]["path"]
    expect(player.page.locator("svg.marks .truth.hit .way")).to_have_count(1)


def test_by_keyboard_the_crosshair_marks_a_tip_the_arrows_move_it_and_keys_judge_it(player, tube):
    case, *_ = tube
    player.open(case)
    keys = player.page.keyboard
    player.choose("tracheal tube")
    keys.press("k")
    for _ in range(3):
        keys.press("ArrowRight")
    keys.press("Enter")
    assert points(player)[0] == pytest.approx([0.53, 0.5], abs=0.003)
    keys.press("Shift+ArrowLeft")
    assert points(player)[0][0] < 0.53
    keys.press("e")
    assert player.page.evaluate(f"{MARKS}[0].position") == "wrong"
    keys.press("y")
    assert player.page.evaluate(f"{MARKS}[0].position") == "right"
    keys.press("Control+z")
    assert player.page.evaluate(f"{MARKS}[0].position") == "wrong"
    keys.press("Backspace")
    assert points(player) == []


def test_a_position_left_open_is_asked_for_once_before_submitting(player, tube):
    case, tip, _ = tube
    player.open(case)
    player.choose("tracheal tube")
    player.page.mouse.click(*player.at(*tip))
    player.submit()
    dialog = player.page.locator("#not-judged")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Judge it").click()
    expect(player.page.get_by_role("button", name="Wrong")).to_be_in_viewport()
    player.submit()
    dialog.get_by_role("button", name="Submit without").click()
    player.wait_for_feedback()
    expect(player.page.locator("#panel")).to_contain_text("You did not say whether its position")


def test_on_a_phone_a_tap_marks_the_tip_and_the_question_is_there_to_be_answered(visitor, tube):
    case, tip, _ = tube
    with visitor(**PHONE) as player:
        player.open(case)
        page = player.page
        tap(page.locator("[data-role=draw-labels] [data-slug=tracheal_tube]"))
        session = page.context.new_cdp_session(page)
        touch(session, "touchStart", [player.at(*tip)])
        touch(session, "touchEnd", [])
        assert points(player)[0] == pytest.approx(list(tip), abs=0.01)
        wrong = page.get_by_role("button", name="Wrong")
        expect(wrong).to_be_in_viewport()
        box = wrong.bounding_box()
        assert min(box["height"], box["width"]) >= 40
        tap(wrong)
        assert page.evaluate(f"{MARKS}[0].position") == "wrong"
