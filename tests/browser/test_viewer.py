"""The viewer in a real browser: coordinates, windows, magnifier, measurements."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.pane import (
    FOCUSED,
    VIEWER,
    canvas_of,
    eventually,
    place,
    told_otherwise,
    wait_until_resized,
)
from tests.studies import DOT, HU_OFFSET, SPACING_MM, dot_places

pytestmark = pytest.mark.browser


def seen(page: Page) -> np.ndarray:
    """The page as it is on the screen: gray values by device row and column."""
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
        wait_until_resized(player)
        found = eventually(player.page, assert_dots_where_the_page_says, player, ratio)
        assert found >= 1
        assert_drawn_where_it_is_seen(player)
        player.page.keyboard.press("=")
        assert assert_dots_where_the_page_says(player, ratio) == 9


def test_a_fitted_image_stays_fitted_when_the_window_changes(player, studies):
    player.open(studies["dots"])
    player.page.set_viewport_size({"width": 1600, "height": 1000})
    wait_until_resized(player)
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
    box = canvas_of(player, 1)
    part = np.s_[
        int(box["y"]) : int(box["y"] + box["height"]), int(box["x"]) : int(box["x"] + box["width"])
    ]
    focused = player.page.evaluate("radgame.page.stage.focused")
    assert focused == 1  # the frontal, though it is the second of the case

    def differs():
        return np.abs(seen(player.page)[part] - before[part]).mean()

    def is_another():
        assert differs() > 3

    def is_as_before():
        assert differs() < 1

    eventually(player.page, is_another)
    player.page.keyboard.press("Space")
    eventually(player.page, is_as_before)


def test_the_magnifier_shows_while_its_key_is_held_or_stays_after_a_short_press(player, studies):
    player.open(studies["dots"])
    lens = player.page.locator("[data-role=lens]")
    player.page.mouse.move(*place(player, 0, [300.5, 400.5]))
    player.page.keyboard.down("m")
    expect(lens).to_be_visible()
    pressed = player.page.evaluate("performance.now()")
    lit = player.page.evaluate(
        """() => {
          const lens = document.querySelector("[data-role=lens]");
          const { data } = lens.getContext("2d").getImageData(0, 0, lens.width, lens.height);
          return data.filter((value, index) => index % 4 === 0 && value > 127).length;
        }"""
    )
    scale = player.page.evaluate(f"{VIEWER}.scale()")
    assert lit == pytest.approx((DOT * scale * 2.5) ** 2, rel=0.2)
    player.page.wait_for_function("(pressed) => performance.now() > pressed + 400", arg=pressed)
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


@pytest.mark.parametrize("own", [(-600, 1500), (40, 400), (100, 900)])
def test_each_press_of_the_preset_key_leads_to_another_window_of_a_ct(player, studies, own):
    """Also where the image's own window is one of the presets."""
    told_otherwise(player, window={"center": own[0] - HU_OFFSET, "width": own[1]})
    player.open(studies["stack"])
    presets = player.page.locator("[data-role=presets]")
    names = presets.locator("option:not([disabled])").all_inner_texts()
    seen = []
    for _ in names:
        player.page.keyboard.press("w")
        window = player.page.evaluate(f"JSON.stringify({VIEWER}.window)")
        seen.append((presets.locator("option:checked").inner_text(), window))
    assert sorted(name for name, _ in seen) == sorted(names)
    assert len({window for _, window in seen}) == len(names)
    for name in ("Lung", "Mediastinum", "Bone"):
        presets.select_option(label=name)
        expect(presets.locator("option:checked")).to_have_text(name)


def test_keys_on_the_slider_of_slices_mean_what_they_mean_on_the_image(player, studies):
    player.open(studies["stack"])
    slider = player.page.locator("[data-role=slices]")
    box = slider.bounding_box()
    player.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(slider).to_be_focused()
    shown = player.page.locator("[data-role=slice]")
    expect(shown).not_to_have_text("1 / 24")
    start = int(shown.inner_text().split(" / ")[0])
    steps = {"PageDown": 1, "ArrowDown": 2, "ArrowRight": 3, "PageUp": 2, "ArrowUp": 1}
    for key, by in steps.items():
        player.page.keyboard.press(key)
        expect(shown).to_have_text(f"{start + by} / 24")
        expect(slider).to_have_js_property("value", str(start + by - 1))
    player.page.keyboard.press("Home")
    expect(shown).to_have_text("1 / 24")
    player.page.keyboard.press("End")
    expect(shown).to_have_text("24 / 24")
