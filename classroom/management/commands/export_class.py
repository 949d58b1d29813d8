"""`manage.py export_class`: attempts, outcomes or marks of a class, as the page gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classroom import exports
from classroom.models import Cohort


class Command(BaseCommand):
    help = "Write attempts, outcomes or marks of a class as CSV or XLSX, by the file's ending."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cohort", help="the class's name, or its identity in addresses")
        parser.add_argument("table", choices=sorted(exports.TABLES))
        parser.add_argument("file", type=Path, help="ends in .csv or .xlsx")

    def handle(self, *, cohort: str, table: str, file: Path, **options: Any) -> None:
        found = list(Cohort.objects.filter(public_id=cohort) or Cohort.objects.filter(name=cohort))
        if len(found) != 1:
            raise CommandError(f"{len(found) or 'No'} classes are called {cohort}.")
        try:
            if file.suffix == ".xlsx":
                with file.open("wb") as book:
                    exports.write_xlsx(found[0], table, book)
            elif file.suffix == ".csv":
                with file.open("w", encoding="utf-8", newline="") as out:
                    out.writelines(exports.csv_lines(found[0], table))
                meanings = file.with_name(f"{file.stem}-dictionary.csv")
                with meanings.open("w", encoding="utf-8", newline="") as out:
                    out.writelines(exports.dictionary_lines(table))
            else:
                raise CommandError(f"{file} must end in .csv or .xlsx.")
        except OSError as error:
            raise CommandError(f"{file} cannot be written ({error.strerror}).") from None
        self.stdout.write(f"{file} is written.")
