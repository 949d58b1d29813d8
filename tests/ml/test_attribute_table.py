"""The table of attribute errors in docs/report-scoring.md: every cell of it by its kind and weight.

A matched finding is described otherwise than the reference has it. What would change what is done
for the patient is significant and costs, the rest is told and is negligible.
"""

from __future__ import annotations

import pytest

from ml import evaluate
from ml.evaluate.compare import within_margin, within_spread

pytestmark = pytest.mark.pure


def errors(reference: str, candidate: str) -> list[tuple[str, str]]:
    """Kinds and severities of the attribute errors; every finding has to be matched."""
    found = evaluate.evaluate(reference, candidate).errors
    assert not found.missing_findings and not found.false_findings
    return sorted((*error.error_types, error.severity) for error in found.attribute_errors)


SIGNIFICANT = [
    ("location", "Right pleural effusion.", "Left pleural effusion."),
    ("location", "Small right pleural effusion.", "Small pleural effusion."),
    ("certainty", "Scarring in the left apex.", "Possible scarring in the left apex."),
    ("location", "Bilateral pleural effusions.", "Right pleural effusion."),
    ("location", "Right pleural effusion.", "Bilateral pleural effusions."),
    ("location", "Pneumonia in the right upper lobe.", "Pneumonia in the right lower lobe."),
    (
        *("location", "Consolidation in the right upper lobe and in the left lower lobe."),
        "Consolidation in the left upper lobe and in the right lower lobe.",
    ),
    (
        *("location", "Consolidation in the bilateral upper lobes and in the left lower lobe."),
        "Consolidation in the bilateral upper lobes and in the right lower lobe.",
    ),
    ("location", "Right pleural effusion.", "Pleural effusion."),
    ("location", "Left rib fracture.", "Rib fracture."),
    # Only on the left is the lower lobe next to the upper one.
    (
        "location",
        "Consolidation in the right upper lobe.",
        "Small consolidation in the right lower lobe.",
    ),
    # What is next to it, and names no lobe or several, says less than the wrong one of two.
    ("location", "Nodule in the right lower lobe.", "Nodule in the right mid zone."),
    (
        *("location", "Nodule in the right lower lobe."),
        "Nodule in the right upper and middle lobes.",
    ),
    ("location", "Fracture of the left seventh rib.", "Fracture of the left third rib."),
    ("location", "Compression fracture of T12.", "Compression fracture of T8."),
    ("location", "Fracture of the left seventh rib.", "Fracture of the left fifth rib."),
    ("location", "Compression fracture of T12.", "Compression fracture of T10."),
    ("location", "Compression fracture of T12.", "Compression fracture of L3."),
    ("location", "Endotracheal tube in the right main bronchus.", "Endotracheal tube."),
    ("severity", "Mild cardiomegaly.", "Severe cardiomegaly."),
    ("severity", "Large right pleural effusion.", "Small right pleural effusion."),
    (
        *("descriptor", "Spiculated 12 mm nodule in the right upper lobe."),
        "Smooth 12 mm nodule in the right upper lobe.",
    ),
    (
        *("descriptor", "Acute fracture of the left seventh rib."),
        "Healed fracture of the left seventh rib.",
    ),
    ("certainty", "Pneumothorax on the left.", "Possible pneumothorax on the left."),
    ("certainty", "Possible pneumothorax on the left.", "Pneumothorax on the left."),
    ("unspecific", "5 mm nodule in the right upper lobe.", "Opacity in the right upper lobe."),
    ("overinterpretation", "Opacity in the right upper lobe.", "Nodule in the right upper lobe."),
    (
        *("temporal", "Compared with the prior study, the right effusion has increased."),
        "The right effusion has decreased.",
    ),
    ("measurement", "2 cm right pneumothorax.", "3.1 cm right pneumothorax."),
]
ONCE_WRONG = [
    ("Left consolidation.", "Right perihilar consolidation."),
    ("Consolidation in the left upper lobe.", "Consolidation in the right upper lobe."),
    ("Consolidation in the left lower lobe.", "Consolidation in the right mid and lower zones."),
]
SLIGHT = [
    ("location", "Consolidation in the left upper lobe.", "Consolidation in the left lower lobe."),
    (
        *("location", "Consolidation in the right upper lobe."),
        "Consolidation in the right middle lobe.",
    ),
]
TWICE_WRONG = [
    ("Nodule in the right upper lobe.", "Nodule in the right lower lobe."),
    ("Nodule in the right lung.", "Nodule in the left lung."),
    ("Consolidation in the left lower lobe.", "Consolidation in the right middle lobe."),
    ("Consolidation in the left upper lobe.", "Consolidation in the right perihilar region."),
    ("Nodule in the right upper lobe.", "Nodules in both lungs."),
]
NEGLIGIBLE = [
    ("location", "Consolidation in the right upper zone.", "Consolidation in the right mid zone."),
    ("location", "Fracture of the left seventh rib.", "Fracture of the left eighth rib."),
    ("location", "Compression fracture of T12.", "Compression fracture of T11."),
    ("location", "Compression fracture of T12.", "Compression fracture of L1."),
    (
        *("location", "Endotracheal tube tip 2.5 cm above the carina."),
        "Endotracheal tube tip 1.8 cm above the carina.",
    ),
    ("location", "Right scoliosis.", "Scoliosis."),
    ("location", "Free air under the diaphragm on the right.", "Free air under the diaphragm."),
    ("severity", "Mild cardiomegaly.", "Moderate cardiomegaly."),
    (
        *("descriptor", "Displaced fracture of the left clavicle."),
        "Nondisplaced fracture of the left clavicle.",
    ),
    ("certainty", "Scarring in the left apex.", "Probable scarring in the left apex."),
    ("certainty", "Possible scarring in the left apex.", "Scarring in the left apex."),
    (
        *("unspecific", "Pneumonia in the right lower lobe."),
        "Consolidation in the right lower lobe.",
    ),
    (
        *("overinterpretation", "Opacity in the right lower lobe."),
        "Consolidation in the right lower lobe.",
    ),
    (
        *("temporal", "Compared with the prior study, the right effusion has increased."),
        "Right effusion.",
    ),
]


