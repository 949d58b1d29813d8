"""Records of many learners as arrays: what pages of a class are computed from.

A class of some size has tens of thousands of records. As arrays they are read and added up in
milliseconds; as rows of a query each page would read them several times. The arrays of one learner
are kept packed (`PackedRecords`, decision 050). A packed copy is taken only where number and newest
key of the learner's records are those it was made from, or where the records since make up the
difference, so that pages never show less than the records say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Count, Max, QuerySet
from numpy.typing import NDArray

from learning.models import CaseRecord, LabelRecord, Mistake, PackedRecords
from ml.rated import Rated

FORM = 1
"""Of the arrays: to be raised when they change, so that older copies are not read."""
LEVELS = 5
"""Of confidence."""
LOOK_BACK = 5000
"""How many of the newest records the sweep looks at."""
AT_ONCE = 20
"""Learners, games and rules packed in one transaction."""
COUNTS = ("truths", "hits", "search", "recognition", "precision", "overcalls", "sure", "sure_wrong")
OF_LABEL = ("truths", "hits", "overcalls")
OF_MISTAKE = ("kind", "label", "called", "significance")
ROW = np.dtype(
    [
        *((name, "<i8") for name in ("id", "user", "case", "attempt", "series", "at")),
        *(("score", "<f8"), ("elapsed", "<i4"), ("is_normal", "?"), ("is_rated", "?")),
        *((name, "<u2") for name in COUNTS),
        *(("lesions", "<u2", (LEVELS + 1,)), ("others", "<u2", (LEVELS,))),
        *((name, "<u2", (LEVELS,)) for name in ("right", "wrong")),
    ]
)
"""A record. `series` 0: none; `at` in microseconds since 1970, UTC; `elapsed` -1: not known. Of
`ratings` the lesions and the other marks at each level (lesions from 0: unmarked), of `sureness`
the right and the wrong claims at each level."""
LABEL = np.dtype([("row", "<u4"), ("label", "<u2"), *((name, "<u2") for name in OF_LABEL)])
MISTAKE = np.dtype([("row", "<u4"), *((name, "<u2") for name in OF_MISTAKE)])
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1) // MICROSECOND
HOUR = DAY // 24
Array = NDArray[Any]


def micros(time: datetime) -> int:
    """A time as `at` has it."""
    return (time - EPOCH) // MICROSECOND


@dataclass(frozen=True)
class Columns:
    """Records as arrays, in no order of their own."""

    rows: Array
    """(records,) of `ROW`."""
    labels: Array
    """(label records,) of `LABEL`; `row` is the place in `rows`."""
    mistakes: Array
    """(mistakes,) of `MISTAKE`."""
    words: list[str]
    """What labels and mistakes have the numbers of."""

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, kept: Array) -> Columns:
        """The records for which `kept` (records,) is true, and what belongs to them."""
        if kept.all():
            return self
        place = np.cumsum(kept) - 1
        return replace(
            self,
            rows=self.rows[kept],
            labels=_moved(self.labels[kept[self.labels["row"]]], place),
            mistakes=_moved(self.mistakes[kept[self.mistakes["row"]]], place),
        )

    def number_of(self, word: str) -> int:
        """The number that stands for a word; -1 where it is none of them."""
        return self.words.index(word) if word in self.words else -1

    @property
    def rated(self) -> Columns:
        """Those that are part of free-response figures."""
        return self.where(self.rows["is_rated"])

    @property
    def ratings(self) -> Rated:
        return Rated(self.rows["lesions"], self.rows["others"])


def _moved(parts: Array, place: Array) -> Array:
    moved = parts.copy()
    moved["row"] = place[parts["row"]]
    return moved


def offsets(at: Array, zone: tzinfo) -> Array:
    """How far a zone's time is ahead of UTC at each of these times, microseconds."""
    days, day_of = np.unique(at // DAY, return_inverse=True)
    edges = {day: _offset(day * DAY, zone) for one in days.tolist() for day in (one, one + 1)}
    found = np.array([edges[day] for day in days.tolist()], dtype=np.int64)
    after = np.array([edges[day + 1] for day in days.tolist()], dtype=np.int64)
    ahead: Array = found[day_of]
    for place in np.flatnonzero((found != after)[day_of]):  # days on which clocks change
        ahead[place] = _offset(int(at[place]), zone)
    return ahead


def _offset(at: int, zone: tzinfo) -> int:
    local = (EPOCH + at * MICROSECOND).astimezone(zone)
    return (local.utcoffset() or timedelta(0)) // MICROSECOND


def read(records: QuerySet[CaseRecord]) -> Columns:
    """These records from their tables, in three queries."""
    fields = ("id", "user_id", "case_id", "attempt_id", "attempt__series_id")
    found = records.order_by("pk").values_list(
        *(*fields, "submitted_at", "score", "elapsed_ms", "is_normal", *COUNTS),
        *("ratings", "sureness"),
    )
    rows = np.array([_row(one) for one in found], dtype=ROW)
    words: dict[str, int] = {}

    def number(word: str) -> int:
        return words.setdefault(word, len(words))

    place = {key: n for n, key in enumerate(rows["id"].tolist())}
    own = LabelRecord.objects.filter(record__in=records.order_by().values("pk"))
    labels = [
        (place[record], number(label), *counts)
        for record, label, *counts in own.values_list("record_id", "label", *OF_LABEL)
        if record in place
    ]
    made = Mistake.objects.filter(record__in=records.order_by().values("pk"))
    mistakes = [
        (place[record], *map(number, named))
        for record, *named in made.values_list("record_id", *OF_MISTAKE)
        if record in place
    ]
    return Columns(
        rows, np.array(labels, dtype=LABEL), np.array(mistakes, dtype=MISTAKE), list(words)
    )


def _row(values: tuple[Any, ...]) -> tuple[Any, ...]:
    key, user, case, attempt, series, at, score, elapsed, normal, *counts, ratings, said = values
    timed = -1 if elapsed is None else min(elapsed, np.iinfo(np.int32).max)
    known = (key, user, case, attempt, series or 0, micros(at), score, timed, normal)
    return (*known, bool(ratings), *counts, *_rated(ratings), *_claims(said))


@lru_cache(maxsize=4096)
def _rated(ratings: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of `CaseRecord.ratings` the number of lesions and of other marks at each level."""
    lesions, others = [0] * (LEVELS + 1), [0] * LEVELS
    of_lesions, _, of_others = ratings.partition("|")
    for one in of_lesions.split():
        lesions[int(one)] += 1
    for one in of_others.split():
        others[int(one) - 1] += 1
    return tuple(lesions), tuple(others)


@lru_cache(maxsize=4096)
def _claims(sureness: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of `CaseRecord.sureness` the number of right and of wrong claims at each level."""
    right, wrong = [0] * LEVELS, [0] * LEVELS
    for one in sureness.split():
        (right if one[1] == "+" else wrong)[int(one[0]) - 1] += 1
    return tuple(right), tuple(wrong)


def joined(parts: Iterable[Columns]) -> Columns:
    """The records of all of these."""
    parts = list(parts)
    words: dict[str, int] = {}
    for part in parts:
        for word in part.words:
            words.setdefault(word, len(words))
    numbers = np.array([words[word] for part in parts for word in part.words], dtype=np.uint16)
    starts = np.cumsum([0, *(len(part.rows) for part in parts)])
    first_words = np.cumsum([0, *(len(part.words) for part in parts)])

    def whole(name: str, dtype: np.dtype[Any], named: tuple[str, ...]) -> Array:
        arrays = [getattr(part, name) for part in parts]
        found = _end_to_end(arrays, dtype)
        sizes = [len(one) for one in arrays]
        found["row"] += np.repeat(starts[:-1], sizes).astype(np.uint32)
        first = np.repeat(first_words[:-1], sizes)
        for field in named:
            found[field] = numbers[first + found[field]]
        return found

    return Columns(
        _end_to_end([part.rows for part in parts], ROW),
        whole("labels", LABEL, ("label",)),
        whole("mistakes", MISTAKE, OF_MISTAKE),
        list(words),
    )


def _end_to_end(arrays: list[Array], dtype: np.dtype[Any]) -> Array:
    """`numpy.concatenate` for arrays of one dtype, whose fields it would compare for each."""
    return np.frombuffer(bytearray(b"".join([one.tobytes() for one in arrays])), dtype=dtype)


def _unpacked(packed: PackedRecords) -> Columns:
    return Columns(
        np.frombuffer(packed.rows, dtype=ROW),
        np.frombuffer(packed.labels, dtype=LABEL),
        np.frombuffer(packed.mistakes, dtype=MISTAKE),
        packed.words,
    )


def _versions(records: QuerySet[CaseRecord]) -> dict[int, tuple[int, int]]:
    """Of each learner how many records there are, and the key of the newest."""
    counted = records.order_by().values_list("user").annotate(Count("pk"), Max("pk"))
    return {user: (count, last) for user, count, last in counted}


def of_learners(users: Iterable[int], kind: str, rule: str) -> Columns:
    """All records of these learners in one game under one rule.

    Two queries, and a few more where the worker has not packed everything yet.
    """
    users = list(users)
    records = CaseRecord.objects.filter(user__in=users, kind=kind, rule=rule)
    kept = {
        one.user_id: one
        for one in PackedRecords.objects.filter(user__in=users, kind=kind, rule=rule, form=FORM)
    }
    there = _versions(records)
    packed = {user: kept[user] for user in there if user in kept}
    late = {user: one.last for user, one in packed.items() if there[user] != (one.cases, one.last)}
    parts = []
    if late:
        newest = read(records.filter(user__in=late, pk__gt=min(late.values())))
        newest = newest.where(newest.rows["id"] > _by_user(newest.rows["user"], late))
        since = dict(zip(*_counted(newest.rows["user"]), strict=True))
        odd = [u for u in late if packed[u].cases + since.get(u, 0) != there[u][0]]
        parts.append(newest.where(~np.isin(newest.rows["user"], odd)))
        packed = {user: one for user, one in packed.items() if user not in set(odd)}
    if lacking := there.keys() - packed.keys():
        parts.append(read(records.filter(user__in=lacking)))
    return joined([*map(_unpacked, packed.values()), *parts])


def _by_user(users: Array, values: Mapping[int, int]) -> Array:
    """For each user's key its value."""
    return np.array([values[user] for user in users.tolist()], dtype=np.int64)


def _counted(users: Array) -> tuple[list[int], list[int]]:
    names, counts = np.unique(users, return_counts=True)
    return names.tolist(), counts.tolist()


def _packed_of(user: int, kind: str, rule: str) -> PackedRecords | None:
    """None where there are no records."""
    found = read(CaseRecord.objects.filter(user=user, kind=kind, rule=rule))
    if not len(found):
        return None
    return PackedRecords(
        user_id=user,
        kind=kind,
        rule=rule,
        form=FORM,
        cases=len(found),
        last=int(found.rows["id"].max()),
        rows=found.rows.tobytes(),
        labels=found.labels.tobytes(),
        mistakes=found.mistakes.tobytes(),
        words=found.words,
    )


Group = tuple[int, str, str]
"""A learner's key, a game, a rule."""


def sweep() -> int:
    """Pack the records of who has new ones; of how many learners, games and rules it was."""
    last = CaseRecord.objects.aggregate(last=Max("pk"))["last"] or 0
    recent = _groups(CaseRecord.objects.filter(pk__gt=last - LOOK_BACK))
    packed = _packed({user for user, _, _ in recent})
    return _pack_all(group for group in recent if packed.get(group, (0, 0))[1] != recent[group][1])


def rebuild(tell: Callable[[int], None] = lambda done: None) -> int:
    """Pack all that is not packed as it is, and forget what has no records any more."""
    there, packed = _groups(CaseRecord.objects.all()), _packed()
    _pack_all(packed.keys() - there.keys())
    return _pack_all((group for group in there if packed.get(group) != there[group]), tell)


def pack(users: Collection[int]) -> int:
    """Pack all records of these learners; of how many games and rules it was."""
    return _pack_all(_groups(CaseRecord.objects.filter(user__in=users)))


def _groups(records: QuerySet[CaseRecord]) -> dict[Group, tuple[int, int]]:
    """The number of some records and the newest key, by learner, game and rule."""
    rows = records.order_by().values_list("user", "kind", "rule").annotate(Count("pk"), Max("pk"))
    return {(user, kind, rule): (count, last) for user, kind, rule, count, last in rows}


def _packed(users: Iterable[int] | None = None) -> dict[Group, tuple[int, int]]:
    """The same of what is packed in the form of today."""
    kept = PackedRecords.objects.filter(form=FORM)
    if users is not None:
        kept = kept.filter(user__in=users)
    rows = kept.values_list("user", "kind", "rule", "cases", "last")
    return {(user, kind, rule): (count, last) for user, kind, rule, count, last in rows}


def _pack_all(groups: Iterable[Group], tell: Callable[[int], None] = lambda done: None) -> int:
    done = 0
    for some in _batched(sorted(groups), AT_ONCE):
        made = {group: _packed_of(*group) for group in some}
        with transaction.atomic():  # one for some: on SQLite learners' own writes wait for each
            for user, kind, rule in (group for group, packed in made.items() if packed is None):
                PackedRecords.objects.filter(user=user, kind=kind, rule=rule).delete()
            PackedRecords.objects.bulk_create(
                [packed for packed in made.values() if packed],
                update_conflicts=True,
                unique_fields=["user", "kind", "rule"],
                update_fields=["form", "cases", "last", "rows", "labels", "mistakes", "words"],
            )
        for _ in made:
            done += 1
            tell(done)
    return done


def _batched(groups: list[Group], size: int) -> Iterator[list[Group]]:
    return (groups[first : first + size] for first in range(0, len(groups), size))
