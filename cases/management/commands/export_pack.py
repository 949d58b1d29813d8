"""Write a data set's cases to one signed file for another installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cases import signing
from cases.models import Dataset
from cases.packing import write_pack


class Command(BaseCommand):
    help = "Write a data set's published and held cases to a pack; import_cases pack reads it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", help="its short name, as in the administration")
        parser.add_argument("path", type=Path, help="the file to write, such as films.zip")

    def handle(self, *, dataset: str, path: Path, **options: Any) -> None:
        found = Dataset.objects.filter(slug=dataset).first()
        if found is None:
            there = ", ".join(Dataset.objects.order_by("slug").values_list("slug", flat=True))
            raise CommandError(f"There is no data set {dataset}; there are {there or 'none'}.")
        if not path.absolute().parent.is_dir():
            raise CommandError(f"{path.absolute().parent} is not a folder.")
        try:
            written = write_pack(path, found)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror or error}.") from None
        self.stdout.write(f"{written.cases:,} cases with {written.images:,} images: {path}")
        if written.missing:
            said = "whose renditions are missing or damaged were left out: import them again"
            self.stdout.write(f"{written.missing:,} cases {said} with --force.")
        self.stdout.write(f"License: {found.licence or 'not known: check that you may share it'}.")
        self.stdout.write(
            f"Signed by {signing.fingerprint(signing.public_key())}: tell whoever imports it, "
            f"who needs PACK_SIGNERS={signing.public_key()}"
        )
