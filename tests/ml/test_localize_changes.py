"""Rule clinical beside a prior film: a right finding with a wrong change costs a stated part."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.localize import Mark, Region, Truth, score
from ml.localize.changed import CHANGES, share_of_change
from ml.localize.credit import WEIGHTS

pytestmark = pytest.mark.pure
BOX = (0.2, 0.2, 0.4, 0.4)
ELSEWHERE = (0.6, 0.6, 0.8, 0.8)


def truth(change: str, *boxes, label: str = "pneumonia", name: str = "t") -> Truth:
    regions = tuple(Region(f"{name}{n}", box) for n, box in enumerate(boxes or (BOX,)))
    return Truth(name, label, "draw", regions, change=change)


def mark(change: str | None, box=BOX, label: str = "pneumonia", name: str = "m") -> Mark:
    return Mark(name, label, box, change=change)


def scored(truths, *marks) -> float:
    return score(truths, marks, [], rule="clinical").score


@pytest.mark.parametrize(
    ("is_", "said", "points"),
    [
        *((word, word, 100) for word in CHANGES),
        *((word, "", 90) for word in CHANGES),
        *((word, None, 100) for word in CHANGES),
        ("smaller", "larger", 60),
        ("smaller", "new", 60),
        ("larger", "smaller", 60),
        ("new", "smaller", 60),
        ("new", "larger", 75),
        ("larger", "unchanged", 75),
        ("unchanged", "smaller", 75),
        ("", "larger", 100),
    ],
)
def test_a_found_finding_keeps_a_stated_part_by_what_is_said_of_its_change(is_, said, points):
    assert scored([truth(is_)], mark(said)) == pytest.approx(points)


def test_the_row_tells_what_was_said_and_that_it_cost_most():
    [row] = score([truth("smaller")], [mark("larger")], [], rule="clinical").truths
    assert (row.outcome, row.because, row.said_change) == ("hit", "change", "larger")
    [row] = score([truth("smaller")], [mark("")], [], rule="clinical").truths
    assert (row.outcome, row.because, row.said_change) == ("hit", "unsaid_change", "")
    [row] = score([truth("smaller")], [mark(None)], [], rule="clinical").truths
    assert (row.outcome, row.because, row.said_change) == ("hit", "", None)


def test_a_mark_that_finds_nothing_says_nothing_of_a_change():
    nothing = scored([truth("smaller")], mark("larger", ELSEWHERE))
    assert nothing == scored([truth("smaller")], mark(None, ELSEWHERE))
    other = scored([truth("smaller")], mark("larger", label="nodule_mass"))
    assert other == scored([truth("smaller")], mark(None, label="nodule_mass"))


def test_of_marks_that_say_different_things_the_worst_counts():
    both = [mark("smaller", name="a"), mark("larger", name="b")]
    assert scored([truth("smaller")], *both) == pytest.approx(60)
    assert scored([truth("smaller")], *both[::-1]) == pytest.approx(60)
    every = [mark(word, name=word) for word in CHANGES]
    assert scored([truth("unchanged")], *every) == pytest.approx(75), "to say all is no answer"


def test_a_change_said_with_one_part_of_a_finding_is_said_of_all_of_it():
    bilateral = truth("new", BOX, ELSEWHERE)
    halves = [mark("new", name="a"), mark("", ELSEWHERE, name="b")]
    assert scored([bilateral], *halves) == pytest.approx(100)


def test_each_of_two_findings_has_its_own_change():
    two = [truth("new", name="a"), truth("smaller", ELSEWHERE, name="b")]
    right = [mark("new", name="a"), mark("smaller", ELSEWHERE, name="b")]
    assert scored(two, *right) == pytest.approx(100)
    crossed = [mark("smaller", name="a"), mark("new", ELSEWHERE, name="b")]
    assert scored(two, *crossed) == pytest.approx(60)


@pytest.mark.parametrize("rule", ["standard", "radgame"])
def test_other_rules_do_not_judge_it(rule):
    told, silent = ([mark(word)] for word in ("larger", None))
    found = [score([truth("smaller")], marks, [], rule=rule) for marks in (told, silent)]
    assert found[0] == found[1]


WORDS = st.sampled_from([None, "", *CHANGES])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CHANGES), st.lists(WORDS, min_size=1, max_size=4), WORDS)
def test_a_right_word_more_never_lowers_the_score_and_a_wrong_one_never_raises_it(is_, said, more):
    before = share_of_change(is_, said, WEIGHTS)
    assert share_of_change(is_, [*said, is_], WEIGHTS) >= before or said == [None] * len(said)
    if more not in (None, "", is_) and set(said) != {""}:
        assert share_of_change(is_, [*said, more], WEIGHTS) <= before


def test_nothing_said_costs_less_than_the_wrong_word_and_opposites_most():
    assert 1 > WEIGHTS.unsaid_change > WEIGHTS.wrong_change > WEIGHTS.reversed_change > 0
