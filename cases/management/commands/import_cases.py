"""Import a data set into the case library; again without duplicates."""

from __future__ import annotations

import io
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cases import services
from cases.importers import Importer, Item, Problem, SourceProblem, importer_named, importers
from cases.importers.pipeline import usable_processors
from cases.models import Case

LINES_SHOWN = 50
PLAIN_EVERY = 100
STATUSES = (Case.Status.PUBLISHED, Case.Status.REVIEW, Case.Status.DRAFT)
ROWS = ("new", "updated", "unchanged", "skipped", "not here")


class Command(BaseCommand):
    help = "Import the cases of a data set. Run again to update: nothing is doubled or deleted."

    def add_arguments(self, parser: CommandParser) -> None:
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
            "--status",
            choices=[status.value for status in STATUSES],
            default=Case.Status.PUBLISHED.value,
            help="of new cases; a case that is there keeps its own (default: published)",
        )
        parser.add_argument(
            "--jobs",
            type=_positive,
            default=usable_processors(),
            help="processes that decode images (default: one a processor)",
        )
        parser.add_argument("--dry-run", action="store_true", help="check all, store nothing")
        parser.add_argument("--report", type=Path, metavar="FILE", help="write the result as JSON")

    def handle(self, *, path: Path, report: Path | None, **options: Any) -> None:
        importer = importer_named(options["format"])
        folders = self._folders(importer, path, options["images"])
        started = time.monotonic()
        counts: Counter[str] = Counter()
        problems: list[Problem] = []
        try:
            info = importer.describe(path)
            items = _limited(importer.read(path, folders), options["limit"])
            outcomes = services.import_cases(
                info,
                items,
                status=options["status"],
                jobs=options["jobs"],
                dry_run=options["dry_run"],
            )
            for outcome in self._shown(outcomes, importer, path, folders, options["limit"]):
                _count(outcome, counts, problems)
        except SourceProblem as problem:
            raise CommandError(str(problem)) from None
        seconds = time.monotonic() - started
        self._tell(info.title, counts, problems, seconds, dry_run=options["dry_run"])
        if report:
            self._write(report, info.slug, counts, problems, seconds)
        if not any(counts[name] for name in ("new", "updated", "unchanged")):
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

    def _shown(
        self,
        outcomes: Iterable[services.Imported | Problem],
        importer: Importer,
        path: Path,
        folders: tuple[Path, ...],
        limit: int | None,
    ) -> Iterator[services.Imported | Problem]:
        """The outcomes as they come, with a bar on a terminal and a line now and then elsewhere."""
        if not self.stdout.isatty():
            yield from self._with_lines(outcomes)
            return
        # Reading the tables a first time, to count, costs little beside the images.
        items = _limited(importer.read(path, folders), limit)
        total = sum(not isinstance(item, Problem) for item in items)
        columns = (
            TextColumn("Importing"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("", total=total)
            for outcome in outcomes:
                if isinstance(outcome, services.Imported) or _stopped_late(outcome):
                    bar.advance(task)
                yield outcome

    def _with_lines(
        self, outcomes: Iterable[services.Imported | Problem]
    ) -> Iterator[services.Imported | Problem]:
        done = 0
        for outcome in outcomes:
            yield outcome
            done += isinstance(outcome, services.Imported)
            if done and done % PLAIN_EVERY == 0 and isinstance(outcome, services.Imported):
                self.stdout.write(f"{done:,} cases …")

    def _tell(
        self,
        title: str,
        counts: Counter[str],
        problems: list[Problem],
        seconds: float,
        *,
        dry_run: bool,
    ) -> None:
        for problem in problems[:LINES_SHOWN]:
            self.stdout.write(f"{problem.where}: {problem.sentence}")
        if len(problems) > LINES_SHOWN:
            more = len(problems) - LINES_SHOWN
            self.stdout.write(f"… and {more:,} lines more: --report FILE writes them all.")
        table = Table(title=f"{title}{' (dry run: nothing stored)' if dry_run else ''}")
        table.add_column("Cases")
        table.add_column("Number", justify="right")
        for name in ROWS:
            table.add_row(name, f"{counts[name]:,}")
        text = io.StringIO()
        Console(file=text, width=80).print(table)
        self.stdout.write(text.getvalue())
        left_out = counts["parts left out"]
        self.stdout.write(f"{left_out:,} parts of cases left out; {seconds:.1f} s.")

    def _write(
        self,
        report: Path,
        slug: str,
        counts: Counter[str],
        problems: list[Problem],
        seconds: float,
    ) -> None:
        document = {
            "dataset": slug,
            "seconds": round(seconds, 3),
            **{name.replace(" ", "_"): counts[name] for name in (*ROWS, "parts left out")},
            "problems": [asdict(problem) for problem in problems],
        }
        try:
            report.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
        except OSError as error:
            raise CommandError(
                f"The report {report} cannot be written: {error.strerror}."
            ) from None


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("must be at least 1")
    return number


def _limited(items: Iterable[Item], limit: int | None) -> Iterator[Item]:
    """The items up to the last of so many cases."""
    taken = 0
    for item in items:
        yield item
        taken += not isinstance(item, Problem)
        if limit and taken >= limit:
            return


def _stopped_late(problem: Problem) -> bool:
    """Whether a case was counted before its image proved unusable."""
    return problem.kind == "case" and problem.sentence.endswith("The case was skipped.")


def _count(
    outcome: services.Imported | Problem, counts: Counter[str], problems: list[Problem]
) -> None:
    if isinstance(outcome, Problem):
        problems.append(outcome)
        row = {"case": "skipped", "absent": "not here", "part": "parts left out"}[outcome.kind]
        counts[row] += outcome.count
    else:
        counts[outcome.stored.value] += 1
