"""How urgent a finding is: by how severe it is, how old the patient is, and why they come."""

from __future__ import annotations

import pytest

from ml import evaluate

pytestmark = pytest.mark.pure
URGENT, ACTIONABLE, MINOR = "urgent", "actionable_not_urgent", "not_actionable_not_urgent"


def significance(text: str, **patient) -> str:
    [found] = evaluate.evaluate(text, "The bones are intact.", **patient).reference_findings
    return found.clinical_significance


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mild pulmonary edema.", ACTIONABLE),
        ("Severe pulmonary edema.", URGENT),
        ("Mild to severe pulmonary edema.", URGENT),  # the worse word counts
        ("Tiny right pneumothorax.", ACTIONABLE),
        ("Tiny to large right pneumothorax.", URGENT),
        ("Right pneumothorax.", URGENT),  # unsaid is not small
        ("Small pericardial effusion.", ACTIONABLE),
        ("Large pericardial effusion.", URGENT),
        ("Borderline cardiomegaly.", MINOR),
        ("Mild cardiomegaly.", ACTIONABLE),
    ],
)
def test_by_its_severity(text, expected):
    assert significance(text) == expected


@pytest.mark.parametrize(
    ("text", "age", "expected"),
    [
        ("Small right pleural effusion.", 65, MINOR),
        ("Small right pleural effusion.", 64, ACTIONABLE),
        ("Small right pleural effusion.", None, ACTIONABLE),
        ("Moderate right pleural effusion.", 65, ACTIONABLE),
        ("Trace right pleural effusion.", 40, MINOR),
        ("Trace right pleural effusion.", 39, ACTIONABLE),
    ],
)
def test_by_its_severity_and_the_age(text, age, expected):
    assert significance(text, age=age) == expected


@pytest.mark.parametrize(
    ("text", "indication", "expected"),
    [
        ("Small right pneumothorax.", "After thoracentesis.", ACTIONABLE),
        ("Small right pneumothorax.", "Cough.", URGENT),
        ("Large right pneumothorax.", "After thoracentesis.", URGENT),
        ("Small right pleural effusion.", "After thoracentesis.", MINOR),
    ],
)
def test_by_what_was_done_before(text, indication, expected):
    assert significance(text, indication=indication) == expected
