"""Each part of the game can be switched off by itself."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.learning.test_skills import film


@pytest.mark.parametrize(
    ("switch", "words"),
    [
        ("plays_for_points", ("<dt>Level", "<dt>Points")),
        ("shows_streak", ("<dt>Weeks in a row", "<dt>This week")),
        ("shows_badges", ("<h2>Badges",)),
        ("plays_daily_film", ()),
    ],
)
def test_each_part_of_the_game_has_a_switch_of_its_own(switch, words, trainee, client_of):
    film()
    client, url = client_of(trainee), reverse("learning:goals")
    every = dict.fromkeys(
        ("plays_for_points", "shows_badges", "shows_streak", "plays_daily_film"), "on"
    )
    form = {"strategy": "adaptive", "weekly_goal": 5, "time_zone": "UTC", **every}
    del form[switch]
    assert client.post(url, form).status_code == 302
    page = client.get(url).content.decode()
    assert [word in page for word in words] == [False] * len(words)
    others = {"<dt>Level", "<dt>Weeks in a row", "<h2>Badges"} - set(words)
    assert all(word in page for word in others)
    home = client.get(reverse("learning:home")).content.decode()
    assert (reverse("learning:daily") in home) == (switch != "plays_daily_film")
