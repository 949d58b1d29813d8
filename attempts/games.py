"""The games by name, and how each is scored: attempts know them only through this table.

A game registers one `Game` when its app is ready; nothing here imports a game.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from attempts.models import Attempt
    from cases.models import Case


class AnswerProblem(ValueError):
    """An answer that cannot be taken; the message is a sentence for the learner."""


@dataclass(frozen=True)
class OutcomeRow:
    """One line of the outcomes table (see `attempts.models.Outcome`)."""

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
    last: bool = False
    """Whether to ask again on the same answer would be in vain."""


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
    """How one game's attempts are chosen, checked and scored; `attempts.pages` says how shown."""

    kind: str
    """Its name in addresses, files and the database."""
    name: str
    """Its name on pages."""
    clean_answer: Callable[[Attempt, Any], dict[str, Any]]
    """Checks an answer as sent and returns it in storable form; raises AnswerProblem."""
    score: Callable[[Attempt], Scored]
    """Scores a submitted attempt; pure but for reading the truth."""
    answer_in: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda data: None
    """The answer that a result's data were scored from; None where they do not hold it."""
    kept: Callable[[Attempt], dict[str, Any]] = lambda attempt: {}
    """What the page is told of a draft just saved, beside its version."""
    playable: Callable[[QuerySet[Case], str], QuerySet[Case]] = lambda cases, rule: cases
    """Of some cases those it can be played on, under a rule."""
    modes: tuple[str, ...] = ("practice",)
    """The modes it can be played in."""
    opened_by_address: tuple[str, ...] = ("practice",)
    """Of these the ones that a link to a case may open; the others are begun on the start page."""
    rules: tuple[str, ...] = ("",)
    """Scoring rules or engines, the default first."""
    rule_names: Mapping[str, str] = field(default_factory=dict)
    """Rule → its name on pages, where there is a choice."""
    hint: Callable[[Attempt, dict[str, Any]], Hint] | None = None
    """The next hint for a draft, given what the page asked for; raises AnswerProblem."""
    hint_modes: tuple[str, ...] = ()
    guided_shows: bool = False
    """Whether guided means to be shown the truth at once, without an answer."""
    is_exercise: bool = False
    """Whether it is one beside the games: then its results enter no figure, and it is not offered
    where a game is chosen (`kinds`)."""
    handed_in: Callable[[Attempt], None] = lambda attempt: None
    """What belongs to an attempt's submission: done in the same transaction."""
    beside: Callable[[Attempt], list[int]] = lambda attempt: []
    """Keys of further cases whose truth is told with an attempt's own."""
    sprint_seconds: int = 60
    """What a sprint gives each case unless the learner says otherwise."""

    @property
    def url_name(self) -> str:
        """Name of the page that plays a case, taking its public id."""
        return f"{self.kind}:case"

    @property
    def attempt_url_name(self) -> str:
        """Name of the page of one attempt, taking its public id."""
        return f"{self.kind}:attempt"


_games: dict[str, Game] = {}


def register(game: Game) -> None:
    _games[game.kind] = game


def game_of(kind: str) -> Game:
    try:
        return _games[kind]
    except KeyError:
        raise LookupError(f"No game called {kind!r} is installed.") from None


def kinds() -> list[str]:
    """The games to choose from, exercises left out."""
    return sorted(kind for kind, game in _games.items() if not game.is_exercise)
