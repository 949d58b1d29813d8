"""The games by name: feedback knows them only through this table.

A game registers one `Game` when its app is ready; nothing here imports a game.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feedback.explanations import Subject
    from feedback.models import Attempt, Result


class AnswerProblem(ValueError):
    """An answer that cannot be taken; the message is a sentence for the learner."""


@dataclass(frozen=True)
class OutcomeRow:
    """One line of the outcomes table (see `feedback.models.Outcome`)."""

    about: str
    label: str
    outcome: str
    finding_id: int | None = None
    iou: float | None = None
    confidence: int | None = None
    aided: bool = False


@dataclass(frozen=True)
class Hint:
    """One hint: what the learner is told, and what it costs."""

    about: str
    """By what the game knows it again; never sent to the page."""
    step: str
    text: str
    cost: float = 0.0
    """Share of one finding's credit."""
    place: dict[str, Any] | None = None
    """``image``, ``frame`` and ``box`` of an outline to draw."""


@dataclass(frozen=True)
class Scored:
    """What a game's scorer returns: `score` from 0 to 100, `data` for the page."""

    scorer: str
    version: str
    score: float
    data: dict[str, Any]
    outcomes: list[OutcomeRow] = field(default_factory=list)
    remaining: list[str] = field(default_factory=list)
    """The region of each finding not found, in words: all that a second look is told."""


@dataclass(frozen=True)
class Game:
    """How feedback handles one game's attempts."""

    kind: str
    clean_answer: Callable[[Attempt, Any], dict[str, Any]]
    """Checks an answer as sent and returns it in storable form; raises AnswerProblem."""
    score: Callable[[Attempt], Scored]
    """Scores a submitted attempt; pure but for reading the truth."""
    url_name: str
    """Name of the page that plays a case, taking its public id."""
    attempt_url_name: str
    """Name of the page of one attempt, taking its public id."""
    kept: Callable[[Attempt], dict[str, Any]] = lambda attempt: {}
    """What the page is told of a draft just saved, beside its version."""
    modes: tuple[str, ...] = ("practice",)
    """The modes it can be played in."""
    rules: tuple[str, ...] = ()
    """Scoring rules or engines, the default first."""
    hint: Callable[[Attempt, dict[str, Any]], Hint] | None = None
    """The next hint for a draft, given what the page asked for; raises AnswerProblem."""
    hint_modes: tuple[str, ...] = ()
    opinions: Callable[[Result], list[str]] | None = None
    """Names of what models installed now can say beside a result."""
    opinion: Callable[[Result, str], dict[str, Any]] | None = None
    """What one of them says, for the page; raises ModelProblem with a sentence."""
    explained: Callable[[Result, str], Subject | None] | None = None
    """What a vision-language model is to explain of one row of a result; None for nothing."""
    guided_shows: bool = False
    """Whether guided means to be shown the truth at once, without an answer."""


_games: dict[str, Game] = {}


def register(game: Game) -> None:
    _games[game.kind] = game


def game_of(kind: str) -> Game:
    try:
        return _games[kind]
    except KeyError:
        raise LookupError(f"No game called {kind!r} is installed.") from None


def kinds() -> list[str]:
    return sorted(_games)
