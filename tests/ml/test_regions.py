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


@pytest.mark.parametrize(
    ("label", "side", "words"),
    [
        ("elevated_diaphragm", "right", "the right dome of the diaphragm or the abdomen below it"),
        ("pneumoperitoneum", "", "the diaphragm or the upper abdomen"),
        (
            "subcutaneous_emphysema",
            "left",
            "the soft tissues of the chest wall or neck on the left",
        ),
        ("tube", "", "the lines, tubes, implants, and other objects"),
        ("postoperative_change", "", "the traces of an operation"),
    ],
)
def test_nobody_is_sent_to_look_among_devices_for_a_diaphragm_or_in_bones_for_gas(
    label, side, words
):
    assert regions.place_in_words(label, side) == words


def test_every_label_has_a_region_of_a_systematic_report():
    assert set(regions._table()) == set(taxonomy.labels())
    assert {regions.region_of(slug) for slug in taxonomy.labels()} == set(REGIONS)
    assert {row["place"] for row in regions._table().values()} == set(regions.WORDS)


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
