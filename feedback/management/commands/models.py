"""Show which models are installed, and try them."""

from __future__ import annotations

import io
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from ml.models import ModelProblem, installed
from ml.models.device import device_of
from ml.models.packages import NOT_INSTALLED, has_packages
from ml.models.registry import MODELS, Model


class Command(BaseCommand):
    help = "Show which models are installed, where, in which version and on which device."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
        parser.add_argument("--test", action="store_true", help="load each and run it once")

    def handle(self, *, names: list[str], test: bool, **options: Any) -> None:
        if unknown := [name for name in names if name not in MODELS]:
            raise CommandError(f"No model {', '.join(unknown)}; there are {', '.join(MODELS)}.")
        self.stdout.write(f"Models are kept in {settings.MODELS_DIR}. {self._where(test)}")
        chosen = [MODELS[name] for name in names or MODELS]
        self._table(chosen)
        failed = [model.name for model in chosen if test and not self._tried(model)]
        self._servers()
        if failed:
            raise CommandError(f"The self-test of {', '.join(failed)} failed.")

    def _where(self, test: bool) -> str:
        """What they run on; without the packages for it that is no failure, but nothing to try."""
        if not test and not has_packages():
            return NOT_INSTALLED
        try:
            return f"They run on {device_of(settings.MODEL_DEVICE)}."
        except ModelProblem as problem:
            raise CommandError(str(problem)) from None

    def _table(self, models: list[Model]) -> None:
        table = Table()
        for column in ("Model", "State", "Version", "Folder", "For"):
            table.add_column(column)
        for model in models:
            folder = settings.MODELS_DIR / model.name
            problem = installed.problem_of(model, folder)
            manifest = installed.manifest_of(folder)
            version = manifest.version[:12] if manifest else ("" if problem else "unknown")
            shown = folder.name if folder.is_dir() else ""
            table.add_row(model.name, problem or "installed", version, shown, model.purpose)
        text = io.StringIO()
        Console(file=text, width=120).print(table)
        self.stdout.write(text.getvalue())

    def _tried(self, model: Model) -> bool:
        """Whether the self-test passed; one that is not installed does not count."""
        folder = settings.MODELS_DIR / model.name
        if not folder.is_dir():
            return True
        try:
            if problem := installed.problem_of(model, folder, thorough=True):
                raise ModelProblem(problem)
            answer = installed.self_test(model, folder, settings.MODEL_DEVICE)
        except ModelProblem as problem:
            self.stdout.write(f"{model.name}: {problem}")
            return False
        self.stdout.write(f"{model.name}: {answer}")
        return True

    def _servers(self) -> None:
        address = settings.LLM_URL
        self.stdout.write(
            f"Language models are asked at {address} ({settings.LLM_MODEL})."
            if address
            else "No server of language models is set (LLM_URL)."
        )
