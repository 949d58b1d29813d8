"""Patients and reports in the words of a reading room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.simulate.lesions import Lesion

INDICATIONS = (
    "Cough for three weeks.",
    "Preoperative examination.",
    "Weight loss and fatigue.",
    "Shortness of breath on exertion.",
    "Chest pain, no trauma.",
    "Follow-up after treatment elsewhere.",
    "Fever, question of pneumonia.",
    "Routine examination before employment.",
    "Smoker, cough with some blood.",
    "Night sweats.",
)
CLEAR = (
    "The lungs are otherwise clear.",
    "No consolidation.",
    "No other focal opacity.",
)
NORMAL = (
    "The lungs are clear.",
    "Both lungs are clear, without focal opacity.",
    "No focal consolidation, nodule or edema.",
)
REST = (
    "No pleural effusion or pneumothorax.",
    "The costophrenic angles are sharp. No pneumothorax.",
)
HEART = (
    "Heart size and mediastinal contours are normal.",
    "The cardiomediastinal silhouette is within normal limits.",
)
BONES = ("The bones are unremarkable.", "No acute osseous abnormality.")


@dataclass(frozen=True)
class Patient:
    age: int
    sex: str
    indication: str


def patient(rng: np.random.Generator, abnormal: bool) -> Patient:
    """Age, sex and an indication that does not give the answer away."""
    age = int(np.clip(rng.normal(62 if abnormal else 50, 13), 22, 91))
    return Patient(age, str(rng.choice(["F", "M"])), str(rng.choice(INDICATIONS)))


def sentence(rng: np.random.Generator, lesion: Lesion) -> str:
    """One sentence for a lesion: what, how large, where."""
    size = f"{lesion.size_mm:.0f} mm"
    where = f"the {lesion.side} {lesion.zone} lung zone"
    forms: tuple[str, ...]
    if lesion.label == "calcification":
        forms = (
            f"{size} calcified granuloma in {where}.",
            f"Dense {size} calcified nodule in {where}.",
        )
    elif lesion.size_mm >= 30:
        forms = (f"{size} mass in {where}.",)
    else:
        forms = (
            f"{size} nodule in {where}.",
            f"Round {size} pulmonary nodule projecting over {where}.",
            f"There is a {size} nodule in {where}.",
        )
    return str(rng.choice(forms))


def report(
    rng: np.random.Generator, sentences: Sequence[str], lesions: Sequence[Lesion]
) -> dict[str, str]:
    """Findings and impression, with the negatives a radiologist would dictate."""
    lungs = [*sentences, str(rng.choice(CLEAR))] if sentences else [str(rng.choice(NORMAL))]
    rest = [str(rng.choice(group)) for group in (REST, HEART, BONES)]
    return {"findings": " ".join((*lungs, *rest)), "impression": _impression(lesions)}


def _impression(lesions: Sequence[Lesion]) -> str:
    soft = [lesion for lesion in lesions if lesion.label == "nodule_mass"]
    hard = len(lesions) - len(soft)
    parts = []
    if soft:
        sides = " and ".join(sorted({lesion.side for lesion in soft}))
        many = len(soft) > 1
        parts.append(f"{'Nodules' if many else 'Nodule'} in the {sides} lung; CT is recommended.")
    if hard:
        parts.append(
            "Calcified granuloma, benign." if hard == 1 else "Calcified granulomas, benign."
        )
    return " ".join(parts) or "No acute cardiopulmonary abnormality."
