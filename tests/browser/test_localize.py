"""The drawing game in a real browser, by mouse and by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def moved(box, dx, dy):
    return [box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy]


def beside(box):
    """A box of the same size on the other side of the image."""
    return moved(box, 0.5 if box[0] < 0.4 else -0.4, 0.0)


def test_two_boxes_drawn_with_the_mouse_become_a_hit_and_a_miss(player):
    case = player.case_with(nodules=2)
    first, _ = player.truth_boxes(case)
    player.open(case)
    player.choose("nodule")
    player.draw(first)
    player.draw([0.02, 0.85, 0.12, 0.95])
    player.submit()
    player.wait_for_feedback()
    panel = player.page.locator("#panel")
    expect(panel.locator(".finding.outcome-hit")).to_have_count(1)
    expect(panel.locator(".finding.outcome-missed")).to_have_count(1)
    expect(panel.locator(".finding.outcome-false")).to_have_count(1)
    expect(panel).to_contain_text("You found it")
    expect(panel).to_contain_text("Nothing was marked there.")
    # One of two actionable findings (2 of 4), less 0.5 for the false mark.
    expect(panel.locator(".score")).to_contain_text("38")


OTHER_SIDE = {"left": "right", "right": "left"}


@pytest.mark.parametrize("says_it", ["rightly", "of the other side"])
def test_a_ticked_finding_is_asked_for_its_side_and_told_whether_it_is_that_one(player, says_it):
    query = (
        "SELECT c.public_id, f.label, f.side FROM cases_finding f "
        "JOIN cases_case c ON c.id = f.case_id WHERE f.side IN ('left', 'right') "
        "AND f.label IN ('pleural_effusion', 'pneumothorax') "
        "AND (SELECT count(*) FROM cases_finding g WHERE g.case_id = c.id) = 1"
    )
    case, label, side = player.game.rows(query)[0]
    player.open(case)
    player.page.locator(f"[data-role=tick-labels] [data-slug={label}] input").check()
    said = side if says_it == "rightly" else OTHER_SIDE[side]
    row = player.page.locator(f"[data-role=sides] [data-side={label}]")
    button = row.get_by_role("button", name=said.capitalize())
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    player.submit()
    player.wait_for_feedback()
    panel = player.page.locator("#panel")
    if said == side:
        expect(panel.locator(".score")).to_contain_text("100 / 100")
        expect(panel).not_to_contain_text("Wrong side")
    else:
        expect(panel.locator(".score")).not_to_contain_text("100 / 100")
        expect(panel).to_contain_text("Wrong side")
        expect(panel).to_contain_text(f"on the {side}")


def wait_until_in_the_middle(player, box):
    canvas = player.page.locator("[data-role=canvas]").bounding_box()
    middle = [canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2]
    script = """([[x, y], middle]) => {
      const { image } = radgame.page.views[0];
      const at = radgame.toPage(0, [x * image.width, y * image.height]);
      return at.every((place, axis) => Math.abs(place - middle[axis]) < 3);
    }"""
    center = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]
    player.page.wait_for_function(script, arg=[center, middle])


def test_stepping_through_the_findings_brings_each_into_the_middle_of_the_view(player):
    case = player.case_with(nodules=2)
    player.open(case)
    player.page.keyboard.press("n")
    player.submit()
    player.wait_for_feedback()
    for box in player.truth_boxes(case):  # the first is open by itself
        wait_until_in_the_middle(player, box)
        player.page.keyboard.press("ArrowDown")


def test_a_draft_survives_a_reload(player):
    case = player.case_with(nodules=1)
    player.open(case)
    player.page.keyboard.press("Escape")
    player.choose("fracture")
    player.draw([0.2, 0.3, 0.4, 0.5])
    player.wait_until_saved()
    player.page.reload()
    player.wait_until_shown()
    assert player.drawn()[-1] == pytest.approx([0.2, 0.3, 0.4, 0.5], abs=0.003)
    expect(player.page.locator(".mark-name").last).to_contain_text("Fracture")


def test_a_box_is_moved_resized_undone_and_deleted(player):
    player.open(player.normal_case())
    player.choose("consolidation")
    player.draw([0.3, 0.3, 0.5, 0.5])
    player.drag(player.at(0.3, 0.4), player.at(0.4, 0.5))
    assert player.drawn()[-1] == pytest.approx([0.4, 0.4, 0.6, 0.6], abs=0.005)
    player.drag(player.at(0.6, 0.6), player.at(0.7, 0.8))
    assert player.drawn()[-1] == pytest.approx([0.4, 0.4, 0.7, 0.8], abs=0.005)
    player.page.keyboard.press("Control+z")
    assert player.drawn()[-1] == pytest.approx([0.4, 0.4, 0.6, 0.6], abs=0.005)
    before = len(player.drawn())
    player.page.keyboard.press("Backspace")
    assert len(player.drawn()) == before - 1


def test_the_wheel_zooms_at_the_cursor_and_the_middle_button_pans(player):
    player.open(player.normal_case())
    point = player.at(0.3, 0.4)
    player.page.mouse.move(*point)
    before = player.page.evaluate("radgame.page.views[0].viewer.scale()")
    player.page.mouse.wheel(0, -400)
    assert player.page.evaluate("radgame.page.views[0].viewer.scale()") > 1.5 * before
    assert player.at(0.3, 0.4) == pytest.approx(point, abs=1)
    player.drag(point, (point[0] + 60, point[1] + 40), button="middle")
    assert player.at(0.3, 0.4) == pytest.approx((point[0] + 60, point[1] + 40), abs=1)
    player.page.keyboard.press("=")
    assert player.page.evaluate("radgame.page.views[0].viewer.scale()") == pytest.approx(before)


def test_the_right_button_sets_the_window_and_invert_and_reset_work(player):
    player.open(player.normal_case())
    view = "radgame.page.views[0].viewer"
    before = player.page.evaluate(f"{view}.window")
    player.drag(player.at(0.5, 0.5), player.at(0.6, 0.6), button="right")
    after = player.page.evaluate(f"{view}.window")
    assert after["width"] > before["width"]
    assert after["center"] > before["center"]
    player.page.keyboard.press("i")
    assert player.page.evaluate(f"{view}.inverted")
    player.page.keyboard.press("Space")
    assert player.page.evaluate(f"{view}.window") == before
    assert not player.page.evaluate(f"{view}.inverted")


def test_window_and_level_use_more_than_eight_bits(player):
    player.open(player.normal_case())
    values = player.page.evaluate(
        """async () => {
          const { viewer } = radgame.page.views[0];
          const { pixels } = await viewer.renditions.load(viewer.urlOf(0));
          return new Set(pixels).size;
        }"""
    )
    assert values > 1000


def test_submitting_nothing_is_asked_about_and_a_normal_case_scores_full(player):
    player.open(player.normal_case())
    player.submit()
    dialog = player.page.locator("#nothing-marked")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Submit as normal").click()
    player.wait_for_feedback()
    expect(player.page.locator("#panel .score")).to_contain_text("100 / 100")
    expect(player.page.locator("#panel")).to_contain_text("This case is normal")


def test_feedback_comes_by_polling_where_no_socket_can_be_had(player):
    player.page.add_init_script("window.WebSocket = class { constructor() { throw new Error(); } }")
    player.open(player.case_with(nodules=1))
    player.page.keyboard.press("n")
    player.submit()
    player.wait_for_feedback()
    expect(player.page.locator("#panel .finding.outcome-missed")).to_have_count(1)


def test_two_windows_do_not_overwrite_each_other_silently(player):
    case = player.case_with(nodules=1)
    player.open(case)
    other = player.page.context.new_page()
    other.goto(player.page.url)
    other.wait_for_selector("#stage[data-ready]")
    other.keyboard.press("n")
    other.wait_for_function(
        "() => radgame.page.autosave.version > 0 && !radgame.page.autosave.dirty"
    )
    player.page.complaints.clear()
    player.choose("nodule")
    player.draw([0.2, 0.2, 0.4, 0.4])
    bar = player.page.locator("#conflict")
    expect(bar).to_be_visible()
    bar.get_by_role("button", name="Take the other").click()
    expect(bar).to_be_hidden()
    assert player.page.evaluate("radgame.page.answer.normal")
    player.page.complaints.clear()  # the browser itself reports the 409
    other.close()


def test_a_window_left_behind_cannot_submit_over_what_another_saved(player):
    case = player.case_with(nodules=1)
    player.open(case)
    player.wait_until_saved()
    other = player.page.context.new_page()
    other.goto(player.page.url)
    other.wait_for_selector("#stage[data-ready]")
    player.choose("nodule")
    player.draw([0.2, 0.2, 0.4, 0.4])
    player.wait_until_saved()
    other.click("[data-role=submit]")
    other.click("#nothing-marked button[value=yes]")
    expect(other.locator("#conflict")).to_be_visible()
    other.get_by_role("button", name="Take the other").click()
    assert len(other.evaluate("radgame.page.answer.marks")) == 1
    other.click("[data-role=submit]")
    other.wait_for_selector("#review-data", state="attached")
    other.close()


def test_the_case_page_says_that_the_case_is_simulated_and_whose_ct_it_was(player):
    player.open(player.normal_case())
    expect(player.page.locator(".chip.simulated")).to_be_visible()
    expect(player.page.locator("footer")).to_contain_text("LIDC-IDRI")


def test_without_webgl_the_image_is_drawn_by_the_processor(player):
    player.page.add_init_script(
        """const original = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
          return kind.startsWith("webgl") ? null : original.call(this, kind, ...rest);
        };"""
    )
    player.open(player.normal_case())
    shades = player.page.evaluate(
        """() => {
          const canvas = document.querySelector("[data-role=canvas] canvas");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return new Set(data.filter((_, index) => index % 4 === 0)).size;
        }"""
    )
    assert shades > 50
