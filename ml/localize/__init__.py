"""Scoring the drawing game: marks and ticks against the truth of a case.

Three rules, defined in docs/scoring.md: ``clinical`` (the game's default), ``standard``, and
``radgame`` (Baharoon et al. 2025, arXiv 2509.13270, so that results can be compared).
"""

from __future__ import annotations

from ml.localize.command import answer_line
from ml.localize.credit import Size, Sizes
from ml.localize.model import (
    RADGAME_THRESHOLD,
    RULES,
    SCORER_VERSION,
    Alternate,
    Mark,
    MarkOutcome,
    Region,
    Result,
    Rule,
    Slice,
    Tick,
    TickOutcome,
    Truth,
    TruthOutcome,
    score_of,
)
from ml.localize.places import attach_alternates, join_slices
from ml.localize.rules import score

__all__ = [
    "RADGAME_THRESHOLD",
    "RULES",
    "SCORER_VERSION",
    "Alternate",
    "Mark",
    "MarkOutcome",
    "Region",
    "Result",
    "Rule",
    "Size",
    "Sizes",
    "Slice",
    "Tick",
    "TickOutcome",
    "Truth",
    "TruthOutcome",
    "answer_line",
    "attach_alternates",
    "join_slices",
    "score",
    "score_of",
]
