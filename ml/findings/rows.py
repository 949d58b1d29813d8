"""Bare rows of findings behind one denial: "No pneumothorax effusion consolidation"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ml.findings.lexicon import Term
from ml.findings.patterns import Match

ROUTINE = frozenset(
    (
        *("pneumothorax", "pleural_effusion", "consolidation", "infiltration", "lung_opacity"),
        *("pneumonia", "edema", "nodule_mass", "atelectasis", "adenopathy"),
    )
)
"""What is denied in every normal report."""
PLEURAL = frozenset({"pneumothorax", "pleural_effusion"})
LONG = 3
"""Findings from which on a row is one list, and no dictation of several statements."""


def ends_in_rows(terms: Sequence[Match[Term]], closes: Callable[[int], bool]) -> frozenset[int]:
    """Where a finding ends and the next of a row begins.

    Rows are three or more of what is denied in every report, or air and fluid in the pleura, side
    by side; `closes` tells whether a row may end at a place, with nothing that describes
    its last finding.
    """
    found: set[int] = set()
    row: list[Match[Term]] = []
    for term in (*sorted(terms, key=lambda term: term.start), None):
        routine = term is not None and _is_routine(term)
        if term is not None and routine and row and term.start == row[-1].end:
            row.append(term)
            continue
        labels = {label for item in row for label in item.value.labels}
        if (len(row) >= LONG or labels == PLEURAL) and closes(row[-1].end):
            found.update(item.end for item in row[:-1])
        row = [term] if term is not None and routine else []
    return frozenset(found)


def _is_routine(term: Match[Term]) -> bool:
    return bool(term.value.labels) and ROUTINE.issuperset(term.value.labels)
