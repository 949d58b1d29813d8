"""The figures of a class, over what its instructors may see.

All of it is added up from the records kept for each counted result, as arrays (`learning.columns`),
cut to those that `classroom.access.visible_columns` allows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

import numpy as np
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from attempts.games import Game, game_of, kinds
from classroom.access import in_runs, members, visible_columns, visible_records
from classroom.models import Assignment, Cohort, Extension, Membership, Run
from learning.columns import EPOCH, HOUR, MICROSECOND, Array, Columns, micros, offsets
from learning.comparing import LATELY
from learning.curves import mistaken
from learning.models import CaseRecord
from learning.past import name_of
from ml.psychometrics import Interval, difference, proportion, rate

ENOUGH_CLAIMS = 10
"""Sure claims below which nobody is said to be confident and wrong."""
ENOUGH_CASES = 10
MOST_COLUMNS = 12
"""Labels of the matrix: those with most findings."""
FEW = 5
"""Findings below which a cell of the matrix gets no color."""
LATE_HOURS = (*range(22, 24), *range(6))


@dataclass(frozen=True)
class Scope:
    """What of a class is looked at: one game under one rule, and what the filters leave."""

    cohort: Cohort
    kind: str
    rule: str
    weeks: int = 0
    """0: all the time."""
    training: str = ""
    assignment: Assignment | None = None
    membership: Membership | None = None
    """One learner instead of all."""

    @property
    def game(self) -> Game:
        return game_of(self.kind)

    @property
    def rule_name(self) -> str:
        return self.game.rule_names.get(self.rule, self.rule)

    def columns(self) -> Columns:
        """All records of the scope, as arrays: for whoever reads those of many cases."""
        found = visible_columns(self.cohort, self.kind, self.rule, self.membership)
        if self.weeks:
            since = timezone.now() - timedelta(weeks=self.weeks)
            found = found.where(found.rows["at"] >= micros(since))
        if self.training:
            learners = list(self.learners().values_list("user", flat=True))
            found = found.where(np.isin(found.rows["user"], learners))
        if self.assignment:
            found = found.where(in_runs(found, self.assignment.runs.all()))
        return found

    def records(self) -> QuerySet[CaseRecord]:
        """The same as rows: for whoever reads those of one case."""
        found = visible_records(self.cohort, self.membership)
        found = found.filter(kind=self.kind, rule=self.rule)
        if self.weeks:
            found = found.filter(submitted_at__gte=timezone.now() - timedelta(weeks=self.weeks))
        if self.training:
            found = found.filter(user__in=self.learners().values("user"))
        if self.assignment:
            found = found.filter(attempt__series__run__assignment=self.assignment)
        return found

    def learners(self) -> QuerySet[Membership]:
        found = members(self.cohort)
        if self.membership:
            found = found.filter(pk=self.membership.pk)
        return found.filter(training=self.training) if self.training else found


@dataclass(frozen=True)
class Choice:
    """A filter of the page: its name in the address, its options, the one that holds."""

    field: str
    name: str
    options: list[tuple[str, str]]
    chosen: str


WEEKS = {"": "All the time", "1": "This week", "4": "4 weeks", "12": "12 weeks"}


def scope_of(
    cohort: Cohort, asked: Mapping[str, str], membership: Membership | None = None
) -> tuple[Scope, list[Choice]]:
    """What an address asks for, and the filters to ask otherwise; what there is not is left out."""
    kind = asked.get("game", "")
    kind = kind if kind in kinds() else next(iter(sorted(kinds())))
    game = game_of(kind)
    rule = asked.get("rule", "")
    rule = rule if rule in game.rules else game.rules[0]
    weeks = asked.get("weeks", "")
    weeks = weeks if weeks in WEEKS else ""
    training = asked.get("training", "")
    training = training if training in Membership.Training.values else ""
    assignments = {one.public_id: one for one in cohort.assignments.filter(kind=kind)}
    assignment = assignments.get(asked.get("work", ""))
    choices = [
        Choice("game", "Game", [(one, game_of(one).name) for one in sorted(kinds())], kind),
        Choice("weeks", "Time", list(WEEKS.items()), weeks),
    ]
    if len(game.rules) > 1:
        names = [(one, game.rule_names.get(one, one)) for one in game.rules]
        choices.insert(1, Choice("rule", "Rule", names, rule))
    if membership is None:
        trainings = [("", "All"), *((v, w) for v, w in Membership.Training.choices if v)]
        choices.append(Choice("training", "Training", trainings, training))
    if assignments:
        works = [("", "All work"), *((key, one.title) for key, one in assignments.items())]
        chosen = assignment.public_id if assignment else ""
        choices.append(Choice("work", "Assignment", works, chosen))
    scope = Scope(cohort, kind, rule, int(weeks or 0), training, assignment, membership)
    return scope, choices


@dataclass
class Sums:
    """What adds up over cases."""

    cases: int = 0
    truths: int = 0
    hits: int = 0
    overcalls: int = 0
    normals: int = 0
    normal_overcalls: int = 0
    elapsed: int = 0
    timed: int = 0
    sure: int = 0
    sure_wrong: int = 0
    lately: int = 0
    """Cases of the last seven days."""
    late_truths: int = 0
    late_hits: int = 0
    early_truths: int = 0
    early_hits: int = 0

    def add(self, other: Sums) -> None:
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def sensitivity(self) -> Interval | None:
        return proportion(self.hits, self.truths) if self.truths else None

    @property
    def false_per_normal(self) -> Interval | None:
        return rate(self.normal_overcalls, self.normals) if self.normals else None

    @property
    def minutes(self) -> float | None:
        """For a case, of those whose time is known."""
        return self.elapsed / self.timed / 60_000 if self.timed else None


@dataclass
class LearnerRow:
    """A learner with their figures; `why` says for what they need attention."""

    membership: Membership
    sums: Sums
    last: datetime | None = None
    why: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Overview:
    """The head of the dashboard: everybody, and all of them together."""

    rows: list[LearnerRow]
    total: Sums
    active: int
    """Learners with a case in the last seven days."""

    @property
    def attention(self) -> list[LearnerRow]:
        """Those who need attention, most reasons first."""
        return sorted((row for row in self.rows if row.why), key=lambda row: -len(row.why))


def overview(scope: Scope, records: Columns) -> Overview:
    """Everybody of the scope, from its records."""
    learners = list(scope.learners())
    found = _sums_by_learner(records)
    rows = [LearnerRow(one, *found.get(one.user_id, (Sums(), None))) for one in learners]
    total = Sums()
    for row in rows:
        total.add(row.sums)
    behind = _behind(scope)
    for row in rows:
        row.why = [*behind.get(row.membership.user_id, []), *_reasons(row.sums, total)]
    return Overview(rows, total, sum(bool(row.sums.lately) for row in rows))


def _sums_by_learner(records: Columns) -> dict[int, tuple[Sums, datetime | None]]:
    """Of each learner the sums, and when the last case was submitted."""
    rows, now = records.rows, timezone.now()
    users, of_user = np.unique(rows["user"], return_inverse=True)
    lately, earlier = rows["at"] >= micros(now - LATELY), rows["at"] >= micros(now - 2 * LATELY)
    before, timed = earlier & ~lately, rows["elapsed"] >= 0
    whole = np.ones(len(rows), dtype=np.int64)

    def added(values: Array, where: Array | None = None) -> list[int]:
        weights = values if where is None else values * where
        sums = np.bincount(of_user, weights=weights, minlength=len(users))
        found: list[int] = sums.astype(np.int64).tolist()
        return found

    columns = {
        "cases": added(whole),
        "truths": added(rows["truths"]),
        "hits": added(rows["hits"]),
        "overcalls": added(rows["overcalls"]),
        "normals": added(whole, rows["is_normal"]),
        "normal_overcalls": added(rows["overcalls"], rows["is_normal"]),
        "elapsed": added(rows["elapsed"], timed),
        "timed": added(whole, timed),
        "sure": added(rows["sure"]),
        "sure_wrong": added(rows["sure_wrong"]),
        "lately": added(whole, rows["at"] >= micros(now - timedelta(days=7))),
        "late_truths": added(rows["truths"], lately),
        "late_hits": added(rows["hits"], lately),
        "early_truths": added(rows["truths"], before),
        "early_hits": added(rows["hits"], before),
    }
    last = np.zeros(len(users), dtype=np.int64)
    np.maximum.at(last, of_user, rows["at"])
    each = zip(*columns.values(), strict=True)
    sums = (Sums(**dict(zip(columns, one, strict=True))) for one in each)
    times = (EPOCH + at * MICROSECOND for at in last.tolist())
    return dict(zip(users.tolist(), zip(sums, times, strict=True), strict=True))


def _behind(scope: Scope) -> dict[int, list[str]]:
    """Of learners the work that was not finished at its due time, or theirs with extra time; not
    what was due before they joined.
    """
    extended = Extension.objects.filter(
        assignment=OuterRef("assignment"), membership__user=OuterRef("user")
    )
    own_due = Coalesce(Subquery(extended.values("due_at")), F("assignment__due_at"))
    late = (
        Run.objects.filter(
            assignment__cohort=scope.cohort,
            assignment__archived_at=None,
            is_preview=False,
            number=1,
        )
        .exclude(series__closed_because="finished")
        .annotate(own_due=own_due)
        .filter(
            own_due__lt=timezone.now(),
            user__memberships__cohort=scope.cohort,
            user__memberships__joined_at__lt=F("own_due"),
        )
    )
    found = defaultdict(list)
    for user, title in late.values_list("user_id", "assignment__title").order_by("assignment"):
        found[user].append(f"Behind: “{title}” was not finished in time.")
    return found


def _reasons(own: Sums, of_class: Sums) -> list[str]:
    """Why a learner needs attention, each only where chance is no likely reason."""
    why = []
    if own.late_truths and own.early_truths:
        change = difference(own.late_hits, own.late_truths, own.early_hits, own.early_truths)
        if change.is_below_zero:
            why.append(
                f"Falling: {_points(-change.value)} less found in the last 4 weeks than in the "
                f"4 before ({_points(-change.high)} to {_points(-change.low)})."
            )
    own_found, class_found = own.sensitivity, of_class.sensitivity
    if own.cases >= ENOUGH_CASES and own_found and class_found and own.minutes:
        fast = own.minutes < (of_class.minutes or 0) / 2
        if fast and own_found.high < class_found.value:
            why.append(
                f"Guessing fast: {60 * own.minutes:.0f} s a case, the class takes "
                f"{60 * (of_class.minutes or 0):.0f} s, and finds less than the class."
            )
    if own.sure >= ENOUGH_CLAIMS and of_class.sure:
        wrong = proportion(own.sure_wrong, own.sure)
        if wrong.low > of_class.sure_wrong / of_class.sure:
            why.append(
                f"Confident and wrong: {own.sure_wrong} of {own.sure} claims with confidence 4 or "
                f"5; in the class {100 * of_class.sure_wrong / of_class.sure:.0f} %."
            )
    return why


def _points(share: float) -> str:
    return f"{100 * max(0.0, share):.0f} %"


@dataclass
class LabelRow:
    """A label over all learners."""

    label: str
    name: str
    truths: int = 0
    hits: int = 0
    overcalls: int = 0
    cases: int = 0
    """All cases of the scope: any of them can be marked falsely."""
    mistaken: list[tuple[str, int]] = field(default_factory=list)
    """What it was taken for, most often first."""

    @property
    def found(self) -> Interval | None:
        return proportion(self.hits, self.truths) if self.truths else None

    @property
    def false_per_case(self) -> Interval | None:
        return rate(self.overcalls, self.cases) if self.cases else None

    @property
    def taken(self) -> list[tuple[str, Interval]]:
        return [(name, proportion(n, self.truths)) for name, n in self.mistaken if self.truths >= n]


@dataclass(frozen=True)
class Cell:
    hits: int
    truths: int

    @property
    def band(self) -> str:
        """Of a cell with enough findings: low, middle or good."""
        if self.truths < FEW:
            return ""
        share = self.hits / self.truths
        return "good" if share >= 0.75 else "middle" if share >= 0.5 else "low"

    @property
    def percent(self) -> str:
        return f"{100 * self.hits / self.truths:.0f}" if self.truths else ""


@dataclass(frozen=True)
class Matrix:
    columns: list[LabelRow]
    rows: list[tuple[Membership, list[Cell]]]


def by_label(
    records: Columns, learners: Sequence[Membership] = ()
) -> tuple[list[LabelRow], Matrix]:
    """All labels, weakest first, and the matrix of learners and the most frequent of them."""
    users, of_user = np.unique(records.rows["user"], return_inverse=True)
    own, size = records.labels, len(records.words)
    cell_of = of_user[own["row"]] * size + own["label"]
    there = np.bincount(own["label"], minlength=size)
    sums = {
        name: np.bincount(cell_of, weights=own[name], minlength=len(users) * size)
        .astype(np.int64)
        .reshape(len(users), size)
        for name in ("truths", "hits", "overcalls")
    }
    labels: dict[int, LabelRow] = {}
    for number in np.flatnonzero(there).tolist():
        label = records.words[number]
        counts = {name: int(found[:, number].sum()) for name, found in sums.items()}
        labels[number] = LabelRow(
            label,
            name_of(label),
            truths=counts["truths"],
            hits=counts["hits"],
            overcalls=counts["overcalls"],
            cases=len(records),
        )
    by_name = {row.label: row for row in labels.values()}
    for label, called, count in mistaken(records):
        if label in by_name:
            by_name[label].mistaken.append((name_of(called), count))
    found = sorted(labels.values(), key=_weakness)
    seen = [pair for pair in labels.items() if pair[1].truths]
    most = sorted(seen, key=lambda pair: (-pair[1].truths, pair[1].name))[:MOST_COLUMNS]
    columns = sorted(most, key=lambda pair: _weakness(pair[1]))
    numbers = [number for number, _ in columns]
    hits, truths = (sums[name][:, numbers].tolist() for name in ("hits", "truths"))
    place = {user: n for n, user in enumerate(users.tolist())}
    nothing = [Cell(0, 0)] * len(columns)
    rows = [
        (one, list(map(Cell, hits[place[one.user_id]], truths[place[one.user_id]])))
        if one.user_id in place
        else (one, nothing)
        for one in learners
    ]
    return found, Matrix([row for _, row in columns], rows)


def attempts_with(records: Columns, label: str) -> list[int]:
    """The keys of the attempts at films that have a finding of this label."""
    own = records.labels[records.labels["label"] == records.number_of(label)]
    found: list[int] = records.rows["attempt"][own["row"][own["truths"] > 0]].tolist()
    return found


def _weakness(row: LabelRow) -> tuple[float, str]:
    """The weakest first by the upper limit of what is found; then what was only overcalled."""
    return (row.found.high if row.found else 2.0, row.name)


def at_night(records: Columns, zone: tzinfo) -> str:
    """A sentence where less is found between 22 and 6 of that time zone than by day; else empty."""
    rows = records.rows
    hours = (rows["at"] + offsets(rows["at"], zone)) // HOUR % 24
    late = np.isin(hours, LATE_HOURS)
    hits, truths = (rows[name].astype(np.int64) for name in ("hits", "truths"))
    by_night, by_day = int(truths[late].sum()), int(truths[~late].sum())
    if not (by_night and by_day):
        return ""
    change = difference(int(hits[late].sum()), by_night, int(hits[~late].sum()), by_day)
    if not change.is_below_zero:
        return ""
    return (
        f"Between 22:00 and 6:00 this class finds {_points(-change.value)} less than by day "
        f"({_points(-change.high)} to {_points(-change.low)})."
    )
