"""How hard a finding is before anybody has played it, in logits: 0 is found half of the time by a
learner of ability 0; larger is harder.

What is known of misses in chest radiography gives the signs and rough sizes: small and faint
nodules are missed most (Quekel et al., Chest 115, 1999, 720-724; conspicuity by Kundel & Revesz,
AJR 126, 1976, 1233-1238), and those behind ribs, heart and diaphragm (Samei et al., Radiology 213,
1999, 727-734). They are a beginning; attempts correct them (`ml.learning.fitting`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ml.learning.ability import logit

Box = tuple[float, float, float, float]

USUAL_AREA = 0.02
"""Share of the image that a finding of no special size covers."""
BY_AREA, BY_CONTRAST, BY_OVERLAP = 0.35, 0.8, 0.5
"""Logits for each halving of the area, each halving of the contrast-to-noise ratio, and for lying
wholly behind ribs, heart or diaphragm."""
USUAL_CONTRAST = 3.0
LIMIT = 3.0
"""No case is believed harder or easier than this before it is played."""
PRIOR_VARIANCE = 0.8
"""Of a case's difficulty around what its features say, squared logits."""
NORMAL = -1.4
"""Of a normal film: four in five are left alone at ability 0."""

OBSCURED: tuple[Box, ...] = (
    (0.42, 0.40, 0.72, 0.80),  # heart, image right is the patient's left
    (0.05, 0.75, 0.95, 1.00),  # below the domes of the diaphragm
    (0.10, 0.05, 0.90, 0.22),  # clavicles and first ribs over the apices
)
"""Where much lies in front of the lung on a frontal film, as shares of the image."""

BY_LABEL: Mapping[str, float] = MappingProxyType(
    {
        "nodule_mass": 0.7,
        "pneumothorax": 0.5,
        "fracture": 0.8,
        "cardiomegaly": -0.6,
        "pleural_effusion": -0.4,
        "consolidation": 0.0,
        "atelectasis": 0.2,
    }
)


@dataclass(frozen=True)
class Features:
    """What is known of a finding without playing it."""

    label: str
    area: float | None = None
    """Of its largest region, share of the image; None where nobody drew it."""
    contrast: float | None = None
    """Contrast-to-noise ratio; known of simulated films only."""
    behind: float = 0.0
    """Share of its largest region in `OBSCURED`, 0 to 1."""


def prior(features: Features) -> float:
    """Difficulty in logits from `-LIMIT` to `LIMIT`."""
    value = BY_LABEL.get(features.label, 0.2)
    if features.area:
        value += BY_AREA * math.log2(USUAL_AREA / features.area)
    if features.contrast:
        value += BY_CONTRAST * math.log2(USUAL_CONTRAST / features.contrast)
    value += BY_OVERLAP * features.behind
    return max(-LIMIT, min(LIMIT, value))


def behind(box: Box) -> float:
    """The share of a box inside of the largest overlap with one of `OBSCURED`."""
    area = (box[2] - box[0]) * (box[3] - box[1])
    return max(_overlap(box, other) for other in OBSCURED) / area if area > 0 else 0.0


def _overlap(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)


def for_success(ability: float, target: float) -> float:
    """The difficulty at which a learner succeeds with chance `target`, strictly within 0 and 1."""
    return ability - logit(target)
