"""Puts a backup into an empty place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from radgame import backup


class Command(BaseCommand):
    help = "Put a backup into an empty database and its media; nothing is overwritten."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", type=Path, help="a file that manage.py backup wrote")
        parser.add_argument("--only-check", action="store_true", help="read it, restore nothing")

    def handle(self, *, source: Path, only_check: bool, **options: Any) -> None:
        try:
            if only_check:
                manifest = backup.check(source)
                self.stdout.write(f"{source} is whole: as of {manifest.made_at}.")
                return
            left = backup.restore(source)
        except backup.BackupProblem as problem:
            raise CommandError(str(problem)) from None
        for sentence in left:
            self.stdout.write(sentence)
        self.stdout.write("Restored. Start the processes, then see manage.py doctor.")
