"""Skills, difficulty and memory by hand-computed numbers and by what must always hold."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.learning import ability, difficulty, fitting
from ml.learning.ability import GENERAL, OWN, Belief, Tendency, updated
from ml.learning.difficulty import Features
from ml.learning.memory import reviewed
from ml.learning.skills import Finding, Played, of_all

pytestmark = pytest.mark.pure
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_one_success_by_hand():
    """p = 1/2, information 1/4, both variances 1: step 0.5 / 1.5, what is left 1.25 / 1.5."""
    general, own = updated(GENERAL, OWN, 0.0, 1)
    assert general.mean == own.mean == pytest.approx(1 / 3)
    assert general.variance == own.variance == pytest.approx(5 / 6)


@given(st.floats(-4, 4), st.floats(-3, 3), st.floats(0, 1))
def test_an_outcome_never_makes_less_certain_and_moves_the_right_way(mean, hard, success):
    general, _ = updated(Belief(mean, 1), OWN, hard, success)
    assert 0 < general.variance < 1
    wrong = success - ability.chance(mean - hard)
    assert (general.mean - mean) * wrong >= 0


def test_a_success_outside_of_its_range_is_refused():
    with pytest.raises(ValueError, match=r"1\.5 is not between"):
        updated(GENERAL, OWN, 0, 1.5)


def test_other_labels_borrow_and_say_how_little():
    played = [Played(MONDAY, (Finding("fracture", 1, 0.0),))] * 6
    skills = of_all(played)
    known, unknown = skills.of("fracture"), skills.of("pneumothorax")
    assert known.mean > unknown.mean > 0
    assert unknown.variance > known.variance
    low, high = unknown.interval()
    assert low < 0 < high


def test_a_claim_is_a_false_alarm_only_where_the_label_is_not():
    skills = of_all(
        [
            Played(MONDAY, (Finding("fracture", 0, 0.0),), frozenset({"fracture"})),
            Played(MONDAY, (), frozenset({"fracture"})),
            Played(MONDAY),
        ]
    )
    assert skills.tendency("fracture") == Tendency(1, 2)
    assert (skills.normals, skills.unharmed) == (2, 1)
    assert skills.tendency("never said") == Tendency(0, 3)
    low, high = skills.tendency("fracture").interval()
    assert low < skills.tendency("fracture").rate < high


def test_a_rest_makes_less_certain_and_never_less_than_at_first():
    rested = ability.rested(Belief(1, 0.2), 10, 1)
    assert rested == Belief(1, pytest.approx(0.24))
    assert ability.rested(rested, 10_000, 1).variance == 1
    assert ability.rested(rested, -3, 1) == rested, "a clock that was set back"


def test_memory_is_due_when_nine_in_ten_are_left_and_a_miss_shortens_it():
    first = reviewed(None, 1, MONDAY)
    assert first.recall(MONDAY) == 1
    assert first.recall(first.due_at) == pytest.approx(0.9, abs=0.02)
    later = reviewed(first, 1, first.due_at)
    assert later.stability > first.stability
    assert reviewed(first, 0, first.due_at).stability < first.stability
    assert reviewed(first, 1, MONDAY - timedelta(days=2)).reviewed_at == MONDAY


def test_memory_counts_days_over_daylight_saving():
    """Times are UTC: a night with a clock change is as long as it is."""
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    first = reviewed(None, 1, before)
    assert (first.due_at - before).total_seconds() % 86_400 == 0


def test_smaller_fainter_and_hidden_is_harder():
    plain = difficulty.prior(Features("nodule_mass", 0.02, 3.0))
    assert plain == pytest.approx(0.7)
    assert difficulty.prior(Features("nodule_mass", 0.01, 3.0)) == pytest.approx(1.05)
    assert difficulty.prior(Features("nodule_mass", 0.02, 1.5)) == pytest.approx(1.5)
    assert difficulty.prior(Features("nodule_mass", 0.02, 3.0, 1.0)) == pytest.approx(1.2)
    assert difficulty.prior(Features("nodule_mass", 1e-9)) == difficulty.LIMIT
    assert difficulty.behind((0.5, 0.5, 0.6, 0.6)) == pytest.approx(1)
    assert difficulty.behind((0.25, 0.3, 0.3, 0.4)) == 0


def test_the_difficulty_for_three_in_four():
    hard = difficulty.for_success(0.4, 0.75)
    assert ability.chance(0.4 - hard) == pytest.approx(0.75)


def outcomes(cases: int = 40, learners: int = 60, seed: int = 1):
    rng = random.Random(seed)
    hard = {case: rng.gauss(0, 1) for case in range(cases)}
    able = {who: rng.gauss(0, 1) for who in range(learners)}
    seen = [
        fitting.Seen(who, "x", case, float(rng.random() < ability.chance(able[who] - hard[case])))
        for who in able
        for case in hard
    ]
    return hard, able, seen


def test_a_batch_fit_finds_the_difficulties_and_abilities():
    hard, able, seen = outcomes()
    found = fitting.fit(seen, {})
    off = [found.cases[case, "x"].difficulty - value for case, value in hard.items()]
    middle = sum(off) / len(off)
    spread = (sum((one - middle) ** 2 for one in off) / len(off)) ** 0.5
    assert abs(middle) < 0.35, "the prior holds the middle"
    assert spread < 0.4
    order = sorted(able, key=able.get)
    fitted = {who: found.general[who] + found.own[who, "x"] for who in able}
    assert sum(fitted[who] for who in order[-20:]) > sum(fitted[who] for who in order[:20]) + 20
    assert not any(one.is_odd for one in found.cases.values())


def test_the_order_of_outcomes_changes_nothing():
    _, _, seen = outcomes(5, 5)
    assert fitting.fit(seen[::-1], {}).cases == fitting.fit(seen, {}).cases


def test_a_case_with_the_wrong_truth_is_odd():
    """Who is able is marked as wrong, who is not as right."""
    _, able, seen = outcomes()
    wrong = [fitting.Seen(who, "x", 99, 0.0 if value > 0 else 1.0) for who, value in able.items()]
    found = fitting.fit([*seen, *wrong], {})
    assert [case for (case, _), one in found.cases.items() if one.is_odd] == [99]


def test_nothing_played_fits_nothing():
    assert fitting.fit([], {}).cases == {}
