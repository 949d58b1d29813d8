"""Answers to films, and the range in which an attending would score them."""

from __future__ import annotations

import pytest

from bench import attending
from tests.attending import test_report

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("row", attending.rows(), ids=lambda row: f"{row.truth} | {row.answer}")
def test_an_answer_scores_and_is_told_as_an_attending_would(row):
    result = attending.scored(row)
    assert row.low <= result.score <= row.high, row.because
    if row.says:
        assert result.truths[0].because == row.says


def test_a_word_that_is_not_of_the_tables_language_is_refused():
    with pytest.raises(ValueError, match="'nodule@nowhere!' is no finding"):
        attending.truths_of("nodule@nowhere!")


def test_the_suite_covers_both_games():
    assert len(attending.rows()) + len(test_report.rows()) >= 120
