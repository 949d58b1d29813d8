"""Plays cases in both games, scored at once."""

from __future__ import annotations

import uuid
from typing import Any

from attempts import services, tasks
from attempts.models import Attempt
from attempts.series import open_next

NODULE = [0.6, 0.2, 0.7, 0.3]
"""The box of `nodule_case`."""


def play(user, case, kind: str = "localize", mode: str = "practice", **answer: Any) -> Attempt:
    """Submit an answer and score it."""
    rule = "standard" if kind == "localize" else "rules"
    attempt = services.open_attempt(user=user, case=case, kind=kind, mode=mode, rule=rule)
    return answered(attempt, **answer)


def answered(attempt: Attempt, **answer: Any) -> Attempt:
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1000)
    tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    return attempt


def go_on(series, **answer: Any) -> Attempt:
    """Answer the next case of a series."""
    return answered(open_next(series), **answer)


def mark(case, label: str = "nodule_mass", box=NODULE) -> dict[str, Any]:
    """A mark on the first image of a case."""
    image = case.images.first().public_id
    return {"id": label, "label": label, "image": image, "frame": 0, "box": box}
