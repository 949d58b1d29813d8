"""What is half an answer, and what is none: sides left open, both sides, a lobe too many, and a
word for another part of the mediastinum."""

from __future__ import annotations

import pytest

from ml import evaluate
from ml.evaluate.mentions import read


def location_errors(reference: str, candidate: str) -> list[str]:
    found = evaluate.evaluate(reference, candidate)
    return [e.severity for e in found.errors.attribute_errors if "location" in e.error_types]


@pytest.mark.parametrize(
    ("reference", "candidate", "score"),
    [
        # A height without its side is no place where anybody would look.
        ("Right pleural effusion.", "Basal effusion.", 50),
        ("Left hilar enlargement.", "Hilar enlargement.", 50),
        ("Nodule in the right upper zone.", "Nodule in the mid zone.", 50),
        ("Right pneumonia.", "Lower lobe pneumonia.", 50),
        # Of what is urgent the side is half of the answer.
        ("Right pneumothorax.", "Pneumothorax.", 50),
        ("Right pneumothorax.", "Apical pneumothorax.", 50),
        # On both sides the height is enough, and a numbered rib is found without its side.
        ("Bilateral pleural effusions.", "Basal effusion.", 100),
        ("Bilateral hilar enlargement.", "Hilar enlargement.", 100),
        ("Fracture of the left seventh rib.", "Fracture of the seventh rib.", 100),
        ("Right pneumothorax.", "Right apical pneumothorax.", 100),
    ],
)
def test_a_height_without_its_side_is_half_an_answer(reference, candidate, score):
    assert evaluate.evaluate(reference, candidate).score == score


def test_an_opacity_on_no_side_is_charged_for_all_that_it_may_be():
    found = evaluate.evaluate("Consolidation in the right upper lobe.", "Upper lobe opacity.")
    assert found.score < 15
    assert "The side is not said: right." in [
        error.explanation for error in found.errors.attribute_errors
    ]


def test_a_side_is_asked_of_no_device_that_is_urgent():
    reference = "Nasogastric tube in the right main bronchus."
    assert evaluate.evaluate(reference, "Nasogastric tube in the bronchus.").score == 100


@pytest.mark.parametrize("candidate", ["Bilateral pneumothorax.", "Pneumothorax at both apices."])
def test_both_sides_of_an_urgent_finding_of_one_side_are_half_right(candidate):
    found = evaluate.evaluate("Right pneumothorax.", candidate)
    said = [error.explanation for error in found.errors.attribute_errors]
    assert "It is only on the right, not on both sides." in said
    assert "It is urgent: what is done is done on that side." in said
    assert found.score == 50


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        ("Bilateral pneumothorax.", "Bilateral pneumothorax."),
        ("Right pneumothorax. Left pneumothorax.", "Bilateral pneumothorax."),
        ("Small right pneumothorax. Large left pneumothorax.", "Bilateral pneumothorax."),
    ],
)
def test_both_sides_are_one_finding_where_both_have_it(reference, candidate):
    found = evaluate.evaluate(reference, candidate)
    assert found.score == 100
    assert len(found.predicted_findings) == 1


@pytest.mark.parametrize(
    ("candidate", "most"),
    [
        ("Pneumothorax or bulla at the right apex.", 50),
        # What looks like no pneumothorax is no doubt of one.
        ("Right pneumothorax or right upper lobe nodule.", 40),
        # Two places are two statements: one is invented.
        ("Pneumothorax at the right apex or nodule in the right lower lobe.", 51),
        ("Pneumothorax at the apex or nodule in the mid zone.", 0),
    ],
)
def test_what_is_urgent_and_left_open_earns_no_more_than_its_share(candidate, most):
    assert evaluate.evaluate("Right pneumothorax.", candidate).score <= most


def test_alternatives_in_two_places_are_two_findings():
    apart = read("Right upper lobe nodule or left lower lobe pneumonia.").findings
    assert [found.zones for found in apart] == [{"upper lobe"}, {"lower lobe"}]
    assert len(read("Left basal effusion or left lower lobe atelectasis.").findings) == 1


