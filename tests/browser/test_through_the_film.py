"""Seeing through a simulated film in a real browser: it names, blinks, splits and peels."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

WITH_LAYERS = """
SELECT c.public_id FROM cases_case c JOIN cases_image i ON i.case_id = c.id
JOIN cases_layer l ON l.image_id = i.id WHERE l.kind IN ('anatomy', 'finding', 'bones')
GROUP BY c.id, c.public_id HAVING count(DISTINCT l.kind) = 3 ORDER BY c.id
"""
WITH_CT = """
SELECT c.public_id FROM cases_case c JOIN cases_image i ON i.case_id = c.id
JOIN cases_layer l ON l.image_id = i.id JOIN cases_finding f ON f.case_id = c.id
JOIN cases_region r ON r.finding_id = f.id
WHERE l.kind = 'ct' AND f.label IN ('nodule_mass', 'consolidation') ORDER BY c.id
"""
# The last that a browser sends after a tap, when the finger has long left, and a frame drawn since.
LEFT = """() => {
  const last = new Promise((tell) => {
    const drawn = ({ pointerType }) => requestAnimationFrame(() => tell(pointerType));
    document.addEventListener("click", drawn, { capture: true, once: true });
  });
  return { last };
}"""
SLICING = """async () => {
  const { ct } = radgame.page.behind;
  const viewers = ["axial", "coronal", "sagittal"].map((plane) => ct.panes[plane].view.viewer);
  const times = [];
  const depth = document.querySelector("[data-role=behind-ct-depth]");
  const settled = () => viewers.every((viewer) => viewer.frame === viewer.wanted);
  for (let turn = 0; turn < 12; turn += 1) {
    const start = performance.now();
    depth.value = Number(depth.min) + 60 + 3 * turn;
    depth.dispatchEvent(new Event("input"));
    while (!settled()) await new Promise((resolve) => setTimeout(resolve));
    times.push(performance.now() - start);
  }
  return times;
}"""
INK = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let at = 0; at < data.length; at += 4) sum += data[at];
  return sum / (data.length / 4);
}"""
UNLIKE = """() => {
  const { view, veil, layer } = radgame.page.behind;
  const { rendition: film, window } = view.viewer;
  const [left, top, right, bottom] = layer.box;
  const { data } = veil.mapped.getContext("2d").getImageData(0, 0, film.width, film.height);
  const far = (at, low, high) => at < low - 0.26 || at > high + 0.26; // two tiles away
  let [most, compared] = [0, 0];
  for (let y = 0; y < film.height; y += 7) {
    for (let x = 0; x < film.width; x += 7) {
      if (!far(x / film.width, left, right) && !far(y / film.height, top, bottom)) continue;
      const at = y * film.width + x;
      const share = (film.pixels[at] - window.center + window.width / 2) / window.width;
      most = Math.max(most, Math.abs(data[4 * at] - 255 * Math.min(1, Math.max(0, share))));
      compared += 1;
    }
  }
  return [most, compared];
}"""
BLINKS = """async () => {
  const { behind } = radgame.page;
  const veil = document.querySelector("[data-role=veil]");
  const times = [];
  for (let turn = 0; turn < 6; turn += 1) {
    const start = performance.now();
    behind.blink(turn % 2 === 0);
    while (veil.hidden !== (turn % 2 === 0)) await new Promise(requestAnimationFrame);
    times.push(performance.now() - start);
  }
  return times;
}"""


def told(player, which=WITH_LAYERS) -> str:
    """Answer a film that has layers, wrongly; what the page received before is searched."""
    found = player.game.rows(which)
    assert found, "films of the demo set have layers"
    case = str(found[0][0])
    asked: list[str] = []
    player.page.on("request", lambda request: asked.append(request.url))
    player.open(case)
    page = json.dumps(player.page.content())
    assert "behind" not in page
    assert "See through" not in page
    player.choose("bulla")
    player.draw([0.05, 0.85, 0.15, 0.95])
    assert not [url for url in asked if "/behind" in url]
    player.submit()
    player.wait_for_feedback()
    control = player.page.locator("details[data-role=behind]")
    expect(control).to_have_attribute("data-ready", "true")
    control.locator("summary").click()
    return case


