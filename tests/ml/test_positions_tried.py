"""One tip lies in one place: naming them all is no answer, nor is stating two that exclude."""

from __future__ import annotations

import pytest

from ml import devices, evaluate, findings

pytestmark = pytest.mark.pure

CARINA = "ETT tip 4 cm above the carina."


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        ("ETT tip in the right main bronchus.", f"ETT in the right main bronchus. {CARINA}"),
        (CARINA, f"ETT in the right main bronchus. {CARINA}"),
        (
            "ETT tip in the right main bronchus.",
            "ETT in the esophagus. ETT in the left main bronchus. ETT in the right main bronchus.",
        ),
        ("ETT tip in the right main bronchus.", "ETT in good position. ETT in the right bronchus."),
        ("ETT tip 1 cm above the carina.", f"ETT 1 cm above the carina. {CARINA}"),
        ("NG tube in the esophagus.", "NG tube in the stomach. NG tube in the esophagus."),
        (
            "NG tube in the right main bronchus.",
            "NG tube in the right main bronchus. NG tube coiled in the esophagus. NG tube in the "
            "stomach.",
        ),
        (
            "Right IJ catheter in the right atrium.",
            "Right IJ catheter in the SVC. Right IJ catheter in the right atrium.",
        ),
        (
            "Right chest tube in the chest wall.",
            "Right chest tube in the pleural space. Right chest tube in the chest wall.",
        ),
    ],
)
def test_two_places_of_one_tip_are_no_hit(reference: str, candidate: str) -> None:
    found = evaluate.evaluate(reference, candidate)
    assert found.score == 0
    [note] = found.notes_of("contradiction")
    assert "contradicts itself" in note.explanation


@pytest.mark.parametrize(
    "text",
    [
        "ETT at the carina. ETT enters the right main bronchus.",
        "ETT malpositioned. ETT in the right main bronchus.",
        "ETT too low. ETT at the carina.",
        "NG tube below the diaphragm. NG tube in the stomach.",
        "NG tube coiled in the esophagus. NG tube ends in the esophagus.",
        "Right IJ catheter in the SVC. Right subclavian catheter in the right atrium.",
        "Right atrial lead in good position. Right ventricular lead displaced.",
        "Left chest tube in the pleural space. Left chest tube is kinked.",
        "ETT 4 cm above the carina. ETT 4.5 cm above the carina.",
    ],
)
def test_what_one_patient_can_have_is_no_contradiction(text: str) -> None:
    found = evaluate.evaluate("Cardiomegaly.", text)
    assert not found.notes_of("contradiction")
    assert evaluate.evaluate(text, text).score == 100


def test_the_same_two_places_in_the_reference_are_not_held_against_the_report() -> None:
    text = f"ETT in the right main bronchus. {CARINA}"
    assert not evaluate.evaluate(text, text).notes_of("contradiction")


def test_each_further_place_of_one_sentence_costs_a_share() -> None:
    reference = "ETT tip in the right main bronchus."
    scores = [
        evaluate.evaluate(reference, text).score
        for text in (
            "ETT in the right main bronchus.",
            "ETT in the right main bronchus or esophagus.",
            "ETT in the right main bronchus, esophagus or left main bronchus.",
        )
    ]
    assert scores[0] == 100
    assert scores[0] > scores[1] > scores[2]
    assert scores[2] <= 50


@pytest.mark.parametrize(
    ("language", "text", "position"),
    [
        ("en", "NG tube passes through the esophagus into the stomach.", "stomach"),
        ("en", "NG tube passes below the diaphragm.", "below diaphragm"),
        (
            "en",
            "Left PICC via the left brachiocephalic vein, tip in the SVC.",
            "superior vena cava",
        ),
        ("en", "ETT was in the right main bronchus, now 3 cm above the carina.", "above carina"),
        ("en", "ETT in the right main bronchus is now recognized.", "right main bronchus"),
        ("en", "Tip of the right internal jugular line in the SVC.", "superior vena cava"),
        ("en", "Tip of the left subclavian line in the SVC.", "superior vena cava"),
        ("es", "SNG atraviesa el esófago con punta en el estómago.", "stomach"),
        ("de", "Magensonde durch den Ösophagus in den Magen.", "stomach"),
        ("fr", "Sonde traversant l'oesophage, extrémité dans l'estomac.", "stomach"),
        ("pt", "Sonda através do esôfago com ponta no estômago.", "stomach"),
    ],
)
def test_a_place_that_a_device_passes_is_not_where_it_ends(
    language: str, text: str, position: str
) -> None:
    [found] = findings.extract(text, language)
    assert found.positions == (position,)


def test_places_that_are_apart_are_so_in_either_order() -> None:
    for device in ("endotracheal_tube", "enteric_tube", "central_line", "chest_tube"):
        known = devices.positions_of(device)
        for one in known:
            assert not devices.apart(device, one, one)
            for other in known:
                assert devices.apart(device, one, other) == devices.apart(device, other, one)


@pytest.mark.parametrize(
    ("reference", "wrong"),
    [
        ("Increased right effusion.", "Right effusion increased. Right effusion decreased."),
        ("Large left effusion.", "Small left effusion. Large left effusion."),
        (
            "Left tension pneumothorax.",
            "Left tension pneumothorax. Left pneumothorax without tension.",
        ),
        (
            "12 mm nodule in the right upper lobe.",
            "12 mm nodule in the right upper lobe. 30 mm nodule in the right upper lobe.",
        ),
        ("Left pneumothorax.", "Left pneumothorax. Right pneumothorax."),
        (
            "Nodule in the right upper lobe.",
            "Nodule in the right upper lobe. Nodule in the left lower lobe.",
        ),
    ],
)
def test_both_of_two_that_exclude_earn_less_than_the_right_one(reference: str, wrong: str) -> None:
    reference = f"{reference} Compared with the prior film."
    assert evaluate.evaluate(reference, wrong).score <= 67
