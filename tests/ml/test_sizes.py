"""The size of this study is read, whatever an earlier one had and however it is said."""

from __future__ import annotations

import pytest

from ml import findings

pytestmark = pytest.mark.pure


def size(text: str, language: str = "en") -> float | None:
    """The size of the nodule of a text."""
    (found,) = {
        one.size_mm for one in findings.extract(text, language) if one.label == "nodule_mass"
    }
    return found


@pytest.mark.parametrize(
    "text",
    [
        "The nodule has decreased from 3 cm to 1 cm.",
        "The nodule has decreased from 3 to 1 cm.",
        "The nodule has decreased to 1 cm from 3 cm.",
        "Nodule in the left upper lobe, previously 3 cm, now 1 cm.",
        "Nodule in the left upper lobe, now 1 cm, previously 3 cm.",
        "The nodule measures 1 cm (previously 3 cm).",
        "The nodule measures 1 cm, compared to 3 cm on the prior study.",
        "The nodule measures 1 cm versus 3 cm previously.",
        "The nodule was 3 cm and is now 1 cm.",
        "The nodule was 3 cm before and now measures 10 mm.",
        "A 1 cm nodule, 3 cm on the prior CT.",
        "A previously seen 3 cm nodule now measures 1 cm.",
        "A formerly 3.0 x 2.5 cm nodule now measures 1.0 x 0.8 cm.",
        "The nodule is 1 cm, down from 3 cm.",
        "The nodule, 3 cm three months ago, currently measures 1 cm.",
    ],
)
def test_a_nodule_that_shrank_has_its_present_size(text: str) -> None:
    assert size(text) == 10.0


@pytest.mark.parametrize(
    "text",
    [
        "The nodule has grown from 1 to 2 cm.",
        "The nodule has grown from 1 cm to 2 cm.",
        "The nodule has grown to 2 cm from 1 cm.",
        "The nodule measures 2 cm, previously 1 cm.",
        "The nodule was 1 cm and is now 2 cm.",
        "A nodule of 1 to 2 cm.",
        "A 2 x 1 cm nodule.",
        "A 2 cm nodule, unchanged since the prior study.",
        "A 2 cm nodule, not seen before.",
        "Unchanged nodule, previously measuring 2 cm.",
        "A 2 cm nodule is new compared to the prior study.",
        "A previously described 2 cm nodule in the left upper lobe.",
    ],
)
def test_a_nodule_that_grew_or_stayed_has_its_present_size(text: str) -> None:
    assert size(text) == 20.0


def test_what_changed_has_no_size_where_only_its_former_one_is_told() -> None:
    assert size("The nodule, previously 3 cm, has decreased.") is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "El nódulo ha disminuido de 3 cm a 1 cm."),
        ("es", "Nódulo en el lóbulo superior izquierdo de 1 cm, previamente 3 cm."),
        ("fr", "Le nodule a diminué de 3 cm à 1 cm."),
        ("fr", "Nodule du lobe supérieur gauche de 1 cm, auparavant 3 cm."),
        ("de", "Der Rundherd ist von 3 cm auf 1 cm verkleinert."),
        ("de", "Rundherd im linken Oberlappen, aktuell 1 cm, zuvor 3 cm."),
        ("pt", "O nódulo diminuiu de 3 cm para 1 cm."),
        ("pt", "Nódulo no lobo superior esquerdo de 1 cm, anteriormente 3 cm."),
    ],
)
def test_other_languages_tell_it_too(language: str, text: str) -> None:
    assert size(text, language) == 10.0


@pytest.mark.parametrize(
    ("language", "text", "mm"),
    [
        *(("en", f"8 {unit} nodule.", 8.0) for unit in ("mm", "millimeter", "millimeters")),
        *(("en", f"8 {unit} nodule.", 8.0) for unit in ("millimetre", "millimetres")),
        *(("en", f"2 {unit} nodule.", 20.0) for unit in ("cm", "cms", "centimeter", "centimeters")),
        *(("en", f"2 {unit} nodule.", 20.0) for unit in ("centimetre", "centimetres")),
        *(("es", f"Nódulo de 8 {unit}.", 8.0) for unit in ("milímetro", "milímetros", "mm")),
        *(("es", f"Nódulo de 2 {unit}.", 20.0) for unit in ("centímetro", "centímetros", "cm")),
        *(("pt", f"Nódulo de 8 {unit}.", 8.0) for unit in ("milímetro", "milímetros", "mm")),
        *(("pt", f"Nódulo de 2 {unit}.", 20.0) for unit in ("centímetro", "centímetros", "cm")),
        *(("fr", f"Nodule de 8 {unit}.", 8.0) for unit in ("millimètre", "millimètres", "mm")),
        *(("fr", f"Nodule de 2 {unit}.", 20.0) for unit in ("centimètre", "centimètres", "cm")),
        *(("de", f"Rundherd von 8 {unit}.", 8.0) for unit in ("Millimeter", "mm")),
        *(("de", f"Rundherd von 2 {unit}.", 20.0) for unit in ("Zentimeter", "cm")),
    ],
)
def test_every_unit_has_its_length(language: str, text: str, mm: float) -> None:
    assert size(text, language) == mm
