"""Words that belong to a neighbor, the patient, the history or the rest weigh no finding."""

from __future__ import annotations

import pytest

from ml import evaluate
from ml.evaluate.own_words import own_words

pytestmark = pytest.mark.pure

WEIGHTS = {
    "urgent": "urgent",
    "actionable": "actionable_not_urgent",
    "minor": "not_actionable_not_urgent",
    "benign": "benign_expected",
}
CASES: list[tuple[str, str, float | None, str]] = [
    # of two sizes the larger one, and growth before an old comparison
    ("12 mm nodule, 5 mm from the pleura.", "nodule_mass", 60, "actionable"),
    ("Nodule grew from 3 mm to 12 mm.", "nodule_mass", 60, "actionable"),
    ("4 mm nodule, larger than before.", "nodule_mass", 60, "actionable"),
    ("Nodule unchanged since 2024 but larger than in 2019.", "nodule_mass", 60, "actionable"),
    ("4 mm nodule, not enlarging.", "nodule_mass", 60, "minor"),
    # what is not known makes nothing lighter
    ("Nodule, possibly calcified.", "nodule_mass", 60, "actionable"),
    ("Left sixth rib fracture, age indeterminate, possibly old.", "fracture", 84, "actionable"),
    # a neighbor's word
    ("9 mm nodule next to the calcified aorta.", "nodule_mass", 60, "actionable"),
    ("9 mm nodule near a calcified granuloma.", "nodule_mass", 60, "actionable"),
    ("Nodule adjacent to calcified hilar nodes.", "nodule_mass", 60, "actionable"),
    ("Nodule behind the densely calcified mitral annulus.", "nodule_mass", 60, "actionable"),
    ("Nodule overlying the calcified first costal cartilage.", "nodule_mass", 60, "actionable"),
    ("9 mm nodule in the left upper lobe, calcified aorta.", "nodule_mass", 60, "actionable"),
    ("Lung opacity beside an old granuloma.", "lung_opacity", 60, "actionable"),
    ("Acute rib fracture above an old healed fracture.", "fracture", 80, "actionable"),
    ("Calcified 9 mm nodule next to the aorta.", "calcification", 60, "benign"),
    ("9 mm nodule next to the aorta is calcified.", "nodule_mass", 60, "minor"),
    ("9 mm nodule next to the hilum, calcified.", "nodule_mass", 60, "minor"),
    ("9 mm nodule near the hilum unchanged since 2014.", "nodule_mass", 60, "minor"),
    # the patient's
    ("Stable patient; acute burst fracture of T8.", "fracture", 75, "urgent"),
    ("The patient is stable, burst fracture of T8.", "fracture", 75, "urgent"),
    ("Burst fracture of T8 in a hemodynamically stable man.", "fracture", 75, "urgent"),
    ("Clinically stable, burst fracture of T8.", "fracture", 75, "urgent"),
    ("Stable burst fracture of T8.", "fracture", 75, "minor"),
    ("Old compression fracture of T8.", "fracture", 75, "minor"),
    # the history's
    ("Opacity in the right lower lobe, chronic cough.", "lung_opacity", 60, "actionable"),
    ("Opacity in a patient with chronic cough.", "lung_opacity", 60, "actionable"),
    ("Opacity in the right base, old smoker.", "lung_opacity", 60, "actionable"),
    ("Opacity in the right base, history of chronic bronchitis.", "lung_opacity", 60, "actionable"),
    ("Opacity in the right base, known chronic kidney disease.", "lung_opacity", 60, "actionable"),
    ("Chronic opacity in the right base, cough.", "lung_opacity", 60, "minor"),
    # the rest of the film
    ("New cavity in the left upper lobe, otherwise unchanged.", "other_lesion", 60, "urgent"),
    ("New cavity in the left upper lobe; elsewhere stable.", "other_lesion", 60, "urgent"),
    ("Unchanged except for a new cavity in the left upper lobe.", "other_lesion", 60, "urgent"),
    ("Stable apart from a cavity in the left upper lobe.", "other_lesion", 60, "urgent"),
    ("Cavity in the left upper lobe; the rest is unchanged.", "other_lesion", 60, "urgent"),
    ("Cavity in the left upper lobe, heart size is stable.", "other_lesion", 60, "urgent"),
    ("Burst fracture of T8, otherwise unchanged.", "fracture", 75, "urgent"),
    ("Stable cavity in the left upper lobe.", "other_lesion", 60, "actionable"),
    ("Cavity in the left upper lobe is unchanged.", "other_lesion", 60, "actionable"),
    # a lobe is a place; a collapse of it is a finding
    ("Atelectasis in the right lower lobe.", "atelectasis", 3, "minor"),
    ("Linear atelectasis of the left lower lobe.", "atelectasis", 3, "minor"),
    ("Subsegmental collapse in the right lower lobe.", "atelectasis", 3, "actionable"),
    ("Collapse of the right lower lobe.", "atelectasis", 3, "urgent"),
    ("Lobar atelectasis on the right.", "atelectasis", 3, "urgent"),
    ("Atelectasis of the whole left lower lobe.", "atelectasis", 3, "urgent"),
    # which rib, or how many
    ("Acute fracture of the 4 rib.", "fracture", 40, "actionable"),
    ("Acute fracture of the left 7 rib.", "fracture", 40, "actionable"),
    ("Fracture of rib 5.", "fracture", 40, "actionable"),
    ("Fractures of 4 ribs.", "fracture", 40, "urgent"),
    ("Acute fractures of three left ribs.", "fracture", 40, "urgent"),
    ("Five rib fractures on the left.", "fracture", 40, "urgent"),
    ("Fractures of three consecutive ribs.", "fracture", 40, "urgent"),
    ("Old healed fractures of three ribs.", "fracture", 40, "minor"),
]


@pytest.mark.parametrize(("text", "label", "age", "weight"), CASES)
def test_a_word_weighs_the_finding_that_it_is_said_of(
    text: str, label: str, age: float | None, weight: str
) -> None:
    found = evaluate.evaluate(text, "Normal.", age=age).reference_findings
    weights = {one.label: one.clinical_significance for one in found}
    assert weights.get(label) == WEIGHTS[weight], weights


@pytest.mark.parametrize(
    ("text", "finding", "kept"),
    [
        ("Nodule near the calcified aorta, growing.", "Nodule", "Nodule , growing."),
        ("Old calcified granuloma.", "granuloma", "Old calcified granuloma."),
        ("Known pulmonary hypertension.", "pulmonary hypertension",
         "Known pulmonary hypertension."),
        ("Nodule of under 5 mm.", "Nodule", "Nodule of under 5 mm."),
        ("New pericardial effusion.", "pericardial effusion", "New pericardial effusion."),
    ],
)  # fmt: skip
def test_what_is_said_of_the_finding_stays(text: str, finding: str, kept: str) -> None:
    assert own_words(text, finding) == kept
