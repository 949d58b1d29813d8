"""Write a data set's truth, or what learners drew on its films, as DICOM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pydicom
from django.core.management.base import BaseCommand, CommandError, CommandParser

from attempts.models import Attempt
from cases.imaging.htj2k import Damaged
from cases.importers import SourceProblem
from cases.models import Case, Dataset
from cases.queries import of_everybody
from localize import dicom
from localize.coco import STATES
from localize.scoring import KIND

KINDS = ("sr", "seg")


class Command(BaseCommand):
    help = (
        "Write the truth of a data set's published cases as DICOM, a folder a case; --marks what "
        "learners drew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", help="its short name, as in the administration")
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--as",
            dest="kind",
            choices=KINDS,
            default="sr",
            help="measurement reports with every place, or segmentations of outlines (default: sr)",
        )
        parser.add_argument(
            "--marks",
            action="store_true",
            help="what learners drew and submitted, in place of the truth; people are numbers",
        )
        parser.add_argument(
            "--originals",
            type=Path,
            metavar="FOLDER",
            help="refer to the studies there, and not to films that are written beside",
        )

    def handle(self, *, dataset: str, folder: Path, originals: Path | None, **options: Any) -> None:
        found = Dataset.objects.filter(slug=dataset).first()
        if found is None:
            raise CommandError(f"There is no data set {dataset}.")
        cases = of_everybody(found.cases.all()).order_by("pk")
        if not options["marks"]:
            cases = cases.filter(status=Case.Status.PUBLISHED)
        cases = cases.prefetch_related("images", "findings__regions")
        try:
            dicom.highdicom()
            known = dicom.Originals(originals) if originals else None
            written, left = self._write(cases.iterator(chunk_size=100), folder, known, options)
        except (dicom.CannotWrite, SourceProblem) as problem:
            raise CommandError(str(problem)) from None
        except OSError as error:
            raise CommandError(f"It could not be written: {error}.") from None
        for sentence in left:
            self.stdout.write(sentence)
        self.stdout.write(f"{written:,} objects: {folder}")

    def _write(
        self,
        cases: Iterable[Case],
        folder: Path,
        originals: dicom.Originals | None,
        options: dict[str, Any],
    ) -> tuple[int, list[str]]:
        written, left = 0, []
        learners: dict[int, int] = {}
        for case in cases:
            told = list(self._told(case, learners, marks=options["marks"]))
            if not told:
                continue
            place = folder / case.public_id
            try:
                sources = self._sources(case, place, originals)
            except (FileNotFoundError, Damaged):
                left.append(f"{case.public_id}: a film of it is missing or damaged; left out.")
                continue
            if not sources:
                left.append(f"{case.public_id}: its originals are not there; left out.")
                continue
            if options["kind"] == "seg" and not dicom.can_segment(case, sources):
                said = "segmentations of a stack need its --originals; left out."
                left.append(f"{case.public_id}: {said}")
                continue
            place.mkdir(parents=True, exist_ok=True)
            for number, (observer, said_by) in enumerate(told, start=1):
                for one in self._objects(said_by, sources, observer, options["kind"]):
                    one.save_as(place / f"{options['kind']}-{number:04d}-{one.InstanceNumber}.dcm")
                    written += 1
        return written, left

    def _told(
        self, case: Case, learners: dict[int, int], *, marks: bool
    ) -> Iterator[tuple[str, list[dicom.Said]]]:
        """Who says it, as a number, and what."""
        if not marks:
            for number, said in enumerate(dicom.truth_of(case), start=1):
                yield f"Reader^{number}", said
            return
        attempts = Attempt.objects.filter(case=case, kind=KIND, state__in=STATES)
        for attempt in attempts.order_by("public_id"):
            attempt.case = case
            learner = learners.setdefault(attempt.user_id, len(learners) + 1)
            yield f"Learner^{learner}", dicom.marks_of(attempt)

    def _sources(
        self, case: Case, place: Path, originals: dicom.Originals | None
    ) -> dict[dicom.Frame, dicom.Source]:
        if originals:
            return originals.frames_of(case)
        found: dict[dicom.Frame, dicom.Source] = {}
        for image, film in dicom.films_of(case):
            place.mkdir(parents=True, exist_ok=True)
            pydicom.dcmwrite(
                place / f"image-{image.position:02d}.dcm", film, enforce_file_format=True
            )
            del film.PixelData
            found |= {
                (image.pk, frame): dicom.Source(film, frame + 1) for frame in range(image.frames)
            }
        return found

    def _objects(
        self,
        said: list[dicom.Said],
        sources: dict[dicom.Frame, dicom.Source],
        observer: str,
        kind: str,
    ) -> list[Any]:
        if kind == "seg":
            found = list(dicom.segmentations(said, sources, observer=observer))
            for number, one in enumerate(found, start=1):
                one.InstanceNumber = number
            return found
        report = dicom.report(said, sources, observer=observer)
        return [report] if report else []
