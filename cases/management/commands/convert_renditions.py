"""Keep the PNG renditions of earlier releases as HTJ2K, which is smaller and seen sooner."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cases.imaging.htj2k import Damaged
from cases.management.commands.load_demo import progress_on
from cases.models import Image
from cases.priority import stand_back
from cases.renditions import convert


class Command(BaseCommand):
    help = "Convert PNG renditions of earlier releases to HTJ2K; run again, it goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--nice", type=int, default=0, help="how far to stand back (0 to 19)")

    def handle(self, *, nice: int, **options: Any) -> None:
        stand_back(nice)
        old = Image.objects.filter(rendition__endswith=".png").order_by("pk")
        total = old.count()
        progress = progress_on(self.stdout, 0, total, "Images")
        saved, failed = 0, 0
        for done, image in enumerate(old.iterator(), start=1):
            try:
                saved += convert(image)
            except (FileNotFoundError, Damaged) as problem:
                failed += 1
                self.stderr.write(
                    f"An image of case {image.case_id} stays as it is: {problem}. "
                    "Import its data set again with --force."
                )
            progress(done)
        self.stdout.write(f"{total - failed} images converted, {saved / 1e6:.1f} MB smaller.")
        if failed:
            raise CommandError(f"{failed} of {total} images could not be converted.")
