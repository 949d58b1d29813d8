"""Truth, and what learners drew, as COCO object detection (Lin et al., ECCV 2014).

Every still image is one image of the file, and of stacks every slice with a place on it. Places
count in pixels of the rendition. What COCO has no field for stands in further ones, which
`cases.importers.coco` reads back: `reader`, `alternate`, `sentence` and `side` of an annotation,
`labels` (findings without a place), `view`, `age` and `sex` of an image.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage

from attempts.models import Attempt
from cases.imaging.render import pixels_of, png_bytes
from cases.models import Case, Dataset, Finding, Image, Region
from cases.queries import of_everybody
from ml import taxonomy

Entry = dict[str, Any]
STATES = (Attempt.State.SUBMITTED, Attempt.State.SCORED)


@dataclass
class Coco:
    """A file in the making."""

    dataset: Dataset
    images: dict[tuple[int, int], Entry] = field(default_factory=dict)
    """By image and frame."""
    annotations: list[Entry] = field(default_factory=list)
    attempts: list[Entry] = field(default_factory=list)
    learners: dict[int, int] = field(default_factory=dict)
    """Numbers that stand for people, in this file only."""

    def image(self, image: Image, frame: int) -> Entry:
        """The entry of a frame, made where there is none."""
        entry = self.images.get((image.pk, frame))
        if entry is None:
            entry = self.images[image.pk, frame] = {
                "id": len(self.images) + 1,
                "file_name": file_name(image, frame),
                "width": image.width,
                "height": image.height,
                "view": image.view,
                "case": image.case.public_id,
                "age": image.case.age,
                "sex": image.case.sex,
                "indication": image.case.indication,
                "labels": [],
            }
        return entry

    def annotate(self, image: Image, frame: int, label: str, place: Entry, **more: Any) -> None:
        shape = _shape(place, image.width, image.height)
        entry = {
            "id": len(self.annotations) + 1,
            "image_id": self.image(image, frame)["id"],
            "category_id": category_of(label),
            "iscrowd": 0,
            **shape,
            **more,
        }
        self.annotations.append(entry)

    def document(self) -> Entry:
        """The whole, as it is written as JSON."""
        said = {
            "info": {
                "slug": self.dataset.slug,
                "description": self.dataset.title,
                "version": self.dataset.version,
                "contributor": self.dataset.attribution,
                "url": self.dataset.url,
            },
            "licenses": [{"id": 1, "name": self.dataset.licence, "url": self.dataset.url}],
            "images": list(self.images.values()),
            "categories": categories(),
            "annotations": self.annotations,
        }
        return said | ({"attempts": self.attempts} if self.attempts else {})


def file_name(image: Image, frame: int) -> str:
    return f"{image.public_id}{f'-{frame:04d}' if image.frames > 1 else ''}.png"


def categories() -> list[Entry]:
    """The labels of the taxonomy in its order, numbered from 1."""
    return [
        {"id": number, "name": label.slug, "supercategory": label.group}
        for number, label in enumerate(taxonomy.labels().values(), start=1)
    ]


def category_of(label: str) -> int:
    return [*taxonomy.labels()].index(label) + 1


def published_truth(dataset: Dataset) -> Coco:
    """The truth of a data set's published cases that were made for no one learner."""
    cases = of_everybody(dataset.cases.filter(status=Case.Status.PUBLISHED)).order_by("pk")
    return truth_of(dataset, cases.prefetch_related("images", "findings__regions"))


def truth_of(dataset: Dataset, cases: Iterable[Case]) -> Coco:
    """The truth of cases, whose findings and regions are prefetched, with all readers."""
    coco = Coco(dataset)
    for case in cases:
        images = {image.pk: image for image in case.images.all()}
        for image in images.values():
            image.case = case
            if image.frames == 1:
                coco.image(image, 0)
        for finding in case.findings.all():
            if finding.has_known_label:
                _add_finding(coco, finding, images)
    return coco


def _add_finding(coco: Coco, finding: Finding, images: Mapping[int, Image]) -> None:
    regions = list(finding.regions.all())
    if not regions and images:
        first = next(iter(images.values()))
        coco.image(first, 0)["labels"].append(finding.label)
    for region in regions:
        coco.annotate(
            images[region.image_id],
            region.frame,
            finding.label,
            _place_of(region),
            finding=finding.public_id,
            reader=region.reader,
            alternate=region.alternate,
            sentence=finding.sentence,
            side=finding.side,
        )


def _place_of(region: Region) -> Entry:
    return {"box": region.box, "shape": region.shape, "points": region.points}


def add_marks(coco: Coco, attempts: Iterable[Attempt]) -> None:
    """What learners drew, each attempt apart; people are numbers by chance of order."""
    for attempt in attempts:
        learner = coco.learners.setdefault(attempt.user_id, len(coco.learners) + 1)
        images = {image.public_id: image for image in attempt.case.images.all()}
        number = len(coco.attempts) + 1
        answer = attempt.answer
        coco.attempts.append(
            {
                "id": number,
                "learner": learner,
                "case": attempt.case.public_id,
                "case_version": attempt.case_version,
                "rule": attempt.rule,
                "normal": answer.get("normal", False),
                "ticked": answer.get("ticked", []),
            }
        )
        for mark in answer.get("marks", []):
            image = images.get(mark["image"])
            if image is None or mark["label"] not in taxonomy.labels():
                continue
            image.case = attempt.case
            point = mark.get("point")
            place = {
                "box": mark["box"],
                "shape": "point" if point else "box",
                "points": [point] if point else [],
            }
            more = {"attempt": number, "learner": learner, "score": mark.get("confidence")}
            coco.annotate(image, mark.get("frame", 0), mark["label"], place, **more)


def _shape(place: Entry, width: int, height: int) -> Entry:
    """Box, outline or points in pixels."""
    x0, y0, x1, y1 = place["box"]
    points = [(x * width, y * height) for x, y in place["points"]]
    found: Entry = {
        "bbox": [x0 * width, y0 * height, (x1 - x0) * width, (y1 - y0) * height],
        "area": (x1 - x0) * width * (y1 - y0) * height,
    }
    if place["shape"] == Region.Shape.POLYGON:
        found |= {"segmentation": [[side for point in points for side in point]]}
        found["area"] = _area(points)
    elif place["shape"] == Region.Shape.POINT:
        found |= {
            "keypoints": [value for x, y in points for value in (x, y, 2)],
            "num_keypoints": len(points),
        }
    return found


def _area(points: Sequence[tuple[float, float]]) -> float:
    """Of an outline, by the shoelace formula; square pixels."""
    pairs = zip(points, [*points[1:], points[0]], strict=True)
    return abs(sum(x * v - u * y for (x, y), (u, v) in pairs)) / 2


def write_images(coco: Coco, cases: Iterable[Case], folder: Path) -> int:
    """The frames of a file as PNG of 8 or 16 bits; how many.

    Raises:
        OSError: one cannot be read or written.
    """
    written = 0
    for case in cases:
        for image in case.images.all():
            for frame in range(image.frames):
                if (image.pk, frame) in coco.images:
                    with default_storage.open(image.frame_path(frame)) as stream:
                        content = png_bytes(pixels_of(stream.read()))
                    (folder / file_name(image, frame)).write_bytes(content)
                    written += 1
    return written
