"""What residents write at night against a reference: language, ribs, devices, worsening."""

from __future__ import annotations

import pytest

from ml import evaluate
from ml.evaluate.mentions import read
from ml.evaluate.ribs import count_of, ribs_counted
from ml.evaluate.significance import Patient, significance_of
from ml.evaluate.tongue import other_language

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Cardiomégalie.", "en"),
        ("Atélectasie.", "en"),
        ("Emphysème.", "de"),
        ("Nódulo.", "fr"),
        ("Pneumonie.", "en"),
        ("Cardiomegaly.", "es"),
    ],
)
def test_a_term_that_is_spelled_as_in_another_language_is_another_language(text, language):
    assert other_language(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Cardiomegaly.", "en"),
        ("L rib fx 4-7, tiny ptx L", "en"),
        ("Small L eff, d/w Dr A", "en"),
        ("Pneumothorax.", "fr"),
        ("Cardiomégalie.", "fr"),
        ("Cardiomegalia.", "pt"),
        ("Kardiomegalie.", "de"),
        ("Small effusion à gauche, normal heart", "en"),
    ],
)
def test_own_terms_and_letters_for_sides_are_no_other_language(text, language):
    assert not other_language(text, language)


@pytest.mark.parametrize(
    ("numbers", "count"),
    [
        ("4 through 7", 4),
        ("4th to 7th", 4),
        ("2, 4-6 and 9", 5),
        ("third and fifth", 2),
        ("7-4", 2),
    ],
)
def test_ribs_are_counted_by_their_numbers(numbers, count):
    assert count_of(numbers) == count


@pytest.mark.parametrize(
    "text",
    ["Fracture of the 4th rib.", "Fracture of rib 6, 2 cm effusion.", "Rib 5 and 3 nodules."],
)
def test_one_rib_and_another_number_are_one_rib(text):
    assert ribs_counted(text) == text


@pytest.mark.parametrize(
    ("text", "language", "significance"),
    [
        ("Fractures of ribs 4 through 7.", "en", "urgent"),
        ("Old fractures of ribs 4 through 7.", "en", "not_actionable_not_urgent"),
        ("Fractures of the left 4th and 5th ribs.", "en", "actionable_not_urgent"),
        ("Three acute and two old rib fractures.", "en", "urgent"),
        ("Two old and one acute rib fractures.", "en", "actionable_not_urgent"),
        ("Rippenserienfraktur links.", "de", "urgent"),
        ("Fracturas de la 4ª a la 7ª costilla izquierda.", "es", "urgent"),
        ("Fractures des côtes 4 à 7 à gauche.", "fr", "urgent"),
        ("Known pulmonary fibrosis, now worse.", "en", "actionable_not_urgent"),
        ("Known pulmonary fibrosis, stable.", "en", "not_actionable_not_urgent"),
        ("Partially calcified nodule in the right upper lobe.", "en", "actionable_not_urgent"),
        ("Pneumotórax direito pequeno, dreno bem posicionado.", "pt", "urgent"),
    ],
)
def test_what_a_finding_weighs(text, language, significance):
    first = read(text, language).findings[0]
    assert significance_of(first, Patient())[0] == significance


@pytest.mark.parametrize(
    ("reference", "candidate", "most"),
    [
        ("Endotracheal tube in the right main bronchus.", "ETT ok", 0),
        ("Calcified granuloma in the left upper lobe.", "Noncalcified nodule LUL", 34),
        ("Pneumonia in the right lower lobe.", "Right perihilar pneumonia.", 50),
        ("Pneumonia in the right lower lobe.", "Pneumonia.", 34),
        ("Right mediastinal lymphadenopathy.", "Cardiomegaly.", 0),
    ],
)
def test_what_is_wrong_or_vague_earns_no_more(reference, candidate, most):
    assert evaluate.evaluate(reference, candidate).score <= most


def test_an_appearance_that_the_impression_names_is_one_finding():
    reference = (
        "Patchy bilateral airspace opacities in the lower zones. No effusion.\n\n"
        "Bilateral airspace opacities, infectious or inflammatory."
    )
    assert len(evaluate.evaluate(reference, "Bilateral pneumonia.").reference_findings) == 1


@pytest.mark.parametrize(
    ("reference", "candidate", "language", "error"),
    [
        ("Right tension pneumothorax.", "Right pneumothorax.", "en", True),
        ("Right tension pneumothorax.", "Right pneumothorax without tension.", "en", True),
        ("Right tension pneumothorax.", "Right pneumothorax under tension.", "en", False),
        ("Right tension pneumothorax.", "Tensioning right pneumothorax.", "en", False),
        ("Right pneumothorax without tension.", "Right pneumothorax.", "en", False),
        ("Spannungspneumothorax rechts.", "Pneumothorax rechts.", "de", True),
        ("Neumotórax a tensión derecho.", "Neumotórax derecho.", "es", True),
        ("Pneumothorax droit sous tension.", "Pneumothorax droit.", "fr", True),
        ("Pneumotórax hipertensivo à direita.", "Pneumotórax à direita.", "pt", True),
    ],
)
def test_tension_that_is_not_told_is_a_significant_error(reference, candidate, language, error):
    errors = evaluate.evaluate(reference, candidate, language=language).errors.attribute_errors
    grave = [item for item in errors if item.severity == "significant"]
    assert [item.error_types for item in grave] == [("descriptor",)] * error


def test_tension_is_told_by_its_shift():
    reference = "Left tension pneumothorax with shift of the mediastinum to the right."
    candidate = "Left pneumothorax with shift of the mediastinum to the right."
    assert evaluate.evaluate(reference, candidate).score == 100


@pytest.mark.parametrize(
    "reference",
    [
        "Miliary pattern: metastases or tuberculosis.",
        "Infiltrate of the left upper lobe: tuberculosis has to be excluded.",
        "Nodular opacities of the right apex, in the pattern of tuberculosis.",
    ],
)
def test_what_tuberculosis_names_is_one_finding(reference):
    assert len(evaluate.evaluate(reference, "Tuberculosis.").reference_findings) == 1


def test_a_finding_that_one_stands_for_is_a_finding_of_its_side():
    reference = "Small left pleural effusion."
    candidate = "No effusion on the right but a small one on the left."
    assert evaluate.evaluate(reference, candidate).score == 100
