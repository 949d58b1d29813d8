"""`python -m bench.seed CASES LEARNERS OUTCOMES`: fill the empty PostgreSQL of DATABASE_URL.

The database writes the rows itself: one row of each table is made as the game makes it, then copied
by `INSERT … SELECT` with an expression for what differs from row to row, so that columns that come
later are right without a word here. Keys count from 1: case n has image n, learner n is user n,
attempt n has result n. Indexes are put aside meanwhile and made again in one go, and foreign keys,
right by how the rows are made, are not looked up for each of them (which takes a superuser). Prints
JSON: pages to look at, name → [username, address].
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import django

CLASS_SIZE = 30
LABELS = ("nodule_mass", "consolidation", "atelectasis", "fracture", "pleural_effusion")
RANDOM_ID = (
    "substr(translate(encode(sha256((n::text || random()::text)::bytea), 'base64'), "
    "'+/', '-_'), 1, 12)"
)
WHEN = "now() - interval '1 minute' * (1 + (n::bigint * 7919) % 500000)"


@contextmanager
def unchecked() -> Iterator[None]:
    """Without looking up foreign keys, and without indexes but those of constraints."""
    from django.db import connection

    of_constraints = "SELECT conindid FROM pg_constraint WHERE conindid <> 0"
    others = (
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        "JOIN pg_class ON pg_class.oid = indrelid AND relnamespace = 'public'::regnamespace "
        f"WHERE NOT indisprimary AND indexrelid NOT IN ({of_constraints})"
    )
    with connection.cursor() as cursor:
        cursor.execute(others)
        indexes = cursor.fetchall()
        for setting in ("session_replication_role = replica", "synchronous_commit = off"):
            cursor.execute(f"SET {setting}")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _, made in indexes:
            cursor.execute(made)
        cursor.execute("RESET session_replication_role")


def copies(row: Any, first: int, last: int, **differs: str) -> None:
    """Copy a stored row for each n from `first` to `last`; `differs`: column → SQL in n."""
    from django.db import connection

    table = row._meta.db_table
    columns = [field.column for field in row._meta.concrete_fields]
    assert not set(differs) - set(columns), f"{table}: no such column of {sorted(differs)}"
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(differs.get(name, f't."{name}"') for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({names}) SELECT {values} FROM "{table}" t '
            f"CROSS JOIN generate_series({first}, {last}) n WHERE t.id = {row.pk}"
        )


def settle() -> None:
    """Let new keys follow those that are there, and the planner know what there is."""
    from django.apps import apps
    from django.core.management.color import no_style
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE")


def library(cases: int) -> None:
    from bench import library as plain
    from cases.models import Case, Finding, Image, ReferenceReport, Region

    plain.fill(1)
    case, image, finding = Case.objects.get(), Image.objects.get(), Finding.objects.get()
    region = Region.objects.get()
    report = ReferenceReport.objects.get()
    assert {one.pk for one in (case, image, finding, region, report)} == {1}, (
        "not an empty database"
    )
    label = f"(ARRAY{list(LABELS)})[1 + n % {len(LABELS)}]"
    public = {"public_id": RANDOM_ID}
    copies(case, 2, cases, id="n", source_key="'seed-' || n", **public)
    sha = "lpad(to_hex(n), 64, '0')"
    of_case = {"id": "n", "case_id": "n"}
    copies(
        image, 2, cases, source_sha256=sha, token="substr(md5(n::text), 1, 8)", **of_case, **public
    )
    copies(report, 2, cases, **of_case)
    copies(finding, 2, cases, label=label, **of_case, **public)
    second = {"id": f"{cases} + n", "case_id": "n"}
    copies(finding, 1, cases, label=label.replace("n %", "(n + 1) %"), **second, **public)
    copies(region, 2, cases, id="n", finding_id="n", image_id="n", **public)
    of_second = {"id": f"{cases} + n", "finding_id": f"{cases} + n", "image_id": "n"}
    copies(region, 1, cases, **of_second, **public)


def people(learners: int) -> None:
    """Learners in classes of thirty, an instructor of all classes, a curator."""
    from django.utils import timezone

    from accounts.models import User
    from classroom.models import Cohort, Membership

    user = User.objects.create(username="seed-1", password="!", role="trainee")
    assert user.pk == 1, "not an empty database"
    copies(user, 2, learners, id="n", username="'seed-' || n")
    keys = range(learners + 1, learners + 3)
    for key, role in zip(keys, ("instructor", "curator"), strict=True):
        User.objects.create(pk=key, username=f"seed-{role}", password="!", role=role)
    teacher = User.objects.get(username="seed-instructor")
    cohort = Cohort.objects.create(name="Seed 1", created_by=teacher)
    classes = max(1, learners // CLASS_SIZE)
    copies(cohort, 2, classes, id="n", name="'Seed ' || n", public_id=RANDOM_ID)
    settle()
    cohort.instructors.add(teacher)
    joined = timezone.now() - timedelta(weeks=60)
    member = Membership.objects.create(cohort=cohort, user=user, code="c1", joined_at=joined)
    last = classes * CLASS_SIZE if learners >= CLASS_SIZE else learners
    in_class = f"1 + (n - 1) / {CLASS_SIZE}"
    copies(member, 2, last, id="n", user_id="n", cohort_id=in_class, code="'c' || n")


def played(cases: int, learners: int, outcomes: int) -> None:
    """Scored practice: one case with two findings, one of them marked, again and again."""
    from accounts.models import User
    from attempts import services, tasks
    from attempts.models import Attempt, Outcome, Result
    from cases.models import Case
    from learning.models import CaseRecord, LabelRecord

    user, case = User.objects.get(pk=1), Case.objects.get(pk=1)
    attempt = services.open_attempt(
        user=user, case=case, kind="localize", mode="practice", rule="clinical"
    )
    assert attempt.pk == 1, "not an empty database"
    mark = {"id": "m1", "label": "nodule_mass", "image": case.images.get().public_id, "frame": 0}
    answer = {"marks": [{**mark, "box": [0.2, 0.2, 0.3, 0.3], "confidence": 3}], "ticked": []}
    services.submit(
        attempt_id=1,
        submission=uuid.uuid4(),
        answer={**answer, "normal": False},
        elapsed_ms=60_000,
    )
    tasks.score_attempt(1)  # here and now
    Attempt.objects.filter(pk=1).update(submission=None)
    attempt, result = Attempt.objects.get(pk=1), Result.objects.get()
    rows = list(Outcome.objects.order_by("pk"))
    attempts = max(learners, outcomes // len(rows))
    record = CaseRecord.objects.get()
    who, what = f"1 + (n - 1) % {learners}", f"1 + ((n - 1)::bigint * 31) % {cases}"
    same = {"user_id": who, "case_id": what, "submitted_at": WHEN}
    ids = {"public_id": "gen_random_uuid()", "scored_at": WHEN}
    with unchecked():
        copies(attempt, 2, attempts, id="n", **same, **ids)
        score = {"score": "(n * 13) % 101"}
        copies(result, 2, attempts, id="n", attempt_id="n", **score)
        label = f"(ARRAY{list(LABELS)})[1 + n % {len(LABELS)}]"
        for number, row in enumerate(rows):
            key = f"{number * attempts + len(rows)} + n"
            copies(row, 2, attempts, id=key, result_id="n", label=label)
        kept = {"result_id": "n", "attempt_id": "n", **score}
        copies(record, 2, attempts, id=f"{record.pk - 1} + n", **kept, **same)
        for number, of_label in enumerate(list(LabelRecord.objects.filter(record=record))):
            key = f"{number * attempts + 10} + n"
            copies(of_label, 2, attempts, id=key, record_id=f"{record.pk - 1} + n")


def packed() -> None:
    """What a worker would have packed of the class that is looked at; the others' is not read."""
    from classroom.models import Membership
    from learning import columns

    cohort = Membership.objects.order_by("pk")[0].cohort
    columns.pack(list(cohort.memberships.values_list("user", flat=True)))