def test_it_names_blinks_splits_and_peels(player):
    told(player)
    page = player.page
    page.keyboard.press("=")
    page.mouse.move(*player.at(0.62, 0.7))
    expect(page.locator(".named")).to_contain_text("eart")
    page.mouse.click(*player.at(0.62, 0.7))
    expect(page.locator("[data-role=behind-here]")).to_contain_text("eart")

    page.keyboard.press("u")
    groups = page.locator("[data-role=behind-groups] input")
    outlines = page.locator(".outlines path")
    drawn = [outlines.count()]
    for _ in range(1, groups.count()):
        page.keyboard.press("u")
        expect(page.locator("[data-role=behind-groups] input:checked")).to_have_count(1)
        drawn.append(outlines.count())
    assert min(drawn) > 0 and sum(drawn) > 60
    page.keyboard.press("u")
    expect(outlines).to_have_count(0)

    veil = page.locator("[data-role=veil]")
    expect(veil).to_be_hidden()
    shades = []
    for _ in range(page.locator("[data-role=behind-layer] option").count() - 1):
        page.keyboard.press("j")
        expect(veil).to_be_visible()
        expect(page.locator("[data-role=behind-said]")).to_contain_text("Without")
        expect(page.locator(".veil-said")).to_contain_text("Without")
        shades.append(veil.evaluate(INK))
    assert shades[-1] < max(shades)  # without bones and heart it is darker

    page.keyboard.down("f")
    expect(veil).to_be_hidden()
    page.keyboard.up("f")
    expect(veil).to_be_visible()
    assert max(page.evaluate(BLINKS)[1:]) < 1000  # of a busy machine; bench on an idle one

    page.locator("[data-role=behind-split]").fill("50")
    expect(veil).to_have_css("clip-path", re.compile("inset"))
    expect(page.locator(".veil-edge")).to_be_visible()
    page.keyboard.press("j")
    expect(veil).to_be_hidden()
    expect(page.locator("[data-role=behind-said]")).to_have_text("The film as it is.")

    page.keyboard.down("f")  # held again, where nothing is off it and the split was moved before
    expect(veil).to_be_visible()
    expect(page.locator("[data-role=behind-said]")).to_contain_text("while it is held")
    page.keyboard.up("f")
    expect(veil).to_be_hidden()


def test_by_keyboard_a_crosshair_names_what_lies_there_and_takes_the_slices_along(player):
    told(player, WITH_CT)
    page = player.page
    page.keyboard.press("b")
    expect(page.locator("[data-view^='CT,']")).to_have_count(3)
    expect(page.locator("[data-role=behind-ct-said]")).to_contain_text("Slices: axial")
    page.keyboard.press("k")
    said = page.locator("[data-role=behind-here]")
    named = page.locator(".named")
    expect(named).to_be_visible()
    expect(said).to_have_text(f"{named.inner_text()}.")
    before = point_of(player)[1]
    for _ in range(4):
        page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator(".crosshair line")).to_have_count(2)
    assert point_of(player)[1][0] == pytest.approx(0.3, abs=0.01)
    assert point_of(player)[1] != before
    expect(said).to_contain_text("right")  # the patient's right is on the left
    page.keyboard.press("v")  # to a slice, from where it can be put away, too
    page.keyboard.press("k")
    expect(page.locator(".crosshair line")).to_have_count(0)
    page.locator("[data-view=PA], [data-view=AP]").first.locator("[data-role=canvas]").click()
    page.keyboard.press("k")
    expect(page.locator(".crosshair line")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator(".crosshair line")).to_have_count(0)
    row = page.locator("[data-row]").first
    page.keyboard.press("ArrowDown")  # the arrows step through the findings again
    expect(row).to_be_visible()


