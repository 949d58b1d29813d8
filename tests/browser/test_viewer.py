"""The viewer in a real browser: coordinates, windows, tools, views, slices, keys, touch."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.player import Player
from tests.studies import DOT, FRAMES, SPACING_MM, add_studies, dot_places

pytestmark = pytest.mark.browser
VIEWER = "radgame.page.views[0].viewer"
FOCUSED = "radgame.page.stage.view.viewer"


@pytest.fixture(scope="module")
def studies(game):
    return add_studies(game)


@pytest.fixture
def visitor(chromium, game):
    """Opens a page of its own kind of screen, logged in."""

    @contextmanager
    def visit(**screen) -> Iterator[Player]:
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 720}} | screen))
        try:
            player = Player(game, context.new_page())
            player.log_in("trainee")
            yield player
        finally:
            context.close()

    return visit


def place(player, view, point):
    """Where an image point, in pixels, lies on the page."""
    return player.page.evaluate("([view, point]) => radgame.toPage(view, point)", [view, point])


def canvas_of(player, view=0):
    return player.page.locator(f".pane >> nth={view} >> [data-role=canvas]").bounding_box()


def seen(page: Page) -> np.ndarray:
    """The page as it is on the screen: grey values by device row and column."""
    shot = Image.open(io.BytesIO(page.screenshot())).convert("L")
    return np.asarray(shot, float)


# Coordinates


def assert_dots_where_the_page_says(player, ratio):
    """Each square in sight lies, on the screen, within an image pixel of where the page has it."""
    screen, box = seen(player.page), canvas_of(player)
    scale = player.page.evaluate(f"{VIEWER}.scale()") * ratio
    reach = DOT * scale
    found = 0
    for x, y in dot_places():
        left, top = place(player, 0, [x + 0.5, y + 0.5])
        inside = (
            box["x"] + DOT < left < box["x"] + box["width"] - DOT
            and box["y"] + DOT < top < box["y"] + box["height"] - DOT
        )
        if not inside:
            continue
        column, row = left * ratio, top * ratio
        x0, y0 = int(max(0, column - reach)), int(max(0, row - reach))
        part = screen[y0 : int(row + reach) + 1, x0 : int(column + reach) + 1]
        part = np.where(part > 100, part, 0)
        if part.shape[0] < 2 * reach or part.shape[1] < 2 * reach:
            continue  # cut off by the pane's edge
        rows, columns = np.mgrid[0 : part.shape[0], 0 : part.shape[1]] + 0.5
        middle = (columns * part).sum() / part.sum() + x0, (rows * part).sum() / part.sum() + y0
        assert middle[0] == pytest.approx(column, abs=scale)
        assert middle[1] == pytest.approx(row, abs=scale)
        found += 1
    return found


def assert_drawn_where_it_is_seen(player):
    """A box drawn with the mouse has the corners, within an image pixel, that were aimed at."""
    box = canvas_of(player)
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    start = [round(middle[0] - 61), round(middle[1] - 43)]
    end = [round(middle[0] + 72), round(middle[1] + 38)]
    corners = [player.page.evaluate("(at) => radgame.toImage(0, at)", at) for at in (start, end)]
    assert place(player, 0, corners[0]) == pytest.approx(start, abs=0.01)
    player.drag(tuple(start), tuple(end))
    drawn = player.drawn()[-1]
    pixels = [drawn[0] * 600, drawn[1] * 800, drawn[2] * 600, drawn[3] * 800]
    aimed = np.clip([*corners[0], *corners[1]], 0, [600, 800, 600, 800])
    assert pixels == pytest.approx(list(aimed), abs=1)
    player.page.keyboard.press("Backspace")


@pytest.mark.parametrize("ratio", [1, 2, 3])
def test_coordinates_are_right_to_one_pixel(visitor, studies, ratio):
    with visitor(device_scale_factor=ratio) as player:
        player.open(studies["dots"])
        player.page.mouse.move(5, 5)
        assert assert_dots_where_the_page_says(player, ratio) == 9
        assert_drawn_where_it_is_seen(player)
        point = place(player, 0, [300, 400])
        player.page.mouse.move(*point)
        player.page.mouse.wheel(0, -700)
        assert_dots_where_the_page_says(player, ratio)
        assert_drawn_where_it_is_seen(player)
        player.drag(tuple(point), (point[0] + 47, point[1] + 31), button="middle")
        assert assert_dots_where_the_page_says(player, ratio) >= 1
        assert_drawn_where_it_is_seen(player)
        player.drag(tuple(point), (point[0] + 20, point[1] - 10), button="right")
        assert assert_dots_where_the_page_says(player, ratio) >= 1
        player.page.set_viewport_size({"width": 1111, "height": 777})
        player.page.wait_for_timeout(300)
        assert assert_dots_where_the_page_says(player, ratio) >= 1
        assert_drawn_where_it_is_seen(player)
        player.page.keyboard.press("=")
        assert assert_dots_where_the_page_says(player, ratio) == 9


def test_a_fitted_image_stays_fitted_when_the_window_changes(player, studies):
    player.open(studies["dots"])
    player.page.set_viewport_size({"width": 1600, "height": 1000})
    player.page.wait_for_timeout(300)
    box = canvas_of(player)
    assert place(player, 0, [0, 0])[1] == pytest.approx(box["y"], abs=1)
    assert place(player, 0, [600, 800])[1] == pytest.approx(box["y"] + box["height"], abs=1)


def test_one_to_one_puts_an_image_pixel_on_a_screen_pixel(visitor, studies):
    with visitor(device_scale_factor=2) as player:
        player.open(studies["dots"])
        player.page.keyboard.press("0")
        assert player.page.evaluate(f"{VIEWER}.scale()") == pytest.approx(0.5, rel=0.001)


# Windows, contrast, lens


def window(player):
    return player.page.evaluate(f"({FOCUSED}.window)")


def test_presets_of_a_ct_are_in_hounsfield_units(player, studies):
    player.open(studies["stack"])
    presets = player.page.locator("[data-role=presets]")
    for name, text in (("Lung", "W 1500 L -600 HU"), ("Mediastinum", "W 400 L 40 HU")):
        presets.select_option(label=name)
        expect(player.page.locator("[data-role=window]")).to_have_text(text)
    player.page.keyboard.press("w")
    expect(player.page.locator("[data-role=window]")).to_have_text("W 1800 L 400 HU")
    player.page.keyboard.press("Space")
    expect(presets).to_have_value("0")


def test_presets_of_a_radiograph_come_from_its_values(player, studies):
    player.open(studies["pair"])
    own = window(player)
    presets = player.page.locator("[data-role=presets]")
    presets.select_option(label="Lungs")
    lungs = window(player)
    presets.select_option(label="Bones")
    bones = window(player)
    assert lungs["center"] < own["center"] < bones["center"]
    player.drag(player.at(0.4, 0.4), player.at(0.5, 0.5), button="right")


def test_digits_choose_presets_where_they_choose_no_labels(player, studies):
    player.page.goto(f"{player.game.address}/report/cases/{studies['pair']}/")
    player.wait_until_shown()
    player.page.locator("[data-role=canvas] >> nth=0").click()
    player.page.keyboard.press("2")
    expect(player.page.locator("[data-role=presets]")).to_have_value("1")


def test_local_contrast_is_seen_and_reset(player, studies):
    player.open(studies["pair"])
    player.page.mouse.move(5, 5)
    before = seen(player.page)
    player.page.click("[data-action=contrast]")
    player.page.wait_for_function(
        f"() => {FOCUSED}.viewport.getCurrentImageId().endsWith('#contrast')"
    )
    player.page.wait_for_timeout(200)
    box = canvas_of(player, 1)
    part = np.s_[
        int(box["y"]) : int(box["y"] + box["height"]), int(box["x"]) : int(box["x"] + box["width"])
    ]
    focused = player.page.evaluate("radgame.page.stage.focused")
    assert focused == 1  # the frontal, though it is the second of the case
    assert np.abs(seen(player.page)[part] - before[part]).mean() > 3
    player.page.keyboard.press("Space")
    player.page.wait_for_timeout(300)
    assert np.abs(seen(player.page)[part] - before[part]).mean() < 1


def test_the_magnifier_shows_while_its_key_is_held_or_stays_after_a_short_press(player, studies):
    player.open(studies["dots"])
    lens = player.page.locator("[data-role=lens]")
    player.page.mouse.move(*place(player, 0, [300.5, 400.5]))
    player.page.keyboard.down("m")
    expect(lens).to_be_visible()
    lit = player.page.evaluate(
        """() => {
          const lens = document.querySelector("[data-role=lens]");
          const { data } = lens.getContext("2d").getImageData(0, 0, lens.width, lens.height);
          return data.filter((value, index) => index % 4 === 0 && value > 127).length;
        }"""
    )
    scale = player.page.evaluate(f"{VIEWER}.scale()")
    assert lit == pytest.approx((DOT * scale * 2.5) ** 2, rel=0.2)
    player.page.wait_for_timeout(400)
    player.page.keyboard.up("m")
    expect(lens).to_be_hidden()
    player.page.keyboard.press("m")
    expect(lens).to_be_visible()
    player.page.keyboard.press("m")
    expect(lens).to_be_hidden()


# Measurements


def measured(player):
    return player.page.locator(".measure tspan").all_text_contents()


def test_a_length_is_measured_in_mm_and_is_no_part_of_the_answer(player, studies):
    player.open(studies["dots"])
    player.page.keyboard.press("d")
    expect(player.page.locator("[data-role=tool-hint]")).to_contain_text("Click the first end")
    player.drag(tuple(place(player, 0, [150, 200])), tuple(place(player, 0, [450, 200])))
    assert measured(player) == [f"{300 * SPACING_MM:.1f} mm"]
    assert player.drawn() == []
    assert not player.page.evaluate("radgame.page.autosave.dirty")
    end = place(player, 0, [450, 200])
    player.drag(tuple(end), tuple(place(player, 0, [450, 600])))
    assert measured(player) == [f"{500 * SPACING_MM:.0f} mm"]
    player.page.keyboard.press("Backspace")
    expect(player.page.locator(".measure")).to_have_count(0)
    player.draw([0.3, 0.3, 0.5, 0.5])
    assert len(player.drawn()) == 1
    player.page.keyboard.press("Backspace")


def test_without_a_spacing_a_length_is_in_pixels(player, studies):
    player.open(studies["stack"])
    player.page.click("[data-action=length]")
    player.page.mouse.click(*place(player, 0, [50, 60]))
    player.page.mouse.click(*place(player, 0, [150, 60]))
    assert measured(player) == ["100 px"]
    player.page.keyboard.press("PageDown")
    expect(player.page.locator(".measure")).to_have_count(0)


def test_an_angle_and_the_cardiothoracic_ratio(player, studies):
    player.open(studies["dots"])
    player.page.keyboard.press("a")
    for point in ([150, 200], [150, 400], [300, 400]):
        player.page.mouse.click(*place(player, 0, point))
    assert measured(player) == ["90.0°"]
    player.page.keyboard.press("x")
    player.page.keyboard.press("t")
    player.drag(tuple(place(player, 0, [250, 500])), tuple(place(player, 0, [400, 520])))
    player.drag(tuple(place(player, 0, [150, 600])), tuple(place(player, 0, [450, 590])))
    assert measured(player) == ["CTR 0.50", "heart 30.0 mm", "thorax 60.0 mm"]


def test_a_length_is_measured_by_keyboard_alone(player, studies):
    player.open(studies["dots"])
    player.page.locator("[data-role=canvas]").focus()
    for key in ("d", "k", "Enter", *["ArrowRight"] * 5, "Enter"):
        player.page.keyboard.press(key)
    assert measured(player) == [f"{5 * 6 * SPACING_MM:.1f} mm"]


def test_one_key_hides_everything_drawn(player, studies):
    player.open(studies["dots"])
    player.choose("nodule")
    player.draw([0.3, 0.3, 0.5, 0.5])
    player.page.keyboard.press("d")
    player.drag(tuple(place(player, 0, [150, 100])), tuple(place(player, 0, [450, 100])))
    player.page.keyboard.press("h")
    expect(player.page.locator(".measure, .box")).to_have_count(0)
    player.page.keyboard.press("h")
    expect(player.page.locator(".measure, .box")).to_have_count(2)


# Views side by side


def names_in_order(player):
    panes = player.page.locator(".pane:not(.away)")
    boxes = [(pane.bounding_box(), pane.locator(".view-name").inner_text()) for pane in panes.all()]
    return [name for _, name in sorted(boxes, key=lambda one: (one[0]["y"], one[0]["x"]))]


def test_frontal_hangs_left_of_lateral_and_can_be_swapped(player, studies):
    player.open(studies["pair"])
    assert names_in_order(player) == ["PA", "Lateral"]
    player.page.keyboard.press("s")
    assert names_in_order(player) == ["Lateral", "PA"]


def test_one_two_or_four_views_hang_at_once(player, studies):
    player.open(studies["followed"])
    assert names_in_order(player) == ["PA", "Lateral", "PA · prior study, 2 years ago"]
    player.page.keyboard.press("o")
    assert names_in_order(player) == ["PA"]
    player.page.keyboard.press("v")
    expect(player.page.locator(".pane:not(.away) .view-name")).to_have_text("Lateral")
    player.page.keyboard.press("o")
    assert len(names_in_order(player)) == 2
    player.page.wait_for_timeout(200)
    for view in (0, 1):
        box = canvas_of(player, view)
        width, height = [(640, 700), (500, 700)][view]
        left, top = place(player, view, [0, 0])
        right, bottom = place(player, view, [width, height])
        shares = (right - left) / box["width"], (bottom - top) / box["height"]
        assert max(shares) == pytest.approx(1, abs=0.01)


def test_linked_views_zoom_together_and_free_ones_do_not(player, studies):
    player.open(studies["followed"])
    where = "radgame.page.views.map(({ viewer }) => viewer.place())"
    player.page.mouse.move(*place(player, 0, [320, 300]))
    player.page.mouse.wheel(0, -300)
    free = player.page.evaluate(where)
    assert free[0]["zoom"] > 1.3
    assert free[1]["zoom"] == pytest.approx(1, abs=0.01)
    player.page.keyboard.press("l")
    player.page.mouse.wheel(0, -300)
    linked = player.page.evaluate(where)
    for one in linked:
        assert one["zoom"] == pytest.approx(linked[0]["zoom"], rel=0.01)
        assert one["center"][1] == pytest.approx(linked[0]["center"][1], abs=0.01)
    assert linked[2]["center"][0] == pytest.approx(linked[0]["center"][0], abs=0.01)


def test_nothing_is_drawn_on_a_prior_study(player, studies):
    player.open(studies["followed"])
    player.choose("nodule")
    player.drag(tuple(place(player, 2, [100, 100])), tuple(place(player, 2, [300, 300])))
    assert player.drawn() == []


# Slices


def slice_text(player):
    return player.page.locator("[data-role=slice]")


def test_slices_scroll_by_wheel_keys_and_slider(player, studies):
    player.open(studies["stack"])
    expect(slice_text(player)).to_have_text(f"1 / {FRAMES}")
    player.page.mouse.move(*place(player, 0, [128, 128]))
    for _ in range(3):
        player.page.mouse.wheel(0, 100)
    expect(slice_text(player)).to_have_text(f"4 / {FRAMES}")
    player.page.keyboard.press("PageUp")
    expect(slice_text(player)).to_have_text(f"3 / {FRAMES}")
    player.page.keyboard.press("ArrowDown")
    expect(slice_text(player)).to_have_text(f"4 / {FRAMES}")
    player.page.keyboard.press("End")
    expect(slice_text(player)).to_have_text(f"{FRAMES} / {FRAMES}")
    player.page.locator("[data-role=slices]").fill("9")
    expect(slice_text(player)).to_have_text(f"10 / {FRAMES}")
    scale = player.page.evaluate(f"{VIEWER}.scale()")
    player.page.keyboard.down("Control")
    player.page.mouse.wheel(0, -300)
    player.page.keyboard.up("Control")
    assert player.page.evaluate(f"{VIEWER}.scale()") > 1.3 * scale
    expect(slice_text(player)).to_have_text(f"10 / {FRAMES}")


def test_the_next_slices_are_fetched_before_they_are_asked_for(player, studies):
    asked: list[str] = []
    player.page.context.on("request", lambda request: asked.append(request.url))
    player.open(studies["stack"])
    player.page.wait_for_timeout(500)
    numbers = {url.rsplit("/", 1)[1] for url in asked if "/images/" in url and ".png" in url}
    assert {"0.png", "1.png", "2.png", "3.png"} <= numbers
    assert f"{FRAMES - 1}.png" not in numbers


def test_scrolling_keeps_zoom_and_window(player, studies):
    player.open(studies["stack"])
    player.page.locator("[data-role=presets]").select_option(label="Lung")
    player.page.keyboard.press("+")
    before = player.page.evaluate(f"[{VIEWER}.place(), {VIEWER}.window]")
    for _ in range(6):
        player.page.keyboard.press("PageDown")
    expect(slice_text(player)).to_have_text(f"7 / {FRAMES}")
    after = player.page.evaluate(f"[{VIEWER}.place(), {VIEWER}.window]")
    assert after[0]["zoom"] == pytest.approx(before[0]["zoom"], rel=0.001)
    assert after[1] == before[1]


# Keys and buttons of one's own


def test_a_key_is_chosen_anew_and_help_and_tooltips_know(visitor, studies):
    with visitor() as player:
        page = player.page
        player.open(studies["dots"])
        page.keyboard.press(",")
        page.click("[data-bind=invert]")
        page.keyboard.press("m")
        expect(page.locator("[data-role=binding-problem]")).to_contain_text("M is taken")
        page.click("[data-bind=invert]")
        page.keyboard.press("b")
        expect(page.locator("[data-bind=invert]")).to_have_text("B")
        page.locator("[data-mouse=right]").select_option("zoom")
        page.get_by_role("button", name="Done").click()
        page.reload()
        player.wait_until_shown()
        page.keyboard.press("i")
        assert not page.evaluate(f"{VIEWER}.inverted")
        page.keyboard.press("b")
        assert page.evaluate(f"{VIEWER}.inverted")
        assert page.locator("[data-action=invert]").get_attribute("title") == "Invert (B)"
        page.keyboard.press("?")
        row = page.locator("#help .keys div", has_text="Invert")
        expect(row.locator("kbd")).to_have_text("B")
        expect(page.locator("#help")).to_contain_text("Right button")
        page.keyboard.press("Escape")
        scale = page.evaluate(f"{VIEWER}.scale()")
        player.drag(player.at(0.5, 0.6), player.at(0.5, 0.4), button="right")
        assert page.evaluate(f"{VIEWER}.scale()") > 1.2 * scale


def test_the_help_sheet_lists_what_the_page_can_do_and_nothing_else(player, studies):
    player.open(studies["dots"])
    player.page.keyboard.press("?")
    sheet = player.page.locator("#help")
    expect(sheet).to_contain_text("Choose a label")
    for absent in ("slice", "Window presets", "Swap"):
        expect(sheet).not_to_contain_text(absent)
    player.page.keyboard.press("Escape")
    player.page.goto(f"{player.game.address}/report/cases/{studies['pair']}/")
    player.wait_until_shown()
    player.page.click("[data-action=help]")
    expect(sheet).to_contain_text("Window presets")
    expect(sheet).to_contain_text("Swap this view and the next")
    for absent in ("Choose a label", "Undo", "Submit"):
        expect(sheet).not_to_contain_text(absent)


def test_tools_that_have_no_room_are_in_a_menu(visitor, studies):
    with visitor(viewport={"width": 1024, "height": 768}) as player:
        player.page.goto(f"{player.game.address}/report/cases/{studies['followed']}/")
        player.wait_until_shown()
        player.page.set_viewport_size({"width": 620, "height": 768})
        more = player.page.locator("[data-role=more]")
        expect(more).to_be_visible()
        more.click()
        ratio = player.page.locator("[data-action=ratio]")
        expect(ratio).to_be_visible()
        ratio.click()
        expect(player.page.locator("[data-role=tool-hint]")).to_be_visible()


# Fingers


def touch(session, kind, points):
    session.send(
        "Input.dispatchTouchEvent",
        {
            "type": kind,
            "touchPoints": [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)],
        },
    )


def test_one_finger_draws_and_two_pinch(visitor, studies):
    with visitor(has_touch=True, viewport={"width": 1024, "height": 768}) as player:
        player.open(studies["dots"])
        player.choose("nodule")
        session = player.page.context.new_cdp_session(player.page)
        start, end = place(player, 0, [120, 160]), place(player, 0, [300, 400])
        touch(session, "touchStart", [start])
        touch(session, "touchMove", [[(start[0] + end[0]) / 2, (start[1] + end[1]) / 2]])
        touch(session, "touchMove", [end])
        touch(session, "touchEnd", [])
        assert player.drawn()[-1] == pytest.approx([0.2, 0.2, 0.5, 0.5], abs=0.005)
        scale = player.page.evaluate(f"{VIEWER}.scale()")
        x, y = place(player, 0, [300, 400])
        touch(session, "touchStart", [[x - 40, y]])
        touch(session, "touchStart", [[x - 40, y], [x + 40, y]])
        for apart in (50, 60, 70, 80):
            touch(session, "touchMove", [[x - apart, y], [x + apart, y]])
        touch(session, "touchEnd", [])
        assert player.page.evaluate(f"{VIEWER}.scale()") == pytest.approx(2 * scale, rel=0.05)
        assert place(player, 0, [300, 400]) == pytest.approx([x, y], abs=3)
        assert len(player.drawn()) == 1


def test_where_nothing_is_drawn_one_finger_pans(visitor, studies):
    with visitor(has_touch=True, viewport={"width": 1024, "height": 768}) as player:
        player.page.goto(f"{player.game.address}/report/cases/{studies['dots']}/")
        player.wait_until_shown()
        session = player.page.context.new_cdp_session(player.page)
        x, y = place(player, 0, [300, 400])
        touch(session, "touchStart", [[x, y]])
        touch(session, "touchMove", [[x + 20, y + 10]])
        touch(session, "touchMove", [[x + 40, y + 20]])
        touch(session, "touchEnd", [])
        assert place(player, 0, [300, 400]) == pytest.approx([x + 40, y + 20], abs=1)


# Speed, and where nothing can be drawn


def test_the_next_case_is_fetched_while_the_feedback_is_read(player):
    player.open(player.case_with(nodules=1))
    player.page.keyboard.press("n")
    with player.page.expect_response(
        lambda answer: "/images/" in answer.url and answer.url.endswith(".png"), timeout=20_000
    ) as ahead:
        player.submit()
        player.wait_for_feedback()
    assert ahead.value.ok
    player.page.wait_for_timeout(500)
    fetched = ahead.value.url
    player.page.keyboard.press("n")
    player.page.wait_for_function("() => !document.body.classList.contains('reviewing')")
    player.wait_until_shown()
    shown = player.page.evaluate(f"new URL({VIEWER}.urlOf(0), location.href).href")
    assert shown == fetched


def test_a_browser_that_can_draw_nothing_is_told_so(visitor, studies):
    with visitor() as player:
        player.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
        player.page.goto(f"{player.game.address}/localize/cases/{studies['dots']}/")
        note = player.page.locator(".note.error")
        expect(note).to_contain_text("neither with WebGL nor on a plain canvas")
