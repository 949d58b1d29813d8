"""What the writing game keeps of a person beside attempts: macros, and contested pairings."""

from __future__ import annotations

from accounts.personal import part
from report.models import Contest, Macro

PARTS = (
    part("macros", Macro, "user", "name", "text"),
    part(
        "contests",
        Contest,
        "attempt__user",
        *("attempt__public_id", "note", "learner_text", "why", "state", "created_at"),
    ),
)