def test_a_tap_names_what_lies_there_until_the_next_and_a_finger_holds_blink(visitor):
    with visitor(has_touch=True, viewport={"width": 1024, "height": 768}) as player:
        told(player)
        page = player.page
        page.keyboard.press("=")
        left = page.evaluate_handle(LEFT)
        page.touchscreen.tap(*player.at(0.62, 0.7))
        named = page.locator(".named")
        expect(page.locator("[data-role=behind-here]")).to_contain_text("eart")
        assert left.evaluate("({ last }) => last") == "touch"
        expect(named).to_be_visible()
        expect(named).to_contain_text("eart")
        blink = page.locator("[data-role=behind-blink]")
        expect(blink).to_have_css("touch-action", "none")
        expect(blink).to_have_css("user-select", "none")
        blink.dispatch_event("pointerdown", {"button": 0})
        expect(blink).to_have_attribute("aria-pressed", "true")
        blink.dispatch_event("blur")
        expect(blink).to_have_attribute("aria-pressed", "false")


def test_after_a_report_the_film_is_seen_through_too(player):
    case = str(player.game.rows(WITH_CT)[0][0])
    page = player.page
    page.goto(f"{player.game.address}/report/cases/{case}/")
    player.wait_until_shown()
    assert "See through" not in page.content()
    page.locator("[data-role=text]").fill("Clear lungs. No pneumothorax.")
    page.locator("[data-role=submit]").click()
    control = page.locator("details[data-role=behind]")
    expect(control).to_have_attribute("data-ready", "true")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-role=behind-here]")).to_contain_text("at its")
    page.keyboard.press("j")
    expect(page.locator("[data-role=veil]")).to_be_visible()
    page.keyboard.press("b")
    expect(page.locator("[data-view^='CT,']")).to_have_count(3)
    expect(page.locator("[data-role=behind-ct-said]")).to_contain_text("Slices: axial")
    spots = page.evaluate("() => radgame.page.behind.ct.ct.spots.map(({ at }) => at)")
    assert point_of(player)[0] in spots  # where the finding lies that was stepped to


def test_with_raised_local_contrast_it_differs_from_the_film_by_what_is_off_alone(player):
    told(player)
    page = player.page
    veil = page.locator("[data-role=veil]")
    page.keyboard.press("j")
    expect(veil).to_be_visible()
    plain = veil.evaluate(INK)
    for on in ("true", "false"):
        page.evaluate(f"() => radgame.page.behind.view.viewer.setContrast({on})")
        most, compared = page.evaluate(UNLIKE)
        assert most < 2 and compared > 1000
        assert (veil.evaluate(INK) == plain) == (on == "false")


def test_stepping_to_a_finding_says_what_lies_there(player):
    told(player)
    said = player.page.locator("[data-role=behind-here]")
    rows = player.page.locator("[data-row]").count()
    for _ in range(rows):
        player.page.keyboard.press("ArrowDown")
        if "at its" in said.inner_text():
            return
    pytest.fail("no finding was said to lie anywhere")


def test_what_is_damaged_is_a_sentence_and_the_feedback_stands(player):
    page = player.page
    page.route(re.compile(r"/behind/(?!ct$)[^/]+$"), lambda route: route.fulfill(body="no picture"))
    told(player, WITH_CT)
    page.keyboard.press("j")
    expect(page.locator("[data-role=behind-problem]")).to_have_text(
        "The film without it could not be loaded."
    )
    expect(page.locator("[data-role=veil]")).to_be_hidden()
    page.keyboard.press("b")
    expect(page.locator("[data-role=behind-ct-said]")).to_have_text(
        "The CT behind this film is missing or damaged."
    )
    expect(page.locator("[data-view^='CT,']")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-row]").first).to_be_visible()


