"""Errors of reports, by kind and by how grave the finding is that they are made in."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np

from learning.columns import Columns
from learning.models import Mistake


@dataclass(frozen=True)
class ReportErrors:
    """Errors of reports: a kind and its number by significance."""

    kind: str
    counts: list[int]

    @property
    def total(self) -> int:
        return sum(self.counts)


SIGNIFICANCES = {
    "urgent": "Urgent",
    "actionable_not_urgent": "Actionable",
    "not_actionable_not_urgent": "Minor",
    "benign_expected": "Benign",
}
"""As the CRIMSON schema calls them → as pages do."""


def report_errors(records: Columns) -> list[ReportErrors]:
    """Errors by kind and by the significance of their finding, most frequent first."""
    made = records.mistakes[records.mistakes["kind"] != records.number_of(Mistake.MISTAKEN)]
    pairs, numbers = np.unique(made[["kind", "significance"]], return_counts=True)
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for (kind, significance), count in zip(pairs.tolist(), numbers.tolist(), strict=True):
        table[records.words[kind]][records.words[significance]] = count
    found = [
        ReportErrors(kind.replace("_", " ").capitalize(), [counts[one] for one in SIGNIFICANCES])
        for kind, counts in table.items()
    ]
    return sorted(found, key=lambda row: (-row.total, row.kind))
