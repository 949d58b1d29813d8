"""The demo set's patients over time: what has become of whom since an earlier film."""

from __future__ import annotations

from ml.simulate.visits import Course, Visit
from ml.simulate.words import BEDSIDE, BELLY, HEART, Reason

AFTER_FEVER = Reason("Pneumonia under treatment, follow-up.")
BREATH = Reason("Shortness of breath, follow-up.")
PAIN = Reason("Chest pain, follow-up.")
TUMOR = Reason("Oncology, follow-up under treatment.", (40, 85))
SMOKER = Reason("Long-standing smoker, follow-up.", (48, 80))
SURGERY = Reason("Follow-up after surgery.", (45, 85))
COUGH = Reason("Cough, follow-up.", (20, 70))

VISITS: tuple[Visit, ...] = (
    Visit(
        3,
        AFTER_FEVER,
        (
            Course(
                "consolidation-lul",
                "larger",
                "Consolidation of the left upper lobe, larger than on the previous radiograph.",
                "Progressive left upper lobe consolidation, most likely pneumonia.",
                lesser=0.4,
                clears=True,
            ),
        ),
    ),
    Visit(
        42,
        AFTER_FEVER,
        (
            Course(
                "consolidation-rul",
                "smaller",
                "Residual consolidation of the right upper lobe, smaller than on the previous "
                "radiograph.",
                "Decreasing right upper lobe consolidation; follow-up until resolution.",
                lesser=0.35,
                clears=True,
            ),
        ),
    ),
    Visit(
        45,
        AFTER_FEVER,
        (
            Course(
                "consolidation-lll",
                "gone",
                "The consolidation of the left lower lobe has resolved.",
                "The left lower lobe consolidation has resolved.",
            ),
        ),
    ),
    Visit(
        92,
        SMOKER,
        (
            Course(
                "nodule-left",
                "larger",
                "{mm} mm nodule in the left lung, larger than before ({was} mm).",
                "Enlarging {mm} mm nodule of the left lung with a volume doubling time of about "
                "{doubling} days, suspicious for malignancy. CT is recommended.",
                lesser=0.72,
            ),
        ),
    ),
    Visit(
        2,
        BREATH,
        (
            Course(
                "large-effusion-right",
                "smaller",
                "Moderate right pleural effusion, decreased since the previous radiograph.",
                "Right pleural effusion decreased after drainage.",
                less="moderate-effusion-right",
            ),
        ),
    ),
    Visit(
        1,
        BEDSIDE,
        (
            Course(
                "moderate-pneumothorax-left",
                "smaller",
                "Small left apical pneumothorax, smaller than on the previous radiograph.",
                "Left pneumothorax smaller after drainage.",
                less="small-pneumothorax-left",
            ),
            Course(
                "chest-tube-left",
                "new",
                "New left chest tube with its tip toward the apex.",
                "New left chest tube in place.",
            ),
        ),
    ),
    Visit(
        4,
        HEART,
        (
            Course(
                "edema",
                "gone",
                "The pulmonary edema has resolved.",
                "The pulmonary edema has resolved.",
            ),
        ),
    ),
    Visit(
        16,
        COUGH,
        (
            Course(
                "pneumonia-rul",
                "gone",
                "The opacity of the right upper lobe has resolved.",
                "The right upper lobe pneumonia has resolved.",
            ),
            Course(
                "pneumonia-lll",
                "new",
                "New patchy airspace opacity in the left lower lobe.",
                "New left lower lobe pneumonia; organizing pneumonia should be considered.",
            ),
        ),
    ),
    Visit(
        60,
        BREATH,
        (
            Course(
                "pericardial-effusion",
                "new",
                "The cardiac silhouette has become large and globular (cardiothoracic ratio "
                "{ratio:.2f}): new pericardial effusion is suspected.",
                "New suspected pericardial effusion; echocardiography is recommended.",
            ),
        ),
    ),
    Visit(
        30,
        COUGH,
        (
            Course(
                "collapse-rul",
                "new",
                "New atelectasis of the right upper lobe.",
                "New right upper lobe atelectasis; an obstructed bronchus has to be excluded. CT "
                "is recommended.",
            ),
        ),
    ),
    Visit(
        56,
        COUGH,
        (
            Course(
                "cavity-left",
                "smaller",
                "Cavity of {cm} cm in the left upper lung zone, smaller than before ({was} mm).",
                "Cavity of the left upper lung, smaller under treatment.",
                lesser=0.7,
            ),
        ),
    ),
    Visit(
        1,
        BEDSIDE,
        (
            Course(
                "tracheal-tube",
                "new",
                "New endotracheal tube with its tip above the carina.",
                "New endotracheal tube in appropriate position.",
            ),
            Course(
                "pneumonia-lul",
                "unchanged",
                "Patchy airspace opacity in the left upper lobe, unchanged.",
                "Unchanged left upper lobe pneumonia.",
            ),
        ),
    ),
    Visit(
        120,
        TUMOR,
        (
            Course(
                "miliary",
                "new",
                "New miliary pattern: innumerable nodules of 2 to 3 mm throughout both lungs.",
                "New miliary pattern: metastases or tuberculosis. The referring team was informed.",
            ),
        ),
    ),
    Visit(
        85,
        TUMOR,
        (
            Course(
                "mass-right",
                "smaller",
                "Spiculated mass of {cm} cm in the right lung, smaller than before ({was} mm).",
                "Right lung mass, smaller under treatment.",
                lesser=0.74,
            ),
            Course(
                "port",
                "new",
                "New right-sided port with its catheter tip in the lower superior vena cava.",
                "New port catheter in appropriate position.",
            ),
        ),
    ),
    Visit(
        180,
        TUMOR,
        (
            Course(
                "adenopathy",
                "gone",
                "The mediastinal adenopathy has resolved.",
                "The mediastinal adenopathy has resolved.",
            ),
        ),
    ),
    Visit(
        365,
        BREATH,
        (
            Course(
                "fibrosis",
                "unchanged",
                "Unchanged bibasal pulmonary fibrosis with coarse peripheral reticulation.",
                "Unchanged pulmonary fibrosis with basal predominance.",
            ),
        ),
    ),
    Visit(
        12,
        PAIN,
        (
            Course(
                "moderate-pneumothorax-right",
                "gone",
                "The right pneumothorax has resolved.",
                "The right pneumothorax has resolved.",
            ),
        ),
    ),
    Visit(
        28,
        SURGERY,
        (
            Course(
                "raised-left",
                "new",
                "New elevation of the left hemidiaphragm.",
                "New elevated left hemidiaphragm; injury of the phrenic nerve should be "
                "considered.",
            ),
            Course(
                "sternal-wires",
                "new",
                "New sternotomy wires.",
            ),
        ),
    ),
    Visit(
        730,
        PAIN,
        (
            Course(
                "pleural-thickening-left",
                "unchanged",
                "Pleural thickening along the left lateral chest wall, unchanged.",
                "Unchanged left pleural thickening.",
            ),
            Course(
                "scar-right",
                "unchanged",
                "Fibrotic band in the right upper lung, unchanged.",
                "Unchanged scarring in the right upper lung.",
            ),
        ),
    ),
    Visit(
        1095,
        BREATH,
        (
            Course(
                "hernia",
                "larger",
                "Hiatal hernia with an air-fluid level behind the heart, larger than before.",
                "Hiatal hernia, larger than before.",
                lesser=0.68,
            ),
        ),
    ),
    Visit(
        100,
        SMOKER,
        (
            Course(
                "hilum-left",
                "larger",
                "The left hilum is enlarged and lobulated, larger than before.",
                "Progressive enlargement of the left hilum. CT is recommended.",
                lesser=0.72,
            ),
        ),
    ),
    Visit(
        540,
        SMOKER,
        (
            Course(
                "bulla-left",
                "larger",
                "Thin-walled bulla of {cm} cm in the left upper lung, larger than before "
                "({was} mm).",
                "Bulla of the left upper lung, larger than before.",
                lesser=0.72,
            ),
        ),
    ),
    Visit(
        3,
        BELLY,
        (
            Course(
                "free-air",
                "new",
                "New free air under the right hemidiaphragm.",
                "New pneumoperitoneum. The referring team was informed.",
            ),
        ),
    ),
    Visit(
        7,
        BREATH,
        (
            Course(
                "hydropneumothorax-right",
                "new",
                "New right hydropneumothorax with an air-fluid level.",
                "New right hydropneumothorax. The referring team was informed.",
            ),
        ),
    ),
    Visit(
        2,
        BEDSIDE,
        (
            Course(
                "central-line",
                "new",
                "New right internal jugular central venous catheter with its tip at the "
                "cavoatrial junction.",
                "New central venous catheter in appropriate position.",
            ),
            Course(
                "tracheal-tube",
                "unchanged",
                "Endotracheal tube with its tip above the carina, unchanged.",
                "Unchanged endotracheal tube in appropriate position.",
            ),
        ),
    ),
    Visit(
        700,
        COUGH,
        (
            Course(
                "granuloma-left",
                "unchanged",
                "Calcified granuloma of {mm} mm in the left lung, unchanged.",
                "Unchanged calcified granuloma, benign.",
            ),
        ),
    ),
    Visit(240, SMOKER),
    Visit(14, PAIN),
    Visit(
        700,
        COUGH,
        (
            Course(
                "granuloma-right",
                "unchanged",
                "Calcified granuloma of {mm} mm in the right lung, unchanged.",
                "Unchanged calcified granuloma, benign.",
                difficulty="easy",
            ),
        ),
    ),
    Visit(
        100,
        SMOKER,
        (
            Course(
                "hilar-nodes-left",
                "larger",
                "The left hilum is enlarged and lobulated, larger than before.",
                "Progressive enlargement of the left hilum. CT is recommended.",
                lesser=0.72,
            ),
        ),
    ),
)
"""In the order of their keys: the place of a visit is part of its person."""