def test_what_cannot_be_fetched_is_said_in_a_sentence_of_the_game(player):
    page = player.page
    page.route(re.compile(r"/behind/ct$"), lambda route: route.abort())
    told(player, WITH_CT)
    page.keyboard.press("b")
    expect(page.locator("[data-role=behind-ct-said]")).to_have_text(
        "The CT could not be loaded. Try again later."
    )
    page.route(re.compile(r"/behind$"), lambda route: route.abort())
    page.reload()
    page.locator("details[data-role=behind] summary").click()
    expect(page.locator("[data-role=behind-problem]")).to_have_text(
        "What lies behind the film could not be loaded."
    )
    page.complaints.clear()  # the browser's own, of what it was not let fetch


def point_of(player):
    """Where the cross-hair stands: mm of the person, and shares of the film."""
    script = (
        "() => { const { ct } = radgame.page.behind; return [ct.point, ct.ct.onFilm(ct.point)]; }"
    )
    return player.page.evaluate(script)


def test_it_follows_a_point_into_the_ct(player):
    told(player, WITH_CT)
    page = player.page
    panes = page.locator("[data-view^='CT,']")
    said = page.locator("[data-role=behind-ct-said]")
    page.keyboard.press("b")
    expect(panes).to_have_count(3)
    for index in range(3):
        expect(panes.nth(index)).to_have_attribute("data-ready", "true")
    expect(said).to_contain_text("Slices: axial")

    for _ in range(page.locator("[data-row]").count()):
        page.keyboard.press("ArrowDown")
        if "along it" in said.inner_text():
            break
    expect(said).to_contain_text("along it")  # where along the line the finding lies
    expect(page.locator(".ct-finding")).to_have_count(3)
    spots = page.evaluate("() => radgame.page.behind.ct.ct.spots.map(({ at }) => at)")
    assert point_of(player)[0] in spots

    page.evaluate(
        "() => { const { ct, told } = radgame.page.behind; const box = [0.01, 0.01, 0.03, 0.03];"
        "ct.goTo({ box, image: told.image, name: ct.ct.spots[0].name }); }"
    )
    stayed, share = point_of(player)  # a mark of the same name that is elsewhere
    assert stayed not in spots and share == pytest.approx([0.02, 0.02], abs=0.02)

    film = page.locator("[data-view=PA], [data-view=AP]").first.locator("[data-role=canvas]")
    around = film.bounding_box()
    assert around
    page.mouse.click(around["x"] + 0.5 * around["width"], around["y"] + 0.4 * around["height"])
    there = page.evaluate(
        "([x, y]) => { const { image } = radgame.page.stage.views[0];"
        "const [a, b] = radgame.page.stage.forTests().toImage(0, [x, y]);"
        "return [a / image.width, b / image.height]; }",
        [around["x"] + 0.5 * around["width"], around["y"] + 0.4 * around["height"]],
    )
    point, share = point_of(player)
    assert share == pytest.approx(there, abs=0.005)

    axial = page.locator("[data-view='CT, axial'] [data-role=canvas]")
    box = axial.bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.55 * box["height"])
    moved, onto = point_of(player)
    assert moved[0] == pytest.approx(point[0])  # the same slice
    assert moved[2] != pytest.approx(point[2], abs=1) and onto != pytest.approx(share, abs=0.01)
    page.keyboard.press("PageDown")
    expect(page.locator("[data-view='CT, axial'] [data-role=slice]")).to_be_visible()
    page.wait_for_function(f"() => radgame.page.behind.ct.point[0] > {moved[0]}")

    lung = page.get_by_role("button", name="Lung", exact=True)
    lung.click()
    for index in range(3):
        expect(panes.nth(index).locator("[data-role=window]")).to_have_text("W 1500 L -600 HU")

    times = page.evaluate(SLICING)
    print(f"\nslices at a step: {sorted(times)[len(times) // 2]:.0f} ms, most {max(times):.0f} ms")
    assert sorted(times)[len(times) // 2] < 1000  # of a busy machine

    page.keyboard.press("b")
    expect(panes).to_have_count(0)
    expect(said).to_have_text("")
    page.keyboard.press("b")
    expect(panes).to_have_count(3)
    page.keyboard.press("n")
    expect(page.locator("[data-role=submit]")).to_be_visible()
    expect(panes).to_have_count(0)