@pytest.mark.parametrize(("kind", "reference", "candidate"), SIGNIFICANT)
def test_what_changes_what_is_done_is_significant_and_costs(kind, reference, candidate):
    found = errors(reference, candidate)  # of a general word one for each kind that it covers
    assert set(found) == {(kind, "significant")}
    assert len(found) == 1 or kind == "unspecific"
    assert evaluate.evaluate(reference, candidate).raw < 1


@pytest.mark.parametrize(("kind", "reference", "candidate"), SLIGHT)
def test_a_neighboring_lobe_is_worth_less_than_the_right_one_and_more_than_another(
    kind, reference, candidate
):
    assert errors(reference, candidate) == [(kind, "slight")]
    assert evaluate.evaluate(reference, candidate).score == pytest.approx(75)


@pytest.mark.parametrize(("reference", "candidate"), TWICE_WRONG)
def test_where_nothing_tells_that_this_one_was_seen_less_than_half_is_left(reference, candidate):
    assert errors(reference, candidate) == [("location", "significant")] * 2
    assert evaluate.evaluate(reference, candidate).score < 50


@pytest.mark.parametrize(("reference", "candidate"), ONCE_WRONG)
def test_a_wrong_side_with_the_right_height_or_none_to_tell_is_one_error(reference, candidate):
    assert errors(reference, candidate) == [("location", "significant")]


def test_a_single_nodule_is_no_miliary_pattern():
    reference = "Miliary nodules in both lungs."
    for text in (
        "Nodule in the right upper lobe.",
        "Right nodule.",
        "Airspace disease on the left.",
        "Multiple nodules in the lingula.",
    ):
        assert evaluate.evaluate(reference, text).score == 0
    assert errors(reference, "Nodule in both lungs.")[-1] == ("unspecific", "significant")
    assert evaluate.evaluate(reference, "Diffuse nodules in both lungs.").score == 100


def test_a_noncalcified_nodule_is_no_granuloma():
    found = errors("Granuloma in the left upper lobe.", "Noncalcified nodule left upper lobe.")
    assert ("descriptor", "significant") in found


@pytest.mark.parametrize(("kind", "reference", "candidate"), NEGLIGIBLE)
def test_the_rest_is_told_and_is_negligible(kind, reference, candidate):
    assert errors(reference, candidate) == [(kind, "negligible")]


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        ("Fracture of the left seventh rib.", "Fracture of a left rib."),
        ("Fracture of a left rib.", "Fracture of the left seventh rib."),
        ("Compression fracture of T12.", "Compression fracture of a thoracic vertebra."),
        ("Nodule in the lingula.", "Nodule in the left upper lobe."),
        ("Mild to moderate cardiomegaly.", "Moderate cardiomegaly."),
        ("Spiculated 12 mm nodule in the right upper lobe.", "12 mm right upper lobe nodule."),
        ("Right effusion has increased.", "New right effusion."),
        ("Scarring or atelectasis in the lingula.", "Scarring in the lingula."),
    ],
)
def test_saying_less_of_a_part_or_the_same_otherwise_is_no_error(reference, candidate):
    assert errors(reference, candidate) == []


def test_the_other_side_of_a_pair_with_a_finding_on_each_side_is_told_by_side_and_zone():
    reference = "Consolidation in the right upper lobe and in the left lower lobe."
    candidate = "Consolidation in the left upper lobe and in the right lower lobe."
    [note] = [note for note in evaluate.evaluate(reference, candidate).notes if note.error_types]
    assert "It is left lower lobe and right upper lobe, not right lower lobe." in note.explanation


def test_of_two_possibilities_too_many_each_costs():
    found = errors(
        "Atelectasis in the lingula.", "Scarring, atelectasis or pneumonia in the lingula."
    )
    assert ("unspecific", "significant") in found


@pytest.mark.parametrize(
    ("reference", "same", "other"),
    [
        (4, 6, 6.5),  # below 6 mm: 2 mm
        (5, 3, 2.9),
        (6, 10, 10.5),  # from 6 mm: 4 mm
        (20, 16, 15),
        (29, 33, 34),
        (30, 36, 37),  # a mass: 20 %
        (50, 40, 39),
        (32, 30, 29.9),  # a mass that is called smaller than 3 cm is called a nodule
    ],
)
def test_a_size_may_be_off_by_so_much(reference, same, other):
    assert within_margin(reference, same)
    assert not within_margin(reference, other)


@pytest.mark.parametrize(("reference", "same", "other"), [(10, 20, 21), (20, 10, 9), (50, 70, 71)])
def test_the_depth_of_air_or_fluid_may_be_off_by_a_centimeter_or_two_fifths(reference, same, other):
    assert within_spread(reference, same)
    assert not within_spread(reference, other)


def test_a_size_is_told_in_the_unit_in_which_it_is_said():
    notes = evaluate.evaluate("5 mm left apical nodule.", "25 mm left apical nodule.").notes
    assert any("It measures 5 mm, not 2.5 cm." in note.explanation for note in notes)
