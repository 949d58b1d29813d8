"""Guided: the truth of a case with its explanations, without an answer to judge."""

from __future__ import annotations

from typing import Any

from feedback.models import Attempt, Result
from feedback.queries import next_url
from ml import atlas, taxonomy
from ml.atlas.place import place_of

SHOWN = "hit"
"""How the page's script is to draw a truth that nobody was asked for: as one that is known."""


def guided_review(attempt: Attempt, result: Result) -> dict[str, Any]:
    """The page's content, findings in order of importance; `page` is what its script gets."""
    rank = taxonomy.SIGNIFICANCES.index
    rows = sorted(result.data["truths"], key=lambda row: rank(row["significance"]))
    truths = [_in_words(row) for row in rows]
    return {
        "guided": True,
        "truths": truths,
        "next_url": next_url(attempt),
        "page": {"truths": [_for_script(row) for row in truths], "marks": [], "ticked": []},
    }


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    label = taxonomy.labels().get(row["label"])
    return {
        **row,
        "name": label.name if label else row["label"],
        "place": place_of(row["side"], row["location"]).phrase.strip("()"),
        "explanation": _explanation(row["label"]),
    }


def _explanation(slug: str) -> str:
    entry = atlas.entries().get(slug)
    if entry is None:
        return ""
    return " ".join(filter(None, (f"Look for {entry.look}.", entry.compare, entry.tip)))


def _for_script(row: dict[str, Any]) -> dict[str, Any]:
    kept = {key: row[key] for key in ("id", "name", "image", "frame", "box", "others")}
    return {**kept, "outcome": SHOWN}
