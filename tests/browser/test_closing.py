"""What was marked or written just before the page is closed is kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def kept_by_the_server(player, address):
    """The draft as it comes from the database, once another page asks for it."""
    page = player.page.context.new_page()
    page.goto(address)
    draft = page.evaluate("JSON.parse(document.getElementById('case-data').textContent).draft")
    page.close()
    return draft


@pytest.mark.parametrize("way", ["closed", "left"])
def test_a_mark_made_just_before_the_page_goes_is_kept(player, way):
    page = player.page
    case = player.case_with(nodules=1)
    player.open(case)
    player.wait_until_saved()
    player.choose("fracture")
    player.draw([0.2, 0.3, 0.4, 0.5])
    assert page.evaluate("radgame.page.autosave.dirty"), "the ordinary save has not begun"
    address = page.url
    if way == "closed":
        page.close()
    else:
        page.once("dialog", lambda dialog: dialog.accept())
        page.evaluate("location.assign('about:blank')")
        page.wait_for_url("about:blank")
    marks = kept_by_the_server(player, address)["marks"]
    assert [mark["label"] for mark in marks] == ["fracture"]
    assert marks[0]["box"] == pytest.approx([0.2, 0.3, 0.4, 0.5], abs=0.01)


def test_words_written_just_before_the_page_is_closed_are_kept(player):
    page = player.page
    page.goto(f"{player.game.address}/next/report/")
    player.wait_until_shown()
    page.locator("[data-role=text]").fill("Heart enlarged.")
    address = page.url
    page.close()
    assert kept_by_the_server(player, address)["text"] == "Heart enlarged."


def test_a_page_that_is_hidden_saves_at_once_and_goes_on_saving(player):
    """All that a phone tells before it lets a page go is that it is not seen any more."""
    page = player.page
    player.open(player.normal_case())
    player.wait_until_saved()
    player.choose("fracture")
    player.draw([0.2, 0.3, 0.4, 0.5])
    page.evaluate(
        """() => {
          const hidden = { value: "hidden", configurable: true };
          Object.defineProperty(document, "visibilityState", hidden);
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    assert page.evaluate("radgame.page.autosave.state") == "saving"
    player.wait_until_saved()
    page.keyboard.press("Backspace")
    player.wait_until_saved()
    expect(page.locator("#save-state")).to_have_text("saved")
    assert kept_by_the_server(player, page.url)["marks"] == []
