"""A case's truth in a form that can be compared: as the source has it, as the library has it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from cases.importers.base import ImportedCase, ImportedFinding, ImportedRegion
from cases.models import Case, Finding, Image, Region
from ml import taxonomy

FINDING_FIELDS = (
    "label",
    "source_label",
    "side",
    "location",
    "size_mm",
    "severity",
    "progression",
    "significance",
    "sentence",
    "conspicuity",
    "position",
)
CONTEXT = ("age", "sex", "indication", "comparison")


class CannotPublish(ValueError):
    """Why a case cannot be published; a sentence."""


class NotRead(CannotPublish):
    """Its data set asks for a second reading, and there is none of its present truth."""

    def __init__(self) -> None:
        super().__init__(
            "Its data set asks for a second reading: another curator reads it blind first, and "
            "what differs is settled."
        )


class UnknownLabel(CannotPublish):
    """A finding's label that the taxonomy has not; the message is a sentence."""

    def __init__(self, labels: Iterable[str]) -> None:
        named = ", ".join(f"“{label}”" for label in labels)
        super().__init__(
            f"The taxonomy has no label {named}: choose labels of the taxonomy for its findings."
        )


def finding_values(finding: ImportedFinding) -> dict[str, Any]:
    """The fields of a `Finding` row; the label's default where the source gives no significance.

    Raises:
        UnknownLabel: the taxonomy has no such label.
    """
    label = taxonomy.labels().get(finding.label)
    if label is None:
        raise UnknownLabel([finding.label])
    values = {name: getattr(finding, name) for name in FINDING_FIELDS}
    values["significance"] = finding.significance or label.default_significance
    return values


def check_read(case: Case) -> None:
    """That a second curator has read the case, where its data set asks for that.

    Raises:
        NotRead: nobody has, or the truth was changed since.
    """
    if not case.dataset.needs_second_reading:
        return
    if not case.readings.filter(settled_version=case.version).exists():
        raise NotRead


def check_labels(case: Case) -> None:
    """That learners could name every finding of a case.

    Raises:
        UnknownLabel: the taxonomy has not all of its labels.
    """
    findings = list(case.findings.all())
    unknown = [finding.label for finding in findings if not finding.has_known_label]
    if not findings and case.knows_findings:  # else it would be told as a normal case
        unknown += [one["label"] for one in case.unmapped]
    if unknown:
        raise UnknownLabel(dict.fromkeys(unknown))


def imported_truth(imported: ImportedCase) -> tuple[Any, ...]:
    """An imported case's truth in the form that `stored_truth` gives a stored one."""
    findings = [
        (
            _said_of(finding_values(finding)),
            [_place(region, region.image) for region in finding.regions],
        )
        for finding in imported.findings
    ]
    reports = sorted(
        (report.language, report.findings, report.impression) for report in imported.reports
    )
    truth = findings, reports, imported.has_truth_boxes
    before = before_of(imported)
    return (*truth, before) if before else truth


def stored_truth(case: Case) -> tuple[Any, ...]:
    """Findings with their regions, reports, and whether boxes are known."""
    findings = [
        (
            _said_of({name: getattr(finding, name) for name in FINDING_FIELDS}),
            [_place(region, region.image.position) for region in finding.regions.all()],
        )
        for finding in case.findings.prefetch_related("regions__image")
    ]
    reports = sorted(case.reports.values_list("language", "findings", "impression"))
    truth = findings, reports, case.has_truth_boxes
    return (*truth, case.before) if case.before else truth


def _said_of(values: dict[str, Any]) -> tuple[Any, ...]:
    """A finding's fields; one without a position says what it said before there were any."""
    return tuple(value for name, value in values.items() if name != "position" or value)


def _place(region: ImportedRegion | Region, image: int) -> tuple[Any, ...]:
    """A region's place; a box says what it said before there were other shapes."""
    said = (region.box, image, region.frame, region.reader[:50], region.alternate)
    if region.shape == "box":
        return said
    return (*said, str(region.shape), [list(point) for point in region.points])


def stored_context(case: Case) -> tuple[Any, ...]:
    """What is told of the patient, and how the images are described."""
    images = case.images.values_list("position", "view", "study", "study_label")
    return tuple(getattr(case, name) for name in CONTEXT), list(images)


def has_truth_boxes(findings: Iterable[Finding]) -> bool:
    """False when a finding that should be drawn has no box; of findings with prefetched regions."""
    return all(finding.regions.all() for finding in findings if finding.mode == "draw")


def unmapped_of(imported: ImportedCase) -> list[dict[str, Any]]:
    """What the taxonomy has no label for, as `Case.unmapped` keeps it."""
    return [
        {
            "label": (finding.source_label or finding.label)[:200],
            "sentence": finding.sentence,
            "regions": [described(region, region.image) for region in finding.regions],
        }
        for finding in imported.unmapped
    ]


def before_of(imported: ImportedCase) -> list[dict[str, Any]]:
    """What the prior film shows, as `Case.before` keeps it."""
    return [
        {
            "label": finding.label,
            "side": finding.side,
            "size_mm": finding.size_mm,
            "sentence": finding.sentence,
            "change": finding.progression,
            "regions": [described(region, region.image) for region in finding.regions],
        }
        for finding in imported.before
    ]


def said_by_source(imported: ImportedCase, context: dict[str, Any]) -> dict[str, Any]:
    """An imported case's truth and context as `Case.source_truth` keeps them."""
    return {
        "findings": [
            finding_values(finding)
            | {"regions": [described(region, region.image) for region in finding.regions]}
            for finding in imported.findings
        ],
        "reports": [asdict(report) for report in imported.reports],
        "before": before_of(imported),
        "context": context,
    }


def said_by_library(case: Case) -> dict[str, Any]:
    """A stored case in the same form."""
    return {
        "findings": [
            {name: getattr(finding, name) for name in FINDING_FIELDS}
            | {
                "regions": [
                    described(region, region.image.position) for region in finding.regions.all()
                ]
            }
            for finding in case.findings.prefetch_related("regions__image")
        ],
        "reports": list(case.reports.values("language", "findings", "impression")),
        "before": case.before,
        "context": {name: getattr(case, name) for name in CONTEXT},
    }


def region_row(finding: Finding, image: Image, said: Mapping[str, Any]) -> Region:
    """A row, not stored yet, for a place as `described` says it."""
    return Region(
        finding=finding,
        image=image,
        **{name: said[name] for name in ("frame", "reader", "alternate", "shape", "points")},
        **dict(zip(("x0", "y0", "x1", "y1"), said["box"], strict=True)),
    )


def described(region: ImportedRegion | Region, image: int) -> dict[str, Any]:
    """A place as the library keeps it in JSON; `image` is its image's position."""
    return {
        "image": image,
        "frame": region.frame,
        "reader": region.reader[:50],
        "alternate": region.alternate,
        "shape": str(region.shape),
        "points": [list(point) for point in region.points],
        "box": list(region.box),
    }


def digest_of_source(imported: ImportedCase) -> str:
    """SHA-256 of what a source says of a case, with what it lacks; images' files not among it."""
    images = [
        (image.source.view, image.study, image.study_label, image.source.spacing_mm)
        for image in imported.images
    ]
    context = [getattr(imported, name) for name in CONTEXT]
    said = [imported_truth(imported), [p.sentence for p in imported.problems], context, images]
    if imported.unmapped or not imported.knows_findings:  # else as before there were such things
        said.append([unmapped_of(imported), imported.knows_findings])
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
