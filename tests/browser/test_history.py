"""Past cases in a real browser: narrowed in place, gone back to, without script; long names."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import grave_problems
from tests.browser.player import Player

pytestmark = pytest.mark.browser
FITS = "document.documentElement.scrollWidth <= innerWidth"


@pytest.fixture
def past(player):
    """The list after a missed nodule and a normal film called normal."""
    for case in (player.case_with(nodules=1), player.normal_case()):
        player.open(case)
        player.page.keyboard.press("n")
        player.submit()
        player.wait_for_feedback()
    player.page.goto(f"{player.game.address}/past/")
    return player


def test_it_is_narrowed_in_place_and_the_address_keeps_it(past):
    page = past.page
    page.get_by_label("Finding").select_option("Nodule / mass")
    expect(page.locator(".past-name").first).to_contain_text("Nodule / mass")
    expect(page.locator(".past-name", has_text="Normal")).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="fit")).to_be_visible()
    page.wait_for_url("**/past/*finding=nodule_mass*")
    page.reload()
    expect(page.get_by_label("Finding")).to_have_value("nodule_mass")
    assert grave_problems(page) == []


def test_a_row_leads_to_its_feedback_and_back_to_the_narrowed_list(past):
    page = past.page
    page.get_by_label("Finding").select_option("Normal")
    page.wait_for_url("**/past/*finding=normal*")
    page.locator(".past-name").first.click()
    past.wait_for_feedback()
    page.go_back()
    expect(page.get_by_label("Finding")).to_have_value("normal")
    expect(page.locator(".past-name", has_text="Nodule")).to_have_count(0)


def test_back_undoes_a_choice(past):
    page = past.page
    page.get_by_label("Finding").select_option("Normal")
    page.wait_for_url("**/past/*finding=normal*")
    page.go_back()
    expect(page.get_by_role("heading", name="Past cases")).to_be_visible()
    expect(page.get_by_label("Finding")).to_have_value("")
    expect(page.locator(".past-name", has_text="Nodule").first).to_be_visible()


def test_it_works_without_script(past, visitor):
    with visitor(java_script_enabled=False) as reader:
        page = reader.page
        page.goto(f"{reader.game.address}/past/")
        page.get_by_label("Finding").select_option("Normal")
        page.get_by_role("button", name="Show").click()
        expect(page.locator(".past-name").first).to_contain_text("Normal")
        expect(page.locator(".past-name", has_text="Nodule")).to_have_count(0)


@pytest.mark.parametrize("size", [(1280, 720), (768, 1024), (390, 844), (640, 360)])
@pytest.mark.parametrize("path", ["/past/", "/home/"])
def test_nothing_stands_beside_the_page(past, size, path):
    page = past.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{past.game.address}{path}")
    assert page.evaluate(FITS)
    assert grave_problems(page) == []


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_a_very_long_name_pushes_nothing_off_a_page(game, page, width):
    Player(game, page).log_in("instructor")
    name = f"{'n' * 136}{uuid4().hex[:8]}"
    page.set_viewport_size({"width": width, "height": 800})
    Player(game, page).make_class("Chest")
    page.get_by_role("link", name="Make accounts for learners by hand").click()
    page.get_by_label("Names to log in with").fill(name)
    page.get_by_role("button", name="Make the accounts").click()
    expect(page.get_by_text(name).first).to_be_visible()
    assert page.evaluate(FITS)
    page.get_by_role("link", name="Chest").click()
    learner = page.get_by_role("link", name=name)
    expect(learner).to_be_visible()
    assert page.evaluate(FITS)
    learner.click()
    page.get_by_role("link", name="Give a new password").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    assert page.evaluate(FITS)
    assert grave_problems(page) == []
