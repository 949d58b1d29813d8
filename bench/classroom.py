"""`python -m bench classroom [--learners N] [--outcomes N] [--exported N]`: a large class.

Fills a data folder of its own, or the database of DATABASE_URL, which should be an empty one: rows
are written, not played, with marks and ratings as scoring leaves them. Asked on PostgreSQL: each
page within 300 ms of server time at as many queries as for any class (with its records packed by
the worker, `learning.columns`; before that and with answers since for comparison), exports from
50,000 rows a second on at a memory that does not grow with them.

Prints each page's median of five by the clock, the processor time of that (Python's, and the
database's where it runs on this machine), its queries; and of the exports rows a second by the
clock and by processor time, and how far memory grew. What others do on the machine is in the
figures by the clock; figures by processor time change little by it.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import django

CASES = 250
NORMALS = 0.3
TRUTHS = 2
"""Findings of an abnormal case; each gives an outcome of the finding and one of a mark."""
PAGE_MS = 300
ROWS_A_SECOND = 50_000
GROWS_MB = 64
"""How much memory an export may take, however many rows it has."""
LABELS = (
    *("nodule_mass", "consolidation", "atelectasis", "fracture", "pleural_effusion"),
    *("pneumothorax", "emphysema", "hilar_enlargement", "scoliosis", "bronchiectasis"),
)
BATCH = 2000
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def fill(learners: int, outcomes: int, seed: int = 1):
    """A class whose learners have so many outcomes together; its instructor, it, and its cases."""
    from django.utils import timezone

    from accounts.models import User
    from bench import library
    from cases.models import Case
    from classroom.models import Cohort, Membership
    from learning import records

    library.fill(CASES)
    cases = list(Case.objects.order_by("pk").prefetch_related("images"))
    teacher = User.objects.create(username="bench-instructor", role="instructor")
    cohort = Cohort.objects.create(name="Bench", created_by=teacher)
    cohort.instructors.add(teacher)
    users = User.objects.bulk_create(
        User(username=f"bench-{number}", role="trainee") for number in range(learners)
    )
    joined = timezone.now() - timedelta(weeks=30)
    Membership.objects.bulk_create(
        Membership(cohort=cohort, user=user, code=f"c{n}", joined_at=joined)
        for n, user in enumerate(users)
    )
    play(users, cases, outcomes, random.Random(seed))
    records.rebuild()
    _analyze()
    return teacher, cohort, users, cases


def play(users, cases, outcomes: int, rng: random.Random) -> None:
    """So many outcomes of these learners in these cases, chosen by chance."""
    each = outcomes / len(users) / (2 * TRUTHS * (1 - NORMALS) + NORMALS)
    plan = [(user, case) for user in users for case in rng.choices(cases, k=round(each))]
    for first in range(0, len(plan), BATCH):
        _write(plan[first : first + BATCH], rng)


def _write(plan, rng: random.Random) -> None:
    from django.utils import timezone

    from attempts.models import Attempt, Outcome, Result

    now = timezone.now()
    attempts = Attempt.objects.bulk_create(
        Attempt(
            user=user,
            case=case,
            case_version=1,
            kind="localize",
            rule="clinical",
            state="scored",
            submitted_at=now - timedelta(minutes=rng.randrange(28 * 7 * 1440)),
            elapsed_ms=rng.randrange(5_000, 180_000),
        )
        for user, case in plan
    )
    answers = [_answer(case, rng) for _, case in plan]
    results = Result.objects.bulk_create(
        Result(
            attempt=attempt,
            scorer="clinical",
            scorer_version="bench",
            score=rng.randrange(101),
            data=answer,
        )
        for attempt, answer in zip(attempts, answers, strict=True)
    )
    Outcome.objects.bulk_create(
        outcome
        for result, answer in zip(results, answers, strict=True)
        for outcome in _outcomes(result, answer)
    )


def _answer(case, rng: random.Random) -> dict[str, list[dict[str, object]]]:
    """Truths and marks of a result; a share of the cases is normal."""
    of_case = random.Random(case.pk)
    truths, marks = [], []
    image = case.images.all()[0].public_id
    for number in range(0 if of_case.random() < NORMALS else TRUTHS):
        x, y = of_case.random() * 0.8, of_case.random() * 0.8
        label, hit = of_case.choice(LABELS), rng.random() < 0.6
        box = [x, y, x + 0.1, y + 0.1]
        named = {"label": label, "image": image, "box": box}
        outcome = "hit" if hit else "missed"
        truths.append({"id": f"t{number}", "mode": "draw", "outcome": outcome, **named})
        if hit:
            sure = rng.randrange(2, 6)
            found = {"id": f"m{number}", "truth": f"t{number}", "outcome": "hit", **named}
            marks.append({**found, "confidence": sure})
    if rng.random() < 0.4 or not (truths or marks):
        x, y = rng.random() * 0.9, rng.random() * 0.9
        wrong = {"id": "w", "truth": None, "outcome": "false", "label": rng.choice(LABELS)}
        place = {"image": image, "box": [x, y, x + 0.1, y + 0.1]}
        marks.append({**wrong, **place, "confidence": rng.randrange(1, 6)})
    return {"truths": truths, "marks": marks}


def _outcomes(result, answer):
    from attempts.models import Outcome

    for about, rows in (("truth", answer["truths"]), ("mark", answer["marks"])):
        for row in rows:
            yield Outcome(
                result=result,
                about=about,
                label=row["label"],
                outcome=row["outcome"],
                confidence=row.get("confidence"),
            )


def _analyze() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@dataclass(frozen=True)
class Taken:
    """Milliseconds by the clock, of Python's processor time, and of the database's."""

    clock: float
    python: float
    database: float

    @property
    def processor(self) -> float:
        return self.python + self.database


class Watch:
    """What passes between its making and `taken`."""

    def __init__(self, backend: int | None) -> None:
        self.backend = backend
        self.began = self._now()

    def _now(self) -> tuple[float, float, float]:
        database = 0.0
        if self.backend:
            with suppress(OSError):  # the database runs on another machine
                stat = Path(f"/proc/{self.backend}/stat").read_text().rpartition(")")[2].split()
                database = (int(stat[11]) + int(stat[12])) * TICK_MS
        return 1000 * time.perf_counter(), 1000 * time.process_time(), database

    def taken(self) -> Taken:
        return Taken(*(now - then for now, then in zip(self._now(), self.began, strict=True)))


def backend_of_database() -> int | None:
    from django.db import connection

    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def timed(client, address: str) -> tuple[Taken, int]:
    """What a page takes (medians of five), and the number of its queries."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(address)
    backend, taken = backend_of_database(), []
    for _ in range(5):
        watch = Watch(backend)
        answer = client.get(address)
        taken.append(watch.taken())
        assert answer.status_code == 200, (address, answer.status_code)
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    median = (statistics.median(getattr(one, name) for one in taken) for name in vars(taken[0]))
    return Taken(*median), len(queries)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench classroom", description=__doc__)
    parser.add_argument("--learners", type=int, default=200)
    parser.add_argument("--outcomes", type=int, default=100_000)
    parser.add_argument("--exported", type=int, default=1_000_000, help="0: no large export")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="radgame-bench-") as folder:
        os.environ.setdefault("DATA_DIR", folder)
        os.environ.setdefault("SECRET_KEY", "only for a measurement")
        os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radgame.settings")
        django.setup()
        return measure(options.learners, options.outcomes, options.exported)


