"""`manage.py erase_person`: an account and all that hangs on it, deleted for ever."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import personal
from accounts.models import User


class Command(BaseCommand):
    help = "Erases an account and all that is kept of the person. It cannot be brought back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="the name the person logs in with")
        parser.add_argument(
            "--number", type=int, help="the account's number, as the log of an erasure says it"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask before")

    def handle(self, *args: Any, **options: Any) -> None:
        user = _wanted(options["name"], options["number"])
        name = user.get_username()
        if not options["yes"] and _typed(f"Type {name} to erase it for ever: ") != name:
            raise CommandError("Nothing was erased.")
        number = user.pk
        try:
            counts = personal.erase(user)
        except personal.CannotErase as error:
            raise CommandError(str(error)) from None
        for model, count in sorted(counts.items()):
            self.stdout.write(f"{count:>8}  {model}")
        self.stdout.write(
            f"{name} is erased. After a restore of an older backup, erase number {number} again."
        )


def _wanted(name: str | None, number: int | None) -> User:
    if (name is None) == (number is None):
        raise CommandError("Give a name, or --number.")
    found = User.objects.filter(username=name) if number is None else User.objects.filter(pk=number)
    user = found.first()
    if user is None:
        raise CommandError("There is no such account.")
    return user


def _typed(question: str) -> str:
    try:
        return input(question)
    except EOFError:
        raise CommandError("Nobody can be asked here; --yes erases without a question.") from None
