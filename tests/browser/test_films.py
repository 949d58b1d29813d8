"""Films in a real browser: exact, coarse first over a slow line, without a codec, damaged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from cases.imaging.render import pixels_of
from tests.browser.pane import VIEWER
from tests.browser.slow_line import slow_line

pytestmark = pytest.mark.browser

FAST_3G = 200_000
"""Bytes a second; 1.6 Mbit/s."""
PIXELS = f"""async () => {{
  const {{ pixels }} = {VIEWER}.rendition;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", pixels));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}}"""


def file_of(player, case: str) -> Path:
    """The rendition of a case's first image."""
    query = (
        "SELECT i.rendition FROM cases_image i JOIN cases_case c ON c.id = i.case_id "
        "WHERE c.public_id = ? ORDER BY i.position"
    )
    return player.game.data_dir / "media" / str(player.game.rows(query, case)[0][0])


def assert_shown_exactly(player, file: Path):
    assert file.suffix == ".jhc"
    stored = pixels_of(file.read_bytes())
    assert player.page.evaluate(PIXELS) == hashlib.sha256(stored.tobytes()).hexdigest()


@contextmanager
def damaged(file: Path) -> Iterator[None]:
    """The file with one bit of its middle turned, for a while."""
    sound = file.read_bytes()
    middle = len(sound) // 2
    file.write_bytes(sound[:middle] + bytes([sound[middle] ^ 1]) + sound[middle + 1 :])
    try:
        yield
    finally:
        file.write_bytes(sound)


def test_the_viewer_has_every_value_of_the_file(player):
    case = player.case_with(nodules=1)
    player.open(case)
    assert_shown_exactly(player, file_of(player, case))


def test_a_slow_line_shows_a_coarse_film_soon_and_the_whole_one_later(visitor, game):
    with slow_line(game.address) as line, visitor(proxy=line.proxy) as player:
        player.open(player.normal_case())  # scripts and codec are in the browser's cache
        case = player.case_with(nodules=1)
        line.bytes_a_second = FAST_3G
        player.page.goto(
            f"{game.address}/localize/cases/{case}/", wait_until="commit", timeout=60_000
        )
        page = player.page
        page.wait_for_function("() => document.querySelector('.pane')?.dataset.previewed")
        pane = page.locator(".pane").first
        assert int(pane.get_attribute("data-previewed")) < 2000
        assert pane.get_attribute("data-ready") is None
        page.wait_for_function(f"() => globalThis.radgame && {VIEWER}?.isCoarse")
        expect(pane.get_by_role("progressbar")).to_be_visible()
        before = page.evaluate(f"{VIEWER}.window.width")
        player.drag(player.at(0.4, 0.4), player.at(0.6, 0.4), button="right")
        assert page.evaluate(f"{VIEWER}.isCoarse"), "the window was changed on the coarse film"
        width = page.evaluate(f"{VIEWER}.window.width")
        assert width > before
        expect(pane).to_have_attribute("data-ready", "true", timeout=60_000)
        assert not page.evaluate(f"{VIEWER}.isCoarse")
        assert page.evaluate(f"{VIEWER}.window.width") == width
        expect(pane.get_by_role("progressbar")).to_be_hidden()
        assert_shown_exactly(player, file_of(player, case))


def test_without_its_codec_a_browser_shows_the_same_film(player):
    player.page.context.route("**/openjph*.wasm", lambda route: route.abort())
    case = player.case_with(nodules=1)
    with player.page.expect_response("**/0.png"):
        player.open(case)
    assert_shown_exactly(player, file_of(player, case))
    player.page.complaints.clear()


def test_a_film_that_is_damaged_on_the_disk_is_told_of(player):
    case = player.case_with(nodules=2)
    with damaged(file_of(player, case)):
        player.page.goto(f"{player.game.address}/localize/cases/{case}/")
        note = player.page.locator("[data-role=note]").first
        expect(note).to_contain_text("The image could not be loaded: the image is damaged.")
    player.page.complaints.clear()
