"""Rule ``clinical``: what is said of how a finding has changed since a prior film.

A change is of the whole finding, and is judged of what was found: a mark that finds nothing says
nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from ml.localize.credit import Weights

CHANGES = ("new", "larger", "smaller", "unchanged")
"""What may be said of a finding; one that is gone is not on the film any more."""
WORSE, BETTER = ("new", "larger"), ("smaller",)


def share_of_change(is_: str, said: Iterable[str | None], weights: Weights) -> float:
    """What is left of a finding's credit, in (0, 1], by what its marks say of its change.

    `is_` is of `CHANGES`, or empty where it is not known; a mark that was not asked says None, one
    that was not answered an empty word. Of marks that say different things the worst counts.
    """
    asked = [one for one in said if one is not None]
    if not is_ or not asked:
        return 1.0
    words = {one for one in asked if one}
    if not words:
        return weights.unsaid_change
    return min(_share(is_, word, weights) for word in words)


def _share(is_: str, said: str, weights: Weights) -> float:
    if said == is_:
        return 1.0
    is_reversed = (is_ in WORSE and said in BETTER) or (is_ in BETTER and said in WORSE)
    return weights.reversed_change if is_reversed else weights.wrong_change


def said_of(is_: str, said: Iterable[str | None]) -> str | None:
    """What marks say of a change, in one word: a wrong one before the right one; None unasked."""
    asked = [one for one in said if one is not None]
    wrong = [one for one in asked if one not in ("", is_)]
    ranked = wrong or [one for one in asked if one] or asked
    return ranked[0] if ranked else None
