"""What the drawing game keeps of a person beside attempts: the truths they doubted."""

from __future__ import annotations

from accounts.personal import part
from localize.models import Flag

PARTS = (
    part(
        "doubts",
        Flag,
        "attempt__user",
        *("attempt__public_id", "why", "state", "created_at", "changed_at"),
    ),
)
