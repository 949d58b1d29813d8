"""Write a data set's truth, or what learners drew on its films, as COCO."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from attempts.models import Attempt
from cases.imaging.htj2k import Damaged
from cases.models import Dataset
from cases.queries import of_everybody
from localize.coco import STATES, Coco, add_marks, published_truth, write_images
from localize.scoring import KIND


class Command(BaseCommand):
    help = "Write the truth of a data set's published cases as COCO; --marks what learners drew."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", help="its short name, as in the administration")
        parser.add_argument("path", type=Path, help="the JSON file to write")
        parser.add_argument(
            "--marks",
            action="store_true",
            help="what learners drew and submitted, in place of the truth; people are numbers",
        )
        parser.add_argument(
            "--images", type=Path, metavar="FOLDER", help="write the films there too, as PNG"
        )

    def handle(self, *, dataset: str, path: Path, images: Path | None, **options: Any) -> None:
        found = Dataset.objects.filter(slug=dataset).first()
        if found is None:
            raise CommandError(f"There is no data set {dataset}.")
        everybodys = of_everybody(found.cases.all())
        if options["marks"]:
            coco = Coco(found)
            attempts = Attempt.objects.filter(
                case__in=everybodys, kind=KIND, state__in=STATES
            ).order_by("public_id")
            add_marks(coco, attempts.select_related("case").prefetch_related("case__images"))
        else:
            coco = published_truth(found)
        try:
            path.write_text(json.dumps(coco.document(), indent=1), encoding="utf-8")
            if images:
                images.mkdir(parents=True, exist_ok=True)
                write_images(coco, everybodys.prefetch_related("images"), images)
        except (OSError, Damaged) as error:
            raise CommandError(f"It could not be written: {error}.") from None
        count = len(coco.annotations)
        self.stdout.write(f"{len(coco.images):,} images, {count:,} annotations: {path}")
