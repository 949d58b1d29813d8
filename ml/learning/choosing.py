"""Which label the next film should have, and how hard it should be: the adaptive policy.

Labels are drawn by need: the chance to miss a usual case, how little is known, how common the
label is, and three times as often where it is due to be forgotten (`ml.learning.memory`). Labels
of the last films wait (interleaving: Rohrer & Taylor, Instructional Science 35, 2007, 481-498; for
radiographs Rozenshtein et al., J Am Coll Radiol 13, 2016). The film wanted is one found with chance
0.75: near where learning is fastest by theory (0.85 for two choices, Wilson et al., Nature
Communications 10, 2019, 4646), and easier than the half at which a test tells most (Eggen &
Verschoor, Applied Psychological Measurement 30, 2006, 379-393). Normal films are drawn
with a share that is itself drawn anew every ten films, since a share that one can learn is a cue
(Wolfe, Horowitz & Kenner, Nature 435, 2005, 439-440).
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from ml.learning import ability
from ml.learning.ability import Belief
from ml.learning.difficulty import BY_LABEL, for_success

TARGET = 0.75
"""Chance of success that a film is chosen for."""
NORMAL_SHARES = (0.2, 0.3, 0.4, 0.5)
"""One of them for each `BLOCK` films."""
BLOCK = 10
DUE, COMMON, UNKNOWN = 3.0, 0.5, 0.3
"""What is due comes so many times as often; powers and weights of `Option.need`."""
WAIT = 2
"""Labels of so many last films wait where there are others."""
MOST = 4
"""Wants given: a library may have no new film for the first."""
NORMAL = ""


@dataclass(frozen=True)
class Option:
    """A label that films of the library have."""

    label: str
    ability: Belief
    is_due: bool = False
    share: float = 1.0
    """Of the library's films with a finding, 0 to 1: what is common is met more often later."""

    @property
    def need(self) -> float:
        """Larger for what is missed more often, known less, common, or due; above 0."""
        missed = 1 - ability.expected(self.ability, BY_LABEL.get(self.label, 0.2))
        unknown = UNKNOWN * float(self.ability.variance**0.5)
        return (missed + unknown) * max(self.share, 1e-6) ** COMMON * (DUE if self.is_due else 1)


@dataclass(frozen=True)
class Want:
    """A film to look for: its label (`NORMAL` for none), difficulty in logits, and why."""

    label: str
    difficulty: float
    why: str
    """``due``, ``weak`` or ``normal``."""


def wants(
    options: Sequence[Option], *, tendency: float, recent: Sequence[str], seed: str, number: int
) -> list[Want]:
    """What to look for, first choice first; the same seed and number give the same.

    `tendency` is the learner's ability to leave normal films alone, logits; `recent` are the labels
    of the last `WAIT` films; `number` is how many films were met.
    """
    chance = random.Random(f"{seed} {number}")  # noqa: S311  # no secret
    of_block = random.Random(f"{seed} block {number // BLOCK}")  # noqa: S311  # no secret
    normal = Want(NORMAL, for_success(tendency, TARGET), "normal")
    wanted = [_want(option) for option in _ordered(options, recent, chance)][:MOST]
    if chance.random() < of_block.choice(NORMAL_SHARES):
        return [normal, *wanted]
    return [*wanted, normal]


def _want(option: Option) -> Want:
    why = "due" if option.is_due else "weak"
    return Want(option.label, for_success(option.ability.mean, TARGET), why)


def _ordered(
    options: Sequence[Option], recent: Sequence[str], chance: random.Random
) -> list[Option]:
    waiting = set(recent)
    # Weighted without putting back (Efraimidis & Spirakis, Inf Process Lett 97, 2006, 181-185);
    # by logarithms, since small weights would all come to 0.
    drawn = {one.label: math.log(1 - chance.random()) / one.need for one in options}
    return sorted(options, key=lambda one: (one.label in waiting, -drawn[one.label]))
