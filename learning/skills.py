"""Keeps what each learner can do: folded from records, case after case (`ml.learning.skills`).

A record that follows all others is added to what is kept; after anything else (a scoring again, a
late scoring, an attempt that was deleted) the learner's records are folded anew. Both give the
same numbers, so that doing it twice changes nothing.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Count, Exists, Max, OuterRef, QuerySet

from accounts.each import for_each
from accounts.models import User
from accounts.prepared import prepared, prepared_models
from attempts.games import game_of, kinds
from attempts.models import Attempt, Result, SeriesCase, holding
from attempts.queries import held_keys
from learning import difficulties
from learning.models import CaseRecord, LabelRecord, Skill
from learning.records import LOOK_BACK, keep_records_of
from ml.learning.ability import Belief
from ml.learning.memory import Memory
from ml.learning.skills import Finding, LabelSkill, Played, Skills, learn

logger = logging.getLogger(__name__)

WHOSE = "The skills of learner and game"
"""In the log, before their keys."""


def when_scored(sender: object, result: Result, **_: Any) -> None:
    """Receiver of `attempts.signals.attempt_scored`, in the worker, within its transaction."""
    keep_figures(result.attempt)


def keep_figures(attempt: Attempt) -> None:
    """The records of an attempt, and the skills that are folded from them: all or nothing.

    Without the skills, where these meet an error.
    """
    with transaction.atomic():
        keep_records_of(attempt.pk)
        if game_of(attempt.kind).is_exercise:  # which has no records to fold
            return
        try:
            keep_skills(attempt.user_id, attempt.kind)
        except DatabaseError:
            raise
        except Exception:
            logger.exception("The skills of a learner could not be kept; the sweep comes back.")


def keep_skills(user_id: int, kind: str) -> None:
    """Bring a learner's skills in one game up to their records."""
    with transaction.atomic():
        marker = _locked(user_id, kind)
        held = held_keys(User(pk=user_id))
        fresh = _one_an_attempt(
            one
            for one in _records_after(user_id, kind, marker.folded_attempt)
            if one.case_id not in held
        )
        count = sum(number for (number,) in _attempts(user_id, kind))
        if held:
            count = _told_of(user_id, kind, held).values("attempt").distinct().count()
        if count == marker.folded + 1 and len(fresh) == 1 and _is_last(fresh[0], marker):
            _add(marker, fresh[0])
        else:
            _fold(user_id, kind, _told_of(user_id, kind, held).order_by("result_id"))


def rebuild() -> int:
    """Fold every learner's skills anew; how many learners and games it was.

    One whose records meet an error costs no other.
    """
    pairs = set(CaseRecord.objects.order_by().values_list("user", "kind").distinct())
    for user_id, kind in set(Skill.objects.order_by().values_list("user", "kind")) - pairs:
        Skill.objects.filter(user=user_id, kind=kind).delete()
    return for_each(sorted(pairs), lambda pair: _fold_all(*pair), WHOSE)


def _fold_all(user_id: int, kind: str) -> None:
    with transaction.atomic():
        _locked(user_id, kind)
        told = _told_of(user_id, kind, held_keys(User(pk=user_id)))
        _fold(user_id, kind, told.order_by("result_id"))


def sweep() -> int:
    """Make up for what a killed worker left out; how many learners and games it was.

    One whose records meet an error costs no other.
    """
    last = CaseRecord.objects.aggregate(last=Max("pk"))["last"] or 0
    recent = CaseRecord.objects.filter(pk__gt=last - LOOK_BACK).order_by()
    users = set(recent.values_list("user", flat=True))
    counted = _told().filter(user__in=users).order_by().values("user", "kind")
    have = {
        (row["user"], row["kind"]): row["n"]
        for row in counted.annotate(n=Count("attempt", distinct=True))
    }
    kept = Skill.objects.filter(user__in=users, label="").values_list("user", "kind", "folded")
    behind = have.items() - {((user, kind), folded) for user, kind, folded in kept}
    pairs = [pair for pair, _ in sorted(behind)]
    return for_each(pairs, lambda pair: keep_skills(*pair), WHOSE)


def skills_of(user: User, kind: str) -> Skills:
    """What the learner can do in one game; one query."""
    return _read(_of_game(user.pk, kind))


def skills_by_game(user: User) -> dict[str, Skills]:
    """The same in every game; one query."""
    rows: dict[str, list[Skill]] = {kind: [] for kind in kinds()}
    for row in _of_all(user.pk):
        rows.setdefault(row.kind, []).append(row)
    return {kind: _read(of_game) for kind, of_game in rows.items()}


@prepared_models
def _of_game(user: int, kind: str) -> QuerySet[Skill]:
    return Skill.objects.filter(user=user, kind=kind)


@prepared_models
def _of_all(user: int) -> QuerySet[Skill]:
    return Skill.objects.filter(user=user)


@prepared_models
def _records_after(user: int, kind: str, attempt: int) -> QuerySet[CaseRecord]:
    later = CaseRecord.objects.filter(user=user, kind=kind, attempt__gt=attempt)
    return later.order_by("result_id")


@prepared
def _attempts(user: int, kind: str) -> QuerySet[CaseRecord, Any]:
    """How many attempts the learner's records are of."""
    own = CaseRecord.objects.filter(user=user, kind=kind).order_by().values("kind")
    return own.annotate(number=Count("attempt", distinct=True)).values_list("number")


@prepared
def _others(user: int, kind: str, case: int, but: int) -> QuerySet[CaseRecord, Any]:
    own = CaseRecord.objects.filter(user=user, kind=kind, case=case).exclude(attempt=but)
    return own.values_list("pk")[:1]


