"""`manage.py take_second_step_off`: for the administrator who lost their own device."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import second_step
from accounts.models import User


class Command(BaseCommand):
    help = "Takes the second step off an account: its password alone lets it in, until a new one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the name the person logs in with")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["name"]).first()
        if user is None:
            raise CommandError("There is no such account.")
        if not second_step.turn_off(user):
            raise CommandError(f"{user.username} has no second step.")
        self.stdout.write(f"The second step of {user.username} is off.")
