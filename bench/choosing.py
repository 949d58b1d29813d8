"""`python -m bench choosing [--cases 50000] [--attempts 2000]`: a large library and a busy learner.

Fills a data folder of its own, or the database of DATABASE_URL, which should be an empty one: rows
are written, not played. Prints the median processor time of nine for choosing the next case by each
strategy, for the skills after an attempt, and for the start page, the learner's progress and their
drills. Asked: 30 ms for the adaptive choice, 20 ms for skills, 150 ms for pages.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta

import django

CHOOSE_MS, SKILLS_MS, PAGE_MS = 30, 20, 150
LABELS = ("nodule_mass", "consolidation", "atelectasis", "fracture", "pleural_effusion", "hernia")
BATCH = 2000


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench choosing", description=__doc__)
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--attempts", type=int, default=2_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="radgame-bench-") as folder:
        os.environ.setdefault("DATA_DIR", folder)
        os.environ.setdefault("SECRET_KEY", "only for a measurement")
        os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radgame.settings")
        django.setup()
        return measure(options.cases, options.attempts)


def fill(count: int, attempts: int):
    """A library of every label, a third of it normal, and a learner who has played some of it."""
    from django.utils import timezone

    from accounts.models import User
    from attempts.models import Attempt, Result
    from bench import library
    from cases.models import Case, Finding
    from learning import difficulties, skills
    from learning.models import CaseRecord, LabelRecord

    rng = random.Random(1)
    library.fill(count)
    keys = list(Case.objects.order_by("pk").values_list("pk", flat=True))
    for place, label in enumerate(LABELS):
        Finding.objects.filter(case__in=keys[place :: len(LABELS) + 3][:9000]).update(label=label)
    Finding.objects.filter(case__in=[key for n, key in enumerate(keys) if n % 9 > 5]).delete()
    difficulties.keep_missing(count)
    user = User.objects.create(username="bench", role="trainee")
    now = timezone.now()
    played = rng.sample(keys, attempts)
    truth = dict(Finding.objects.filter(case__in=played).values_list("case", "label"))
    made = Attempt.objects.bulk_create(
        Attempt(
            user=user,
            case_id=key,
            case_version=1,
            kind="localize",
            rule="clinical",
            state="scored",
            submitted_at=now - timedelta(minutes=30 * (attempts - n)),
            scored_at=now,
        )
        for n, key in enumerate(played)
    )
    results = Result.objects.bulk_create(
        Result(attempt=one, scorer="clinical", scorer_version="1", score=50, data={})
        for one in made
    )
    records = CaseRecord.objects.bulk_create(
        CaseRecord(
            result=result,
            attempt=attempt,
            user=user,
            case_id=attempt.case_id,
            kind="localize",
            rule="clinical",
            submitted_at=attempt.submitted_at,
            score=50,
            elapsed_ms=30_000,
            is_normal=attempt.case_id not in truth,
            truths=int(attempt.case_id in truth),
            **dict.fromkeys(("hits", "search", "recognition", "precision", "overcalls"), 0),
            sure=0,
            sure_wrong=0,
        )
        for attempt, result in zip(made, results, strict=True)
    )
    LabelRecord.objects.bulk_create(
        LabelRecord(record=one, label=truth[one.case_id], truths=1, hits=rng.randint(0, 1))
        for one in records
        if one.case_id in truth
    )
    skills.rebuild()
    return user


def timed(
    do: Callable[[], object], prepare: Callable[[], object] = lambda: None, times: int = 9
) -> float:
    """Median milliseconds of processor time, which on an idle machine is nearly all there is."""
    taken = []
    for _ in range(times):
        prepare()
        started = time.process_time()
        do()
        taken.append(1000 * (time.process_time() - started))
    return statistics.median(taken)


def measure(cases: int, attempts: int) -> int:
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from learning import services, skills
    from learning.models import CaseRecord, Skill

    call_command("migrate", verbosity=0)
    user = fill(cases, attempts)
    client = Client()
    client.force_login(user)
    last = CaseRecord.objects.order_by("-submitted_at").first()
    before = list(Skill.objects.filter(user=user).values())

    def forget_the_last() -> None:
        Skill.objects.bulk_update(
            [Skill(**row) for row in before], ["folded", "folded_attempt", "last_at"]
        )

    for row in before:
        if not row["label"]:
            row["folded"] -= 1
            row["folded_attempt"] = last.attempt_id - 1
            row["last_at"] = last.submitted_at - timedelta(minutes=1)
    prepared = {"skills after an attempt": forget_the_last}
    jobs: dict[str, tuple[Callable[[], object], float | None]] = {
        f"next case, {name}": (
            lambda name=name: services.next_case_for(user, "localize", strategy=name),
            CHOOSE_MS if name == "adaptive" else None,
        )
        for name in ("adaptive", "random", "sequential")
    }
    jobs["skills after an attempt"] = (
        lambda: skills.keep_skills(user.pk, "localize"),
        SKILLS_MS,
    )
    for page in ("learning:home", "learning:progress", "drill:drills"):
        address = reverse(page)
        jobs[page] = (lambda address=address: client.get(address), PAGE_MS)
    print(f"{connection.vendor}, {cases} cases, {attempts} attempts of one learner")
    slow = False
    for name, (do, asked) in jobs.items():
        prepare = prepared.get(name, lambda: None)
        took = timed(do, prepare)
        prepare()
        with CaptureQueriesContext(connection) as queries:
            do()
        slow = slow or (asked is not None and took > asked)
        limit = f" (asked: {asked} ms)" if asked else ""
        print(f"{name:28} {took:7.1f} ms {len(queries):4} queries{limit}", flush=True)
    return int(slow)
