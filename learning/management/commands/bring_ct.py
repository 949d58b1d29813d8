"""`manage.py bring_ct`: the CT that films are made from for each learner, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from learning.endless import ct as volumes
from ml.simulate.sources import HOW_TO_GET, NoVolume


class Command(BaseCommand):
    help = (
        "Prepare a chest CT from which films are made for each learner (docs/learning.md). "
        "It is kept in the data folder and takes half a gigabyte."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--ct", type=Path, metavar="PATH", help="as of simulate_cases: the wheel, NIfTI, DICOM"
        )
        parser.add_argument("--labels", type=Path, metavar="PATH", help="as of simulate_cases")

    def handle(self, *, ct: Path | None, labels: Path | None, **options: Any) -> None:
        if ct is None:
            raise CommandError(f"Name a CT with --ct. {HOW_TO_GET}")
        self.stdout.write("Preparing the CT …")
        try:
            volumes.bring(ct, labels)
        except NoVolume as problem:
            raise CommandError(str(problem)) from None
        except OSError as error:
            why = error.strerror or error
            raise CommandError(f"The CT could not be kept: {why}. Nothing was changed.") from None
        self.stdout.write(
            f"It is in {volumes.folder()}. `manage.py play` makes films from its next start on; "
            "elsewhere the worker of the queue “films” does."
        )
