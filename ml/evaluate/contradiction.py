"""A text that says both that something is there and that it is not."""

from __future__ import annotations

from collections.abc import Iterable

from ml.evaluate.observation import BILATERAL, Observation
from ml.findings import normality
from ml.findings.model import Finding

UNLIMITED = frozenset({"diffuse", "patchy", "scattered", "multiple", "dense", "linear", "nodular"})
"""Descriptors that limit no denial; all others do (no *acute* fracture, no *calcified* nodule)."""


def contradicts(stated: Observation, found: Iterable[Finding], text: str, language: str) -> bool:
    """Whether a stated finding is denied elsewhere in the same text.

    A denial of a degree, a size, a kind, a change or another place leaves room for the finding
    and is no contradiction; neither is a hedge beside a denial.
    """
    own = frozenset(stated.spans)
    return stated.certain and any(
        item.label == stated.label
        and item.span not in own
        and _denies(item, stated, text, language)
        for item in found
    )


def _denies(item: Finding, stated: Observation, text: str, language: str) -> bool:
    if item.presence != "absent" or item.change == "resolved":
        return False
    limited = item.severity or item.size_mm or item.zone or set(item.descriptors) - UNLIMITED
    if limited or normality.limits(text, item.span[0], language):
        return False
    sides = BILATERAL if item.side == "bilateral" else frozenset({item.side} - {""})
    return not sides or not stated.sides or bool(sides & stated.sides)
