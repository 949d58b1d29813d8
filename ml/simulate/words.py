"""Patients and reports in the words of a reading room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ml import taxonomy
from ml.simulate.findings.common import Placed

AREAS = (
    "technique",
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
    "technique": ("",),
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
ADVICE = "CT is recommended."
WEIGHT_ORDER = ("urgent", "actionable", "minor", "benign")
HIDE_A_DOME = frozenset(
    {
        *("pleural_effusion", "hydropneumothorax", "pleural_thickening", "hyperinflation"),
        *("consolidation", "pneumonia", "infiltration", "atelectasis", "hiatal_hernia"),
        *("pneumoperitoneum", "elevated_diaphragm", "motion_blur"),
    }
)
"""Labels with which no dome is said to be well defined, variants among them."""
BESIDE_EFFUSION = ("No pneumothorax.", "There is no pneumothorax.")
BESIDE_PNEUMOTHORAX = ("No pleural effusion.", "There is no effusion.")
CLEAR = (
    "No acute cardiopulmonary abnormality.",
    "Normal chest radiograph.",
    "No acute cardiopulmonary process.",
)


@dataclass(frozen=True)
class Reason:
    """Why somebody is examined; whoever has it may be healthy or not."""

    text: str
    ages: tuple[int, int] = (18, 90)
    sex: str = ""
    in_bed: bool = False


COUGH = Reason("Cough for three weeks.")
DRY_COUGH = Reason("Persistent dry cough.")
FEVER = Reason("Fever and productive cough.")
DYSPNEA = Reason("Shortness of breath on exertion.")
ACUTE_DYSPNEA = Reason("Acute dyspnea.")
PAIN = Reason("Chest pain, no trauma.")
WEIGHT = Reason("Weight loss and fatigue.")
SMOKER = Reason("Long-standing smoker.", (35, 85))
HEART = Reason("Known heart disease, follow-up.", (40, 90))
BEFORE_SURGERY = Reason("Preoperative examination.")
WORK = Reason("Routine examination before employment.", (18, 62))
FALL = Reason("Fall with pain on breathing.")
BELLY = Reason("Severe epigastric pain.")
INTENSIVE = Reason("Intensive care, fever.", (30, 88), in_bed=True)
BEDSIDE = Reason("Intensive care, daily examination.", (30, 88), in_bed=True)
REASONS = (
    *(COUGH, DRY_COUGH, FEVER, DYSPNEA, ACUTE_DYSPNEA, PAIN, WEIGHT, SMOKER, HEART),
    *(BEFORE_SURGERY, WORK, FALL, BELLY, INTENSIVE, BEDSIDE),
)
REASONS_FOR: dict[str, tuple[Reason, ...]] = {
    "nodule_mass": (WEIGHT, SMOKER, COUGH, BEFORE_SURGERY),
    "calcification": (BEFORE_SURGERY, WORK, PAIN),
    "consolidation": (FEVER, ACUTE_DYSPNEA),
    "pneumonia": (FEVER, COUGH),
    "infiltration": (FEVER, ACUTE_DYSPNEA),
    "cavity": (WEIGHT, COUGH),
    "miliary_pattern": (FEVER, WEIGHT),
    "atelectasis": (PAIN, FALL, BELLY),
    "fibrotic_band": (COUGH, WORK, BEFORE_SURGERY),
    "interstitial_pattern": (DRY_COUGH, DYSPNEA),
    "pulmonary_fibrosis": (DYSPNEA, DRY_COUGH),
    "edema": (ACUTE_DYSPNEA, HEART),
    "pleural_effusion": (DYSPNEA, ACUTE_DYSPNEA, PAIN),
    "pneumothorax": (PAIN, ACUTE_DYSPNEA, FALL),
    "hydropneumothorax": (PAIN, ACUTE_DYSPNEA, FEVER),
    "pleural_thickening": (WORK, DYSPNEA),
    "cardiomegaly": (HEART, DYSPNEA),
    "pericardial_effusion": (DYSPNEA, PAIN, HEART),
    "hilar_enlargement": (DRY_COUGH, WEIGHT),
    "adenopathy": (WEIGHT, DRY_COUGH),
    "mediastinal_widening": (PAIN, WEIGHT),
    "tortuous_aorta": (HEART, BEFORE_SURGERY),
    "aortic_calcification": (BEFORE_SURGERY, HEART),
    "hyperinflation": (SMOKER, DYSPNEA),
    "bulla": (SMOKER, DYSPNEA),
    "hypoinflation": (BELLY, BEFORE_SURGERY, FALL),
    "elevated_diaphragm": (BEFORE_SURGERY, DYSPNEA),
    "hiatal_hernia": (BELLY, PAIN),
    "pneumoperitoneum": (BELLY,),
    "fracture": (FALL,),
    "bone_lesion": (WEIGHT, PAIN),
    "scoliosis": (WORK, BEFORE_SURGERY),
    **dict.fromkeys(("tracheal_tube", "feeding_tube", "chest_tube"), (INTENSIVE, BEDSIDE)),
    **dict.fromkeys(("heart_device", "cardiac_lead"), (HEART, BEFORE_SURGERY)),
    "postoperative_change": (HEART, DYSPNEA),
    "surgical_material": (HEART, BEFORE_SURGERY),
    "central_line": (FEVER, WEIGHT),
}
AGES: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("tortuous_aorta", "aortic_calcification"), (62, 90)),
    **dict.fromkeys(("osteopenia", "hiatal_hernia", "edema"), (56, 90)),
    **dict.fromkeys(("heart_device", "cardiac_lead"), (56, 90)),
    **dict.fromkeys(("cardiomegaly", "pericardial_effusion"), (45, 90)),
    **dict.fromkeys(("postoperative_change", "surgical_material"), (50, 85)),
    **dict.fromkeys(("pulmonary_fibrosis", "hyperinflation", "bulla"), (48, 84)),
    **dict.fromkeys(("nodule_mass", "bone_lesion"), (38, 86)),
    "scoliosis": (18, 70),
}


@dataclass(frozen=True)
class Patient:
    age: int
    sex: str
    indication: str


def reasons(labels: Sequence[str], *, in_bed: bool = False) -> tuple[Reason, ...]:
    """Why somebody with these labels may be examined; the healthy for any reason."""
    fitting = next((REASONS_FOR[label] for label in labels if label in REASONS_FOR), REASONS)
    lying = tuple(reason for reason in fitting if reason.in_bed == in_bed)
    return lying or tuple(reason for reason in REASONS if reason.in_bed == in_bed)


def patient(
    rng: np.random.Generator,
    labels: Sequence[str],
    *,
    in_bed: bool = False,
    reason: Reason | None = None,
) -> Patient:
    """Age, sex and an indication that fit the findings and do not give them away."""
    choices = reasons(labels, in_bed=in_bed)
    reason = reason or choices[int(rng.integers(len(choices)))]
    spans = [reason.ages, *(AGES[label] for label in labels if label in AGES)]
    low, high = max(span[0] for span in spans), min(span[1] for span in spans)
    age = int(np.clip(rng.normal(56, 16), low, max(low, high)))
    if age in (low, high):  # who fell outside: anywhere in between
        age = int(rng.integers(low, max(low, high) + 1))
    return Patient(age, reason.sex or str(rng.choice(["F", "M"])), reason.text)


def report(
    rng: np.random.Generator, findings: Sequence[Placed], gone: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Findings and impression: each area of the chest has its say once.

    Normal variants and pitfalls go unsaid, as they do in most reports. `gone` is what is said of
    an area because an earlier film showed something there.
    """
    everything = findings
    findings = [one for one in findings if not taxonomy.is_variant(one.label)]
    lines: list[str] = []
    for area in AREAS:
        own = [finding.sentence for finding in findings if finding.area == area]
        lines.append((gone or {}).get(area, ""))
        if own:
            lines += own
            rest = _rest(rng, area, findings)
            if rest:
                lines.append(rest)
        else:
            lines.append(str(rng.choice(_normal(area, everything))))
    impression = _impression(findings) or str(rng.choice(CLEAR))
    if findings and not any(finding.impression for finding in findings):
        impression = "No acute cardiopulmonary abnormality."
    return {"findings": " ".join(line for line in lines if line), "impression": impression}


