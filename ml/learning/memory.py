"""How well a label is remembered: the FSRS-6 model by its own library.

Ye, Su & Cao, A stochastic shortest path algorithm for optimizing spaced repetition scheduling, KDD
2022, 4381-4390; package `fsrs`. A label is a card that is reviewed by each film that has it. The
intervals hold no chance, so that the same outcomes give the same days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from fsrs import Card, Rating, Scheduler, State

RETENTION = 0.9
"""A label is due when the chance to remember it has come down to this."""
LONGEST_DAYS = 180


@dataclass(frozen=True)
class Memory:
    """Of one label: days until the chance to remember falls to 90 %, how hard it is (1 to 10)."""

    stability: float
    difficulty: float
    reviewed_at: datetime
    due_at: datetime

    def recall(self, now: datetime) -> float:
        """The chance to remember it now, from 0 to 1; 1 at a time before the last review."""
        if now <= self.reviewed_at:
            return 1.0
        return float(_scheduler().get_card_retrievability(_card(self), now))


def reviewed(memory: Memory | None, success: float, at: datetime) -> Memory:
    """The memory after a film with the label; `success` 0 missed, 1 found, between in part.

    A time before the last review (a clock that was set back) counts as that of the last review.
    """
    if memory is not None:
        at = max(at, memory.reviewed_at)
    rating = Rating.Again if success <= 0 else Rating.Good if success >= 1 else Rating.Hard
    card = _card(memory) if memory else Card(card_id=1, due=at)
    after, _ = _scheduler().review_card(card, rating, at)
    return Memory(float(after.stability or 0), float(after.difficulty or 0), at, after.due)


@cache
def _scheduler() -> Scheduler:
    return Scheduler(
        desired_retention=RETENTION,
        learning_steps=(),
        relearning_steps=(),
        maximum_interval=LONGEST_DAYS,
        enable_fuzzing=False,
    )


def _card(memory: Memory) -> Card:
    return Card(
        card_id=1,
        state=State.Review,
        step=None,
        stability=memory.stability,
        difficulty=memory.difficulty,
        due=memory.due_at,
        last_review=memory.reviewed_at,
    )
