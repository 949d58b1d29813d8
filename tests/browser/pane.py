"""Where a view of the case page lies, and its viewer in the page's own script."""

from __future__ import annotations

import json
import re
import time

from tests.browser.player import WAIT_MS

VIEWER = "radgame.page.views[0].viewer"
FOCUSED = "radgame.page.stage.view.viewer"
PAGE_JSON = re.compile(r'(<script id="case-data" type="application/json">)(.*?)(</script>)', re.S)


def place(player, view, point):
    """Where an image point, in pixels, lies on the page."""
    return player.page.evaluate("([view, point]) => radgame.toPage(view, point)", [view, point])


def canvas_of(player, view=0):
    return player.page.locator(f".pane >> nth={view} >> [data-role=canvas]").bounding_box()


def eventually(page, assertion, *arguments):
    """What an assertion gives as soon as it holds: it is asked again with every frame shown."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while True:
        try:
            return assertion(*arguments)
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        page.evaluate("() => new Promise(requestAnimationFrame)")


def wait_until_resized(player):
    """Until every view in sight draws as many pixels as its pane has."""
    player.page.wait_for_function(
        """() => radgame.page.views
          .map(({ viewer }) => viewer.element)
          .filter((element) => element.clientWidth)
          .every((element) => {
            const { width, height } = element.querySelector("canvas");
            const across = width - element.clientWidth * devicePixelRatio;
            const down = height - element.clientHeight * devicePixelRatio;
            return Math.abs(across) < 2 && Math.abs(down) < 2;
          })"""
    )


def told_otherwise(player, **changed):
    """The case page's images as if the server had said this of them."""

    def change(route):
        response = route.fetch()
        start, page, end = PAGE_JSON.search(response.text()).groups()
        data = json.loads(page)
        for image in data["images"]:
            image.update(changed)
        said = json.dumps(data).replace("<", "\\u003c")
        route.fulfill(
            response=response, body=PAGE_JSON.sub(lambda _: start + said + end, response.text())
        )

    player.page.route(re.compile(r"/(localize|report)/cases/"), change)