def _one_an_attempt(records: Iterable[CaseRecord]) -> list[CaseRecord]:
    """Of each attempt the newest scoring (they come oldest first), in the order in which they were
    submitted.
    """
    newest = {one.attempt_id: one for one in records}
    return sorted(newest.values(), key=lambda one: (one.submitted_at, one.attempt_id))


def _told() -> QuerySet[CaseRecord]:
    """The records of films that no series of their learner holds: a skill would tell of others."""
    held = SeriesCase.objects.filter(
        holding("series__"), series__user=OuterRef("user"), case=OuterRef("case")
    )
    return CaseRecord.objects.filter(~Exists(held))


def _told_of(user_id: int, kind: str, held: set[int]) -> QuerySet[CaseRecord]:
    """The same of one learner in one game, of whom is known which cases are held."""
    found = CaseRecord.objects.filter(user=user_id, kind=kind)
    return found.exclude(case__in=held) if held else found


def _locked(user_id: int, kind: str) -> Skill:
    """The row that says how far the learner's records are folded, held until the commit."""
    if not (found := _marker(user_id, kind)):
        Skill.objects.get_or_create(user_id=user_id, kind=kind, label="")
        found = _marker(user_id, kind)
    return found[0]


@prepared_models
def _marker(user: int, kind: str) -> QuerySet[Skill]:
    return Skill.objects.select_for_update().filter(user=user, kind=kind, label="")


def _is_last(fresh: CaseRecord, marker: Skill) -> bool:
    """Whether nothing that was folded comes after it."""
    return marker.last_at is None or fresh.submitted_at > marker.last_at


def _add(marker: Skill, record: CaseRecord) -> None:
    skills = _read(_of_game(marker.user_id, marker.kind))
    changed: set[str] = set()
    if not _others(marker.user_id, marker.kind, record.case_id, record.attempt_id):
        (played,) = _played(marker.kind, [record])
        changed = learn(skills, played)
    _write(marker.user_id, marker.kind, skills, changed, marker.folded + 1, record.attempt_id)


def _fold(user_id: int, kind: str, records: QuerySet[CaseRecord]) -> None:
    every = _one_an_attempt(records)
    first: dict[int, CaseRecord] = {}
    for record in every:
        first.setdefault(record.case_id, record)  # a film played again tells nothing
    skills = Skills()
    for played in _played(kind, list(first.values())):
        learn(skills, played)
    Skill.objects.filter(user=user_id, kind=kind).exclude(label__in=["", *skills.labels]).delete()
    newest = max((one.attempt_id for one in every), default=0)
    _write(user_id, kind, skills, set(skills.labels), len(every), newest)


def _played(kind: str, records: list[CaseRecord]) -> Iterator[Played]:
    hard = difficulties.of_cases(kind, {one.case_id for one in records})
    labels: dict[int, list[LabelRecord]] = defaultdict(list)
    for row in _labels_of(records):
        labels[row.record_id].append(row)
    for record in records:
        yield Played(
            at=record.submitted_at,
            findings=tuple(
                Finding(row.label, row.hits / row.truths, hard.get((record.case_id, row.label), 0))
                for row in labels[record.pk]
                if row.truths
            ),
            alarms=frozenset(row.label for row in labels[record.pk] if row.overcalls),
        )


def _labels_of(records: list[CaseRecord]) -> Iterable[LabelRecord]:
    if len(records) == 1:
        return _labels_of_one(records[0].pk)
    return LabelRecord.objects.filter(record__in=[one.pk for one in records])


@prepared_models
def _labels_of_one(record: int) -> QuerySet[LabelRecord]:
    return LabelRecord.objects.filter(record=record)


def _read(rows: Iterable[Skill]) -> Skills:
    skills = Skills()
    for row in rows:
        belief = Belief(row.ability, row.variance)
        if not row.label:
            skills.general, skills.cases, skills.last_at = belief, row.shown, row.last_at
            skills.normals, skills.unharmed = row.normals, round(row.found)
            continue
        memory = None
        if row.stability is not None and row.last_at and row.due_at:
            memory = Memory(row.stability, row.memory_difficulty or 5, row.last_at, row.due_at)
        skills.labels[row.label] = LabelSkill(
            belief, row.shown, row.found, row.alarms, memory, row.last_at
        )
    return skills


def _write(
    user_id: int, kind: str, skills: Skills, changed: set[str], folded: int, attempt_id: int
) -> None:
    rows = [
        Skill(
            user_id=user_id,
            kind=kind,
            label="",
            ability=skills.general.mean,
            variance=skills.general.variance,
            shown=skills.cases,
            found=skills.unharmed,
            normals=skills.normals,
            last_at=skills.last_at,
            folded=folded,
            folded_attempt=attempt_id,
        )
    ]
    rows += [_row(user_id, kind, label, skills.labels[label]) for label in sorted(changed)]
    names = [field.name for field in Skill._meta.fields]
    Skill.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["user", "kind", "label"],
        update_fields=[name for name in names if name not in ("id", "user", "kind", "label")],
        batch_size=50,
    )


def _row(user_id: int, kind: str, label: str, known: LabelSkill) -> Skill:
    memory = known.memory
    return Skill(
        user_id=user_id,
        kind=kind,
        label=label,
        ability=known.own.mean,
        variance=known.own.variance,
        shown=known.shown,
        found=known.found,
        alarms=known.alarms,
        stability=memory.stability if memory else None,
        memory_difficulty=memory.difficulty if memory else None,
        due_at=memory.due_at if memory else None,
        last_at=known.last_at,
    )
