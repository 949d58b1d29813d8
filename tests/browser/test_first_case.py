"""A learner's first case of each game tells in three steps how it is played; quietly, and once."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("game_name", ["localize", "report"])
def test_three_steps_by_keyboard_and_never_again(player, game_name):
    page = player.page
    page.goto(f"{player.game.address}/next/{game_name}/")
    player.wait_until_shown()
    tour = page.locator("[data-tour]")
    expect(tour).to_be_visible()
    assert not page.evaluate("document.activeElement.closest('[data-tour]')"), "it takes no focus"
    said = []
    for place in ("1 of 3", "2 of 3", "3 of 3"):
        expect(tour.locator("[data-role=tour-place]")).to_have_text(place)
        said.append(tour.locator("li:visible").inner_text())
        assert page.locator(".pointed-at").count() >= 1
        tour.locator("[data-role=tour-next]").focus()
        page.keyboard.press("Enter")
    assert len(set(said)) == 3
    expect(tour).to_be_hidden()
    assert page.locator(".pointed-at").count() == 0
    assert page.evaluate("radgame.page.data.state") == "draft", "no key went on to the page"
    page.reload()
    player.wait_until_shown()
    expect(tour).to_be_hidden()


def test_it_can_be_skipped_and_is_over_for_who_submits(visitor):
    with visitor() as player:
        player.open(player.normal_case())
        player.page.locator("[data-role=tour-skip]").click()
        expect(player.page.locator("[data-tour]")).to_be_hidden()
    with visitor() as player:
        player.open(player.normal_case())
        expect(player.page.locator("[data-tour]")).to_be_visible()
        player.page.keyboard.press("n")
        player.submit()
        player.wait_for_feedback()
        player.open(player.normal_case())
        expect(player.page.locator("[data-tour]")).to_be_hidden()
