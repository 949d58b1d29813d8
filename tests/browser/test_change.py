"""A film beside its prior one in a real browser: what has become of a finding is asked and told."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.player import PHONE, tap
from tests.browser.test_curating import picture
from tests.browser.test_viewer_views import touch

pytestmark = pytest.mark.browser
CHANGE = "radgame.page.answer.marks[0].change"


@pytest.fixture(scope="module")
def regressing(game):
    """A case whose one finding, drawn, is smaller than on its prior film: public id and box."""
    rows = game.rows(
        "SELECT c.public_id, r.x0, r.y0, r.x1, r.y1 FROM cases_case c "
        "JOIN cases_finding f ON f.case_id = c.id JOIN cases_region r ON r.finding_id = f.id "
        "WHERE f.label = 'consolidation' AND f.progression = 'smaller'"
    )
    assert rows, "the demo set has no consolidation that is smaller than before"
    case, *box = rows[0]
    return str(case), box


def mark(player, box) -> None:
    player.choose("consolidation")
    player.draw(box)


def test_the_prior_film_hangs_beside_and_a_wrong_change_is_told_in_words(player, regressing):
    case, box = regressing
    player.open(case)
    page, panel = player.page, player.page.locator("#panel")
    expect(page.locator("#stage")).to_contain_text("prior study, 42 days before")
    mark(player, box)
    player.submit()
    dialog = page.locator("#not-compared")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Compare it").click()
    question = page.get_by_role("group", name="Change of Consolidation since the prior film")
    expect(question).to_be_in_viewport()
    question.get_by_role("button", name="Larger").click()
    assert page.evaluate(CHANGE) == "larger"
    player.wait_until_saved()
    page.reload()
    player.wait_until_shown()
    expect(question.locator("[aria-pressed=true]")).to_have_text("Larger")
    picture(page, "change-asked")
    player.submit()
    review = player.wait_for_feedback()
    assert review["score"] == pytest.approx(60, abs=2)
    expect(panel).to_contain_text("You called it larger; it is smaller than before.")
    expect(panel).to_contain_text("right would have been: smaller")
    assert [one["name"] for one in review["before"]] == ["Consolidation"]
    expect(page.locator("svg.marks .truth.before")).to_have_count(1)
    picture(page, "change-told")


PLACES = """() => radgame.page.stage.views.map(({ viewer }) => viewer.place())"""


def test_stepping_to_a_finding_shows_its_place_on_the_prior_film_too(player, regressing):
    case, box = regressing
    player.open(case)
    mark(player, box)
    player.choose("bulla")
    player.draw([0.05, 0.85, 0.15, 0.95])
    player.page.keyboard.press("q")
    player.page.evaluate("() => radgame.page.answer.marks.forEach((one) => (one.change ||= 'new'))")
    player.submit()
    player.wait_for_feedback()
    for _ in range(2):
        player.page.keyboard.press("ArrowDown")
        player.page.wait_for_function(
            f"() => {{ const [a, b] = ({PLACES})(); return a.zoom > 1.2 && b.zoom > 1.2; }}"
        )
        now, before = player.page.evaluate(PLACES)
        assert before["zoom"] == pytest.approx(now["zoom"], rel=0.02)
        assert before["center"] == pytest.approx(now["center"], abs=0.02)


def test_by_keyboard_one_key_asks_for_the_next_answer(player, regressing):
    case, box = regressing
    player.open(case)
    mark(player, box)
    for word in ("new", "larger", "smaller"):
        player.page.keyboard.press("q")
        assert player.page.evaluate(CHANGE) == word
    expect(player.page.locator("[data-role=announce]")).to_contain_text("Called smaller")
    player.submit()
    review = player.wait_for_feedback()
    assert review["score"] == pytest.approx(100, abs=2)
    expect(player.page.locator("#panel")).to_contain_text("You judged the change correctly")


def test_on_a_phone_the_question_is_answered_by_a_tap(visitor, regressing):
    case, (x0, y0, x1, y1) = regressing
    with visitor(**PHONE) as player:
        player.open(case)
        page = player.page
        tap(page.locator("[data-role=draw-labels] [data-slug=consolidation]"))
        session = page.context.new_cdp_session(page)
        touch(session, "touchStart", [player.at(x0, y0)])
        touch(session, "touchMove", [player.at(x1, y1)])
        touch(session, "touchEnd", [])
        smaller = page.get_by_role("button", name="Smaller")
        smaller.scroll_into_view_if_needed()
        box = smaller.bounding_box()
        assert min(box["height"], box["width"]) >= 40
        tap(smaller)
        picture(page, "change-phone")
        assert page.evaluate(CHANGE) == "smaller"


def test_a_film_without_a_prior_one_is_not_asked(player):
    player.open(player.case_with(nodules=1))
    player.choose("nodule")
    player.draw([0.3, 0.3, 0.4, 0.4])
    expect(player.page.locator(".position.change")).to_have_count(0)
