"""The cases that come with the project: which findings, in which order."""

from __future__ import annotations

from typing import Any

from ml.simulate.plans import Plan
from ml.simulate.run import Job
from ml.simulate.series import Series

SEED = 11
CT_KEY = "demo-ct-001"
NORMAL = 24
ABNORMAL: tuple[str, ...] = (
    "nodule-right", "nodule-left nodule-right", "nodule-left", "mass +", "granuloma",
    "small-effusion", "effusion-left +", "effusion-right", "pneumothorax", "small-pneumothorax",
    "edema", "port", "sternal-wires", "clips", "aortic-calcification", "hypoinflation",
    "cardiomegaly +", "consolidation +", "pneumonia", "pneumonia +", "infiltrates",
    "atelectasis", "scar", "interstitial", "fibrosis +", "edema cardiomegaly effusions +",
    "bulla +", "pleural-thickening", "wide-mediastinum +", "hila +", "hilum-left",
    "tortuous-aorta +",
    "nodule-left nodule-right mass",
    "granuloma tortuous-aorta +", "hernia +", "free-air +", "raised-right", "raised-left +",
    "hyperinflation +", "hypoinflation atelectasis", "scoliosis +",
    "tracheal-tube central-line stomach-tube", "tracheal-tube-wrong", "stomach-tube-wrong",
    "pacemaker +", "sternal-wires clips", "port mass", "chest-tube-left pneumothorax-left",
)  # fmt: skip
"""Names of recipes; a plus takes a lateral view too."""


def plans() -> list[Plan]:
    """Normal cases spread evenly among the others; a third of them with a lateral view."""
    made = []
    normals = 0
    for index, line in enumerate(ABNORMAL):
        names = line.split()
        made.append(Plan(tuple(name for name in names if name != "+"), "+" in names))
        while normals * len(ABNORMAL) < NORMAL * (index + 1):
            made.append(Plan((), normals % 3 == 0))
            normals += 1
    return made[: len(ABNORMAL) + NORMAL]


def jobs() -> list[Job]:
    return [Job(f"demo-{i:03d}", plan, SEED) for i, plan in enumerate(plans(), start=1)]


def ct_context(stack: Series) -> dict[str, Any]:
    """What is told of the CT's own patient: nothing of the person is known but the picture."""
    return {
        "indication": "Cough. Chest CT with contrast medium.",
        "sentence": (
            f"Spiculated mass of {stack.size_mm / 10:.1f} cm in the superior segment of the "
            f"{stack.lobe} lobe."
        ),
        "report": {
            "findings": (
                f"Spiculated mass of {stack.size_mm / 10:.1f} cm in the superior segment of the "
                f"{stack.lobe} lobe. No pleural effusion. No pneumothorax. No rib fracture."
            ),
            "impression": (
                f"Mass in the {stack.lobe} lobe, suspicious for bronchial carcinoma; "
                "histology is recommended."
            ),
            "language": "en",
        },
    }