def test_both_sides_of_a_nodule_are_two_nodules_and_of_a_consolidation_one_error():
    both = location_errors("Nodule in the left lower lobe.", "Nodules in both lower lobes.")
    assert both == ["significant", "significant"]
    reference = "Consolidation in the left lower lobe."
    assert location_errors(reference, "Consolidation in both lower lobes.") == ["significant"]


@pytest.mark.parametrize(
    ("reference", "candidate", "severities"),
    [
        ("right upper lobe", "right upper and middle lobes", ["slight"]),
        ("right lower lobe", "right middle and lower lobes", ["slight"]),
        ("left lower lobe", "lingula and left lower lobe", ["slight"]),
        # Both lobes of the left lung are the left lung.
        ("left upper lobe", "left upper and lower lobes", ["significant"]),
        ("left upper lobe", "left lung", ["significant"]),
        ("left lower zone", "left upper and lower lobes", ["significant"]),
        # The lingula is a part of its lobe.
        ("lingula", "left upper lobe, lingula", []),
        ("left upper lobe", "left upper lobe, lingula", []),
        ("left upper and lower lobes", "left upper and lower lobes", []),
        ("right upper and middle lobes", "right upper and middle lobes", []),
        ("right lower lobe", "right lower lobe, perihilar", []),
    ],
)
def test_a_neighboring_lobe_beside_the_right_one_is_as_wrong_as_alone(
    reference, candidate, severities
):
    found = location_errors(
        f"Consolidation in the {reference}.", f"Consolidation in the {candidate}."
    )
    assert found == severities


@pytest.mark.parametrize(
    ("reference", "candidate", "score"),
    [
        ("Cardiomegaly.", "Wide mediastinum.", 0),
        ("Cardiomegaly.", "Mediastinal lymphadenopathy.", 0),
        ("Bilateral hilar enlargement.", "Mediastinal lymphadenopathy.", 0),
        ("Wide mediastinum.", "Hilar enlargement.", 0),
        ("Wide mediastinum.", "Cardiomegaly.", 0),
        ("Aortic aneurysm.", "Mediastinal lymphadenopathy.", 0),
        # What the words leave open is half an answer.
        ("Widened mediastinum.", "Enlarged cardiomediastinal silhouette.", 50),
        ("Enlarged cardiomediastinal silhouette.", "Widened mediastinum.", 50),
        ("Cardiomegaly.", "Enlarged cardiomediastinum.", 50),
        ("Wide mediastinum.", "Aortic aneurysm.", 50),
        ("Enlarged cardiomediastinal silhouette.", "Cardiomegaly.", 100),
        ("Cardiomegaly and mediastinal widening.", "Enlarged cardiomediastinal silhouette.", 100),
        ("Mediastinal lymphadenopathy.", "Wide mediastinum.", 100),
    ],
)
def test_a_wide_mediastinum_is_no_word_for_the_heart_or_the_hila(reference, candidate, score):
    assert evaluate.evaluate(reference, candidate).score == score


def test_a_silhouette_called_large_is_no_answer_where_the_heart_is_said_to_be_normal():
    reference = "Widened mediastinum. The heart is normal in size."
    assert evaluate.evaluate(reference, "Enlarged cardiomediastinal silhouette.").score == 0


def test_a_mass_is_a_loose_word_for_an_aneurysm():
    found = evaluate.evaluate("Aortic aneurysm.", "Mediastinal mass.")
    assert [error.error_types for error in found.errors.attribute_errors] == [("unspecific",)]


def test_nodes_of_mediastinum_and_hila_in_one_phrase_are_both_read():
    for text in ("Mediastinal and hilar lymphadenopathy.", "Paratracheal and hilar adenopathy."):
        concepts = {found.concept for found in read(text).findings}
        assert concepts == {"hilar_enlargement", "mediastinal_adenopathy"}


@pytest.mark.parametrize(
    ("reference", "unlike"),
    [
        ("Nodule in the right mid zone.", True),
        # One haze at a base may be either.
        ("Consolidation in the right lower lobe.", False),
    ],
)
def test_fluid_is_no_doubt_of_what_has_another_form(reference, unlike):
    found = evaluate.evaluate(reference, f"{reference.rstrip('.')} or fluid on the right.")
    said = [error.explanation for error in found.errors.attribute_errors]
    assert any("does not look like" in sentence for sentence in said) is unlike
