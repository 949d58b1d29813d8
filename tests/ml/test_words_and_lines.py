"""Words that a language joins, and letters that keyboards without them write as two."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest

from ml import findings
from ml.findings.letters import plain
from ml.findings.tokens import Rules, sentences

pytestmark = pytest.mark.pure

Form = Literal["NFC", "NFD"]


def test_no_other_language_divides_words() -> None:
    (found,) = findings.extract("Right pneumothorax.", "en")
    assert found.span == (6, 18)


@pytest.mark.parametrize(
    ("written", "read"), [("Große", "grosse"), ("Cœur", "coeur"), ("ŒDÈME", "oedeme")]
)
def test_letters_that_stand_for_two_are_two(written: str, read: str) -> None:
    assert plain(written) == read


def test_a_number_with_a_period_after_an_article_ends_no_sentence() -> None:
    text = "Fraktur der 6. Rippe. Rundherd 12. Kein Erguss"
    rules = Rules(ordinals=frozenset({"der"}))
    assert [len(sentence) for sentence in sentences(text, rules)] == [4, 2, 2]


@pytest.mark.parametrize("dash", ["-", "–"])
def test_what_follows_the_dash_of_a_bare_finding_speaks_of_it(dash: str) -> None:
    (found,) = findings.extract(f"Effusion {dash} small, left")
    assert (found.severity, found.side) == ("small", "left")


@pytest.mark.parametrize(
    "text",
    [
        "Effusions, small on the right and moderate on the left.",
        "Effusion small on the right, moderate on the left.",
    ],
)
def test_a_degree_belongs_to_the_side_on_its_own_side_of_and(text: str) -> None:
    degrees = {found.side: found.severity for found in findings.extract(text)}
    assert degrees == {"right": "small", "left": "moderate"}


def test_a_line_that_ends_in_an_answer_ends_there() -> None:
    text = "Derrame - no\nConsolidación - base izquierda"
    found = {item.label: item for item in findings.extract(text, "es")}
    assert found["pleural_effusion"].presence == "absent"
    assert (found["consolidation"].presence, found["consolidation"].side) == ("present", "left")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("heading", ["Indicação", "INDICACAO"])
def test_a_heading_is_known_however_its_accents_are_written(heading: str, form: Form) -> None:
    text = unicodedata.normalize(form, f"{heading}: pneumonia.\nAchados: sem derrame.")
    assert [found.label for found in findings.extract(text, "pt")] == ["pleural_effusion"]
