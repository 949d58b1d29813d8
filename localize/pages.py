"""What the drawing game adds to the shared pages."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from attempts.models import Attempt, Mode, Result
from attempts.pages import GamePages, Shown
from feedback import seen_through
from feedback.backends import has_eyes
from localize import changes
from localize.guided import guided_review
from localize.queries import palette
from localize.review import FRONTAL, review_of
from localize.scoring import GAME
from localize.timing import spent_ms

UNDESCRIBED = (Mode.SPRINT, Mode.TEST)
"""Without the atlas's words on the labels."""
BLIND_SPOTS = (
    *("Apices and first ribs", "Hila", "Behind the heart"),
    *("Under the domes", "Bones", "Tubes and lines"),
)
"""Where findings on a chest radiograph are overlooked most, for a last look in any order."""
EMPTY_ANSWER: dict[str, Any] = {"marks": [], "ticked": [], "normal": False}


def show(attempt: Attempt) -> Shown:
    """What is marked so far, and the same list of labels for every case."""
    explain, rate = (
        reverse(f"{GAME.kind}:{name}", args=[attempt.public_id]) for name in ("explain", "rate")
    )
    labels = palette(described=attempt.mode not in UNDESCRIBED, rule=attempt.rule)
    return Shown(
        draft=attempt.answer or EMPTY_ANSWER,
        page={
            "rule": attempt.rule,
            "labels": labels,
            "spent_ms": spent_ms(attempt),
            "asks_change": changes.asks(attempt),
        },
        urls={"explain": explain if has_eyes() else None, "rate": rate},
        context={"blind_spots": BLIND_SPOTS if _is_radiograph(attempt) else ()},
    )


def _is_radiograph(attempt: Attempt) -> bool:
    """Whether a frontal radiograph of the chest is among the images."""
    return any(image.view in FRONTAL for image in attempt.case.images.all())


def told(attempt: Attempt, result: Result) -> dict[str, Any]:
    behind = seen_through.controls_of(attempt)
    if attempt.mode == Mode.GUIDED:
        return {"review": guided_review(attempt, result), "behind": behind}
    hints = result.data.get("hints", [])
    return {"review": review_of(attempt, result), "hints": hints, "behind": behind}


PAGES = GamePages(game=GAME, page_name="Case", show=show, told=told)
