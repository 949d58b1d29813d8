"""What a simulated class has to do: assignments at which its learners are more and less far."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from attempts.games import game_of
from attempts.models import Mode, Series
from attempts.series import open_next, settle
from cases.models import Case, ReferenceReport
from classroom import assigning
from classroom.demo_people import Person, elapsed_of, hand_in, marks_of
from classroom.models import Assignment, Cohort
from localize.scoring import KIND as LOCALIZE
from report.scoring import KIND as REPORT
from report.scoring import reference_text

LEAST_LEFT = 0.6
"""Share of the library that stays for practice: a case is played once, or its truth is known."""
INVENTED = (
    "Small left pleural effusion.",
    "There is a nodule in the right upper lobe.",
    "Mild pulmonary edema.",
    "The heart is enlarged.",
)
"""What somebody writes who sees what is not there."""


@dataclass(frozen=True)
class Plan:
    """An assignment to be: how it is played, when, and how far the class is with it."""

    title: str
    text: str
    kind: str
    mode: str
    told: str
    size: int
    opened: timedelta
    """Before now."""
    due: timedelta
    """After now; below zero it is over."""
    shares: tuple[float, ...]
    """Shares of the cases that learners have answered, one of which each of them gets."""


PLANS = (
    Plan(
        "Localize: first films",
        "Take your time, and say how sure you are of each mark.",
        LOCALIZE,
        Mode.PRACTICE,
        Assignment.Told.AT_ONCE,
        size=6,
        opened=timedelta(days=20),
        due=timedelta(days=-6),
        shares=(1, 1, 1, 1, 1, 0.5),
    ),
    Plan(
        "Localize: test before the conference",
        "As in an examination: the truth is shown after the last case.",
        LOCALIZE,
        Mode.TEST,
        Assignment.Told.AFTER_LAST,
        size=6,
        opened=timedelta(days=5),
        due=timedelta(days=2),
        shares=(1, 1, 0.5, 0.34, 0),
    ),
    Plan(
        "Report: findings and impression",
        "Write what you would sign.",
        REPORT,
        Mode.PRACTICE,
        Assignment.Told.AT_ONCE,
        size=4,
        opened=timedelta(days=9),
        due=timedelta(days=9),
        shares=(1, 0.75, 0.5, 0.25, 0),
    ),
)


def set_work(
    cohort: Cohort, by: User, cases: Sequence[Case], rng: random.Random
) -> list[tuple[Plan, Assignment]]:
    """Publish as many of `PLANS` as the library has cases for, each with cases of its own."""
    left = list(cases)
    rng.shuffle(left)
    made = []
    for plan in PLANS:
        rule = game_of(plan.kind).rules[0]
        fit = game_of(plan.kind).playable(Case.objects.filter(pk__in=[c.pk for c in left]), rule)
        keys = set(fit.values_list("pk", flat=True))
        chosen = [case for case in left if case.pk in keys][: plan.size]
        if len(chosen) < plan.size or len(left) - plan.size < LEAST_LEFT * len(cases):
            continue
        left = [case for case in left if case not in chosen]
        made.append((plan, _published(plan, cohort, by, chosen, rule)))
    return made


def _published(
    plan: Plan, cohort: Cohort, by: User, cases: Sequence[Case], rule: str
) -> Assignment:
    assignment = Assignment.objects.create(
        cohort=cohort,
        created_by=by,
        title=plan.title,
        text=plan.text,
        kind=plan.kind,
        mode=plan.mode,
        rule=rule,
        told=plan.told,
    )
    assigning.set_cases(assignment, cases)
    assigning.publish(assignment)
    return assignment


def do_work(
    work: Sequence[tuple[Plan, Assignment]], persons: Sequence[Person], rng: random.Random
) -> int:
    """Have everybody do their share, then give the assignments their times; how many answers."""
    answers = 0
    for plan, assignment in work:
        for person in persons:
            answers += _do(plan, assignment, person, rng)
        now = timezone.now()
        Assignment.objects.filter(pk=assignment.pk).update(
            opens_at=now - plan.opened,
            published_at=now - plan.opened,
            due_at=_to_the_hour(now + plan.due),
        )
        assignment.refresh_from_db()
        assigning.deal_anew(assignment)
        for run in assignment.runs.select_related("series"):
            settle(run.series)
    return answers


def _to_the_hour(time: datetime) -> datetime:
    return time.replace(minute=0, second=0, microsecond=0)


def _do(plan: Plan, assignment: Assignment, person: Person, rng: random.Random) -> int:
    """One learner answers a share of the cases, in one sitting before now and the due time."""
    series = assignment.runs.get(user=person.user).series
    count = round(rng.choice(plan.shares) * plan.size)
    longest = plan.opened + min(plan.due, timedelta(0))
    began = timezone.now() - plan.opened + longest * rng.uniform(0.1, 0.9)
    at = began
    for _ in range(count):
        attempt = open_next(series)
        if attempt is None:
            break
        elapsed = elapsed_of(person, rng) * (3 if plan.kind == REPORT else 1)
        at += timedelta(milliseconds=elapsed + 5000)
        hand_in(attempt, _answer(plan, person, attempt.case, rng), elapsed_ms=elapsed, submitted=at)
    settle(series)
    if count:
        Series.objects.filter(pk=series.pk).update(begun_at=began)
        Series.objects.filter(pk=series.pk, closed_at__isnull=False).update(closed_at=at)
    return count


def _answer(plan: Plan, person: Person, case: Case, rng: random.Random) -> dict[str, Any]:
    if plan.kind == LOCALIZE:
        return marks_of(person, case, person.ability, rng)
    return report_of(person, case, rng)


def report_of(person: Person, case: Case, rng: random.Random) -> dict[str, Any]:
    """A report from the sentences of the reference: some are left out, and some are invented."""
    reference = ReferenceReport.objects.filter(case=case, language="en").first()
    chance = 1 / (1 + math.exp(-person.ability - 0.5))
    sentences = re.split(r"(?<=[.!?])\s+", reference_text(reference)) if reference else []
    kept = [sentence for sentence in sentences if rng.random() < chance]
    if rng.random() < person.bias / (1 + person.bias):
        kept.append(rng.choice(INVENTED))
    return {"text": " ".join(kept) or "No acute abnormality.", "language": "en"}