def pages() -> dict[str, tuple[str, str]]:
    """Pages of every role, of somebody and something in the middle."""
    from django.urls import reverse

    from accounts.models import User
    from attempts.models import Attempt
    from cases.models import Case
    from classroom.models import Cohort

    learner = User.objects.get(pk=1 + User.objects.filter(role="trainee").count() // 2)
    case = Case.objects.get(pk=1 + Case.objects.count() // 2)
    attempt = Attempt.objects.filter(user=learner).latest("pk")
    cohort = Cohort.objects.get(instructors__username="seed-instructor")
    member = cohort.memberships.order_by("pk")[0]
    of_learner = {
        "home": reverse("learning:home"),
        "next case, Localize": reverse("learning:next", args=["localize"]),
        "next case, Report": reverse("learning:next", args=["report"]),
        "case, Localize": reverse("localize:case", args=[case.public_id]),
        "case, Report": reverse("report:case", args=[case.public_id]),
        "feedback": reverse("localize:result", args=[attempt.public_id]),
        "past cases": reverse("learning:history"),
        "progress": reverse("learning:progress"),
        "classes": reverse("classroom:classes"),
        "account": reverse("accounts:own"),
    }
    code = [cohort.public_id]
    of_instructor = {
        "class": reverse("classroom:cohort", args=code),
        "class, figures": reverse("classroom:figures", args=code),
        "class, cases": reverse("classroom:items", args=code),
        "class, a learner": reverse("classroom:learner", args=[*code, member.code]),
        "a case with its truth": reverse("cases:detail", args=[case.public_id]),
    }
    of_curator = {
        "desk": reverse("cases:desk"),
        "desk, published": reverse("cases:desk") + "?status=published",
        "desk, a label": reverse("cases:desk") + "?text=fracture",
    }
    both = (
        (learner.username, of_learner),
        ("seed-instructor", of_instructor),
        ("seed-curator", of_curator),
    )
    return {name: (user, url) for user, found in both for name, url in found.items()}


def main(arguments: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radgame.settings")
    django.setup()
    cases, learners, outcomes = map(int, arguments)
    library(cases)
    people(learners)
    played(cases, learners, outcomes)
    settle()
    packed()
    settle()
    json.dump(pages(), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
