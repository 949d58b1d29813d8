"""Have the findings of published cases explained by the vision-language model, ahead of play."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cases.models import Case, Finding
from feedback import backends, explanations
from ml import taxonomy
from ml.models import ModelProblem


class Command(BaseCommand):
    help = "Explain the findings of published cases. Run again to go on: what is there is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dataset", help="only cases of this data set, by its short name")
        parser.add_argument("--limit", type=int, help="stop after so many new texts")

    def handle(self, *, dataset: str | None, limit: int | None, **options: Any) -> None:
        if not backends.has_eyes():
            raise CommandError("No vision-language model is configured: set VLM_MODEL and VLM_URL.")
        findings = Finding.objects.filter(
            case__status=Case.Status.PUBLISHED, label__in=list(taxonomy.labels())
        )
        if dataset:
            findings = findings.filter(case__dataset__slug=dataset)
        there = written = without = 0
        for finding in findings.select_related("case").order_by("pk").iterator(chunk_size=200):
            subject = explanations.subject_of_finding(finding)
            if explanations.kept(subject):
                there += 1
                continue
            try:
                made = explanations.make(subject)
            except (ModelProblem, OSError) as problem:
                raise CommandError(f"{problem} Run the command again to go on.") from None
            written, without = written + bool(made), without + (made is None)
            if made:
                self.stdout.write(f"{finding.case.public_id} {finding.label}: {made.text}")
            if limit and written >= limit:
                break
        self.stdout.write(f"{written} written, {there} there before, {without} left to the atlas.")
