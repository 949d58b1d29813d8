"""The labels: one table, whose weights agree with the report game's, and what implies what."""

from __future__ import annotations

import pytest

from ml import tables, taxonomy
from ml.asserted import asserted
from ml.evaluate.observation import Observation
from ml.evaluate.significance import Patient, significance_of

pytestmark = pytest.mark.pure

CONDITIONS = ("min_severity", "max_severity", "min_age", "max_age", "indication", "words")
WEIGHT = {"urgent": "urgent", "actionable": "actionable_not_urgent"}


def weight_of(label, sentence="", *, severities=(), age=None, indication=""):
    finding = Observation(
        label, label, frozenset(), frozenset(), severities, (), True, frozenset(), frozenset(),
        frozenset(), "", (), sentences=(sentence,),
    )  # fmt: skip
    weight = significance_of(finding, Patient(age, "", indication))[0]
    return {"actionable_not_urgent": "actionable", "not_actionable_not_urgent": "minor",
            "benign_expected": "benign"}.get(weight, weight)  # fmt: skip


def test_every_label_has_one_usual_weight_in_both_games():
    unconditional = [r for r in tables.rows("significance") if not any(r[c] for c in CONDITIONS)]
    usual = {row["label"]: row["significance"] for row in unconditional}
    assert usual == {slug: one.default_significance for slug, one in taxonomy.labels().items()}
    assert len(unconditional) == len(usual), "the second unconditional row is never reached"


def test_what_is_implied_or_compatible_is_a_label_and_nothing_implies_itself():
    for slug, label in taxonomy.labels().items():
        named = (*label.implies, *label.compatible)
        assert set(named) <= set(taxonomy.labels()) - {slug}
        assert taxonomy.clinical_group_of(slug) not in taxonomy.implied_by(slug)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("aortic_enlargement", "tortuous_aorta"),
        ("atelectasis", "fibrotic_band"),
        ("surgical_material", "postoperative_change"),
    ],
)
def test_labels_of_different_consequence_are_equal_only_outside_the_clinical_rule(one, other):
    assert taxonomy.group_of(one) == taxonomy.group_of(other)
    assert taxonomy.clinical_group_of(one) != taxonomy.clinical_group_of(other)


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        ("pleural_effusion", "blunted_angle", True),
        ("blunted_angle", "pleural_effusion", True),
        ("emphysema", "copd", True),
        ("copd", "hyperinflation", True),
        ("pulmonary_fibrosis", "hypoinflation", True),
        ("nodule_mass", "lung_opacity", True),
        ("bulla", "lucency", True),
        ("edema", "bronchial_thickening", True),
        ("pneumothorax", "bulla", False),
        ("nodule_mass", "fracture", False),
        ("atelectasis", "fibrotic_band", False),
    ],
)
def test_labels_that_may_stand_beside_each_other(one, other, may):
    assert taxonomy.are_compatible(one, other) == may
    assert taxonomy.are_compatible(other, one) == may


@pytest.mark.parametrize(
    ("label", "sentence", "known", "weight"),
    [
        ("pneumothorax", "Tiny apical pneumothorax without tension.", {"severities": ("tiny",)},
         "actionable"),
        ("pneumothorax", "Right pneumothorax, no evidence of tension.", {"severities": ("tiny",)},
         "actionable"),
        ("pneumothorax", "Tiny pneumothorax; tension is excluded.", {"severities": ("tiny",)},
         "actionable"),
        ("pneumothorax", "Tiny pneumothorax; tension ruled out.", {"severities": ("tiny",)},
         "actionable"),
        ("pneumothorax", "Tiny pneumothorax; tension cannot be excluded.",
         {"severities": ("tiny",)}, "urgent"),
        ("pneumothorax", "Tiny pneumothorax; tension is not excluded.",
         {"severities": ("tiny",)}, "urgent"),
        ("pneumothorax", "Tension pneumothorax, fracture excluded.", {"severities": ("tiny",)},
         "urgent"),
        ("pneumothorax", "Tension has to be ruled out.", {"severities": ("tiny",)}, "urgent"),
        ("pneumothorax", "Tension pneumothorax.", {"severities": ("tiny",)}, "urgent"),
        ("nodule_mass", "Non-calcified 9 mm nodule.", {}, "actionable"),
        ("nodule_mass", "Noncalcified nodule.", {}, "actionable"),
        ("nodule_mass", "The nodule is not calcified.", {}, "actionable"),
        ("nodule_mass", "Calcified nodule.", {}, "minor"),
        ("nodule_mass", "A 4 mm nodule.", {}, "minor"),
        ("nodule_mass", "A 14 mm nodule.", {}, "actionable"),
        ("nodule_mass", "A 12 x 5 mm nodule.", {}, "actionable"),
        ("fracture", "Acute rib fracture in an 84 year old.", {"age": 84}, "actionable"),
        ("fracture", "Acute rib fracture in this 84-year-old woman.", {"age": 84}, "actionable"),
        ("fracture", "Old rib fracture.", {"age": 84}, "benign"),
        ("fracture", "Fractures of three consecutive ribs: flail chest.", {}, "urgent"),
        ("interstitial_pattern", "Interstitial pattern, 65 year old.", {}, "actionable"),
        ("pulmonary_fibrosis", "Pulmonary fibrosis.", {}, "actionable"),
        ("pulmonary_fibrosis", "Known pulmonary fibrosis.", {}, "minor"),
        ("pericardial_effusion", "Pericardial effusion.", {}, "actionable"),
        ("pericardial_effusion", "Pericardial effusion.", {"severities": ("large",)}, "urgent"),
        ("mediastinal_widening", "Wide mediastinum.",
         {"indication": "Chest pain radiating to the back"}, "urgent"),
        ("elevated_diaphragm", "New elevation of the right dome.", {}, "actionable"),
        ("tortuous_aorta", "Tortuous aorta.", {"age": 35}, "minor"),
        ("cardiomegaly", "Marked cardiomegaly.", {"severities": ("marked",)}, "actionable"),
        ("edema", "Severe edema.", {"severities": ("severe",)}, "urgent"),
        ("atelectasis", "Collapse of the left lower lobe.", {"indication": "Intubated"}, "urgent"),
    ],
)  # fmt: skip
def test_the_weight_of_a_finding_in_its_words(label, sentence, known, weight):
    assert weight_of(label, sentence, **known) == weight


@pytest.mark.parametrize(
    ("sentence", "left"),
    [
        ("un nódulo calcificado", "un nódulo calcificado"),
        ("no change in the old fracture", "unchanged in the old fracture"),
        ("The tube is not malpositioned and the catheter is coiled",
         "The tube is and the catheter is coiled"),
        ("No pneumothorax or tension, old fracture", ", old fracture"),
    ],
)  # fmt: skip
def test_only_what_a_sentence_asserts_is_looked_at(sentence, left):
    assert asserted(sentence) == left
