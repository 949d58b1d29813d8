"""The feedback in a real browser: stepping, lines, close-ups, a case to compare, a doubt."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

STYLE = """(selector) => {
  const line = getComputedStyle(document.querySelector(selector));
  return { stroke: line.stroke, dashes: line.strokeDasharray, width: parseFloat(line.strokeWidth) };
}"""
SHADES = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(data.filter((_, index) => index % 4 === 0)).size;
}"""

READ_OUT = """() => {
  const at = document.activeElement;
  const more = at.getAttribute("aria-describedby").split(" ").at(-1);
  const text = document.getElementById(more).textContent;
  return { text: at.textContent, more: text.slice(text.indexOf("what")) };
}"""


def wrong_and_false(player) -> str:
    """Play the case of two nodules: one called a fracture, the other missed, one false mark."""
    case = player.case_with(nodules=2)
    player.open(case)
    player.page.keyboard.press("Escape")
    player.choose("fracture")
    player.draw(player.truth_boxes(case)[0])
    player.choose("bulla")
    player.draw([0.05, 0.85, 0.15, 0.95])
    player.submit()
    player.wait_for_feedback()
    return case


def test_it_works(player):
    wrong_and_false(player)
    panel = player.page.locator("#panel")
    expect(panel.locator(".kinds li")).to_have_count(3)
    expect(panel.locator(".kinds")).to_contain_text("Search · 1")
    expect(panel.locator(".kinds")).to_contain_text("Recognition · 1")
    expect(panel.locator(".kinds")).to_contain_text("Overcall · 1")
    expect(panel.locator("[data-row]")).to_have_count(3)


def seen(player) -> bool:
    """Whether the opened row's place lies in the middle of the image that is seen."""
    script = """() => {
      const { box } = radgame.page.review.items.get(radgame.page.review.selectedId);
      const { image } = radgame.page.views[0];
      const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
      const [left, top] = radgame.toPage(0, [x * image.width, y * image.height]);
      const pane = document.querySelector("[data-role=canvas]").getBoundingClientRect();
      return Math.hypot(left - pane.x - pane.width / 2, top - pane.y - pane.height / 2) < 4;
    }"""
    player.page.wait_for_function(script)
    return True


def test_what_cost_most_is_open_at_once_and_when_one_comes_back(player):
    wrong_and_false(player)
    page = player.page
    row = page.locator(".finding.current")
    for _ in range(2):
        expect(row).to_have_class(re.compile("outcome-missed"))
        expect(row.locator(".explanation")).to_be_visible()
        expect(page.locator("[data-row][open]")).to_have_count(1)
        expect(page.locator(".box.truth.missed.selected")).to_have_count(1)
        assert seen(player)
        assert page.evaluate(READ_OUT) == {
            "text": "Feedback",
            "more": "what cost you most: Nodule / mass, missed.",
        }
        page.reload()
        player.wait_until_shown()


def test_a_wrong_label_shows_the_two_look_alikes_side_by_side(player):
    wrong_and_false(player)
    page = player.page
    page.locator(".finding.outcome-wrong_label summary").first.click()
    looks = page.locator(".finding.current .lookalikes")
    expect(looks.locator("h3")).to_have_text("Told apart: Nodule / mass, not Fracture")
    boxes = [figure.bounding_box() for figure in looks.locator("figure").all()]
    assert len(boxes) == 2
    assert boxes[0]["y"] == pytest.approx(boxes[1]["y"], abs=1)
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    expect(looks.locator("figure").nth(0)).to_contain_text("in this film")
    picture = looks.locator("figure").nth(0).locator("image")
    assert page.evaluate("async (url) => (await fetch(url)).ok", picture.get_attribute("href"))


def test_nothing_lost_is_said_and_nothing_opened(player):
    case = player.normal_case()
    player.open(case)
    player.page.keyboard.press("n")
    player.submit()
    player.wait_for_feedback()
    expect(player.page.locator("#opened-line")).to_have_text(
        "Nothing was lost, so nothing is opened for you."
    )
    expect(player.page.locator("[data-row][open]")).to_have_count(0)


def test_each_outcome_has_a_line_of_its_own_and_the_learners_is_thicker(player):
    wrong_and_false(player)
    truth = player.page.evaluate(STYLE, ".truth.wrong-label .line")
    own = player.page.evaluate(STYLE, ".own.wrong-label .line")
    missed = player.page.evaluate(STYLE, ".truth.missed .line")
    false = player.page.evaluate(STYLE, ".own.false .line")
    assert truth["dashes"] == "none"
    assert len({own["dashes"], missed["dashes"], false["dashes"], "none"}) == 4
    assert len({truth["stroke"], missed["stroke"], false["stroke"]}) == 3
    assert min(own["width"], false["width"]) > max(truth["width"], missed["width"])


