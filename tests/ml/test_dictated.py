"""What stands for a mark: spoken full stops and commas, and numbers of a list of explanations."""

from __future__ import annotations

import pytest

from ml import evaluate, findings
from ml.findings.lexicon import lexicon
from ml.findings.tokens import sentences

pytestmark = pytest.mark.pure


def said(text: str, language: str = "en") -> list[str]:
    rules = lexicon(language).sentence_rules
    return [" ".join(token.word for token in sentence) for sentence in sentences(text, rules)]


@pytest.mark.parametrize(
    ("language", "text", "read"),
    [
        ("en", "no effusion period heart normal comma aorta tortuous period",
         ["no effusion", "heart normal , aorta tortuous"]),
        ("es", "consolidación basal coma sin derrame punto corazón normal",
         ["consolidacion basal , sin derrame", "corazon normal"]),
        ("de", "kein Erguss Punkt Herz normal", ["kein erguss", "herz normal"]),
        ("fr", "pas d'épanchement point coeur normal", ["pas d epanchement", "coeur normal"]),
        ("pt", "sem derrame vírgula coração normal ponto", ["sem derrame , coracao normal"]),
    ],
)  # fmt: skip
def test_spoken_marks_are_marks_where_none_is_written(
    language: str, text: str, read: list[str]
) -> None:
    assert said(text, language) == read


def test_a_written_mark_leaves_the_words_what_they_are() -> None:
    assert said("Stable over this period. No comma.") == ["stable over this period", "no comma"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "stable over a period of two years"),
        ("es", "paciente en coma sin derrame"),
        ("fr", "point de compression"),
    ],
)
def test_a_preposition_beside_it_makes_a_word_of_it(language: str, text: str) -> None:
    assert len(said(text, language)) == 1
    assert "," not in said(text, language)[0].split()


LISTS = {
    "en": (
        "Opacity in the right lower lobe, pneumonia or atelectasis.",
        "RLL opacity, ddx 1) pneumonia 2) atelectasis",
        "Opacity RLL: 1. pneumonia, 2. atelectasis. Heart normal.",
        "RLL opacity, differential: (1) atelectasis (2) pneumonia",
        "RLL opacity, ddx:\n1. pneumonia\n2. atelectasis",
    ),
    "es": (
        "Opacidad en el lóbulo inferior derecho, neumonía o atelectasia.",
        "Opacidad LID: 1) neumonía 2) atelectasia",
    ),
    "de": (
        "Verschattung im rechten Unterlappen, Pneumonie oder Atelektase.",
        "Verschattung rechter UL, DD Pneumonie/Atelektase",
        "Verschattung RUL: 1. Pneumonie 2. Atelektase",
    ),
    "fr": (
        "Opacité du lobe inférieur droit, pneumopathie ou atélectasie.",
        "Opacité LID: 1) pneumopathie 2) atélectasie",
    ),
    "pt": (
        "Opacidade no lobo inferior direito, pneumonia ou atelectasia.",
        "Opacidade LID: 1) pneumonia 2) atelectasia",
    ),
}
"""A reference with a differential diagnosis, and how it is listed."""


@pytest.mark.parametrize(
    ("language", "reference", "text"),
    [(code, texts[0], text) for code, texts in LISTS.items() for text in texts[1:]],
)
def test_a_numbered_differential_is_one_statement(language: str, reference: str, text: str) -> None:
    assert evaluate.evaluate(reference, text, language=language).score == 100
    assert evaluate.evaluate(text, reference, language=language).score == 100


@pytest.mark.parametrize(
    "text",
    [
        "CXR: 1) pneumonia 2) effusion",
        "Impression: 1) RLL pneumonia 2) small effusion",
        "Ddx 1) RLL pneumonia 2) left effusion",
        "Right lung: 1. effusion 2. pneumonia",
    ],
)
def test_numbered_findings_stay_findings(text: str) -> None:
    assert all(item.certainty == "certain" for item in findings.extract(text, "en"))
    assert len(findings.extract(text, "en")) == 2


def test_an_appearance_takes_only_causes_that_it_may_have() -> None:
    stated = findings.extract("RLL consolidation, effusion or pneumothorax.", "en")
    assert [item.explains for item in stated][:2] == [None, None]
    own_place = findings.extract("RLL opacity, nodule or mass in the left apex.", "en")
    assert own_place[1].explains is None