def measure(learners: int, outcomes: int, exported: int) -> int:
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.urls import reverse

    from cases.models import Case
    from learning import columns, records

    call_command("migrate", verbosity=0)
    teacher, cohort, users, cases = fill(learners, outcomes)
    client = Client()
    client.force_login(teacher)
    own = [cohort.public_id]
    case = Case.objects.filter(records__isnull=False).first()
    pages = {
        "dashboard": reverse("classroom:figures", args=own),
        "cases": reverse("classroom:items", args=own),
        "a case": reverse("classroom:item", args=[*own, case.public_id]),
        "discuss": reverse("classroom:discuss", args=[*own, case.public_id]),
        "a learner": reverse("classroom:learner", args=[*own, cohort.memberships.first().code]),
    }
    print(f"{connection.vendor}, {learners} learners, about {outcomes} outcomes")
    show("unpacked", *timed(client, pages["dashboard"]), "the dashboard before a worker came by")
    columns.rebuild()
    slow = False
    learner = Client()
    learner.force_login(users[0])
    asked = [(name, client, address) for name, address in pages.items()]
    asked.append(("progress", learner, reverse("learning:progress")))
    for name, who, address in asked:
        took, queries = timed(who, address)
        slow = slow or took.clock > PAGE_MS
        show(name, took, queries, f"asked: {PAGE_MS} ms")
    play(users[: learners // 4], cases, outcomes // 200, random.Random(3))
    records.sweep()
    show("since", *timed(client, pages["dashboard"]), "the same where a quarter has just played")
    slow = not export(cohort) or slow
    if exported > outcomes:
        play(users, cases, exported - outcomes, random.Random(2))
        _analyze()
        slow = not export(cohort) or slow
    return int(slow)


def show(name: str, took: Taken, queries: int, about: str) -> None:
    print(
        f"{name:12} {took.clock:6.0f} ms by the clock, processor {took.processor:5.0f} ms "
        f"(Python {took.python:.0f}, database {took.database:.0f}), {queries} queries ({about})",
        flush=True,
    )


def export(cohort) -> bool:
    """Write all outcomes to nowhere in both forms, tell how fast; whether that is as asked.

    Asked are rows a second of CSV, and of both that memory does not grow with the rows.
    """
    from classroom import exports

    lines = exports.csv_lines(cohort, "outcomes")
    count, fast = _export("CSV", lines, sum_of=lambda block: block.count("\n"))
    blocks = exports.xlsx_blocks(cohort, "outcomes")
    return _export("XLSX", blocks, sum_of=lambda block: 0, rows=count)[1] and fast


def _export(form: str, blocks, *, sum_of, rows: int = 0) -> tuple[int, bool]:
    """How many rows the blocks had (`rows` where they are packed), and whether it was as asked."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    watch = Watch(backend_of_database())
    count = sum(map(sum_of, blocks)) or rows
    took = watch.taken()
    rate = 1000 * count / took.clock
    grew = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    asked = f"{GROWS_MB} MB" if rows else f"{ROWS_A_SECOND}, {GROWS_MB} MB"
    print(
        f"{form:12} {rate:6.0f} rows a second by the clock, {1000 * count / took.processor:.0f} "
        f"by processor time, of {count}; memory grew by {grew:.0f} MB (asked: {asked})",
        flush=True,
    )
    return count, (bool(rows) or rate >= ROWS_A_SECOND) and grew <= GROWS_MB
