"""Every mode played in a real browser, by mouse and keyboard; nothing is told too early."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.test_truth_stays_secret import LABELS, secrets_of

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def at_home(player):
    go_home(player)
    return player


def go_home(player):
    """To the start page, with the other ways to play open."""
    player.page.goto(f"{player.game.address}/home/")
    for summary in player.page.locator("details.modes summary").all():
        summary.click()


def game_card(player, name="Localize"):
    return player.page.locator(".game", has=player.page.get_by_role("heading", name=name))


def mode_form(player, mode, name="Localize"):
    return game_card(player, name).locator("form", has=player.page.locator(f'[value="{mode}"]'))


def case_on_page(player):
    """Public id of the case that is open."""
    attempt = player.page.evaluate("radgame.page.data.attempt").replace("-", "")
    return str(
        player.game.one(
            "SELECT c.public_id FROM cases_case c JOIN attempts_attempt a ON a.case_id = c.id "
            "WHERE replace(CAST(a.public_id AS text), '-', '') = ?",
            attempt,
        )
    )


class Eavesdropper:
    """Every text the page receives by HTTP, kept even where the page is left at once.

    A page that was passed on so may not open a WebSocket; it polls.
    """

    TEXTS = re.compile(r"^(?!.*/(static|images)/)http")

    def __init__(self, page):
        self.page = page
        self.texts = []
        page.route(self.TEXTS, self._hear)

    def _hear(self, route):
        response = route.fetch(max_redirects=0)
        self.texts += [str(response.headers), LABELS.sub("", response.text())]
        route.fulfill(response=response)

    def heard(self, words):
        """Which of these words were received so far."""
        everything = "\n".join(self.texts).casefold()
        return [word for word in words if word.casefold() in everything]

    def stop(self):
        self.page.unroute_all(behavior="wait")  # what is under way is heard to its end
        self.page.complaints.clear()


def barriers(page):
    """What axe-core finds serious on the page as it is."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def truth_of(player, cases):
    """What only the truth of these cases holds; a side of a box has four digits or more."""
    words = {word for case in cases for word in secrets_of(player, case)}
    return [word for word in words if len(word) > 5]


def test_a_test_tells_nothing_before_its_end_and_then_all_together(at_home):
    player = at_home
    ear = Eavesdropper(player.page)
    form = mode_form(player, "test")
    form.get_by_label("Cases").fill("2")
    form.get_by_label("Minutes in all").fill("5")
    form.get_by_role("button").click()
    cases = []
    for number in (1, 2):
        player.wait_until_shown()
        expect(player.page.locator("h1")).to_have_text(f"Case {number} of 2")
        expect(player.page.locator("[data-role=time]")).to_contain_text(":")
        assert player.page.locator("[data-hint]").count() == 0
        cases.append(case_on_page(player))
        player.page.keyboard.press("n")
        player.wait_until_saved()
        if number == 1:
            player.submit()
            expect(player.page.locator("h1")).to_have_text("Case 2 of 2")
    assert len(ear.texts) > 6
    assert not ear.heard(truth_of(player, cases))
    player.submit()
    expect(player.page.locator("#results")).to_contain_text("Mean score")
    expect(player.page.locator("#results tbody tr")).to_have_count(2)
    player.page.get_by_role("link", name="Case 1").click()
    player.wait_for_feedback()
    ear.stop()


def test_a_sprint_submits_by_itself_and_goes_on(at_home):
    player = at_home
    form = mode_form(player, "sprint")
    form.get_by_label("Cases").fill("2")
    form.get_by_label("Seconds each").fill("10")
    form.get_by_role("button").click()
    player.wait_until_shown()
    expect(player.page.locator("h1")).to_have_text("Case 1 of 2")
    expect(player.page.locator("h1")).to_have_text("Case 2 of 2")
    player.wait_until_shown()
    player.page.keyboard.press("n")
    player.submit()
    expect(player.page.locator("#results")).to_contain_text("2 of 2 cases answered")
    expect(player.page.locator("#results")).to_contain_text("Mean score")


