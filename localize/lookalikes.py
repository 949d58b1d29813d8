"""Two labels taken for one another, side by side: how to tell them apart, and a film of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cases.models import Image
from localize.similar import card_of
from localize.wording import Answer, kind_of, nearest
from ml import atlas

Row = Mapping[str, Any]


def called_in(row: Row, answer: Answer) -> str:
    """The label under which the learner saw a finding that is another one; empty for none."""
    if kind_of(row, answer) != "recognition":
        return ""
    seen = answer.marks.get(row["mark"] or "") or answer.ticks.get(row["finding"])
    seen = seen or nearest(row, answer)
    return seen["label"] if seen and seen["label"] != row["label"] else ""


def lookalikes(
    row: Row,
    called: str,
    truths: Sequence[Row],
    similar: Mapping[str, Mapping[str, Any]],
    images: Mapping[str, Image],
) -> dict[str, Any] | None:
    """The finding and what it was called, as the page shows them; None where there is no pair.

    A film is of this case, or one of `similar` (see `localize.similar.similar_cases`): no film
    of another case whose truth the learner has not been told is ever shown. `tell` is empty
    where the row's explanation says it already.
    """
    known = atlas.entries()
    if row["label"] not in known or called not in known:
        return None
    tell = atlas.tell_apart(row["label"], called)
    return {
        "tell": "" if tell in row["explanation"] else tell,
        "pair": [
            {"entry": known[label], "film": _film(label, [row, *truths], similar, images)}
            for label in (row["label"], called)
        ],
        "called": known[called].name,
    }


def _film(
    label: str,
    truths: Sequence[Row],
    similar: Mapping[str, Mapping[str, Any]],
    images: Mapping[str, Image],
) -> dict[str, Any] | None:
    """A film of a label: this case's own, else one of another case; None where there is none."""
    for row in truths:
        image = images.get(row["image"] or "")
        if row["label"] == label and image and row["box"]:
            return {**card_of("", image, row["box"], ""), "here": True}
    card = similar.get(label)
    fits = card and card["exact"] and card["thumbnail"]
    return {**card, "here": False} if card and fits else None
