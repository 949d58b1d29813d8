"""Install models: from the hub, from a mirror of it, or from a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ml.models import ModelProblem, fetch, installed
from ml.models.packages import require_packages
from ml.models.registry import MODELS, Model


class Command(BaseCommand):
    help = "Install models. A download that was cut off goes on where it stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="+", choices=list(MODELS), metavar="NAME")
        parser.add_argument(
            "--from",
            dest="source",
            type=Path,
            metavar="FOLDER",
            help="copy the files of one model from here instead of downloading",
        )
        parser.add_argument("--test", action="store_true", help="load it and run it once")

    def handle(self, *, names: list[str], source: Path | None, test: bool, **options: Any) -> None:
        if source and len(names) > 1:
            raise CommandError("--from brings one model: name one.")
        if test or not source:
            try:
                require_packages()
            except ModelProblem as problem:
                raise CommandError(str(problem)) from None
        for name in names:
            self._install(MODELS[name], source, test)

    def _install(self, model: Model, source: Path | None, test: bool) -> None:
        self.stdout.write(
            f"{model.title}: about {model.gigabytes:g} GB to download, {model.memory_gigabytes:g} "
            f"GB of memory to run. License: {model.license} ({model.terms})."
        )
        if model.gated and not source:
            self.stdout.write(fetch.how_to_accept(model, model.sources[0]))
        folder = settings.MODELS_DIR / model.name
        try:
            if source:
                manifest = fetch.from_folder(model, source, folder)
            else:
                mirror = settings.MODEL_MIRROR
                manifest = fetch.from_hub(model, folder, mirror=mirror, say=self.stdout.write)
            self.stdout.write(
                f"Installed in {folder}: {len(manifest.files)} files, version {manifest.version}."
            )
            if test:
                self.stdout.write(installed.self_test(model, folder, settings.MODEL_DEVICE))
        except ModelProblem as problem:
            raise CommandError(str(problem)) from None
