"""The organ labels of TotalSegmentator that the simulator uses, and their names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

LOBES = {
    "left upper": 10,
    "left lower": 11,
    "right upper": 12,
    "right middle": 13,
    "right lower": 14,
}
LUNG = {"left": (10, 11), "right": (12, 13, 14)}
LUNGS = (10, 11, 12, 13, 14)
SIDES = ("left", "right")
LIVER, STOMACH, ESOPHAGUS, TRACHEA, SPLEEN = 5, 6, 15, 16, 1
HEART, AORTA, PULMONARY_VEIN, VENA_CAVA = 51, 52, 53, 62
MEDIASTINUM = (15, 16, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63)
VERTEBRAE = tuple(range(25, 51))
SCAPULA = {"left": 71, "right": 72}
CLAVICLE = {"left": 73, "right": 74}
STERNUM = 116
RIBS = {"left": tuple(range(92, 104)), "right": tuple(range(104, 116))}
"""From the first rib to the twelfth."""
BONES = (*range(25, 51), *range(69, 79), 91, *range(92, 119))
BONE_FROM_HU = 180.0
BLOOD_HU = 45.0


def thoracic(number: int) -> int:
    """The label of a thoracic vertebra, 1 to 12."""
    return 44 - number
