"""A class to look at: simulated learners of known ability who play through the real services.

Each learner has an ability, a bias toward marking, and a way of being sure; what is learned wears
off between two sittings. From these come answers, which are submitted and scored as anybody's. Only
the times are then set back, so that there are weeks to look at. Everywhere it is said that the
learners are simulated (`Cohort.is_simulated`).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Role, User
from accounts.personal import erase
from attempts import services
from attempts.models import Mode
from cases.models import Case
from cases.queries import of_everybody
from classroom.demo_people import Person, elapsed_of, hand_in, marks_of
from classroom.demo_work import do_work, set_work
from classroom.models import Cohort, Membership
from classroom.services import create_cohort, enroll
from localize.scoring import KIND
from ml.localize import RULES

NAME = "Simulated class"
BEING_MADE = f"{NAME}, being made"
"""Its name until all is played, by which one whose making was cut off is known."""
PREFIX = "simulated-"
"""Begins the names of simulated learners, who cannot log in."""
WEEKS = 8
SITTING = 8
"""Cases played at once; between two sittings something is forgotten."""
TRAININGS = ("student", "pgy1", "pgy2", "pgy3", "fellow")


@dataclass(frozen=True)
class Made:
    cohort: Cohort
    persons: list[Person]
    attempts: int


def make(
    instructor: User,
    *,
    learners: int,
    attempts: int,
    seed: int,
    tell: Callable[[str], None] = lambda line: None,
) -> Made:
    """A class of so many learners, each with so many cases of those that are published, and with
    assignments of the rest where the library has enough.

    Every learner plays a case once, so that no truth is known before.
    """
    rng, work_rng = random.Random(seed), random.Random(f"{seed} work")
    cases = _cases()
    cohort = create_cohort(instructor, name=BEING_MADE, is_simulated=True)
    persons = [_person(cohort, number, rng) for number in range(1, learners + 1)]
    work = set_work(cohort, instructor, cases, work_rng)
    assigned = {place.case_id for _, assignment in work for place in assignment.places.all()}
    cases = [case for case in cases if case.pk not in assigned]
    count = min(attempts, len(cases))
    for person in persons:
        for place, case in enumerate(rng.sample(cases, count)):
            _play(person, case, place, count, rng)
        tell(f"{person.user.username}: {count} cases played")
    answers = do_work(work, persons, work_rng)
    tell(f"{answers} answers to {len(work)} assignments")
    Cohort.objects.filter(pk=cohort.pk, name=BEING_MADE).update(name=NAME)
    cohort.refresh_from_db()
    return Made(cohort, persons, count * len(persons) + answers)


def remove() -> int:
    """Take away every simulated class and its learners with all they played; how many learners."""
    return _remove(Cohort.objects.filter(is_simulated=True))


def remove_unfinished() -> int:
    """The same for classes whose making was cut off, but for those that somebody else is in."""
    others = Membership.objects.exclude(user__username__startswith=PREFIX)
    unfinished = Cohort.objects.filter(is_simulated=True, name=BEING_MADE)
    return _remove(unfinished.exclude(memberships__in=others))


@transaction.atomic
def _remove(cohorts: QuerySet[Cohort]) -> int:
    learners = User.objects.filter(memberships__cohort__in=cohorts, username__startswith=PREFIX)
    found = list(learners.distinct())
    cohorts.delete()
    for learner in found:
        erase(learner)  # with the films that were made for them, which keep their maker
    return len(found)


def _cases() -> list[Case]:
    """The published cases of single images, in an order that the seed decides alone."""
    published = of_everybody(Case.objects.filter(status=Case.Status.PUBLISHED))
    found = (
        published.exclude(images__frames__gt=1)
        .prefetch_related("images", "findings__regions__image")
        .distinct()
    )
    return list(found.order_by("dataset__slug", "source_key"))


def _person(cohort: Cohort, number: int, rng: random.Random) -> Person:
    user = User(username=f"{PREFIX}{cohort.pk}-{number:02d}", role=Role.TRAINEE)
    user.set_unusable_password()
    user.save()
    membership = enroll(cohort, user, training=rng.choice(TRAININGS))
    joined = timezone.now() - timedelta(weeks=WEEKS, days=1)
    Membership.objects.filter(pk=membership.pk).update(joined_at=joined)
    return Person(
        user,
        ability=rng.gauss(0.4, 0.9),
        learns=rng.uniform(0.0, 0.35),
        forgets=rng.uniform(0.1, 0.6),
        bias=math.exp(rng.gauss(-1.2, 0.7)),
        overconfident=rng.random() < 0.2,
        seconds=math.exp(rng.gauss(3.9, 0.4)),
    )


def _ability_now(person: Person, place: int) -> float:
    """After the sittings before: each adds something, of which a share is lost until the next."""
    gained = 0.0
    for _ in range(place // SITTING):
        gained = (gained + person.learns) * (1 - person.forgets)
    return person.ability + gained


def _play(person: Person, case: Case, place: int, count: int, rng: random.Random) -> None:
    """Open, submit and score one case, then set its times back."""
    ability = _ability_now(person, place)
    attempt = services.open_attempt(
        user=person.user, case=case, kind=KIND, mode=Mode.PRACTICE, rule=RULES[0]
    )
    answer = marks_of(person, case, ability, rng)
    elapsed = elapsed_of(person, rng)
    hand_in(attempt, answer, elapsed_ms=elapsed, submitted=_when(place, count, rng))


def _when(place: int, count: int, rng: random.Random) -> datetime:
    """Sittings over the weeks before now, the last one less than a week ago."""
    sittings = -(-count // SITTING)
    sitting = place // SITTING
    days = 1 + 7 * (WEEKS - 1) * (1 - (sitting + 1) / sittings)
    minutes = 4 * (place % SITTING) + rng.uniform(0, 2)
    return timezone.now() - timedelta(days=days, hours=2) + timedelta(minutes=minutes)
