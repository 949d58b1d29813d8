"""What rooms above put on a learner's pages, and where a series that was assigned belongs.

They register when their app is ready; nothing here imports them.
"""

from __future__ import annotations

from collections.abc import Callable

from django.utils.safestring import SafeString

from accounts.models import User
from accounts.requests import UserRequest
from attempts.models import Series

Panel = Callable[[UserRequest], SafeString | str]

Compared = Callable[[UserRequest, str, str], SafeString | str]
"""Of a request, and the game and the rule whose figures the page shows."""

panels: list[Panel] = []
"""Each writes what is to stand at the head of a learner's start page; empty for nothing."""
compared: list[Compared] = []
"""Each writes what is to stand on a learner's page of progress beside their own figures."""
no_game: list[Callable[[User], bool]] = []
"""Each says whether points, badges, goals and the daily film are switched off for a learner."""
_pages: list[Callable[[Series], str]] = []


def register(*, panel: Panel, compares: Compared, page_of: Callable[[Series], str]) -> None:
    """`page_of` gives the address of what an assigned series belongs to, empty for nothing."""
    panels.append(panel)
    compared.append(compares)
    _pages.append(page_of)


def page_of(series: Series) -> str:
    """The page that an assigned series belongs to; empty where there is none."""
    if not series.is_assigned:
        return ""
    return next((address for find in _pages if (address := find(series))), "")


def plays_no_game(user: User) -> bool:
    """Whether somebody else has switched the elements of the game off for the learner."""
    return any(says(user) for says in no_game)
