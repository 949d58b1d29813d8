"""What was wrong in a scored report, counted by kind: for figures over many reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MISSING, FALSE = "missing", "false"


@dataclass(frozen=True)
class ReportMistake:
    """One error: a finding that is missing or false, or one attribute of a matched one."""

    kind: str
    """``missing``, ``false``, or the kind of attribute (`ml.evaluate.schema`)."""
    significance: str
    """Of the finding: urgent, actionable, minor or benign."""
    label: str
    """Empty for a finding that no label fits."""


def mistakes_in(data: Mapping[str, Any]) -> list[ReportMistake]:
    """The errors of a result of the writing game (`report.result.ReportData`)."""
    told = data["evaluation"]
    reference = {row["id"]: row for row in told["reference_findings"]}
    predicted = {row["id"]: row for row in told["predicted_findings"]}
    errors = told["errors"]
    found = [(MISSING, reference[key]) for key in errors["missing_findings"]]
    found += [(FALSE, predicted[key]) for key in errors["false_findings"]]
    for error in errors["attribute_errors"]:
        found += [(kind, reference[error["ref_id"]]) for kind in error["error_types"]]
    return [
        ReportMistake(kind, row["clinical_significance"], row["label"] or "") for kind, row in found
    ]