def test_the_pair_of_close_ups_shows_the_place_and_its_mirror(player):
    wrong_and_false(player)
    pair = player.page.locator(".finding.current .closeup")
    expect(pair.locator("canvas")).to_have_count(2)
    for canvas in pair.locator("canvas").all():
        canvas.scroll_into_view_if_needed()
        player.page.wait_for_function("(c) => c.width === 288", arg=canvas.element_handle())
        assert canvas.evaluate(SHADES) > 60
    expect(pair).to_contain_text("Other side")
    expect(pair).to_contain_text("Here, lung window")


def test_buttons_step_like_the_arrow_keys_and_only_one_row_is_open(player):
    wrong_and_false(player)
    panel = player.page.locator("#panel")
    panel.get_by_role("button", name="Next finding").click()
    expect(panel.locator("[data-role=position]")).to_have_text("2 of 3")
    player.page.keyboard.press("ArrowDown")
    expect(panel.locator("[data-role=position]")).to_have_text("3 of 3")
    expect(panel.locator("[data-row][open]")).to_have_count(1)
    panel.get_by_role("button", name="Previous finding").click()
    expect(panel.locator("[data-role=position]")).to_have_text("2 of 3")


def test_the_score_is_shown_with_its_sum_and_leads_to_its_rule(player):
    wrong_and_false(player)
    panel = player.page.locator("#panel")
    expect(panel).to_contain_text(" earned")
    panel.get_by_role("link", name="Clinical rule").click()
    expect(player.page.locator("h1")).to_have_text("How boxes are scored")


def test_a_case_already_played_is_offered_to_compare(player):
    other = player.case_with(nodules=1)
    player.open(other)
    player.page.keyboard.press("Escape")
    player.page.keyboard.press("n")
    player.submit()
    player.wait_for_feedback()
    wrong_and_false(player)
    link = player.page.locator(".finding.current .similar")
    expect(link).to_contain_text("Compare: Nodule / mass in another case")
    link.click()
    player.wait_until_shown()
    expect(player.page.locator("#panel h2")).to_have_text("Feedback")


def test_a_doubt_is_kept_and_shown_again_and_can_be_changed(player):
    wrong_and_false(player)
    page = player.page
    flag = page.locator(".finding.current .flag")
    flag.get_by_text("Doubt this truth").click()
    flag.get_by_label("Why is it doubtful?").fill("This is the nipple.")
    page.keyboard.press("Enter")
    expect(flag).to_contain_text("Kept. Curators will read it.")
    page.reload()
    player.wait_until_shown()
    expect(flag).to_contain_text("You doubt this: “This is the nipple.”")
    flag.locator("summary").click()
    flag.get_by_label("Why is it doubtful?").fill("A vessel, after all.")
    flag.get_by_role("button", name="Change").click()
    expect(flag).to_contain_text("A vessel, after all.")
    said = "SELECT why FROM localize_flag WHERE why LIKE 'A vessel%'"
    assert player.game.one(said) == "A vessel, after all."


def test_a_label_is_found_by_its_abbreviation_and_ticked(player):
    player.open(player.normal_case())
    player.choose("ptx")
    assert player.page.evaluate("radgame.page.answer.ticked") == ["pneumothorax"]
    player.page.keyboard.press("Control+z")
    assert player.page.evaluate("radgame.page.answer.ticked") == []


def test_a_label_used_before_is_at_hand_in_the_next_case(player):
    player.open(player.normal_case())
    player.choose("osteophytes")
    player.open(player.case_with(nodules=1))
    recent = player.page.locator("[data-role=recent]")
    expect(recent).to_contain_text("Degenerative spine")
    player.open(player.normal_case())
    player.page.evaluate("radgame.page.answer.tick('degenerative_spine', false)")
    player.wait_until_saved()


def test_no_abnormality_says_what_it_put_away(player):
    player.open(player.case_with(nodules=1))
    player.page.keyboard.press("Escape")
    player.choose("nodule")
    player.draw([0.2, 0.3, 0.4, 0.5])
    before = len(player.drawn())
    player.page.keyboard.press("n")
    line = player.page.locator("#status-line")
    expect(line).to_contain_text("put away. Undo (Ctrl Z) brings")
    player.page.keyboard.press("Control+z")
    assert len(player.drawn()) == before
    expect(line).to_be_empty()


SIZES = """() => {
  window.sizes = new Set();
  const note = ([{ contentRect: { width, height } }]) => window.sizes.add(`${width} × ${height}`);
  new ResizeObserver(note).observe(document.getElementById("stage"));
}"""


def test_the_film_keeps_its_size_while_an_answer_is_scored(player):
    player.open(player.case_with(nodules=1))
    player.page.keyboard.press("Escape")
    player.choose("nodule")
    player.draw([0.2, 0.3, 0.4, 0.5])
    player.page.evaluate(SIZES)
    player.submit()
    player.wait_for_feedback()
    assert len(player.page.evaluate("[...window.sizes]")) == 1
