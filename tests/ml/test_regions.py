"""Regions of the chest in words."""

from __future__ import annotations

import pytest

from ml import regions, taxonomy
from ml.style.coverage import REGIONS

pytestmark = pytest.mark.pure


def test_it_works():
    assert regions.place_in_words("nodule_mass", "right") == "the right lung"
    assert regions.place_in_words("pleural_effusion", "bilateral") == "both pleural spaces"
    assert regions.place_in_words("cardiomegaly", "left") == "the heart"


def test_every_label_has_a_region_of_a_systematic_report():
    assert set(regions._table()) == set(taxonomy.labels())
    assert {regions.region_of(slug) for slug in taxonomy.labels()} == set(REGIONS)
    assert set(regions.WORDS) == set(REGIONS)


@pytest.mark.parametrize(
    ("places", "sentence"),
    [
        ([], "Nothing remains to be found."),
        (["the heart"], "1 remains: one in the heart."),
        (
            ["the right lung", "the heart", "the right lung"],
            "3 remain: two in the right lung, one in the heart.",
        ),
        (["the right lung"] * 12, "12 remain: 12 in the right lung."),
    ],
)
def test_what_remains_is_counted_by_region(places, sentence):
    assert regions.remaining_in_words(places) == sentence
