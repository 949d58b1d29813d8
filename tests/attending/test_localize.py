"""Answers to films: the range in which an attending would score them, and what is said of them."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from bench import attending
from localize import wording
from tests.attending import test_report

pytestmark = pytest.mark.pure


def told(truths, marks, ticks, result):
    """All that the feedback says of an answer: a line of every finding, mark and tick."""
    answer = wording.Answer(
        {row["id"]: row for row in map(_mark_row, marks, result.marks)},
        {},
        {row.truth: asdict(row) for row in result.ticks if row.truth},
    )
    places = {region.id: region for truth in truths for region in truth.regions}
    by_id = {truth.id: truth for truth in truths}
    lines = []
    for one in result.truths:
        row = _truth_row(one, by_id[one.truth], places.get(one.region))
        lines += [wording.what_happened(row, answer), wording.what_was_right(row, answer)]
        lines.append(wording.credit_in_words(row))
    for row in answer.marks.values():
        lines += [wording.mark_in_words(row), wording.cost_in_words(row)]
    for tick in result.ticks:
        lines += [wording.tick_in_words(asdict(tick)), wording.cost_in_words(asdict(tick))]
    return " ".join(filter(None, lines))


def _mark_row(mark, outcome):
    return {**asdict(mark), "outcome": outcome.outcome, "cost": outcome.cost}


def _truth_row(outcome, truth, region):
    return {
        **asdict(outcome),
        "finding": truth.id,
        "mode": truth.mode,
        "side": truth.side,
        "position": truth.position,
        "box": region and region.box,
        "point": region and region.point,
        "image": "",
        "frame": 0,
        "others": (),
        "distance_unit": "mm",
    }


@pytest.mark.parametrize("row", attending.rows(), ids=lambda row: f"{row.truth} | {row.answer}")
def test_an_answer_scores_and_is_told_as_an_attending_would(row):
    result = attending.scored(row)
    assert row.low <= result.score <= row.high, row.because
    if row.says:
        assert result.truths[0].because == row.says
    said = told(attending.truths_of(row.truth), *attending.answer_of(row.answer), result)
    assert said or not (result.truths or result.marks or result.ticks)
    for words in row.never:
        assert words not in said


def test_the_feedback_of_an_answer_is_what_is_searched_for_words():
    row = attending.Row("pneumothorax:left", "pneumothorax:right", 0, "", 0, 0, "", ())
    truths, (marks, ticks) = attending.truths_of(row.truth), attending.answer_of(row.answer)
    said = told(truths, marks, ticks, attending.scored(row))
    assert "You named it on the right; it is on the left." in said


def test_who_is_told_of_a_harmless_name_is_told_what_it_says():
    for said, harm in (("skin_fold", True), ("bulla", False)):
        row = attending.Row("pneumothorax@left-lung", f"{said}@left-lung", 0, "", 0, 0, "")
        truths, (marks, ticks) = attending.truths_of(row.truth), attending.answer_of(row.answer)
        words = told(truths, marks, ticks, attending.scored(row))
        assert ("as if nothing were wrong there" in words) is harm


def test_a_true_claim_that_costs_something_says_so():
    row = attending.Row(
        "pleural_effusion:left", "pleural_effusion:left hydropneumothorax:left", 0, "", 0, 0, ""
    )
    truths, (marks, ticks) = attending.truths_of(row.truth), attending.answer_of(row.answer)
    result = attending.scored(row)
    said = told(truths, marks, ticks, result)
    assert result.cost and f"costs {result.cost:.3g}" in said
    assert "this says more than is there" in said


def test_a_finding_that_is_named_by_marks_without_end_says_so():
    many = "lung_opacity@" + ",".join(list(attending.PLACES)[:12])
    row = attending.Row("pleural_effusion:left", many, 0, "", 0, 0, "")
    truths, (marks, ticks) = attending.truths_of(row.truth), attending.answer_of(row.answer)
    result = attending.scored(row)
    assert result.cost == pytest.approx(4)
    assert "said too often" in told(truths, marks, ticks, result)


def test_a_word_that_is_not_of_the_tables_language_is_refused():
    with pytest.raises(ValueError, match="'nodule@nowhere!' is no finding"):
        attending.truths_of("nodule@nowhere!")


def test_the_suite_covers_both_games():
    assert len(attending.rows()) + len(test_report.rows()) >= 120
    assert sum(bool(row.never) for row in attending.rows()) >= 30
