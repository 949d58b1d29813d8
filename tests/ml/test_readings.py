"""The engine reads and compares as its version did, in every field, on reports of all forms."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from ml.evaluate import rules
from tests.ml import readings

pytestmark = pytest.mark.pure


def kept():
    version, *lines = readings.TABLE.read_text(encoding="utf-8").splitlines()
    assert json.loads(version)["version"] == rules.VERSION, "run python -m tests.ml.readings"
    return [json.loads(line) for line in lines]


def test_every_reading_is_that_of_the_version():
    for pair, before in zip(readings.pairs(), kept(), strict=True):
        told = readings.reading(*pair)
        assert json.loads(json.dumps(told)) == before, "raise the engine's VERSION if it is meant"


@pytest.mark.parametrize(
    ("table", "lines"),
    [
        (readings.LINES_TABLE, readings.lines),
        (readings.RARE_TABLE, readings.rare_lines),
    ],
    ids=("any order", "rare words"),
)
def test_every_line_is_read_as_the_version_read_it(table, lines):
    rows = table.read_text(encoding="utf-8").splitlines()
    for line, row in zip(lines(), rows, strict=True):
        assert f"{line}\t{readings.read_in(line)}" == row, (
            "raise the engine's VERSION if it is meant"
        )


def test_every_style_is_scored_as_the_version_scored_it():
    rows = readings.STYLES_TABLE.read_text(encoding="utf-8").splitlines()
    for text, row in zip(readings.styles(), rows, strict=True):
        assert readings.styled(*text) == json.loads(row), (
            "raise the engine's VERSION if it is meant"
        )


def test_the_reports_have_something_of_every_kind():
    told = Counter(note[0] for one in kept() for note in one["notes"])
    assert set(told) >= {"matched", "missing", "false", "attribute"}
    assert min(told[kind] for kind in ("matched", "missing", "false", "attribute")) >= 50
    said = Counter(found["presence"] for one in kept() for text in one["read"] for found in text)
    assert min(said[kind] for kind in ("present", "absent", "uncertain")) >= 50
