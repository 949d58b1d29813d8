"""An image whose pixels are higher than wide is drawn, marked and cut in true proportion."""

from __future__ import annotations

import json

import pytest

from tests.browser.pane import VIEWER, place, told_otherwise
from tests.browser.test_viewer import assert_dots_where_the_page_says

pytestmark = pytest.mark.browser


def test_pixels_twice_as_high_as_wide_are_drawn_so(visitor, studies):
    with visitor() as player:
        told_otherwise(player, spacing_mm=[0.4, 0.2], aspect=2)
        player.open(studies["dots"])
        player.page.mouse.move(5, 5)
        left, top = place(player, 0, [100, 100])
        right, bottom = place(player, 0, [200, 200])
        assert (bottom - top) == pytest.approx(2 * (right - left), rel=0.001)
        canvas = player.page.locator("[data-role=canvas]").bounding_box()
        whole = place(player, 0, [600, 800])[1] - place(player, 0, [0, 0])[1]
        assert whole == pytest.approx(canvas["height"], abs=1), "it fits by its true height"
        player.draw([0.2, 0.2, 0.6, 0.5])
        assert player.drawn()[-1] == pytest.approx([0.2, 0.2, 0.6, 0.5], abs=0.005)
        lines = player.page.locator(".box .line").bounding_box()
        assert lines["height"] / lines["width"] == pytest.approx(
            2 * 0.3 * 800 / (0.4 * 600), rel=0.02
        )
        before = player.page.evaluate(f"{VIEWER}.place()")
        player.page.evaluate(f"{VIEWER}.setPlace({json.dumps(before)})")
        after = player.page.evaluate(f"{VIEWER}.place()")
        assert after["zoom"] == pytest.approx(before["zoom"], rel=1e-3)
        assert after["center"] == pytest.approx(before["center"], abs=1e-3)


def test_the_pixels_seen_lie_where_the_page_has_them(visitor, studies):
    with visitor() as player:
        told_otherwise(player, spacing_mm=[0.3, 0.2], aspect=1.5)
        player.open(studies["dots"])
        player.page.mouse.move(5, 5)
        assert assert_dots_where_the_page_says(player, 1) == 9


@pytest.mark.parametrize(
    ("letters", "expected"),
    [(None, []), ({"left": "L", "right": "R"}, ["L", "R"]), ({"top": "H"}, ["H"])],
)
def test_letters_stand_only_where_the_page_says_so(visitor, studies, letters, expected):
    with visitor() as player:
        told_otherwise(player, letters=letters)
        player.open(studies["dots"])
        assert player.page.locator(".side:visible").all_inner_texts() == expected


def test_a_frontal_film_of_the_usual_kind_has_the_usual_letters(player, studies):
    player.open(studies["dots"])
    assert player.page.locator(".side:visible").all_inner_texts() == ["R", "L"]
