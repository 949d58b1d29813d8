"""Fetch real films by a recipe and import them."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cases.fetching import idc
from cases.fetching.anatomy import ready_to_simulate
from cases.fetching.archives import unpack
from cases.fetching.download import FetchProblem, Remote, download, new_client
from cases.fetching.recipes import SIMULATOR, Recipe, recipes
from cases.importers.dicom import DATASET
from cases.management.commands.import_cases import _positive
from cases.models import Dataset

GIGABYTE = 1e9
ROOM_LEFT = 1.5
"""Times the size of the files: the renditions have to find room too."""


class Command(BaseCommand):
    help = "Fetch real films by a recipe (--list names them) and import them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="of a recipe")
        parser.add_argument("--list", action="store_true", help="all recipes, with their terms")
        parser.add_argument("--count", type=_positive, help="so many series or archives, not all")
        parser.add_argument(
            "--beside",
            action="store_true",
            help="also other studies of the same persons, as the CT of lidc-cxr",
        )
        parser.add_argument("--seed", type=int, help="take them by chance; the same for a seed")
        parser.add_argument("--labels", default="", help="import only cases with these findings")
        parser.add_argument("--jobs", type=_positive, default=8, help="downloads at once")
        parser.add_argument("--yes", action="store_true", help="do not ask whether to go on")

    def handle(self, *, name: str | None, **options: Any) -> None:
        if options["list"] or not name:
            for one in recipes().values():
                self._list(one)
            return
        recipe = recipes().get(name)
        if recipe is None:
            raise CommandError(f"There is no recipe {name}; there are {', '.join(recipes())}.")
        folder = settings.DATA_DIR / "downloads" / recipe.name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            problems = self._fetch(recipe, folder, options)
        except FetchProblem as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}.") from None
        for problem in problems[:20]:
            self.stdout.write(problem)
        self._import(recipe, folder, options)
        if problems:
            raise CommandError(f"{len(problems):,} files are missing: fetch again to go on.")

    def _list(self, recipe: Recipe) -> None:
        self.stdout.write(f"{recipe.name}: {recipe.title}. {recipe.teaches}.")
        self.stdout.write(f"    {recipe.licence}; {recipe.size}")
        self.stdout.write(f"    {recipe.attribution}; {recipe.url}")

    def _fetch(self, recipe: Recipe, folder: Path, options: dict[str, Any]) -> list[str]:
        if options["beside"] and not recipe.beside:
            raise FetchProblem(f"{recipe.name} has no other studies to take along: leave --beside.")
        if recipe.files:
            return self._fetch_files(recipe, folder, options)
        wanted = options["count"], options["seed"]
        series = idc.chosen(recipe, *wanted, beside=options["beside"])
        licences = ", ".join(sorted({one.licence for one in series}))
        size = sum(one.size for one in series)
        self._ask(recipe, licences, f"{len(series):,} series, {size / GIGABYTE:.1f} GB", options)
        if ROOM_LEFT * size > shutil.disk_usage(folder).free:
            raise FetchProblem(
                f"It takes about {ROOM_LEFT * size / GIGABYTE:.1f} GB with what is made of it, and "
                f"{folder} has not as much room: take fewer by --count."
            )
        said = {
            "slug": recipe.name,
            "title": recipe.title,
            "licence": licences,
            "attribution": recipe.attribution,
            "url": recipe.url,
            "access": Dataset.Access.OPEN.value,
        }
        (folder / DATASET).write_text(json.dumps(said))
        problems: list[str] = []
        with new_client() as client:

            def remotes() -> Any:
                for number, one in enumerate(series, start=1):
                    try:
                        yield from idc.files_of(client, one, settings.DATA_MIRROR)
                    except FetchProblem as problem:
                        problems.append(str(problem))
                    if number % 100 == 0:
                        self.stdout.write(f"{number:,} of {len(series):,} series …")

            return [*download(remotes(), folder, client=client, jobs=options["jobs"]), *problems]

    def _fetch_files(self, recipe: Recipe, folder: Path, options: dict[str, Any]) -> list[str]:
        archives = recipe.files[: options["count"]]
        said = f"{len(archives)} of {len(recipe.files)} archives"
        self._ask(recipe, recipe.licence, said, options)
        addresses = [*recipe.tables, *archives]
        names = [Path(urlsplit(address).path).name for address in addresses]
        mirror = settings.DATA_MIRROR.rstrip("/")
        remotes = [
            Remote(f"{mirror}/{name}" if mirror else address, Path(name))
            for address, name in zip(addresses, names, strict=True)
        ]
        with new_client() as client:
            problems = download(remotes, folder, client=client, jobs=options["jobs"])
        for name in names[len(recipe.tables) :]:
            if (folder / name).is_file():
                unpack(folder / name, folder)
        return problems

    def _ask(self, recipe: Recipe, licence: str, size: str, options: dict[str, Any]) -> None:
        self.stdout.write(f"{recipe.title}. License: {licence}. {size}.")
        self.stdout.write(f"To be named wherever it is shown: {recipe.attribution}")
        if options["yes"]:
            return
        if not sys.stdin.isatty():
            raise FetchProblem("Say --yes to go on where nobody can be asked.")
        if input("Fetch it? [y/N] ").strip().lower() not in ("y", "yes"):
            raise FetchProblem("Nothing was fetched.")

    def _import(self, recipe: Recipe, folder: Path, options: dict[str, Any]) -> None:
        if recipe.format == SIMULATOR:
            for line in ready_to_simulate(folder):
                self.stdout.write(line)
            return
        arguments = [recipe.format, str(folder), f"--status={recipe.status}"]
        if options["labels"]:
            arguments.append(f"--labels={options['labels']}")
        call_command("import_cases", *arguments, stdout=self.stdout)
