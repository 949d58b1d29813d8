"""Patients and reports in the words of a reading room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.simulate.findings.common import Placed

AREAS = (
    "devices",
    "volume",
    "lungs",
    "pleura",
    "heart",
    "mediastinum",
    "diaphragm",
    "bones",
    "abdomen",
)
"""The order of a report; a finding's sentence stands where its area's normal one would."""
NORMAL: dict[str, tuple[str, ...]] = {
    "devices": ("",),
    "volume": ("", "", "The lungs are well expanded.", "Adequate inspiration."),
    "lungs": (
        "The lungs are clear.",
        "Both lungs are clear, without focal opacity.",
        "No focal consolidation, nodule or edema.",
        "No focal airspace opacity.",
    ),
    "pleura": (
        "No pleural effusion or pneumothorax.",
        "No pneumothorax; the costophrenic angles are sharp, without effusion.",
        "There is no effusion and no pneumothorax.",
    ),
    "heart": (
        "Heart size is normal.",
        "The heart is normal in size.",
        "The cardiac silhouette is within normal limits.",
    ),
    "mediastinum": (
        "Mediastinal and hilar contours are unremarkable.",
        "The mediastinum is not widened and the hila are normal.",
        "Normal mediastinal and hilar contours.",
    ),
    "diaphragm": ("", "", "The hemidiaphragms are well defined."),
    "bones": (
        "The bones are unremarkable.",
        "No acute osseous abnormality.",
        "The visualized skeleton is intact.",
    ),
    "abdomen": ("", "", "No free air under the diaphragm."),
}
OTHERWISE = {
    "lungs": ("The lungs are otherwise clear.", "No other focal opacity.", ""),
    "pleura": ("",),
}
BESIDE_EFFUSION = ("No pneumothorax.", "There is no pneumothorax.")
BESIDE_PNEUMOTHORAX = ("No pleural effusion.", "There is no effusion.")
CLEAR = (
    "No acute cardiopulmonary abnormality.",
    "Normal chest radiograph.",
    "No acute cardiopulmonary process.",
)
ANY = (
    "Preoperative examination.",
    "Chest pain, no trauma.",
    "Shortness of breath on exertion.",
    "Cough for three weeks.",
    "Routine examination before employment.",
    "Pre-admission chest radiograph.",
    "Fatigue and loss of weight.",
    "Dizziness, question of heart failure.",
    "Persistent dry cough.",
    "Positive tuberculin test; question of active disease.",
)
INDICATIONS: dict[str, tuple[str, ...]] = {
    "nodule_mass": (
        "Smoker, cough with some blood.",
        "Weight loss and fatigue.",
        "Chronic cough.",
        "Preoperative examination.",
    ),
    "calcification": ("Preoperative examination.", "Routine examination before employment."),
    "consolidation": ("Fever and productive cough.", "Fever, question of pneumonia."),
    "pneumonia": ("Cough and fever for four days.", "Fever, question of pneumonia."),
    "infiltration": ("Fever and shortness of breath.", "Fever under chemotherapy."),
    "pleural_effusion": ("Shortness of breath.", "Dyspnea, reduced breath sounds on one side."),
    "pneumothorax": ("Sudden chest pain and dyspnea.", "Acute pleuritic chest pain."),
    "cardiomegaly": ("Dyspnea and leg swelling.", "Known hypertension, dyspnea."),
    "edema": ("Acute dyspnea, orthopnea.", "Known heart failure, worse dyspnea."),
    "fracture": ("Fall with pain on breathing.", "Chest wall pain after a fall."),
    "pneumoperitoneum": ("Acute abdomen.", "Severe epigastric pain."),
    "tube": ("Position of the tube.", "Intensive care, position of tubes and lines."),
    "catheter": ("Check of the central venous catheter.", "After placement of a central line."),
    "heart_device": (
        "Follow-up after device implantation.",
        "Known heart disease, routine follow-up.",
    ),
    "postoperative_change": ("Follow-up after heart surgery.", "Dyspnea after bypass surgery."),
    "hilar_enlargement": ("Dry cough, erythema nodosum.", "Night sweats."),
    "mediastinal_widening": ("Chest pain radiating to the back.", "Night sweats and weight loss."),
    "interstitial_pattern": ("Dry cough, crackles at both bases.", "Progressive dyspnea."),
    "pulmonary_fibrosis": ("Progressive dyspnea, finger clubbing.",),
    "hyperinflation": ("Long-standing smoker, dyspnea.", "Known COPD."),
    "bulla": ("Smoker, dyspnea.", "Known emphysema."),
    "bone_lesion": ("Known prostate cancer, staging.", "Bone pain, question of metastases."),
    "osteopenia": ("Back pain in an older patient.", "Preoperative examination."),
}
OLD = {
    "tortuous_aorta",
    "aortic_calcification",
    "osteopenia",
    "heart_device",
    "hiatal_hernia",
    "cardiomegaly",
    "edema",
}
YOUNG = {"pneumothorax", "hilar_enlargement", "scoliosis"}


@dataclass(frozen=True)
class Patient:
    age: int
    sex: str
    indication: str


def patient(rng: np.random.Generator, labels: Sequence[str]) -> Patient:
    """Age, sex and an indication that fit the findings and do not give them away."""
    middle, spread = 50, 15
    if OLD & set(labels):
        middle, spread = 75, 7
    elif YOUNG & set(labels):
        middle, spread = 36, 10
    elif labels:
        middle, spread = 61, 12
    age = int(np.clip(rng.normal(middle, spread), 19, 91))
    fitting = next((INDICATIONS[label] for label in labels if label in INDICATIONS), ANY)
    pool = ANY if rng.random() < 0.15 and "tube" not in labels else fitting
    sex = str(rng.choice(["F", "M"]))
    indication = str(rng.choice(pool))
    if "prostate" in indication:
        sex = "M"
    return Patient(age, sex, indication)


def report(rng: np.random.Generator, findings: Sequence[Placed]) -> dict[str, str]:
    """Findings and impression: each area of the chest has its say once."""
    lines: list[str] = []
    for area in AREAS:
        own = [finding.sentence for finding in findings if finding.area == area]
        if own:
            lines += own
            rest = _rest(rng, area, findings)
            if rest:
                lines.append(rest)
        else:
            lines.append(str(rng.choice(_normal(area, findings))))
    conclusions = dict.fromkeys(f.impression for f in findings if f.impression)
    impression = " ".join(conclusions) or str(rng.choice(CLEAR))
    if findings and not conclusions:
        impression = "No acute cardiopulmonary abnormality."
    return {"findings": " ".join(line for line in lines if line), "impression": impression}


def _normal(area: str, findings: Sequence[Placed]) -> tuple[str, ...]:
    """Normal sentences that no finding of another area contradicts."""
    labels = {finding.label for finding in findings}
    choices = NORMAL[area]
    if area == "volume" and labels & {
        "pulmonary_fibrosis",
        "elevated_diaphragm",
        "pleural_effusion",
    }:
        return ("",)
    if area == "diaphragm" and labels & {
        "pleural_effusion",
        "hyperinflation",
        "consolidation",
        "pneumonia",
        "infiltration",
        "hiatal_hernia",
        "pneumoperitoneum",
    }:
        return ("",)
    if area == "lungs" and labels & {
        "pleural_effusion",
        "pneumothorax",
        "hypoinflation",
        "elevated_diaphragm",
    }:
        return ("No focal consolidation.", "No focal airspace opacity elsewhere.")
    return choices


def _rest(rng: np.random.Generator, area: str, findings: Sequence[Placed]) -> str:
    """What is normal beside the finding in the same area."""
    if area == "pleura":
        labels = {finding.label for finding in findings}
        if labels >= {"pleural_effusion", "pneumothorax"}:
            return ""
        if "pneumothorax" in labels:
            return str(rng.choice(BESIDE_PNEUMOTHORAX))
        if "pleural_effusion" in labels:
            return str(rng.choice(BESIDE_EFFUSION))
        return "No free effusion or pneumothorax."
    return str(rng.choice(OTHERWISE.get(area, ("",))))
