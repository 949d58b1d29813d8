"""The arithmetic of CRIMSON against hand-computed tables, and its invariants."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import crimson
from ml.evaluate.schema import (
    AttributeMistake,
    Errors,
    EvaluatedFinding,
    Evaluation,
    Match,
    from_json,
)

pytestmark = pytest.mark.pure

WEIGHTS = crimson.SIGNIFICANCE_WEIGHTS


def evaluation(
    reference: list[str],
    predicted: list[str],
    matches: list[tuple[int, int]],
    mistakes: list[tuple[int, int, str]] = (),  # type: ignore[assignment]
) -> Evaluation:
    """Findings by their significance; matches and mistakes by place, counted from 1."""
    matched_reference = {r for r, _ in matches}
    matched_predicted = {p for _, p in matches}
    return Evaluation(
        "hand",
        "1",
        tuple(EvaluatedFinding(f"R{i}", "x", s) for i, s in enumerate(reference, 1)),
        tuple(EvaluatedFinding(f"P{i}", "x", s) for i, s in enumerate(predicted, 1)),
        tuple(Match(f"R{r}", f"P{p}") for r, p in matches),
        Errors(
            tuple(f"P{i}" for i in range(1, len(predicted) + 1) if i not in matched_predicted),
            tuple(f"R{i}" for i in range(1, len(reference) + 1) if i not in matched_reference),
            tuple(
                AttributeMistake(f"R{r}", f"P{p}", severity, ("location",), "")  # type: ignore[arg-type]
                for r, p, severity in mistakes
            ),
        ),
    )


URGENT, ACTIONABLE, MINOR, BENIGN = WEIGHTS


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (evaluation([], [], []), 1.0),
        (evaluation([URGENT, ACTIONABLE], [URGENT, ACTIONABLE], [(1, 1), (2, 2)]), 1.0),
        (evaluation([URGENT, ACTIONABLE], [URGENT], [(1, 1)]), 1 / 1.5),
        (evaluation([URGENT], [], []), 0.0),
        # One significant error on an actionable finding: 0.5 · 0.5 / (0.5 + 0.5) of 0.5.
        (evaluation([ACTIONABLE], [ACTIONABLE], [(1, 1)], [(1, 1, "significant")]), 0.5),
        (evaluation([ACTIONABLE], [ACTIONABLE], [(1, 1)], [(1, 1, "negligible")]), 1.0),
        (
            evaluation([URGENT], [URGENT], [(1, 1)], [(1, 1, "significant")] * 2),
            0.5,
        ),
        (evaluation([ACTIONABLE], [ACTIONABLE, MINOR], [(1, 1)]), 0.5),
        # More wrong than right: e = 1 + 0.5 − 0.5 = 1 → −1/2.
        (evaluation([ACTIONABLE], [ACTIONABLE, URGENT, ACTIONABLE], [(1, 1)]), -0.5),
        (evaluation([], [ACTIONABLE], []), -0.5 / 1.5),
        (evaluation([], [BENIGN], []), 1.0),
        (evaluation([BENIGN], [], []), 1.0),
        (evaluation([BENIGN], [URGENT], []), -0.5),
        (evaluation([BENIGN], [BENIGN], [(1, 1)], [(1, 1, "significant")]), 1.0),
        # One reference finding matched twice counts once.
        (evaluation([URGENT, ACTIONABLE], [URGENT, URGENT], [(1, 1), (1, 2)]), 1 / 1.5),
    ],
)
def test_the_score_is_what_the_formula_gives_by_hand(case: Evaluation, expected: float) -> None:
    assert case.raw == pytest.approx(expected)


FROZEN = json.loads((Path(__file__).parent / "crimson_scores.json").read_text())
"""Random evaluations, in the words of `evaluation`, with the score that the authors' package
`crimson-score` 0.2.0 gives them, rounded by it to four digits."""


@pytest.mark.parametrize("case", FROZEN, ids=range(len(FROZEN)))
def test_the_score_is_that_of_the_authors_own_package(case: dict) -> None:
    mistakes = [
        (reference, predicted, severity) for reference, predicted, severity, _ in case["mistakes"]
    ]
    found = evaluation(case["reference"], case["predicted"], case["matches"], mistakes)
    assert found.raw == pytest.approx(case["score"], abs=5.1e-5)


def test_the_page_shows_no_points_below_zero() -> None:
    assert evaluation([], [URGENT], []).score == 0.0


def test_the_terms_add_up_to_the_sums() -> None:
    case = evaluation(
        [URGENT, ACTIONABLE, MINOR],
        [URGENT, ACTIONABLE, MINOR],
        [(1, 1), (2, 2)],
        [(2, 2, "significant")],
    )
    score = case.crimson
    kinds = [term.kind for term in score.terms]
    assert kinds == ["matched", "matched", "missing", "false"]
    assert score.credit == sum(term.value for term in score.terms if term.kind == "matched")
    assert score.reference_weight == 1.75
    assert score.false_weight == 0.25


def test_its_json_has_each_sum_and_term_by_name() -> None:
    told = evaluation([URGENT, MINOR], [URGENT, MINOR], [(1, 1)]).crimson.to_json()
    sums = {name: told[name] for name in ("reference_weight", "credit", "false_weight")}
    assert sums == {"reference_weight": 1.25, "credit": 1.0, "false_weight": 0.25}
    assert told["points"] == pytest.approx(100 * told["raw"])
    assert [term["kind"] for term in told["terms"]] == ["matched", "missing", "false"]


weights = st.sampled_from(sorted(set(WEIGHTS.values())))


@given(st.lists(weights, max_size=6), st.lists(weights, max_size=6), weights)
def test_one_more_false_finding_never_raises_the_score(
    credits: list[float], false: list[float], extra: float
) -> None:
    total = sum(credits)
    before = crimson.combine(total, sum(false), total)
    assert crimson.combine(total, sum(false) + extra, total) <= before


@given(
    st.floats(0, 20, allow_nan=False),
    st.floats(0, 20, allow_nan=False),
    st.floats(0, 1, allow_nan=False),
)
def test_the_score_lies_between_minus_one_and_one(
    reference: float, false: float, share: float
) -> None:
    assert -1 < crimson.combine(reference * share, false, reference) <= 1


@given(weights, st.floats(0, 5), st.floats(0, 5))
def test_more_attribute_errors_never_give_more_credit(
    weight: float, few: float, more: float
) -> None:
    low, high = sorted((few, more))
    assert crimson.matched_credit(weight, high) <= crimson.matched_credit(weight, low)


def test_an_evaluation_survives_json() -> None:
    case = evaluation([URGENT, MINOR], [URGENT, MINOR], [(1, 1)], [(1, 1, "significant")])
    assert from_json(case.to_json()) == case


PUBLISHED = {
    "reference_findings": [
        {"id": "R1", "finding": "left effusion", "clinical_significance": "actionable_not_urgent"}
    ],
    "predicted_findings": [
        {"id": "P1", "finding": "effusion", "clinical_significance": "actionable_not_urgent"}
    ],
    "matched_findings": [{"ref_id": "R1", "pred_id": "P1"}],
    "errors": {"false_findings": [], "missing_findings": [], "attribute_errors": []},
}


def test_the_published_form_is_read() -> None:
    assert from_json(PUBLISHED, engine="llm", version="1").raw == 1.0


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"matched_findings": None}, "matched_findings must be a list"),
        ({"matched_findings": [{"ref_id": "R9", "pred_id": "P1"}]}, "no finding R9"),
        ({"matched_findings": []}, "either matched or missing"),
        ({"errors": []}, "errors must be a JSON object"),
        (
            {"reference_findings": [{"id": "R1", "finding": "x", "clinical_significance": "bad"}]},
            "clinical_significance must be one of",
        ),
        (
            {
                "errors": {
                    "false_findings": [],
                    "missing_findings": [],
                    "attribute_errors": [
                        {"ref_id": "R1", "pred_id": "P1", "severity": "bad", "error_types": []}
                    ],
                }
            },
            "severity must be one of",
        ),
    ],
)
def test_what_does_not_fit_the_schema_is_named(change: dict, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        from_json({**PUBLISHED, **change}, engine="llm", version="1")


def test_a_model_that_forgets_a_missing_finding_is_repaired() -> None:
    broken = {**PUBLISHED, "matched_findings": [{"ref_id": "R9", "pred_id": "P1"}]}
    repaired = from_json(broken, engine="llm", version="1", repair=True)
    assert repaired.errors.missing_findings == ("R1",)
    assert repaired.errors.false_findings == ("P1",)
