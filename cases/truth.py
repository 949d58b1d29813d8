"""A case's truth in a form that can be compared: as the source has it, as the library has it."""

from __future__ import annotations

from typing import Any

from cases.importers.base import ImportedCase, ImportedFinding
from cases.models import Case
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
)


def finding_values(finding: ImportedFinding) -> dict[str, Any]:
    """The fields of a `Finding` row; the label's default where the source gives no significance."""
    values = {name: getattr(finding, name) for name in FINDING_FIELDS}
    values["significance"] = (
        finding.significance or taxonomy.labels()[finding.label].default_significance
    )
    return values


def imported_truth(imported: ImportedCase) -> tuple[Any, ...]:
    """An imported case's truth in the form that `stored_truth` gives a stored one."""
    findings = [
        (
            tuple(finding_values(finding).values()),
            [
                (region.box, region.image, region.frame, region.reader[:50], region.alternate)
                for region in finding.regions
            ],
        )
        for finding in imported.findings
    ]
    reports = sorted(
        (report.language, report.findings, report.impression) for report in imported.reports
    )
    return findings, reports, imported.has_truth_boxes


def stored_truth(case: Case) -> tuple[Any, ...]:
    """Findings with their regions, reports, and whether boxes are known."""
    findings = [
        (
            tuple(getattr(finding, name) for name in FINDING_FIELDS),
            [
                (region.box, region.image.position, region.frame, region.reader, region.alternate)
                for region in finding.regions.all()
            ],
        )
        for finding in case.findings.prefetch_related("regions__image")
    ]
    reports = sorted(case.reports.values_list("language", "findings", "impression"))
    return findings, reports, case.has_truth_boxes