def _impression(findings: Sequence[Placed]) -> str:
    """What the findings come to, the gravest first; what is recommended twice is said once."""
    order = sorted(findings, key=lambda finding: WEIGHT_ORDER.index(_weight(finding)))
    said = dict.fromkeys(finding.impression for finding in order if finding.impression)
    lines = list(said)
    if sum(line.endswith(ADVICE) for line in lines) > 1:
        lines = [line.removesuffix(ADVICE).rstrip() for line in lines] + [ADVICE]
    return " ".join(lines)


def _weight(finding: Placed) -> str:
    return finding.significance or taxonomy.labels()[finding.label].default_significance


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
    if area == "diaphragm" and labels & HIDE_A_DOME:
        return ("",)
    if area == "heart" and "atelectasis" in labels:
        return ("The heart is normal in size.",)  # its border may be lost
    if area == "pleura" and "motion_blur" in labels:
        return ("There is no effusion and no pneumothorax.",)  # no edge is sharp
    if area == "mediastinum" and labels & {"atelectasis", "edema"}:
        return ("The mediastinum is not widened.",)  # the hila are drawn aside, or indistinct
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
        if "hydropneumothorax" in labels or labels >= {"pleural_effusion", "pneumothorax"}:
            return ""
        if "pneumothorax" in labels:
            return str(rng.choice(BESIDE_PNEUMOTHORAX))
        if "pleural_effusion" in labels:
            return str(rng.choice(BESIDE_EFFUSION))
        return "No free effusion or pneumothorax."
    if area == "lungs" and any(finding.label == "miliary_pattern" for finding in findings):
        return ""  # it is everywhere
    return str(rng.choice(OTHERWISE.get(area, ("",))))
