"""What weighs how much for whom: by degree, age, indication, prior and the words of the finding."""

from __future__ import annotations

import pytest

from ml import evaluate, tables

pytestmark = pytest.mark.pure

NAMES = {
    "urgent": "urgent",
    "actionable": "actionable_not_urgent",
    "minor": "not_actionable_not_urgent",
    "benign": "benign_expected",
}
CHEST_OPENED = (64, "Postoperative, valve replacement.", "actionable")
"""Of two degrees the higher one counts."""
CONTEXTS: list[tuple[str, float | None, str, str]] = [
    ("Pneumomediastinum.", 45, "After thyroidectomy.", "actionable"),
    ("Pneumomediastinum.", 45, "Motorcycle accident.", "urgent"),
    ("Pneumomediastinum.", 19, "Asthma attack.", "actionable"),
    ("Pneumomediastinum.", 52, "Chest pain after vomiting.", "urgent"),
    ("Free air under the diaphragm.", 60, "Day 2 after laparotomy.", "actionable"),
    ("Free air under the diaphragm.", 60, "Abdominal pain.", "urgent"),
    ("Left pleural effusion.", 64, "Postoperative, valve replacement.", "minor"),
    ("Large left pleural effusion.", 64, "Postoperative, valve replacement.", "actionable"),
    *(
        (f"{one} left pleural effusion. The left pleural effusion is {other}.", *CHEST_OPENED)
        for one, other in (("Small", "large"), ("Large", "small"))
    ),
    ("Left pleural effusion.", 64, "Fever.", "actionable"),
    ("Large left pleural effusion.", 30, "Crushed by a car.", "urgent"),
    ("Left pleural effusion.", 30, "No injury, fever.", "actionable"),
    ("Acute right rib fracture.", 40, "Fall.", "actionable"),
    ("Acute rib fracture in an 80 year old.", 80, "Fall.", "actionable"),
    ("Old right rib fracture.", 40, "Fall.", "minor"),
    ("Old right rib fracture.", 78, "Cough.", "benign"),
    ("Unhealed fracture of the left sixth rib.", 50, "Fall.", "actionable"),
    ("Compared to prior, new fracture of the left sixth rib.", 84, "Fall.", "actionable"),
    ("Acute fracture of the left sixth rib, prior study for comparison.", 84, "", "actionable"),
    ("Acute on chronic fractures of the left sixth rib.", 84, "", "actionable"),
    ("Acute fracture of the left sixth rib; an old man.", 84, "", "actionable"),
    ("Acute fracture of the left sixth rib in an old man.", 84, "", "actionable"),
    ("Acute fracture of the left sixth rib, 84 y old.", 84, "", "actionable"),
    ("An old fracture of the left sixth rib, recent films compared.", 84, "", "benign"),
    ("Fractures of the left ribs 4 through 7.", 40, "Fall.", "urgent"),
    ("Fractures of the left ribs 4 through 7 are old.", 40, "Fall.", "minor"),
    ("The fractures of the left ribs 4 through 7 are healed.", 40, "Fall.", "minor"),
    ("Right rib fracture.", 2, "Cough.", "urgent"),
    ("The tube tip lies in the right main bronchus.", 60, "", "urgent"),
    ("Nasogastric tube in the right lower lobe.", 60, "", "urgent"),
    ("The tube is in the esophagus.", 60, "", "urgent"),
    ("The side hole of the chest tube lies outside the chest wall.", 60, "", "urgent"),
    ("Tube in good position, not coiled.", 60, "", "benign"),
    ("Catheter tip is too deep in the right atrium.", 60, "", "urgent"),
    ("The catheter is not malpositioned.", 60, "", "benign"),
    ("Compression fracture of T8.", 75, "Back pain.", "actionable"),
    ("Compression fracture of T8.", 25, "Fall from height.", "urgent"),
    ("Burst fracture of T8.", 75, "Back pain.", "urgent"),
    ("Non-calcified 9 mm nodule in the left upper lobe.", 60, "Cough.", "actionable"),
    ("Calcified 9 mm nodule in the left upper lobe.", 60, "Cough.", "benign"),
    ("4 mm nodule in the left upper lobe.", 60, "Cough.", "minor"),
    ("4 mm nodule in the left upper lobe.", 60, "Colon cancer.", "actionable"),
    ("4 mm x 2 cm nodule in the left upper lobe.", 60, "Cough.", "actionable"),
    ("New 4 mm nodule in the left upper lobe.", 60, "Cough.", "actionable"),
    ("9 mm nodule in the left upper lobe, stable since 2014.", 60, "Cough.", "minor"),
    ("7 mm nodule in the left upper lobe.", 22, "Cough.", "minor"),
    ("4 cm mass in the left upper lobe.", 22, "Cough.", "actionable"),
    ("Right tension pneumothorax.", 60, "Dyspnea.", "urgent"),
    ("Tiny right pneumothorax without tension.", 60, "Dyspnea.", "actionable"),
    ("Tiny right pneumothorax, no signs of tension.", 60, "After biopsy.", "actionable"),
    ("Subcutaneous emphysema.", 60, "Chest tube placement.", "minor"),
    ("Subcutaneous emphysema.", 60, "Car accident.", "actionable"),
    ("Interstitial pattern in this 65 year old.", 65, "Dyspnea.", "actionable"),
    ("Chronic interstitial pattern.", 65, "Dyspnea.", "minor"),
    ("Collapse of the left lower lobe.", 60, "Intubated.", "urgent"),
    ("Widened mediastinum.", 50, "Tearing chest pain.", "urgent"),
    ("Widened mediastinum.", 50, "Cough.", "actionable"),
    ("Widened mediastinum.", 1, "Cough.", "minor"),
    ("New elevation of the right hemidiaphragm.", 60, "Dyspnea.", "actionable"),
    ("Elevation of the right hemidiaphragm.", None, "", "minor"),
]


@pytest.mark.parametrize(("text", "age", "indication", "weight"), CONTEXTS)
def test_age_indication_prior_and_words_decide_the_weight(
    text: str, age: float | None, indication: str, weight: str
) -> None:
    found = evaluate.evaluate(text, "Normal.", age=age, indication=indication)
    [finding] = found.reference_findings
    assert finding.clinical_significance == NAMES[weight]
    assert finding.reason


def test_no_row_stands_behind_one_that_fits_everything() -> None:
    closed: set[str] = set()
    for row in tables.rows("significance"):
        assert row["label"] not in closed, row
        if not any(row[key] for key in row if key not in ("label", "significance", "reason")):
            closed.add(row["label"])


def test_every_group_of_indications_is_used_and_known() -> None:
    used = {row["indication"] for row in tables.rows("significance")} - {""}
    known = {row["name"] for row in tables.rows("indications")}
    assert used <= known
