"""Where a view of the case page lies, and its viewer in the page's own script."""

from __future__ import annotations

VIEWER = "radgame.page.views[0].viewer"
FOCUSED = "radgame.page.stage.view.viewer"


def place(player, view, point):
    """Where an image point, in pixels, lies on the page."""
    return player.page.evaluate("([view, point]) => radgame.toPage(view, point)", [view, point])


def canvas_of(player, view=0):
    return player.page.locator(f".pane >> nth={view} >> [data-role=canvas]").bounding_box()
