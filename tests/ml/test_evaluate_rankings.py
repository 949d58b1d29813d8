"""Rankings a clinician takes for granted: of two reports, which one must score higher.

Each triple is a reference and two candidates, with what must hold between their scores.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ml import evaluate

pytestmark = pytest.mark.pure


@dataclass(frozen=True)
class Triple:
    """A reference, the better candidate and the worse one, or two equally good ones."""

    name: str
    reference: str
    better: str
    worse: str
    equal: bool = False
    age: float | None = 50
    indication: str = "Cough."


NORMAL = "The heart is normal in size. The lungs are clear. No pleural effusion or pneumothorax."
EFFUSION = "Moderate right pleural effusion. The heart is normal in size."

TRIPLES = [
    Triple(
        "one false finding is better than two",
        NORMAL,
        f"{NORMAL} There is left lower lobe consolidation.",
        f"{NORMAL} There is left lower lobe consolidation. The heart is severely enlarged.",
    ),
    Triple(
        "a minor false finding is better than an urgent one",
        NORMAL,
        f"{NORMAL} Mild left basilar atelectasis.",
        f"{NORMAL} Large left pneumothorax.",
    ),
    Triple(
        "a benign false finding is better than an actionable one",
        NORMAL,
        f"{NORMAL} The aorta is calcified.",
        f"{NORMAL} A 15 mm nodule is seen in the right upper lobe.",
        age=80,
    ),
    Triple(
        "missing a benign finding is better than missing an urgent one",
        "Right pneumothorax. Atherosclerotic calcification of the aorta.",
        "There is a right pneumothorax.",
        "Atherosclerotic calcification of the aorta.",
        age=75,
    ),
    Triple(
        "missing an actionable finding is better than missing an urgent one",
        "Large left pneumothorax. Right lower lobe consolidation.",
        "Large left pneumothorax.",
        "Right lower lobe consolidation.",
    ),
    Triple(
        "missing a minor finding is better than missing an actionable one",
        "Left basilar atelectasis. Right upper lobe mass.",
        "Right upper lobe mass.",
        "Left basilar atelectasis.",
    ),
    Triple(
        "a paraphrase changes nothing",
        "Small right pleural effusion.",
        "There is a small right-sided effusion.",
        "A small pleural effusion is seen on the right.",
        equal=True,
    ),
    Triple(
        "the heart is enlarged or there is cardiomegaly: the same",
        "Cardiomegaly.",
        "The heart is enlarged.",
        "There is enlargement of the cardiac silhouette.",
        equal=True,
    ),
    Triple(
        "the order of sentences changes nothing",
        "Cardiomegaly. Left pleural effusion. Right lower lobe consolidation.",
        "Left pleural effusion. Cardiomegaly.",
        "Cardiomegaly. Left pleural effusion.",
        equal=True,
    ),
    Triple(
        "added normal statements change nothing",
        EFFUSION,
        "Moderate right pleural effusion.",
        f"Moderate right pleural effusion. No pneumothorax. {'The bones are intact.'}",
        equal=True,
    ),
    Triple(
        "saying a finding twice changes nothing",
        EFFUSION,
        "Moderate right pleural effusion.",
        "Moderate right pleural effusion. Impression: right pleural effusion.",
        equal=True,
    ),
    Triple(
        "an adjacent lobe is better than the other side",
        "Right upper lobe consolidation.",
        "Right middle lobe consolidation.",
        "Left upper lobe consolidation.",
    ),
    Triple(
        "an adjacent lobe is better than one far away",
        "Right upper lobe consolidation.",
        "Right middle lobe consolidation.",
        "Right lower lobe consolidation.",
    ),
    Triple(
        "the wrong side is better than a miss",
        "Moderate right pleural effusion.",
        "Moderate left pleural effusion.",
        NORMAL,
    ),
    Triple(
        "a vaguer word is better than a miss",
        "Right lower lobe pneumonia.",
        "Right lower lobe opacity.",
        NORMAL,
    ),
    Triple(
        "a bolder word is better than a miss",
        "Opacity in the right upper lobe.",
        "Mass in the right upper lobe.",
        NORMAL,
    ),
    Triple(
        "the right word is better than a vaguer one",
        "Right upper lobe mass.",
        "There is a mass in the right upper lobe.",
        "There is an opacity in the right upper lobe.",
    ),
    Triple(
        "consolidation for pneumonia costs nothing",
        "Right lower lobe pneumonia.",
        "Right lower lobe pneumonia is present.",
        "Right lower lobe consolidation.",
        equal=True,
    ),
    Triple(
        "4 mm and 5 mm are the same",
        "A 4 mm nodule in the left upper lobe.",
        "A 4 mm nodule in the left upper lobe.",
        "A 5 mm nodule in the left upper lobe.",
        equal=True,
    ),
    Triple(
        "8 mm and 25 mm are not the same",
        "An 8 mm nodule in the left upper lobe.",
        "A 9 mm nodule in the left upper lobe.",
        "A 25 mm nodule in the left upper lobe.",
    ),
    Triple(
        "a wrong size is better than a miss",
        "An 8 mm nodule in the left upper lobe.",
        "A 25 mm nodule in the left upper lobe.",
        NORMAL,
    ),
    Triple(
        "5 cm and 5.5 cm are the same mass",
        "A 5 cm mass in the right upper lobe.",
        "A 5.0 cm mass in the right upper lobe.",
        "A 5.5 cm mass in the right upper lobe.",
        equal=True,
    ),
    Triple(
        "a mass called small enough for a nodule is wrong",
        "A 3.2 cm mass in the right upper lobe.",
        "A 3.4 cm mass in the right upper lobe.",
        "A 2.8 cm mass in the right upper lobe.",
    ),
    Triple(
        "small for minimal costs nothing",
        "Minimal left pleural effusion.",
        "Minimal left pleural effusion.",
        "Small left pleural effusion.",
        equal=True,
    ),
    Triple(
        "large for small costs something",
        "Small left pleural effusion.",
        "Small left pleural effusion.",
        "Large left pleural effusion.",
    ),
    Triple(
        "one side of two is better than none",
        "Moderate bilateral pleural effusions.",
        "Moderate left pleural effusion.",
        NORMAL,
    ),
    Triple(
        "left and right are bilateral",
        "Bilateral pleural effusions.",
        "There are bilateral pleural effusions.",
        "Left pleural effusion. Right pleural effusion.",
        equal=True,
    ),
    Triple(
        "a hedge on an urgent finding costs something",
        "Left pneumothorax.",
        "There is a left pneumothorax.",
        "Possible left pneumothorax.",
    ),
    Triple(
        "denying an urgent finding is as bad as leaving it out",
        "Left pneumothorax. Cardiomegaly.",
        "Cardiomegaly.",
        "Cardiomegaly. No pneumothorax.",
        equal=True,
    ),
    Triple(
        "worsening for improving costs something",
        "Increased right pleural effusion compared with the prior study.",
        "The right pleural effusion has increased.",
        "The right pleural effusion has decreased.",
    ),
    Triple(
        "a normal report for a normal study is better than any finding",
        NORMAL,
        "No acute cardiopulmonary abnormality.",
        "Small right pleural effusion.",
    ),
    Triple(
        "two right findings are better than one",
        "Cardiomegaly. Moderate right pleural effusion.",
        "Cardiomegaly with a moderate right pleural effusion.",
        "Cardiomegaly.",
    ),
]


def score(triple: Triple, candidate: str) -> float:
    return evaluate.evaluate(
        triple.reference, candidate, age=triple.age, sex="F", indication=triple.indication
    ).raw


def test_there_are_thirty_triples_at_least() -> None:
    assert len({triple.name for triple in TRIPLES}) >= 30


@pytest.mark.parametrize("triple", TRIPLES, ids=lambda triple: triple.name)
def test_the_better_report_scores_higher(triple: Triple) -> None:
    better, worse = score(triple, triple.better), score(triple, triple.worse)
    if triple.equal:
        assert better == pytest.approx(worse)
    else:
        assert better > worse


CONTEXTS = [
    ("Atherosclerotic calcification of the aorta.", 82, "Preoperative.", 28, "Chest pain."),
    ("Left seventh rib fracture.", 3, "Fall.", 60, "Fall."),
    ("Small right pleural effusion.", 70, "Fall from height.", 70, "Cough."),
    ("Degenerative changes of the thoracic spine.", 80, "Cough.", 30, "Cough."),
    ("Tortuous aorta.", 80, "Cough.", 30, "Cough."),
    ("Small right pneumothorax.", 60, "Status post line placement.", 60, "Chest pain."),
]


@pytest.mark.parametrize(("text", "age", "indication", "other_age", "other"), CONTEXTS)
def test_age_and_indication_move_significance(
    text: str, age: float, indication: str, other_age: float, other: str
) -> None:
    first = evaluate.evaluate(text, NORMAL, age=age, indication=indication)
    second = evaluate.evaluate(text, NORMAL, age=other_age, indication=other)
    [one], [two] = first.reference_findings, second.reference_findings
    assert one.clinical_significance != two.clinical_significance


TENSION = "There is a left tension pneumothorax."
SHIFTED = "Large left pneumothorax with mediastinal shift to the right."


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        (TENSION, "L tension ptx, trachea deviated to the right"),
        (TENSION, "Left tension pneumothorax with mediastinal shift."),
        (SHIFTED, "Large left pneumothorax with mediastinal shift."),
        ("The lungs are hyperinflated.", "Hyperinflated lungs, COPD."),
        ("The lungs are hyperinflated.", "Hyperinflation. Emphysema."),
    ],
)
def test_what_belongs_to_a_finding_is_no_error_beside_it(reference, candidate):
    assert evaluate.evaluate(reference, candidate).score == 100


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        (TENSION, "Left tension pneumothorax with mediastinal shift to the left."),
        ("Small left pneumothorax.", "Small left pneumothorax with mediastinal shift."),
        (SHIFTED, "Large left pneumothorax with mediastinal shift to the left."),
        ("Right lower lobe opacity.", "Right lower lobe opacity. Cavity in the right lower lobe."),
        ("Opacity in the left apex.", "Opacity in the left apex. Nodule in the left apex."),
    ],
)
def test_what_says_more_than_it_shows_is_an_error(reference, candidate):
    assert evaluate.evaluate(reference, candidate).score < 90


SHOWN = [
    (
        "Large left tension pneumothorax: the left lung has collapsed. Mediastinal shift to the "
        "right.",
        "Left tension pneumothorax.",
    ),
    (
        "Kerley B lines and peribronchial cuffing, in keeping with interstitial edema.",
        "Interstitial edema.",
    ),
    (
        "The cardiac silhouette is large and globular. Suspected pericardial effusion.",
        "Suspected pericardial effusion.",
    ),
    (
        "Collapse of the right lower lobe: a triangular opacity at the right base; the right hilum "
        "is low.",
        "Right lower lobe collapse.",
    ),
    ("Right upper lobe collapse; an obstructing lesion has to be excluded.", "RUL collapse."),
]
"""A reference that shows its finding by signs, and a report that names it."""


@pytest.mark.parametrize(("reference", "candidate"), SHOWN)
def test_who_names_a_finding_need_not_show_its_signs(reference, candidate):
    assert evaluate.evaluate(reference, candidate).score == 100


@pytest.mark.parametrize(
    ("reference", "candidate", "most"),
    [
        (*SHOWN[0][:1], "Mediastinal shift to the right.", 45),
        (*SHOWN[2][:1], "Cardiomegaly.", 50),
        # What the reference denies is no bold word for what it has.
        ("Widened mediastinum. The heart is normal in size.", "Cardiomegaly.", 0),
        # A lobe of which lung?
        ("Right upper lobe collapse.", "Upper lobe collapse.", 50),
        # Another height, and the side is not said.
        ("Right lower lobe collapse.", "Upper lobe collapse.", 0),
        ("Right lower lobe collapse.", "Juxtaphrenic peak.", 0),
        # A calcified nodule is healed; the reference's is not said to be so.
        ("Spiculated nodule of 29 mm in the left upper lobe.",
         "Calcified nodule in the left upper lobe.", 50),
        # A lobe and the perihilar region are that lobe, not every lobe.
        ("Consolidation in the right lower lobe.",
         "Consolidation in the right middle lobe, perihilar.", 75),
        # A jugular line is no endotracheal tube.
        ("Endotracheal tube in the right main bronchus.", "RIJ line.", 0),
        ("Endotracheal tube in the right main bronchus.", "CVC on the right.", 0),
        ("Endotracheal tube in the right main bronchus.", "Right catheter.", 0),
        ("Endotracheal tube in the right main bronchus.", "Tube.", 0),
        (*SHOWN[0][:1], "Bilateral pneumothorax.", 25),
        ("Bilateral rib notching. Cardiomegaly.", "Cardiomegaly.", 50),
    ],
)  # fmt: skip
def test_what_only_looks_like_the_finding_earns_little(reference, candidate, most):
    assert evaluate.evaluate(reference, candidate).score <= most


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        ("Calcified nodule in the left upper lobe.", "Calcified nodule in the left upper lobe."),
        ("Calcified nodule in the left upper lobe.", "Calcified granuloma in the left upper lobe."),
        ("Nodule in the left upper lobe. It is calcified.", "Calcified left upper lobe nodule."),
        ("Right upper lobe collapse.", "Right upper lobe collapse with a juxtaphrenic peak."),
    ],
)
def test_a_calcified_nodule_and_a_sign_of_the_lobe_answer_where_they_fit(reference, candidate):
    assert evaluate.evaluate(reference, candidate).score == 100


def test_a_line_and_a_tube_of_one_impression_stay_two_devices():
    text = (
        "Right internal jugular central venous catheter with its tip in the SVC. Endotracheal tube "
        "4 cm above the carina.\n\nEndotracheal tube and central venous catheter in place."
    )
    concepts = {item.name for item in evaluate.evaluate(text, "Normal.").reference_findings}
    assert len(concepts) == 2
    drain = "Malpositioned right chest drain.\n\nRight chest tube outside the pleural space."
    assert len(evaluate.evaluate(drain, "Normal.").reference_findings) == 1
