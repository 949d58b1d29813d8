"""Figures of many cases at once are those of the cases one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import froc
from ml.froc import CaseRatings
from ml.rated import Rated

pytestmark = pytest.mark.pure

RATING = st.integers(1, 5).map(float)
CASE = st.builds(
    CaseRatings,
    st.lists(st.none() | RATING, max_size=3).map(tuple),
    st.lists(RATING, max_size=3).map(tuple),
)


def rated(cases: list[CaseRatings]) -> Rated:
    lesions, others = np.zeros((len(cases), 6), int), np.zeros((len(cases), 5), int)
    for row, case in enumerate(cases):
        for rating in case.lesions:
            lesions[row, int(rating or 0)] += 1
        for rating in case.others:
            others[row, int(rating) - 1] += 1
    return Rated(lesions, others)


@given(st.lists(CASE, min_size=1, max_size=12))
def test_the_curves_are_the_same(cases):
    many = rated(cases)
    if not any(case.lesions for case in cases):
        with pytest.raises(ValueError, match="at least one lesion"):
            many.froc_curve()
        return
    for one, other in zip(many.froc_curve(), froc.froc_curve(cases), strict=True):
        assert one == pytest.approx(other)
    if all(case.lesions for case in cases):
        with pytest.raises(ValueError, match="one normal"):
            many.afroc_curve()
        return
    for one, other in zip(many.afroc_curve(), froc.afroc_curve(cases), strict=True):
        assert one == pytest.approx(other)


@given(st.lists(st.tuples(st.integers(1, 4), CASE), min_size=1, max_size=16))
def test_the_figure_over_readers_is_the_same_with_its_interval(pairs):
    readers = [[case for name, case in pairs if name == reader] for reader in range(1, 5)]
    one_by_one = froc.pooled_jafroc([own for own in readers if own], draws=50)
    found = rated([case for _, case in pairs]).pooled_jafroc(
        np.array([name for name, _ in pairs]), draws=50
    )
    if one_by_one is None:
        assert found is None
        return
    for part in ("value", "low", "high"):
        assert getattr(found, part) == pytest.approx(getattr(one_by_one, part), nan_ok=True)


@given(st.lists(CASE, max_size=8))
def test_cases_come_out_as_they_went_in(cases):
    def sorted_case(case: CaseRatings) -> CaseRatings:
        lesions = sorted(case.lesions, key=lambda rating: rating or 0)
        return CaseRatings(tuple(lesions), tuple(sorted(case.others)))

    assert rated(cases).cases() == [sorted_case(case) for case in cases]
