"""The viewer in a real browser: several views, slices, keys, touch, the next case."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.pane import VIEWER, canvas_of, eventually, place, wait_until_resized
from tests.studies import FRAMES

pytestmark = pytest.mark.browser


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
    wait_until_resized(player)
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

    def numbers():
        return {url.rsplit("/", 1)[1] for url in asked if "/images/" in url and ".jhc" in url}

    def first_are_asked_for():
        assert {"0.jhc", "1.jhc", "2.jhc", "3.jhc"} <= numbers()

    eventually(player.page, first_are_asked_for)
    player.page.wait_for_function("() => radgame.page.stage.renditions.waiting.size === 0")
    assert f"{FRAMES - 1}.jhc" not in numbers()


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
        page.click("[data-bind=normal]")
        page.keyboard.press("z")
        page.click("[data-bind=invert]")
        page.keyboard.press(";")
        expect(page.locator("[data-bind=invert]")).to_have_text(";")
        page.locator("[data-mouse=right]").select_option("zoom")
        page.get_by_role("button", name="Done").click()
        page.reload()
        player.wait_until_shown()
        page.keyboard.press("i")
        assert not page.evaluate(f"{VIEWER}.inverted")
        page.keyboard.press(";")
        assert page.evaluate(f"{VIEWER}.inverted")
        assert page.locator("[data-action=invert]").get_attribute("title") == "Invert (;)"
        expect(page.locator(".normal kbd")).to_have_text("Z")
        page.keyboard.press("?")
        row = page.locator("#help .keys div", has_text="Invert")
        expect(row.locator("kbd")).to_have_text(";")
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
        drawn = player.drawn()
        assert drawn[-1] == pytest.approx([0.2, 0.2, 0.5, 0.5], abs=0.005)
        scale = player.page.evaluate(f"{VIEWER}.scale()")
        x, y = place(player, 0, [300, 400])
        touch(session, "touchStart", [[x - 40, y]])
        touch(session, "touchStart", [[x - 40, y], [x + 40, y]])
        for apart in (50, 60, 70, 80):
            touch(session, "touchMove", [[x - apart, y], [x + apart, y]])
        touch(session, "touchEnd", [])
        assert player.page.evaluate(f"{VIEWER}.scale()") == pytest.approx(2 * scale, rel=0.05)
        assert place(player, 0, [300, 400]) == pytest.approx([x, y], abs=3)
        assert len(player.drawn()) == len(drawn)


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
    fetched: list[str] = []
    player.page.context.on("response", lambda answer: answer.ok and fetched.append(answer.url))
    player.submit()
    player.wait_for_feedback()
    player.page.wait_for_function("() => radgame.page.ahead")
    player.page.evaluate("radgame.page.ahead")  # a promise: until all of it is there
    before = list(fetched)
    player.page.keyboard.press("n")
    player.page.wait_for_function("() => !document.body.classList.contains('reviewing')")
    player.wait_until_shown()
    shown = player.page.evaluate(f"new URL({VIEWER}.urlOf(0), location.href).href")
    assert shown in before


def test_a_browser_that_can_draw_nothing_is_told_so(visitor, studies):
    with visitor() as player:
        player.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
        player.page.goto(f"{player.game.address}/localize/cases/{studies['dots']}/")
        note = player.page.locator(".note.error")
        expect(note).to_contain_text("neither with WebGL nor on a plain canvas")
        player.page.complaints.clear()  # the engine says it to the console as well
