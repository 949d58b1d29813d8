"""Have the findings of published cases explained by the vision-language model, ahead of play."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from feedback import ahead, backends
from ml.models import ModelProblem


class Command(BaseCommand):
    help = "Explain the findings of published cases. Run again to go on: what is there is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dataset", help="only cases of this data set, by its short name")
        parser.add_argument("--limit", type=int, help="ask the model at most so many times")

    def handle(self, *, dataset: str | None, limit: int | None, **options: Any) -> None:
        if not backends.has_eyes():
            raise CommandError(
                "No vision-language model is configured: set VLM_MODEL, and LLM_URL or VLM_URL "
                "for a server."
            )
        if limit is not None and limit < 1:
            raise CommandError("--limit has to be 1 or more.")
        findings = ahead.findings_to_explain()
        if dataset:
            findings = findings.filter(case__dataset__slug=dataset)
        there = written = without = 0
        explained = ahead.explain(
            findings.iterator(chunk_size=ahead.BATCH), at_once=backends.at_once(), most=limit
        )
        try:
            for done in explained:
                without += done.explanation is None
                if done.explanation and done.asked:
                    written += 1
                    where = f"{done.finding.case.public_id} {done.finding.label}"
                    self.stdout.write(f"{where}: {done.explanation.text}")
                elif done.explanation:
                    there += 1
        except ModelProblem as problem:
            raise CommandError(
                f"{problem} {written} were written; run the command again to go on."
            ) from None
        self.stdout.write(f"{written} written, {there} there before, {without} left to the atlas.")
