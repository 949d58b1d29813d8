"""No page asks anything of another server; every browser test ends with the same check."""

from __future__ import annotations

import pytest

from tests.browser.origins import asked_by, off_origin
from tests.browser.player import Player

pytestmark = pytest.mark.browser
PAGES = {
    "trainee": [
        *("/home/", "/history/", "/progress/", "/about/scoring/", "/account/", "/report/macros/"),
        "/nowhere/",
    ],
    "curator": ["/cases/", "/admin/", "/admin/cases/case/"],
    "instructor": ["/classes/", "/classes/new/"],
}


def test_it_works(game, page, trainee):
    """One case played, from the log-in to the feedback."""
    asked = asked_by(page)
    player = Player(game, page)
    player.log_in_by_form(trainee)
    player.open(player.case_with(nodules=1))
    player.choose("nodule")
    player.draw([0.3, 0.3, 0.5, 0.5])
    player.submit()
    player.wait_for_feedback()
    assert off_origin(asked) == []
    assert any(url.startswith("ws") for url in asked)
    assert any(url.endswith(".jhc") for url in asked)


@pytest.mark.parametrize("role", PAGES)
def test_pages_ask_their_own_server_alone(game, page, role):
    asked = asked_by(page)
    Player(game, page).log_in_by_form(role)
    for address in PAGES[role]:
        page.goto(game.address + address, wait_until="networkidle")
    assert len(asked) > len(PAGES[role]) and off_origin(asked) == []
    page.complaints[:] = [word for word in page.complaints if "404" not in word]


def test_an_image_from_elsewhere_is_noticed(game, chromium):
    page = chromium.new_page()
    asked = asked_by(page)
    page.route("http://elsewhere.invalid/**", lambda route: route.abort())
    page.goto(f"{game.address}/healthz")
    page.set_content('<img src="http://elsewhere.invalid/pixel.png" alt="">')
    page.wait_for_function("document.images[0].complete")
    page.close()
    assert off_origin(asked) == ["http://elsewhere.invalid/pixel.png"]
