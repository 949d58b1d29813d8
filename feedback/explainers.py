"""Who explains, by game: the models' side of a game, beside its scorer in `attempts.games`.

A game registers one `Explainer` when its app is ready, if it has any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attempts.models import Result
    from feedback.subjects import Subject


@dataclass(frozen=True)
class Explainer:
    """What models may say about one game's results."""

    opinions: Callable[[Result], list[str]] | None = None
    """Names of what models installed now can say beside a result."""
    opinion: Callable[[Result, str], dict[str, Any]] | None = None
    """What one of them says, for the page; raises ModelProblem with a sentence."""
    explained: Callable[[Result, str], Subject | None] | None = None
    """What a vision-language model is to explain of one row of a result; None for nothing."""


SILENT = Explainer()
_explainers: dict[str, Explainer] = {}


def register(kind: str, explainer: Explainer) -> None:
    _explainers[kind] = explainer


def explainer_of(kind: str) -> Explainer:
    """That of the game; one that says nothing where the game has none."""
    return _explainers.get(kind, SILENT)