def test_a_second_look_tells_counts_and_regions_and_shows_both_scores(at_home):
    player = at_home
    case = player.case_with(nodules=2)
    ear = Eavesdropper(player.page)
    player.page.goto(f"{player.game.address}/localize/cases/{case}/?mode=second_look")
    player.wait_until_shown()
    first, second = player.truth_boxes(case)
    player.choose("nodule")
    player.draw(first)
    player.submit()
    notice = player.page.locator(".second-look")
    expect(notice).to_contain_text("1 remains: one in the")
    player.wait_until_shown()
    assert len(player.drawn()) == 1
    sides = [f"{side:.4f}".rstrip("0") for side in second]
    assert not ear.heard([side for side in sides if len(side) > 5])
    assert not ear.heard(["review-data", "outcome-hit"])
    player.choose("nodule")
    player.draw(second)
    player.submit()
    player.wait_for_feedback()
    expect(player.page.locator(".rounds")).to_contain_text("50 at first, 100 now")
    ear.stop()


def test_guided_shows_the_truth_and_its_explanation(at_home):
    player, page = at_home, at_home.page
    mode_form(player, "guided").get_by_role("button").click()
    player.wait_until_shown()
    player.wait_for_feedback()
    expect(page.locator("#panel h2").first).to_have_text("Guided")
    expect(page.locator("#panel")).to_contain_text("It counts in no figure")
    for _ in range(30):  # past normal cases, and findings that have no place
        if page.evaluate("radgame.page.review.review.truths[0]?.box"):
            break
        address = page.url
        page.keyboard.press("n")
        page.wait_for_url(lambda url, left=address: url != left and "/attempts/" in url)
        player.wait_until_shown()
        player.wait_for_feedback()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#panel .explanation").first).to_be_visible()
    expect(page.locator(".box.truth.selected")).to_have_count(1)


def test_the_hint_ladder_ends_with_an_outline_and_costs_points(at_home):
    player = at_home
    case = player.case_with(nodules=1)
    [box] = player.truth_boxes(case)
    player.open(case)
    hint = player.page.locator("[data-hint]")
    for number, key in enumerate(("Enter", "g", "g"), 1):
        hint.focus()
        player.page.keyboard.press(key)
        expect(player.page.locator(".hint-list li")).to_have_count(number)
    expect(player.page.locator(".hint-list")).to_contain_text("third of the image")
    expect(player.page.locator(".box.hint")).to_have_count(1)
    player.choose("nodule")
    player.draw(box)
    player.submit()
    player.wait_for_feedback()
    expect(player.page.locator("#panel")).to_contain_text("less 1.4 for hints")
    expect(player.page.locator("#panel .score")).to_contain_text("30")


def test_a_guided_report_is_written_with_hints_by_region(at_home):
    player = at_home
    mode_form(player, "guided", "Report").get_by_role("button").click()
    player.wait_until_shown()
    player.page.get_by_role("button", name="Heart").click()
    expect(player.page.locator(".hint-list li")).to_contain_text("Heart:")
    player.page.locator("#text").fill("The lungs are clear. The heart is normal.")
    player.page.keyboard.press("Control+Enter")
    expect(player.page.locator(".report-feedback h2")).to_have_text("Feedback")


def test_the_pages_of_the_modes_have_no_barriers(at_home):
    player, page = at_home, at_home.page
    assert not barriers(page)
    mode_form(player, "test").get_by_role("button").click()
    player.wait_until_shown()
    assert not barriers(page)
    page.goto(f"{player.game.address}/home/")
    page.get_by_role("link", name="How far you are").click()
    assert not barriers(page)
    page.get_by_role("button", name="End now").click()
    assert not barriers(page)
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_role("link", name="Start page")).to_be_visible()
    assert not barriers(page)
    player.open(player.case_with(nodules=1))
    page.locator("[data-hint]").click()
    expect(page.locator(".hint-list li").first).to_be_visible()
    assert not barriers(page)
