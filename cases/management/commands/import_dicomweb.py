"""Import studies of a DICOMweb server, such as a hospital's archive."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.text import slugify

from cases.fetching.dicomweb import Archive, File, Wanted
from cases.fetching.download import FetchProblem
from cases.importers.dicom import DATASET
from cases.importers.studies.headings import digest
from cases.management.commands.import_cases import _positive
from cases.models import Case, Dataset

USUAL_COUNT = 50


class Command(BaseCommand):
    help = (
        "Import studies of a DICOMweb server. User and password, or a token, stand in the "
        "environment: DICOMWEB_USER and DICOMWEB_PASSWORD, or DICOMWEB_TOKEN."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default="", help="of the server (default: DICOMWEB_URL)")
        parser.add_argument(
            "--study", action="append", default=[], metavar="UID", help="this one; repeatable"
        )
        parser.add_argument("--accession", default="", metavar="NUMBER")
        parser.add_argument("--patient", default="", metavar="ID", help="all studies of a patient")
        parser.add_argument("--modality", default="", metavar="CR,DX", help="with one of these")
        parser.add_argument("--since", type=_day, metavar="YYYY-MM-DD")
        parser.add_argument("--until", type=_day, metavar="YYYY-MM-DD")
        parser.add_argument(
            "--count", type=_positive, default=USUAL_COUNT, help="at most (default: %(default)s)"
        )
        parser.add_argument("--title", default="", help="of the data set")
        parser.add_argument(
            "--table", type=Path, metavar="FILE", help="what the studies show, as for `dicom`"
        )
        parser.add_argument("--jobs", type=_positive, default=4, help="downloads at once")
        parser.add_argument(
            "--keep", type=Path, metavar="FOLDER", help="leave the files there, with all they say"
        )
        parser.add_argument("--dry-run", action="store_true", help="only tell what would come")
        parser.add_argument("--yes", action="store_true", help="do not ask whether to go on")

    def handle(self, *, keep: Path | None, table: Path | None, **options: Any) -> None:
        url = options["url"] or settings.DICOMWEB_URL
        if not url:
            raise CommandError("Name the server: --url, or DICOMWEB_URL in the environment.")
        if table and not table.is_file():
            raise CommandError(f"{table} does not exist.")
        try:
            archive = Archive(
                url,
                user=settings.DICOMWEB_USER,
                password=settings.DICOMWEB_PASSWORD,
                token=settings.DICOMWEB_TOKEN,
            )
            studies = self._found(archive, options)
            if options["dry_run"]:
                return
            self._ask(options)
            with _folder(keep) as folder:
                if table:
                    shutil.copy(table, folder / table.name)
                self._describe(folder, url, options["title"])
                missing = self._fetch(archive, studies, folder, options["jobs"])
                call_command(
                    "import_cases",
                    *("dicom", str(folder), f"--status={Case.Status.REVIEW}"),
                    stdout=self.stdout,
                )
        except FetchProblem as problem:
            raise CommandError(str(problem)) from None
        except OSError as error:
            raise CommandError(f"The files cannot be kept: {error.strerror}.") from None
        if missing:
            raise CommandError(f"{missing} studies are missing: run it again for them.")

    def _found(self, archive: Archive, options: dict[str, Any]) -> dict[str, list[File]]:
        wanted = Wanted(
            studies=tuple(options["study"]),
            accession=options["accession"],
            patient=options["patient"],
            modalities=tuple(
                part.strip().upper() for part in options["modality"].split(",") if part.strip()
            ),
            since=options["since"],
            until=options["until"],
        )
        studies = archive.studies(wanted, options["count"])
        if not studies:
            raise FetchProblem("The server has no such study.")
        found = {study: archive.files(study) for study in studies}
        files = sum(len(each) for each in found.values())
        self.stdout.write(f"{len(found):,} studies, {files:,} files.")
        if len(studies) == options["count"]:
            self.stdout.write("There may be more: --count takes more at once.")
        return found

    def _ask(self, options: dict[str, Any]) -> None:
        if options["yes"]:
            return
        if not sys.stdin.isatty():
            raise FetchProblem("Say --yes to go on where nobody can be asked.")
        if input("Import them? [y/N] ").strip().lower() not in ("y", "yes"):
            raise FetchProblem("Nothing was imported.")

    def _describe(self, folder: Path, url: str, title: str) -> None:
        """The data set: by its title, or one for each server."""
        name = digest(url)
        said = {
            "slug": f"dicomweb-{slugify(title) or name[:12]}"[:50],
            "title": title or f"Studies by DICOMweb ({name[:4]})",
            "access": Dataset.Access.PRIVATE.value,
        }
        (folder / DATASET).write_text(json.dumps(said))

    def _fetch(
        self, archive: Archive, studies: dict[str, list[File]], folder: Path, jobs: int
    ) -> int:
        """How many studies could not be had; of these nothing stays, since half a stack is none."""
        missing = 0
        for number, (study, files) in enumerate(studies.items(), start=1):
            try:
                archive.fetch(files, folder, jobs=jobs)
            except FetchProblem as problem:
                missing += 1
                shutil.rmtree(folder / digest(study), ignore_errors=True)
                self.stdout.write(f"study {digest(study)[:8]}: {problem} It was left out.")
            if number % 10 == 0:
                self.stdout.write(f"{number:,} of {len(studies):,} studies …")
        if missing == len(studies):
            raise FetchProblem("None of the studies could be fetched; the lines above say why.")
        return missing


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Where the files lie: a folder that goes with them, or the one that keeps them."""
    if keep:
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="radgame-dicomweb-") as name:
        yield Path(name)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is no day, such as 2025-03-10") from None
