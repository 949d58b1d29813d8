"""Before submitting: a last look that asks nothing, and how sure one is of a normal film."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_the_last_look_is_offered_and_never_asked_for(player):
    page = player.page
    case = player.normal_case()
    player.open(case)
    check = page.locator(".closing-check")
    expect(check).to_be_visible()
    expect(check.locator("ul")).to_be_hidden()
    check.locator("summary").click()
    expect(check.get_by_role("checkbox")).to_have_count(6)
    check.get_by_label("Behind the heart").check()
    check.get_by_label("Apices and first ribs").check()
    expect(check.locator("summary")).to_contain_text("2 of 6 looked at")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    with page.expect_request(lambda request: request.url.endswith("/submit")) as sent:
        player.submit()
    assert set(sent.value.post_data_json) == {
        *("submission", "elapsed_ms", "version", "writer"),
        *("marks", "ticked", "normal"),
    }, "nothing of it is sent"
    player.wait_for_feedback()
    expect(page.locator("#panel .score")).to_contain_text("100")


def test_it_is_switched_off_and_on_again(player):
    page = player.page
    player.open(player.normal_case())
    check = page.locator(".closing-check")
    check.locator("summary").click()
    check.get_by_role("button", name="Switch it off").click()
    expect(check).to_be_hidden()
    expect(page.locator("#status-line")).to_contain_text("settings (,) bring it back")
    page.reload()
    player.wait_until_shown()
    expect(check).to_be_hidden()
    page.keyboard.press(",")
    page.get_by_label("Offer a last look").check()
    page.get_by_role("button", name="Done").click()
    expect(check).to_be_visible()


def test_how_sure_one_is_of_no_abnormality_is_asked_by_dots_and_by_key(player):
    page = player.page
    player.open(player.normal_case())
    sure = page.locator("[data-role=normal-sure]")
    expect(sure).to_be_hidden()
    page.get_by_label("No abnormality", exact=False).first.check()
    sure.get_by_role("button", name="Confidence 2 of 5").click()
    expect(sure).to_contain_text("Unsure")
    page.locator("#stage").click(button="right")
    page.keyboard.press("Shift+Digit4")
    expect(sure).to_contain_text("Probable")
    player.wait_until_saved()
    page.reload()
    player.wait_until_shown()
    expect(sure).to_contain_text("Probable")
    player.submit()
    player.wait_for_feedback()
    expect(page.locator("#panel")).to_contain_text("You called it normal, your confidence 4 of 5.")
