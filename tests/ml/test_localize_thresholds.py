"""Rule ``clinical`` and the others exactly at their thresholds, just below and just above."""

from __future__ import annotations

import pytest

from ml.localize import Truth, score
from tests.ml.clinical_answers import HERE, clinical, drawn, mark

pytestmark = pytest.mark.pure

SMALL = (0.25, 0.25, 0.375, 0.375)
"""1/64 of the image."""


@pytest.mark.parametrize(("right", "belongs"), [(0.624, True), (0.625, True), (0.626, False)])
def test_a_box_forty_times_too_large_still_belongs_to_it_and_a_larger_one_to_nothing(
    right, belongs
):
    assert (clinical([drawn(SMALL)], [mark((0.0, 0.0, right, 1.0))]).cost == 0) is belongs


@pytest.mark.parametrize(
    ("said", "truth", "outcome"),
    [
        (("costophrenic_blunting", "pleural_effusion"), "pleural_effusion", "hit"),
        (("pleural_effusion",), "pleural_effusion", "hit"),
        ((), "pleural_effusion", "missed"),
    ],
)
def test_what_is_named_is_hit_by_its_own_name_alone_or_beside_a_sign_of_it(said, truth, outcome):
    result = clinical([Truth("t", truth, "select")], [], list(said))
    assert result.truths[0].outcome == outcome


@pytest.mark.parametrize(
    ("truth", "said"),
    [("infiltration", "consolidation"), ("fibrotic_band", "atelectasis")],
)
def test_rule_radgame_takes_two_pairs_of_words_for_the_same(truth, said):
    for one, other in ((truth, said), (said, truth)):
        assert score([drawn(label=one)], [mark(label=other)], [], rule="radgame").score == 100
        assert score([drawn(label=one)], [mark(label="mass")], [], rule="radgame").score == 0
        named = [Truth("t", one, "select")]
        assert score(named, [], [other], rule="radgame").score == 100


def test_rule_radgame_takes_no_further_words_for_the_same():
    assert (
        score([drawn(HERE, "infiltration")], [mark(HERE, "atelectasis")], [], rule="radgame").score
        == 0
    )
