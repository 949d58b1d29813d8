"""Report judges what learners say has become of the demo set's patients over time."""

from __future__ import annotations

import json
from functools import cache

import pytest

from ml import evaluate
from tests.game import ROOT

pytestmark = pytest.mark.pure


@cache
def cases() -> dict[str, dict]:
    text = (ROOT / "cases" / "demo" / "cases.json").read_text(encoding="utf-8")
    return {case["key"]: case for case in json.loads(text)["cases"] if "earlier" in case}


def judged(key: str, text: str) -> evaluate.Evaluation:
    case = cases()[key]
    reference = "\n\n".join(case["report"][part] for part in ("findings", "impression"))
    return evaluate.evaluate(reference, text, age=case["age"], indication=case["indication"])


def temporal(found: evaluate.Evaluation) -> list[str]:
    errors = found.errors.attribute_errors
    return [one.severity for one in errors if "temporal" in one.error_types]


@pytest.mark.parametrize(
    ("key", "right", "wrong"),
    [
        ("follow-05", "Smaller right pleural effusion.", "Larger right pleural effusion."),
        ("follow-05", "Decreased right pleural effusion.", "Unchanged right pleural effusion."),
        (
            "follow-01",
            "Left upper lobe consolidation has increased.",
            "Left upper lobe consolidation has decreased.",
        ),
        (
            "follow-02",
            "Improved right upper lobe consolidation.",
            "Worsening right upper lobe consolidation.",
        ),
        (
            "follow-04",
            "Nodule in the left lung, larger than before.",
            "Nodule in the left lung, unchanged.",
        ),
        (
            "follow-14",
            "Right lung mass, smaller than before.",
            "Right lung mass, larger than before.",
        ),
        (
            "follow-16",
            "Unchanged bilateral pulmonary fibrosis.",
            "Progressive bilateral pulmonary fibrosis.",
        ),
        (
            "follow-10",
            "New right upper lobe atelectasis.",
            "Unchanged right upper lobe atelectasis.",
        ),
    ],
)
def test_the_opposite_of_what_has_become_of_a_finding_is_a_significant_error(key, right, wrong):
    first, second = judged(key, right), judged(key, wrong)
    assert temporal(first) == [] and temporal(second) == ["significant"]
    assert second.score <= first.score - 10


@pytest.mark.parametrize("key", ["follow-03", "follow-07", "follow-15", "follow-17"])
def test_what_is_gone_is_nothing_to_find_and_a_false_finding_when_it_is_said_to_be_there(key):
    said = cases()[key]["report"]["impression"]
    assert judged(key, f"The lungs are clear. {said}").score == pytest.approx(100)
    still = judged(key, said.replace("has resolved", "is unchanged"))
    assert still.errors.false_findings and still.score < 50


def test_a_shipped_report_is_the_right_answer_to_its_own_case():
    for key, case in cases().items():
        text = f"{case['report']['findings']}\n\n{case['report']['impression']}"
        assert judged(key, text).score == pytest.approx(100), key
