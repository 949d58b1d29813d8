"""Import a data set into the case library; again without duplicates."""

from __future__ import annotations

import time
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cases import services
from cases.importers import Importer, Item, Problem, SourceProblem, importer_named, importers
from cases.importers.base import Skipped
from cases.importers.pipeline import Limits, usable_processors
from cases.importers.selection import Selection, labels_named, selected
from cases.models import Case
from cases.tally import Tally

LINES_SHOWN = 50
PLAIN_EVERY = 100
STATUSES = (Case.Status.PUBLISHED, Case.Status.REVIEW, Case.Status.DRAFT)
MEGABYTE = 1 << 20
INTERRUPTED = 130

Outcome = services.Imported | Problem


class Command(BaseCommand):
    help = "Import the cases of a data set. Run again to update: nothing is doubled or deleted."

    def add_arguments(self, parser: CommandParser) -> None:
        usual = Limits()
        parser.add_argument("format", choices=importers())
        parser.add_argument("path", type=Path, help="the data set's table or its folder")
        parser.add_argument(
            "--images",
            type=Path,
            action="append",
            metavar="FOLDER",
            help="where the images are, subfolders included; repeatable (default: PATH's folder)",
        )
        parser.add_argument("--limit", type=_positive, help="stop after so many cases")
        parser.add_argument(
            "--labels",
            type=_labels,
            metavar="LABEL,…",
            default=frozenset(),
            help="only cases with one of these findings, by their names in the game",
        )
        parser.add_argument(
            "--min-boxes",
            type=int,
            metavar="N",
            default=0,
            help="only cases with at least so many places drawn",
        )
        parser.add_argument("--split", default="", help="only this part of the data set (train …)")
        parser.add_argument(
            "--seed", type=int, help="take the cases of --limit by chance; the same for a seed"
        )
        parser.add_argument(
            "--status",
            choices=[status.value for status in STATUSES],
            default=Case.Status.PUBLISHED.value,
            help="of new cases whose truth is whole; others wait in review, and a case that is "
            "there keeps its own (default: published)",
        )
        parser.add_argument(
            "--overwrite-corrections",
            action="store_true",
            help="take over what the source says also where a curator corrected it",
        )
        parser.add_argument(
            "--force", action="store_true", help="decode files again that did not change"
        )
        parser.add_argument(
            "--jobs",
            type=_positive,
            default=usable_processors(),
            help="processes that decode images (default: one a processor)",
        )
        parser.add_argument(
            "--timeout",
            type=_positive,
            metavar="SECONDS",
            default=int(usual.seconds),
            help="that the images of one case may take to decode (default: %(default)s)",
        )
        parser.add_argument(
            "--memory",
            type=_positive,
            metavar="MB",
            default=usual.memory // MEGABYTE,
            help="that a process may take to decode (default: %(default)s)",
        )
        parser.add_argument("--dry-run", action="store_true", help="check all, store nothing")
        parser.add_argument("--report", type=Path, metavar="FILE", help="write the result as JSON")

    def handle(self, *, path: Path, report: Path | None, **options: Any) -> None:
        importer = importer_named(options["format"])
        folders = self._folders(importer, path, options["images"])
        started = time.monotonic()
        try:
            tally = Tally(importer.describe(path))
        except SourceProblem as problem:
            raise CommandError(str(problem)) from None
        stopped = self._import(importer, path, folders, options, tally)
        tally.seconds = time.monotonic() - started
        self._tell(tally, dry_run=options["dry_run"])
        if report:
            self._write(report, tally)
        if stopped:
            raise stopped
        if not tally.imported:
            raise CommandError("Nothing could be imported; the lines above say why.")

    def _folders(
        self, importer: Importer, path: Path, named: list[Path] | None
    ) -> tuple[Path, ...]:
        if not path.exists():
            raise CommandError(f"{path} does not exist.")
        for folder in named or ():
            if not folder.is_dir():
                raise CommandError(f"{folder} is not a folder: --images takes folders.")
        return tuple(named) if named else importer.folders(path)

    def _import(
        self,
        importer: Importer,
        path: Path,
        folders: tuple[Path, ...],
        options: dict[str, Any],
        tally: Tally,
    ) -> CommandError | None:
        """Import all, counting what becomes of it; why it ended before its end, or None.

        What was done until then is told in any case.
        """
        names = ("labels", "min_boxes", "split", "limit", "seed")
        selection = Selection(**{name: options[name] for name in names})

        def read() -> Iterator[Item]:
            return importer.read(path, folders)

        outcomes = services.import_cases(
            tally.info,
            selected(read, selection),
            status=options["status"],
            jobs=options["jobs"],
            limits=Limits(options["timeout"], options["memory"] * MEGABYTE),
            dry_run=options["dry_run"],
            force=options["force"],
            overwrite_corrections=options["overwrite_corrections"],
        )
        try:
            for outcome in self._shown(outcomes, lambda: selected(read, selection)):
                tally.count(outcome)
        except SourceProblem as problem:
            tally.stopped = str(problem)
            return CommandError(tally.stopped)
        except KeyboardInterrupt:
            tally.stopped = "Stopped by the keyboard; run it again to go on."
            return CommandError(tally.stopped, returncode=INTERRUPTED)
        except DatabaseError as error:
            tally.stopped = f"The database cannot be used ({error}); run it again to go on."
            return CommandError(tally.stopped)
        except Exception as error:
            kind = type(error).__name__
            tally.stopped = f"It ended early ({kind}: {error}); run it again to go on."
            return CommandError(tally.stopped)
        finally:
            outcomes.close()  # and with it the processes
        return None

    def _shown(
        self,
        outcomes: Iterable[Outcome],
        again: Callable[[], Iterable[Item]],
    ) -> Iterator[Outcome]:
        """The outcomes as they come, with a bar on a terminal and a line now and then elsewhere."""
        if not self.stdout.isatty():
            yield from self._with_lines(outcomes)
            return
        # Reading the tables a first time, to count, costs little beside the images.
        total = sum(not isinstance(item, Problem) for item in again())
        columns = (
            TextColumn("Importing"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("", total=total)
            for outcome in outcomes:
                if isinstance(outcome, services.Imported | Skipped):
                    bar.advance(task)
                yield outcome

    def _with_lines(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        done = 0
        for outcome in outcomes:
            yield outcome
            done += isinstance(outcome, services.Imported)
            if done and done % PLAIN_EVERY == 0 and isinstance(outcome, services.Imported):
                self.stdout.write(f"{done:,} cases …")

    def _tell(self, tally: Tally, *, dry_run: bool) -> None:
        lines = tally.lines()
        for line in lines[:LINES_SHOWN]:
            self.stdout.write(line)
        if len(lines) > LINES_SHOWN:
            more = len(lines) - LINES_SHOWN
            self.stdout.write(f"… and {more:,} lines more: --report FILE writes them all.")
        self.stdout.write(tally.table(dry_run=dry_run))
        self.stdout.write(tally.last_line())

    def _write(self, report: Path, tally: Tally) -> None:
        try:
            report.write_text(tally.as_json(), encoding="utf-8")
        except OSError as error:
            raise CommandError(
                f"The report {report} cannot be written: {error.strerror}."
            ) from None


def _labels(text: str) -> frozenset[str]:
    try:
        return labels_named(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("must be at least 1")
    return number
