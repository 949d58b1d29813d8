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
INK = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let at = 0; at < data.length; at += 4) sum += data[at];
  return sum / (data.length / 4);
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


def told(player) -> str:
    """Answer a film that has layers, wrongly; what the page received before is searched."""
    found = player.game.rows(WITH_LAYERS)
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
        page.wait_for_timeout(0)
        shades.append(veil.evaluate(INK))
    assert shades[-1] < max(shades)  # without bones and heart it is darker

    page.keyboard.down("f")
    expect(veil).to_be_hidden()
    page.keyboard.up("f")
    expect(veil).to_be_visible()
    assert max(page.evaluate(BLINKS)[1:]) < 1000  # of a busy machine; bench on an idle one

    page.locator("[data-role=behind-split]").fill("50")
    expect(veil).to_have_css("clip-path", re.compile("inset"))
    page.keyboard.press("j")
    expect(veil).to_be_hidden()
    expect(page.locator("[data-role=behind-said]")).to_have_text("The film as it is.")


def test_stepping_to_a_finding_says_what_lies_there(player):
    told(player)
    said = player.page.locator("[data-role=behind-here]")
    rows = player.page.locator("[data-row]").count()
    for _ in range(rows):
        player.page.keyboard.press("ArrowDown")
        if "at its" in said.inner_text():
            return
    pytest.fail("no finding was said to lie anywhere")
