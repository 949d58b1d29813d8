"""What other apps may want to know of cases; cases itself knows none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.dispatch import Signal

if TYPE_CHECKING:
    from cases.models import Case

case_published = Signal()
"""A case is open for playing with images or a truth that were not published before.

Sent with `case`, before the transaction commits; it may come more than once for the same truth.
"""


def tell_if_published(case: Case) -> None:
    """Tell other apps of a case that learners may play now, or of its new truth.

    One that was made for a single learner is no news.
    """
    if case.is_playable and case.made_for_id is None:
        case_published.send_robust(type(case), case=case)
