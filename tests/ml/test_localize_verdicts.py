"""No rule changes its mind unnoticed: stored results carry the version that gave them."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from ml.localize import RULES, SCORER_VERSION
from ml.localize.model import LOSSES
from tests.ml import verdicts

pytestmark = pytest.mark.pure


def kept():
    version, *lines = verdicts.TABLE.read_text(encoding="utf-8").splitlines()
    assert json.loads(version)["version"] == SCORER_VERSION, "run python -m tests.ml.verdicts"
    return [json.loads(line) for line in lines]


def test_every_verdict_is_that_of_the_version():
    found = [verdicts.verdict(scene, rule) for scene in verdicts.scenes() for rule in RULES]
    for number, (told, before) in enumerate(zip(found, kept(), strict=True)):
        assert told == before, f"scene {number // len(RULES)}: raise SCORER_VERSION if it is meant"


def test_the_scenes_have_something_of_every_kind():
    rows = [row for told in kept() for row in (*told.get("truths", ()), *told.get("marks", ()))]
    outcomes = Counter(row["outcome"] for row in rows)
    kinds = {"hit", "poorly_located", "wrong_label", "missed", "duplicate", "false"}
    assert set(outcomes) == kinds
    assert min(outcomes.values()) >= 20
    reasons = Counter(row.get("because") for row in rows)
    assert set(reasons) == {None, *LOSSES}
