"""Findings of the midline beside others that have a side."""

from __future__ import annotations

import pytest

from ml import findings, taxonomy
from ml.findings.places import MIDLINE_LABELS

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("label", sorted(MIDLINE_LABELS))
def test_a_finding_of_the_midline_takes_no_side_of_its_neighbor(label: str) -> None:
    name = taxonomy.labels()[label].name
    text = f"{name} and nodule in the left upper lobe."
    found = {item.label: item for item in findings.extract(text)}
    assert (found[label].side, found[label].zone) == ("", "")
    assert (found["nodule_mass"].side, found["nodule_mass"].zone) == ("left", "upper lobe")
