"""What learners doubt of truths, as the games keep it: what there is, and answering it.

A game registers the model of its doubts when its app is ready; this room knows no game. Such a
model has `attempt`, `said` (what the feedback says), `why` (the learner's words), `state` and
`created_at`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Model, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.prepared import prepared, prepared_models
from cases import history
from cases.models import Case, CaseChange, DoubtAnswer

MOST, SHOWN = 100, 5


@dataclass(frozen=True)
class DoubtKind:
    """The doubts of one game."""

    name: str
    """In addresses."""
    title: str
    model: type[Model]
    open: str
    """The state of one that nobody answered."""
    accepted: str
    declined: str
    address: Callable[[Any], str]
    """The learner's page of an attempt."""

    @property
    def waiting(self) -> QuerySet[Any]:
        return self.model._default_manager.filter(state=self.open)


@dataclass(frozen=True)
class Doubt:
    """One doubt that waits for an answer."""

    kind: DoubtKind
    row: Any

    @property
    def name(self) -> str:
        """In addresses: ``localize-12``."""
        return f"{self.kind.name}-{self.row.pk}"

    @property
    def case(self) -> Case:
        found: Case = self.row.attempt.case
        return found

    @property
    def is_changed_since(self) -> bool:
        """Whether the truth is another one already than the one that was doubted."""
        return bool(self.case.version != self.row.attempt.case_version)


class Unanswerable(ValueError):
    """Why a doubt cannot be answered (so); a sentence."""


_kinds: dict[str, DoubtKind] = {}


def register(kind: DoubtKind) -> None:
    """Called once for each game, when its app is ready."""
    _kinds[kind.name] = kind


def kinds() -> list[DoubtKind]:
    return list(_kinds.values())


def with_open_doubts(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Of these cases those that a learner doubts, without an answer yet."""
    doubted = Q(pk__in=[])
    for kind in kinds():
        doubted |= Q(pk__in=kind.waiting.values("attempt__case"))
    return cases.filter(doubted)


def counts_of(case_ids: Iterable[int]) -> Counter[int]:
    """Open doubts by case; one query a game."""
    found: Counter[int] = Counter()
    wanted = list(case_ids)
    for kind in kinds():
        rows = kind.waiting.filter(attempt__case__in=wanted).order_by().values("attempt__case")
        for row in rows.annotate(n=Count("pk")):
            found[row["attempt__case"]] += row["n"]
    return found


def open_doubts(case: Case | None = None) -> list[Doubt]:
    """Those that wait, of one case or of all, the oldest first; one query a game."""
    found = []
    for kind in kinds():
        rows = kind.waiting.select_related("attempt__case__dataset")
        rows = rows.filter(attempt__case=case) if case else rows
        found += [Doubt(kind, row) for row in rows.order_by("created_at")[:MOST]]
    return sorted(found, key=lambda one: one.row.created_at)[:MOST]


def doubt_called(name: str) -> Doubt | None:
    """The doubt of an address, answered or not; None where there is none."""
    kind, _, number = name.partition("-")
    if kind not in _kinds or not number.isdecimal() or len(number) > 18:
        return None
    rows = _kinds[kind].model._default_manager.select_related("attempt__case", "attempt__user")
    row = rows.filter(pk=int(number)).first()
    return Doubt(_kinds[kind], row) if row else None


@transaction.atomic
def answer(*, doubt: Doubt, accepted: bool, sentence: str, by: User) -> DoubtAnswer:
    """Close a doubt and tell the learner why.

    Raises:
        Unanswerable: without a sentence, or it was answered before.
    """
    if not sentence:
        raise Unanswerable("Say in a sentence why: the learner reads it.")
    kind = doubt.kind
    state = kind.accepted if accepted else kind.declined
    was_open = kind.waiting.filter(pk=doubt.row.pk)
    closed = was_open.update(state=state)
    if not closed:
        raise Unanswerable("This doubt was answered already.")
    history.note(
        doubt.case,
        CaseChange.What.DOUBT,
        by=by,
        why=f"{'Agreed' if accepted else 'Declined'}: {sentence}",
    )
    return DoubtAnswer.objects.create(
        case=doubt.case,
        to=doubt.row.attempt.user,
        about=doubt.row.said[:400],
        why=doubt.row.why[:1000],
        accepted=accepted,
        sentence=sentence[:500],
        address=kind.address(doubt.row.attempt),
        by=by,
    )


def tell_rescored(
    *, case: Case, to: User, sentence: str, address: str, by: User | None
) -> DoubtAnswer:
    """Tell a learner that their answer was scored again by a corrected truth, and why."""
    return DoubtAnswer.objects.create(
        kind=DoubtAnswer.Kind.RESCORED,
        case=case,
        to=to,
        about="The truth of this case was corrected",
        why="",
        accepted=True,
        sentence=sentence[:500],
        address=address,
        by=by,
    )


def answers_at(address: str, to: User) -> list[DoubtAnswer]:
    """What a learner was answered on one attempt, the newest first."""
    return _answers(address, to.pk)


@prepared_models
def _answers(address: str, to: int) -> QuerySet[DoubtAnswer]:
    return DoubtAnswer.objects.filter(address=address, to=to)[:MOST]


def unseen_by(user: User) -> list[DoubtAnswer]:
    """Answers that a learner has not opened yet, the newest first."""
    keys = [key for (key,) in _unseen(user.pk)]
    return list(DoubtAnswer.objects.filter(pk__in=keys)) if keys else []


@prepared
def _unseen(user: int) -> QuerySet[DoubtAnswer, Any]:
    return DoubtAnswer.objects.filter(to=user, seen_at__isnull=True).values_list("pk")[:SHOWN]


def note_seen(answer_id: int, user: User) -> bool:
    """Note that a learner read an answer and others on the same page; False for nobody's."""
    found = DoubtAnswer.objects.filter(pk=answer_id, to=user).first()
    if found is None:
        return False
    same = DoubtAnswer.objects.filter(to=user, address=found.address, seen_at__isnull=True)
    same.update(seen_at=timezone.now())
    return True
