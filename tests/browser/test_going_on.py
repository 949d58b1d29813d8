"""From one case to the next without loading the page anew; nothing of the last one stays."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_modes import case_on_page

pytestmark = pytest.mark.browser
SAME_PAGE = "window.stayed === true"


@pytest.fixture
def told(player):
    """The player at the feedback of a case, the page marked to be known again."""
    player.page.goto(f"{player.game.address}/next/localize/")
    player.wait_until_shown()
    player.page.evaluate("window.stayed = true")
    submit_as_normal(player)
    return player


def submit_as_normal(player):
    player.page.evaluate("radgame.page.answer.replace({ marks: [], ticked: [], normal: true })")
    player.submit()
    player.wait_for_feedback()


def on_to_the_next(player):
    before = player.page.evaluate("radgame.page.data.attempt")
    player.page.keyboard.press("n")
    player.page.wait_for_function("(before) => radgame.page.data.attempt !== before", arg=before)
    player.wait_until_shown()


def test_it_works_for_case_after_case(told):
    page = told.page
    played = {case_on_page(told)}
    for _ in range(3):
        on_to_the_next(told)
        played.add(case_on_page(told))
        assert case_on_page(told) in page.url
        assert page.evaluate(SAME_PAGE)
        assert not page.locator("body.reviewing").count()
        submit_as_normal(told)
    assert len(played) == 4


def test_the_next_case_s_image_is_decoded_while_the_feedback_is_read(told):
    page = told.page
    page.evaluate("radgame.page.ahead")
    kept = set(page.evaluate("[...radgame.page.stage.renditions.byUrl.keys()]"))
    on_to_the_next(told)
    assert page.evaluate(SAME_PAGE)
    images = page.evaluate("radgame.page.data.images")
    first = {image["frame_urls"][0] if image["frames"] > 1 else image["url"] for image in images}
    assert first <= kept


def test_keys_mean_the_new_case_only(told):
    page = told.page
    page.evaluate("window.left = radgame.page")
    on_to_the_next(told)
    page.keyboard.press("i")
    assert page.evaluate("radgame.page.views[0].viewer.inverted")
    page.keyboard.press("3")
    told.draw([0.3, 0.3, 0.4, 0.4])
    assert len(told.drawn()) == 1
    told.wait_until_saved()
    page.keyboard.press("Control+z")
    assert told.drawn() == []
    assert not page.evaluate("window.left.views[0].viewer.inverted")


def test_the_viewers_of_the_last_case_are_given_back(told):
    page = told.page
    page.evaluate("window.viewers = radgame.page.views.map((view) => view.viewer)")
    on_to_the_next(told)
    assert page.evaluate("window.viewers.every(({ closed, cached }) => closed && !cached.size)")
    assert page.evaluate("window.viewers.every(({ viewport }) => viewport.isDisabled)")


def test_back_leads_to_the_feedback_that_was_left(told):
    page = told.page
    address = page.url
    on_to_the_next(told)
    page.go_back()
    told.wait_for_feedback()
    assert page.url == address
    assert not page.evaluate(SAME_PAGE), "what was left is loaded again"


def test_the_new_case_is_read_out_and_named(told):
    page = told.page
    on_to_the_next(told)
    expect(page.locator("h1")).to_be_focused()
    assert page.title().startswith(page.locator("h1").inner_text())


def test_a_report_follows_a_report_the_same_way(player):
    page = player.page
    page.goto(f"{player.game.address}/next/report/")
    player.wait_until_shown()
    page.evaluate("window.stayed = true")
    page.locator("#text").fill("No acute abnormality.")
    player.submit()
    page.wait_for_selector("#review-boxes", state="attached")
    on_to_the_next(player)
    assert page.evaluate(SAME_PAGE)
    expect(page.locator("#text")).to_be_focused()
    assert page.locator("#text").input_value() == ""


def test_without_a_connection_the_feedback_stays(told):
    page = told.page
    page.context.set_offline(True)
    page.keyboard.press("n")
    expect(page.locator("#status-line")).to_have_text("No connection. Try again in a moment.")
    page.context.set_offline(False)
    page.complaints.clear()
    on_to_the_next(told)
