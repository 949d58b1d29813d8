"""The organ labels of TotalSegmentator that the simulator uses, and their names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

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
ABDOMEN = (1, 5, 6, 20)
"""Spleen, liver, stomach and colon: what the diaphragm rests on."""
INNER = tuple(range(1, 25))
"""Organs of chest and belly that lie within the ribs or below them."""
LIVER, STOMACH, ESOPHAGUS, TRACHEA, SPLEEN = 5, 6, 15, 16, 1
HEART, AORTA, VENA_CAVA, RIGHT_VEIN = 51, 52, 62, 60
MEDIASTINUM = (15, 16, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63)
VERTEBRAE = tuple(range(25, 51))
SCAPULA = {"left": 71, "right": 72}
CLAVICLE = {"left": 73, "right": 74}
STERNUM, CARTILAGE = 116, 118
ATRIAL_APPENDAGE = 61
RIBS = {"left": tuple(range(92, 104)), "right": tuple(range(104, 116))}
"""From the first rib to the twelfth."""
BONES = (*range(25, 51), *range(69, 79), 91, *range(92, 119))
BONE_FROM_HU = 180.0
BLOOD_HU = 45.0
STEP = 2
"""Voxels of the CT (1 mm) between two of the grid that the inside of the rib cage has."""
CLOSE = 5
"""Gaps between organs that are filled, in voxels of that grid."""


def thoracic(number: int) -> int:
    """The label of a thoracic vertebra, 1 to 12."""
    return 44 - number


def within_ribs(labels: Labels) -> Mask:
    """Lungs, mediastinum and abdominal organs with all between them; no spine and no ribs.

    At every second voxel of `labels`, which are 1 mm.
    """
    labels = labels[::STEP, ::STEP, ::STEP]
    content = np.isin(labels, (*LUNGS, *MEDIASTINUM, *INNER))
    closed = np.pad(content, CLOSE + 1)
    near = ndimage.distance_transform_edt(~closed) <= CLOSE
    closed = ndimage.distance_transform_edt(near) > CLOSE
    margin = CLOSE + 1
    closed = closed[margin:-margin, margin:-margin, margin:-margin] | content
    spine = np.isin(labels, VERTEBRAE)
    has = spine.any(axis=(1, 2))
    front = np.where(has, spine.any(axis=2).argmax(axis=1), labels.shape[1] // 2)
    # Before the spine all between the two walls is inside, fat and unnamed vessels too.
    left = np.maximum.accumulate(closed, axis=2)
    right = np.maximum.accumulate(closed[:, :, ::-1], axis=2)[:, :, ::-1]
    before = np.arange(labels.shape[1])[None, :, None] < front[:, None, None]
    bones = np.isin(labels, BONES)
    inside = (closed | (left & right & before)) & ~bones
    grown = ndimage.gaussian_filter(inside.astype(np.float32), 1.5) > 0.42
    return grown & ~ndimage.binary_dilation(spine, iterations=1)


def _names() -> dict[int, str]:
    """TotalSegmentator's names by the numbers that are used here: those of version 2."""
    names = "spleen kidney_right kidney_left gallbladder liver stomach pancreas"
    names += " adrenal_gland_right adrenal_gland_left lung_upper_lobe_left lung_lower_lobe_left"
    names += " lung_upper_lobe_right lung_middle_lobe_right lung_lower_lobe_right esophagus"
    names += " trachea thyroid_gland small_bowel duodenum colon urinary_bladder"
    found = dict(enumerate(names.split(), 1))
    found |= {25: "sacrum", 26: "vertebrae_S1"} | _spine(27)
    vessels = "heart aorta pulmonary_vein brachiocephalic_trunk subclavian_artery_right"
    vessels += " subclavian_artery_left common_carotid_artery_right common_carotid_artery_left"
    vessels += " brachiocephalic_vein_left brachiocephalic_vein_right atrial_appendage_left"
    vessels += " superior_vena_cava inferior_vena_cava"
    found |= dict(enumerate(vessels.split(), 51)) | _limbs(69)
    return found | {91: "skull", STERNUM: "sternum", 117: "costal_cartilages"} | _ribs(92)


def _names_1() -> dict[int, str]:
    """The same by the numbers of version 1."""
    names = "spleen kidney_right kidney_left gallbladder liver stomach aorta inferior_vena_cava"
    names += " portal_vein_and_splenic_vein pancreas adrenal_gland_right adrenal_gland_left"
    names += " lung_upper_lobe_left lung_lower_lobe_left lung_upper_lobe_right"
    names += " lung_middle_lobe_right lung_lower_lobe_right"
    found = dict(enumerate(names.split(), 1)) | _spine(18)
    parts = "esophagus trachea heart_myocardium heart_atrium_left heart_ventricle_left"
    parts += " heart_atrium_right heart_ventricle_right pulmonary_artery"
    found |= dict(enumerate(parts.split(), 42)) | _ribs(58) | _limbs(82)
    return found | {55: "small_bowel", 56: "duodenum", 57: "colon", 92: "sacrum"}


def _spine(first: int) -> dict[int, str]:
    levels = [f"L{n}" for n in range(5, 0, -1)] + [f"T{n}" for n in range(12, 0, -1)]
    levels += [f"C{n}" for n in range(7, 0, -1)]
    return {first + index: f"vertebrae_{level}" for index, level in enumerate(levels)}


def _ribs(first: int) -> dict[int, str]:
    return {
        first + 12 * index + number - 1: f"rib_{side}_{number}"
        for index, side in enumerate(SIDES)
        for number in range(1, 13)
    }


def _limbs(first: int) -> dict[int, str]:
    bones = [(bone, side) for bone in ("humerus", "scapula", "clavicula") for side in SIDES]
    return {first + index: f"{bone}_{side}" for index, (bone, side) in enumerate(bones)}


NAMES, NAMES_1 = _names(), _names_1()
OTHER_NAMES = {
    **dict.fromkeys(
        ("heart_myocardium", "heart_atrium_left", "heart_ventricle_left", "heart_atrium_right"),
        HEART,
    ),
    "heart_ventricle_right": HEART,
    "costal_cartilages": CARTILAGE,
    "pulmonary_artery": HEART + 2,
}
"""Version 1's parts of the heart; cartilage has another number here than in version 2."""
_NUMBERS = {name.lower(): number for number, name in NAMES.items()} | OTHER_NAMES


def number_of(name: str) -> int:
    """The label of an organ that TotalSegmentator calls `name`, version 1 or 2; 0 if unknown."""
    return _NUMBERS.get(name.strip().lower().replace(" ", "_"), 0)
