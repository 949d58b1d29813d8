"""Reports beside their references, and the range in which an attending would score them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ml.evaluate import evaluate

pytestmark = pytest.mark.pure

TABLE = Path(__file__).parent / "report.csv"


def rows():
    with TABLE.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row['reference']} | {row['report']}")
def test_a_report_scores_and_is_told_as_an_attending_would(row):
    found = evaluate(row["reference"], row["report"])
    points = found.score
    told = " ".join(note.explanation for note in found.notes).casefold()
    assert float(row["low"]) <= points <= float(row["high"]), (row["because"], told)
    if row["says"]:
        assert row["says"].casefold() in told
    if row["never"]:
        reasons = " ".join(one.reason for one in found.reference_findings).casefold()
        assert row["never"].casefold() not in f"{told} {reasons}"
