"""`manage.py make_demo_class`: a class of simulated learners, played through the real services."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Role, User
from cases import demo_set
from cases.models import Case
from cases.priority import stand_back
from classroom import demo_class
from classroom.models import Cohort

ASK_AGAIN = 2
"""Seconds between two looks whether the demo cases are loaded."""
LONGEST_WAIT = 900


class Command(BaseCommand):
    help = "Make a class of simulated learners, to look at the dashboard; --remove takes it away."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--learners", type=int, default=24)
        parser.add_argument("--attempts", type=int, default=40, help="cases of each learner")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--instructor", default="", help="whose class; the first one's without")
        parser.add_argument("--remove", action="store_true", help="take away all simulated classes")
        parser.add_argument(
            "--once",
            action="store_true",
            help="do nothing where there is a simulated class; make one anew that was cut off",
        )
        parser.add_argument(
            "--after-demo", action="store_true", help="wait until the demo cases are loaded"
        )
        parser.add_argument("--nice", type=int, default=0, help="how far to stand back (0 to 19)")

    def handle(self, **options: Any) -> None:
        if options["remove"]:
            count = demo_class.remove()
            self.stdout.write(f"{count} simulated learners and their classes are taken away.")
            return
        stand_back(options["nice"])
        if options["once"]:
            demo_class.remove_unfinished()
            if Cohort.objects.filter(is_simulated=True).exists():
                return
        for name in ("learners", "attempts"):
            if not 1 <= options[name] <= 500:
                raise CommandError(f"--{name} must be 1 to 500.")
        instructor = _instructor(options["instructor"])
        if options["after_demo"]:
            _wait_for_demo()
        if not Case.objects.filter(status=Case.Status.PUBLISHED).exists():
            raise CommandError("No case is published: there is nothing that learners could play.")
        made = demo_class.make(
            instructor,
            learners=options["learners"],
            attempts=options["attempts"],
            seed=options["seed"],
            tell=self.stdout.write if options["verbosity"] > 1 else lambda line: None,
        )
        self.stdout.write(
            f"“{made.cohort.name}” is there: {len(made.persons)} simulated learners, "
            f"{made.attempts} scored attempts, for {instructor.username}."
        )


def _instructor(name: str) -> User:
    found = User.objects.filter(role=Role.INSTRUCTOR, is_active=True)
    if name:
        found = found.filter(username=name)
    instructor = found.order_by("pk").first()
    if instructor is None:
        raise CommandError(f"There is no instructor{f' called {name}' if name else ''}.")
    return instructor


def _wait_for_demo() -> None:
    until = time.monotonic() + LONGEST_WAIT
    while demo_set.missing() and time.monotonic() < until:
        time.sleep(ASK_AGAIN)
