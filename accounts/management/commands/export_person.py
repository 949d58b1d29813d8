"""`manage.py export_person`: what is kept of somebody, as a ZIP archive of JSON files."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import personal
from accounts.models import User


class Command(BaseCommand):
    help = "Writes what is kept of a person into a ZIP archive that only its owner can read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the name the person logs in with")
        parser.add_argument("--to", type=Path, default=Path(), help="a folder; this one by default")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["name"]).first()
        if user is None:
            raise CommandError(f"There is no account called {options['name']!r}.")
        path = options["to"] / personal.file_name(user)
        try:
            path.touch(mode=0o600)
            path.write_bytes(personal.export(user))
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
        self.stdout.write(f"Written: {path}")
