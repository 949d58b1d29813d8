"""What is said of a change since an earlier study: worse, the same or better."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from ml.evaluate.compare import mistakes_of
from ml.evaluate.observation import Observation
from ml.evaluate.relations import SAME

pytestmark = pytest.mark.pure

DIRECTIONS = {"new": 1, "increased": 1, "stable": 0, "decreased": -1, "resolved": -1}


def errors(wanted: str, given: str, *, prior_mentioned: bool = True) -> list[tuple[str, str]]:
    """Kinds and severities where changes, words apart, are all that is said."""
    plain = Observation(
        *("pleural_effusion", "pleural_effusion", frozenset(), frozenset(), (), (), True),
        *(frozenset(), frozenset(), frozenset(), "effusion", ()),
    )
    reference, candidate = (
        replace(plain, changes=frozenset(said.split())) for said in (wanted, given)
    )
    found = mistakes_of(reference, candidate, SAME, prior_mentioned=prior_mentioned, urgent=False)
    return [(one.kind, one.severity) for one in found]


@pytest.mark.parametrize(("wanted", "given"), [*product(DIRECTIONS, repeat=2)])
def test_the_opposite_of_a_change_is_significant_and_a_word_of_its_direction_is_none(wanted, given):
    opposed = DIRECTIONS[wanted] != DIRECTIONS[given]
    assert errors(wanted, given) == ([("temporal", "significant")] if opposed else [])


@pytest.mark.parametrize("wanted", DIRECTIONS)
def test_a_change_that_is_left_out_is_negligible_and_none_to_tell_where_nothing_changed(wanted):
    assert errors(wanted, "") == ([] if wanted == "stable" else [("temporal", "negligible")])
    assert errors("", wanted) == []


@pytest.mark.parametrize(("wanted", "given"), [*product([*DIRECTIONS, ""], repeat=2)])
def test_without_an_earlier_study_in_the_reference_no_change_is_asked_for(wanted, given):
    assert errors(wanted, given, prior_mentioned=False) == []


def test_of_two_changes_one_that_is_right_is_enough_and_one_that_is_opposed_to_none_as_well():
    assert errors("increased", "increased stable") == []
    assert errors("increased stable", "stable") == []
    assert errors("increased stable", "") == [("temporal", "negligible")]
    assert errors("new increased", "decreased resolved") == [("temporal", "significant")]
